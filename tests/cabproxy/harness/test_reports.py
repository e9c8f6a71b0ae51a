from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cabproxy.harness.reports import read_file, read_results

CARGO = """
running 4 tests
test good ... ok
test bad ... FAILED
test later ... ignored, not yet
test loud ... printed in between ok
test panics - should panic ... ok

failures:

---- bad stdout ----
thread 'bad' panicked at src/lib.rs:3:5:
nope

failures:
    bad

running 1 test
test good ... FAILED
"""


def outcomes(kind: str, output: str, logs: Path) -> dict[str, str]:
    return {result.name: result.outcome for result in read_results(kind, output, logs)}


def test_cargo(tmp_path: Path) -> None:
    assert outcomes("cargo", CARGO, tmp_path) == {
        "good": "failed",  # of two tests with one name the worse counts
        "bad": "failed",
        "later": "skipped",
        "loud": "passed",
        "panics": "passed",
    }
    found = {result.name: result for result in read_results("cargo", CARGO, tmp_path, ["bad"])}
    assert "nope" in (found["bad"].message or "")
    assert (found["bad"].hidden, found["good"].hidden) == (False, True)


UNITTEST = '''
import unittest
class Case(unittest.TestCase):
    def test_good(self): pass
    def test_doc(self):
        """Says what it does."""
    def test_bad(self): self.assertEqual(1, 2)
    def test_error(self): raise ValueError("x")
    @unittest.skip("not now")
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    def test_print(self): print("said")
'''


def test_unittest_as_python_prints_it(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(UNITTEST)
    done = subprocess.run(
        [sys.executable, "-m", "unittest", "-v", "test_x"], cwd=tmp_path, capture_output=True, text=True
    )
    assert outcomes("unittest", done.stdout + done.stderr, tmp_path) == {
        "test_x.Case.test_bad": "failed",
        "test_x.Case.test_doc": "passed",
        "test_x.Case.test_error": "error",
        "test_x.Case.test_expected": "passed",
        "test_x.Case.test_good": "passed",
        "test_x.Case.test_print": "passed",
        "test_x.Case.test_skip": "skipped",
    }
    found = {result.name: result.message for result in read_results("unittest", done.stderr, tmp_path)}
    assert "1 != 2" in (found["test_x.Case.test_bad"] or "")


def test_unittest_of_older_pythons_and_with_output_in_between(tmp_path: Path) -> None:
    text = "test_a (m.Case) ... ok\ntest_b (m.Case) ... said something\nFAIL\n"
    assert outcomes("unittest", text, tmp_path) == {"m.Case.test_a": "passed", "m.Case.test_b": "failed"}


def test_tap(tmp_path: Path) -> None:
    text = "TAP version 13\n1..4\nok 1 - adds\nnot ok 2 - subtracts\nok 3 - later # SKIP no time\nnot ok 4\n"
    assert outcomes("tap", text, tmp_path) == {
        "adds": "passed",
        "subtracts": "failed",
        "later": "skipped",
        "test 4": "failed",
    }


def test_a_tap_directive_stands_on_the_line_of_its_test(tmp_path: Path) -> None:
    """A comment below a failure is none, and one without a title is no title."""
    text = "not ok 1 - a\n# TODO later\nok 2 # SKIP no time\nok 3 - \t# todo\nok 4 - says # twice\n"
    assert outcomes("tap", text, tmp_path) == {
        "a": "failed",
        "test 2": "skipped",
        "test 3": "skipped",
        "says # twice": "passed",
    }


def test_go(tmp_path: Path) -> None:
    text = "=== RUN TestA\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.1s)\n    --- SKIP: TestB/sub (0.00s)\n"
    assert outcomes("go", text, tmp_path) == {"TestA": "passed", "TestB": "failed", "TestB/sub": "skipped"}


def test_junit(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(
        '<testsuites><testsuite><testcase classname="A" name="ok"/>'
        '<testcase classname="A" name="bad"><failure message="why"/></testcase>'
        '<testcase name="err"><error/></testcase><testcase name="skip"><skipped/></testcase></testsuite></testsuites>'
    )
    (tmp_path / "bomb.xml").write_text('<!DOCTYPE x [<!ENTITY a "b">]><testcase name="&a;"/>')
    (tmp_path / "broken.xml").write_text("<testcase")
    expected = {"A.ok": "passed", "A.bad": "failed", "err": "error", "skip": "skipped"}
    assert outcomes("junit", "", tmp_path) == expected


def test_ctrf(tmp_path: Path) -> None:
    tests = [{"name": "a", "status": "passed"}, {"name": "b", "status": "odd"}, {"name": "c", "status": "pending"}]
    (tmp_path / "ctrf.json").write_text(json.dumps({"results": {"tests": tests}}))
    assert outcomes("ctrf", "", tmp_path) == {"a": "passed", "b": "error", "c": "skipped"}


@pytest.mark.parametrize("text", ["", "[]", '{"results": 3}', '{"results": {"tests": [3]}}', "\0"])
def test_a_broken_ctrf_is_no_result(tmp_path: Path, text: str) -> None:
    (tmp_path / "ctrf.json").write_text(text)
    assert outcomes("ctrf", "", tmp_path) == {}


def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    assert read_file(tmp_path / "file") == b"12345"
    assert read_file(tmp_path / "file", 4) is None
    assert read_file(tmp_path / "link") is None
    assert read_file(tmp_path / "fifo") is None
    assert read_file(tmp_path / "none") is None


def test_a_tap_line_without_a_title_does_not_take_the_next(tmp_path: Path) -> None:
    assert outcomes("tap", "ok 1\nnot ok 2\nok\n\nok 4 - x\n", tmp_path) == {
        "test 1": "passed",
        "test 2": "failed",
        "test ": "passed",
        "x": "passed",
    }


HOSTILE_OUTPUT = {
    "many separators": "test x" + " ... " * 200_000,
    "many separators, unittest": "test_x (m.C.test_x)" + " ... " * 200_000,
    "blank lines": "\n" * 1_000_000,
    "spaces": " " * 1_000_000,
    "many directives": "ok" + " # " * 300_000,
    "many sections": "---- a stdout ----\n" * 50_000,
    "many rulers": ("=" * 70 + "\n") * 14_000,
    "a long name": "test_x (" + "x." * 500_000,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", HOSTILE_OUTPUT)
def test_hostile_output_takes_linear_time(tmp_path: Path, name: str) -> None:
    for kind in ("cargo", "unittest", "tap", "go"):
        assert len(read_results(kind, HOSTILE_OUTPUT[name], tmp_path)) <= 1


HOSTILE_FILES = {
    "ctrf.json": [
        b"[" * 200_000,
        b'{"results": {"tests": [{"name": ["x"], "status": ["a"]}]}}',
        b'{"a": 1e999}',
        b"\xff",
    ],
    "a.xml": [
        b'<?xml version="1.0" encoding="none-such"?><a/>',
        b'<?xml version="1.0" encoding="utf-32"?><a/>',
        b"<a>" * 100_000,
        b"<a>" * 100_000 + b"</a>" * 100_000,
        b"\xff\xfe<\0a\0/\0>\0",
    ],
}


@pytest.mark.parametrize(
    ("name", "at"), [(name, at) for name, texts in HOSTILE_FILES.items() for at in range(len(texts))]
)
def test_hostile_report_files_are_no_results(tmp_path: Path, name: str, at: int) -> None:
    (tmp_path / name).write_bytes(HOSTILE_FILES[name][at])
    assert outcomes("ctrf", "", tmp_path) == outcomes("junit", "", tmp_path) == {}


def test_a_folder_of_reports_too_deep_or_looped_is_survived(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "good.xml").write_text('<testcase name="a"/>')
    deep = tmp_path / ("d/" * 40)
    deep.mkdir(parents=True)
    (deep / "far.xml").write_text('<testcase name="b"/>')
    assert outcomes("junit", "", tmp_path) == {"a": "passed"}
