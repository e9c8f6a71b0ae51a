from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cabproxy.harness.mutants.bundle import FORCE_EXIT, ending, node_command, run_bundle
from cabproxy.harness.mutants.reach import covered_ranges
from cabproxy.harness.mutants.suite import Suite
from cabproxy.taskkit.mutate.judge import SuiteResult
from cabproxy.taskkit.mutate.operators import mutations

COMMAND = "node --test --test-reporter=tap {tests}"
LIB = "exports.half = n => {\n  if (n < 0) {\n    return -half(1 + 2)\n  }\n  return n / 2\n}\n"
TEST = (
    "const test = require('node:test'); const assert = require('node:assert'); const { half } = require('./lib.js')\n"
)


@pytest.mark.parametrize(
    ("command", "loading"),
    [
        (COMMAND, "node --test-reporter=tap {loader} {tests}"),
        ("A=b node --test --test-concurrency=4 {tests}", "A=b node {loader} {tests}"),
        ("node --test", None),
        ("npx tape {tests}", None),
        ("node --test {tests} | cat", None),
        ("node --test {tests} --extra", None),
    ],
)
def test_commands_that_can_be_bundled(command: str, loading: str | None) -> None:
    assert node_command(command) == loading


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_several_files_in_one_process_say_what_they_say_alone(tmp_path: Path) -> None:
    (tmp_path / "lib.js").write_text(LIB)
    (tmp_path / "a.test.js").write_text(TEST + "test('four', () => assert.strictEqual(half(4), 2))\n")
    (tmp_path / "b.test.js").write_text(TEST + "test('six', () => assert.strictEqual(half(6), 2))\n")
    (tmp_path / "c.test.mjs").write_text("import test from 'node:test'\ntest('module', () => {})\n")
    (tmp_path / "d.test.js").write_text("require('./nothing')\n")
    command = node_command(COMMAND)
    assert command is not None
    suite = Suite(command=COMMAND, report="tap", timeout_s=60)
    files = ["d.test.js", "a.test.js", "b.test.js", "c.test.mjs"]
    found = run_bundle(suite, command, tmp_path, files)
    alone = suite.run(tmp_path, files)
    assert found.outcomes == {"four": "passed", "six": "failed", "module": "passed"}
    assert {name: alone.outcomes[name] for name in found.outcomes} == found.outcomes
    assert found.messages == {"six": "AssertionError: expected 2, but got 3"}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_tests_that_leave_a_server_open_are_not_waited_for_and_late_ones_are_not_lost(tmp_path: Path) -> None:
    from cabproxy.harness.mutants.baseline import measure
    from cabproxy.harness.mutants.runners import Place, Places
    from cabproxy.harness.mutants.tree import Tree

    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "late.test.mjs").write_text(
        "import test from 'node:test'\nawait test('b', () => {})\nawait test('c', () => {})\n"
    )
    place = Place(Suite(command=COMMAND, report="tap"), "javascript", Tree(repo, tmp_path / "tree"))
    if not place.hasty:
        pytest.skip("this node has no way to end early")
    (repo / "open.test.js").write_text("require('node:test')('a', () => { setInterval(() => {}, 1000) })\n")
    command = ending("node --test-reporter=tap {loader} {tests}")
    left = run_bundle(Suite(command=COMMAND, report="tap", timeout_s=60), command, repo, ["open.test.js"])
    assert (left.timed_out, left.outcomes) == (False, {"a": "passed"})
    places = Places()
    places.put(place)
    found = measure(places, ["late.test.mjs"], 1, print, lambda: None)
    assert (sorted(found.steady), place.patient, found.alone) == (["b", "c"], True, frozenset())


def test_the_early_end_stands_behind_the_program() -> None:
    assert ending("no-such-node --test-reporter=tap {tests}") == "no-such-node --test-reporter=tap {tests}"
    given = f"node {FORCE_EXIT} {{tests}}"
    assert ending(given) == given


def test_ranges_that_did_not_run(tmp_path: Path) -> None:
    """V8 nests ranges: a function that ran, in it a block that did not."""
    (tmp_path / "lib.js").write_text(LIB)
    block = {"startOffset": LIB.index("{\n    "), "endOffset": LIB.index("\n  return n"), "count": 0}
    whole = {"startOffset": 0, "endOffset": len(LIB), "count": 1}
    script = {"url": f"file://{tmp_path}/lib.js", "functions": [{"ranges": [whole]}, {"ranges": [block]}]}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "coverage.json").write_text(str({"result": [script]}).replace("'", '"'))
    reached = covered_ranges(SuiteResult(outcomes={}), tmp_path / "out", tmp_path)
    seen = {one.before for one in mutations("lib.js", LIB.encode()) if reached.sees(one)}
    assert "n / 2" in seen
    assert "1 + 2" not in seen


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_a_mutant_after_which_node_does_not_end_makes_no_task(tmp_path: Path) -> None:
    from cabproxy.harness.mutants.hunt import Hunt

    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "lib.js").write_text(
        "exports.open = (n) => {\n  if (n > 1) { setInterval(() => {}, 1000); return true }\n  return false\n}\n"
        "exports.low = (n) => {\n  return n < 2\n}\n"
    )
    (tmp_path / "repo" / "a.test.js").write_text(
        "const test = require('node:test'); const assert = require('node:assert'); const lib = require('./lib.js')\n"
        "test('closed', () => assert.strictEqual(lib.open(1), false))\n"
        "test('high', () => assert.strictEqual(lib.low(2), false))\n"
    )
    with Hunt(tmp_path / "repo", Suite(command=COMMAND, report="tap"), "javascript", ["a.test.js"]) as hunt:
        hunt.prepare()
        found = {one.start: one for one in hunt.candidates(["lib.js"], 0) if one.operator == "boundary"}
        first, second = (hunt.attempt(found[place]).verdict.reason for place in sorted(found))
    assert (first, second) == ("timeout", "kept")
