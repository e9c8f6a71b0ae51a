from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cabproxy.errors import CabError
from cabproxy.harness.mutants.suite import Suite
from cabproxy.harness.mutants.warm import PythonCommand, WarmPython, own_names, python_command

TEST = """
import json, os, sys, unittest, wave
import lib

class LibTest(unittest.TestCase):
    def test_one(self):
        self.assertEqual(lib.one(), 1)

    def test_loop(self):
        while os.environ.get("LOOP"):
            pass

    def test_hash(self):
        print("seed", os.environ["PYTHONHASHSEED"], "wave" in sys.modules, os.getcwd())
"""
PYTEST = """
import pytest
import lib

@pytest.fixture(scope="module")
def shared():
    return lib.shared()

@pytest.mark.parametrize("n", [1, 2])
def test_one(n):
    assert lib.one() == n

def test_shared(shared):
    assert shared == 2

class TestMore:
    def test_two(self):
        assert lib.two() == 2
"""
LIB = "def one():\n    return 1\n\ndef two():\n    return 2\n\ndef shared():\n    return 2\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "lib.py").write_text(LIB)
    (root / "test_lib.py").write_text(TEST)
    (root / "test_more.py").write_text(PYTEST)
    return root


def warmed(command: str, report: str, tree: Path, **options: object) -> WarmPython:
    suite = Suite(command=command, report=report, timeout_s=60, **options)  # type: ignore[arg-type]
    parsed = python_command(command)
    assert parsed is not None
    return WarmPython(suite, parsed, tree)


@pytest.fixture
def unittest_(tree: Path) -> Iterator[WarmPython]:
    warm = warmed(f"{sys.executable} -m unittest -v {{tests}}", "unittest", tree, hash_seed=7)
    yield warm
    warm.close()


@pytest.mark.parametrize(
    ("command", "parsed"),
    [
        ("python3 -m pytest -q {tests}", PythonCommand({}, ("python3",), "pytest", ("-q", "{tests}"))),
        (
            "A=b PYTHONPATH=src python3.11 -W error -m unittest -v {tests}",
            PythonCommand(
                {"A": "b", "PYTHONPATH": "src"}, ("python3.11", "-W", "error"), "unittest", ("-v", "{tests}")
            ),
        ),
        ("python3 -m pytest -q", None),
        ("python3 -m nose {tests}", None),
        ("cd src && python3 -m pytest {tests}", None),
        ("pytest {tests}", None),
        ("python3 -m pytest {tests} | cat", None),
        ("python3 -m 'pytest {tests}", None),
        ("", None),
    ],
)
def test_commands_that_can_be_warmed(command: str, parsed: PythonCommand | None) -> None:
    assert python_command(command) == parsed


def test_runs_are_as_the_command_and_leave_nothing_behind(unittest_: WarmPython, tree: Path) -> None:
    first = unittest_.run(["test_lib.py"], cpu_s=30)
    assert set(first.outcomes.values()) == {"passed"}
    assert "seed 7" in first.output
    assert "wave" in first.modules
    assert "lib" not in first.modules
    assert set(first.times) == set(first.outcomes)
    (tree / "lib.py").write_text(LIB.replace("return 1", "return 3  #"))
    second = unittest_.run(["test_lib.py"], tests=["test_lib.LibTest.test_one"], cpu_s=30)
    assert second.outcomes == {"test_lib.LibTest.test_one": "failed"}
    assert "3 != 1" in second.messages["test_lib.LibTest.test_one"]


def test_tests_that_no_name_leads_to_can_be_chosen(unittest_: WarmPython, tree: Path) -> None:
    """Doctests brought by load_tests are reported by the function they stand in."""
    (tree / "lib.py").write_text('def add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n')
    (tree / "test_doc.py").write_text(
        "import doctest, unittest, lib\n\n"
        "def load_tests(loader, tests, ignore):\n    tests.addTests(doctest.DocTestSuite(lib))\n    return tests\n\n"
        "class MoreTest(unittest.TestCase):\n    def test_more(self):\n        pass\n"
    )
    every = unittest_.run(["test_doc.py"], cpu_s=30)
    assert every.outcomes == {"lib.add": "passed", "test_doc.MoreTest.test_more": "passed"}
    assert unittest_.run(["test_doc.py"], tests=["lib.add"], cpu_s=30).outcomes == {"lib.add": "passed"}


def test_a_test_that_does_not_end_is_ended_by_its_processor_time(unittest_: WarmPython) -> None:
    late = unittest_.run(["test_lib.py"], cpu_s=0.5, env={"LOOP": "1"})
    assert late.timed_out
    assert not unittest_.run(["test_lib.py"], cpu_s=30).timed_out


def test_what_was_loaded_beforehand_is_no_garbage_to_look_through(unittest_: WarmPython, tree: Path) -> None:
    (tree / "test_lib.py").write_text(
        TEST.replace("while os", "import gc; assert gc.get_freeze_count() > 1000\n        while os")
    )
    unittest_.load(["unittest", "json"], ())
    assert unittest_.run(["test_lib.py"], cpu_s=30).outcomes["test_lib.LibTest.test_loop"] == "passed"


def test_a_run_ends_at_its_first_failure_or_at_too_many(unittest_: WarmPython, tree: Path) -> None:
    (tree / "lib.py").write_text("def one():\n    return 9\n")
    said: list[str] = []
    whole = unittest_.run(["test_lib.py"], cpu_s=30, look=lambda text: said.append(text) is not None)
    assert (whole.cut, len(whole.outcomes), len(said)) == (False, 3, 1)
    assert "9 != 1" in said[0] and 'test_lib.py", line' in said[0]
    assert unittest_.run(["test_lib.py"], cpu_s=30, look=lambda text: True).cut
    (tree / "test_lib.py").write_text(TEST.replace("self.assertEqual", "1 / 0 #").replace("print(", "1 / 0; print("))
    assert len(unittest_.run(["test_lib.py"], cpu_s=30).outcomes) == 3
    assert len(unittest_.run(["test_lib.py"], cpu_s=30, most=0).outcomes) == 1


def test_a_dead_lock_is_ended_long_before_its_time(unittest_: WarmPython, tree: Path) -> None:
    (tree / "test_lib.py").write_text(
        TEST.replace("while os", "import threading; threading.Event().wait()\n        while os")
    )
    unittest_.suite = msgspec.structs.replace(unittest_.suite, idle_s=0.3)
    found = unittest_.run(["test_lib.py"], cpu_s=30)
    assert found.timed_out
    assert found.idle_s >= 0.3


def test_what_the_repository_has_itself_is_not_imported_beforehand(unittest_: WarmPython, tree: Path) -> None:
    assert own_names(tree) == ("lib", "test_lib", "test_more")
    unittest_.load(["wave", "lib", "no_such_module"], own_names(tree))
    (tree / "lib.py").write_text("def one():\n    return 9\n")
    assert "9 != 1" in str(unittest_.run(["test_lib.py"], cpu_s=30).messages)


def test_single_tests_of_pytest_and_where_each_goes(tree: Path) -> None:
    from cabproxy.harness.mutants.reach import TRACER, traced_lines

    plain = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1"  # plugins take longer to import than all of this
    command = f"{plain} {sys.executable} -m pytest -q -p no:cacheprovider --junitxml={{logs}}/j.xml {{tests}}"
    warm = warmed(command, "junit", tree)
    try:
        warm.load(["pytest"], own_names(tree))
        out = tree.parent / "trace"
        out.mkdir()
        env = {"CAB_TRACE_ROOT": str(tree), "CAB_TRACE_OUT": str(out)}
        result = warm.run(["test_more.py"], cpu_s=60, trace=(TRACER, out), env=env)
        assert result.outcomes == {
            "test_more.test_one[1]": "passed",
            "test_more.test_one[2]": "failed",
            "test_more.test_shared": "passed",
            "test_more.TestMore.test_two": "passed",
        }
        reached = traced_lines(result, out)
        assert reached.lines is not None
        assert 2 not in reached.lines["lib.py"]
        assert 8 in reached.lines["lib.py"]  # of a fixture that several tests may share
        assert [name for name, lines in reached.tests.items() if 2 in lines.get("lib.py", ())] == [
            "test_more.test_one[1]",
            "test_more.test_one[2]",
        ]
        chosen = warm.run(["test_more.py"], tests=["test_more.TestMore.test_two"], cpu_s=60)
        assert chosen.outcomes == {"test_more.TestMore.test_two": "passed"}
        said: list[str] = []
        went_on = warm.run(["test_more.py"], cpu_s=60, look=lambda text: said.append(text) is not None)
        assert (went_on.cut, went_on.outcomes) == (False, result.outcomes)
        assert "assert 1 == 2" in said[0]
        first = warm.run(["test_more.py"], cpu_s=60, look=lambda text: True)
        assert (first.cut, first.timed_out) == (True, False)
        (tree / "lib.py").write_text("")
        assert len(warm.run(["test_more.py"], cpu_s=60, most=1).outcomes) == 2
    finally:
        warm.close()


def test_an_interpreter_that_is_not_there_or_ends(tree: Path, unittest_: WarmPython) -> None:
    with pytest.raises(CabError, match="no-python"):
        WarmPython(unittest_.suite, PythonCommand({}, ("/no-python",), "unittest", ("{tests}",)), tree)
    unittest_.end()
    with pytest.raises(CabError, match="ended"):
        unittest_.run(["test_lib.py"], cpu_s=30)
