from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cabproxy.config import Secret
from cabproxy.errors import UserError
from cabproxy.ledger.record import Span
from cabproxy.taskkit.load import load_task


async def test_a_fix_is_solved_and_everything_of_it_is_in_the_ledger(cells: Any) -> None:
    result = await cells("fix(); print('done'); open('notes.txt', 'w').write('x')")
    assert (result.status, result.cause, result.passed) == ("ok", None, True)
    assert result.model_calls == 1
    assert result.tokens.source == "provider"
    assert result.cell_id == "adhoc/rogue_agent:Rogue/oracle/mutations/swap#run1"
    with cells.open() as ledger:
        run = ledger.run(result.run_id)
        assert (run.kind, run.status, run.agent_exit, run.timed_out) == ("cell", "ok", 0, False)
        assert run.task_digest == cells.task.digest
        assert run.sandbox == "local"
        assert run.agent_version == "1"  # pinned: it does not tell
        (prepared,) = [span for span in ledger.spans(run.run_id) if span.name == "prepare"]
        assert prepared.attrs["agent_version_pinned"] == "1"
        assert prepared.attrs["agent_version_reported"] is None
        assert prepared.attrs["machine"]["cpus"]
        assert prepared.attrs["engine"] is None
        assert run.sealed is False
        assert run.seal
        assert run.call_count == 1
        assert {row.path: row.class_ for row in ledger.changes(run.run_id)} == {
            "calc.py": "required",
            "notes.txt": "collateral",
        }
        phases = {one.phase: one for one in ledger.verifications(run.run_id)}
        assert (phases["before"].passed, phases["reference"].passed, phases["after"].passed) == (False, True, True)
        assert [test.hidden for test in phases["after"].tests if test.name.startswith("test_calc")] == [False, True]
        assert b"+    return a + b" in (ledger.artifact(run.run_id, "patch.diff") or b"")
        assert ledger.artifact(run.run_id, "file:notes.txt") == b"x"
        assert ledger.artifact(run.run_id, "stdout") == b"done\n"
        cast = (ledger.artifact(run.run_id, "terminal.cast") or b"").decode().splitlines()
        assert json.loads(cast[0])["title"] == result.cell_id
        assert [json.loads(line)[2] for line in cast[1:]] == ["done\r\n", "exit 0"]
        facts = json.loads(ledger.artifact(run.run_id, "task.json") or b"{}")
        assert facts["required"] == ["calc.py"]
        assert facts["agent_state"] == [".rogue"]


async def test_the_terminal_is_recorded_in_the_version_asked_for_without_keys(cells: Any) -> None:
    key = "sk-of-the-endpoint-0123456789"
    result = await cells(f"print('{key}', os.environ['OPENAI_API_KEY'])", asciicast=3, key=Secret(key))
    with cells.open() as ledger:
        head, *events = map(json.loads, (ledger.artifact(result.run_id, "terminal.cast") or b"").splitlines())
    assert (head["version"], events[-1][1:]) == (3, ["x", "0"])
    (shown,) = {text.strip() for _, kind, text in events if kind == "o"}
    assert set(shown) == {"*", " "}


async def test_the_trace_has_one_root_and_every_step_within_it(cells: Any) -> None:
    result = await cells()
    with cells.open() as ledger:
        spans = ledger.spans(result.run_id)
    roots = [span for span in spans if span.parent_id is None]
    assert [root.kind for root in roots] == ["run"]
    by_id = {span.span_id: span for span in spans}
    for span in spans:
        if span.parent_id:
            parent = by_id[span.parent_id]
            assert _end(parent) >= _end(span) >= span.start_ns >= parent.start_ns
    kinds = {span.kind for span in spans}
    assert kinds >= {"run", "prepare", "snapshot", "proxy", "agent", "container", "diff", "verify", "seal"}


def _end(span: Span) -> int:
    assert span.end_ns is not None
    return span.end_ns


async def test_the_second_cell_takes_the_baseline_from_the_cache(
    cells: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAB_CACHE", str(tmp_path / "fresh"))
    first = await cells()
    with cells.open() as ledger:
        spans = ledger.spans(first.run_id)
        assert [span.attrs["cached"] for span in spans if "cached" in span.attrs] == [False, False]
    result = await cells("pass", run_number=2)
    assert result.passed is False
    with cells.open() as ledger:
        cached = [span.attrs["cached"] for span in ledger.spans(result.run_id) if span.attrs.get("cached") is not None]
        assert cached == [True, True]
        assert [one.phase for one in ledger.verifications(result.run_id)] == ["before", "reference", "after"]


async def test_a_reference_that_does_not_pass_here_means_no_verdict(cells: Any) -> None:
    (cells.task.path / "solution" / "solve.sh").write_text("true\n")
    cells.task = load_task(cells.task.path)
    result = await cells()
    assert result.status == "infra_invalid"
    assert "reference solution does not pass" in result.cause
    assert result.model_calls == 0


async def test_cancelling_closes_the_run_as_interrupted(cells: Any) -> None:
    flag = cells.folder / "started"
    task = asyncio.create_task(cells(f"open({str(flag)!r}, 'w')\nimport time\ntime.sleep(60)"))
    while not flag.exists():
        await asyncio.sleep(0.02)
    task.cancel()
    result = await task
    assert result.status == "interrupted"
    with cells.open() as ledger:
        run = ledger.run(result.run_id)
        assert (run.status, run.call_count) == ("interrupted", 1)
        assert run.seal


async def test_no_key_reaches_the_ledger(cells: Any) -> None:
    script = """
        key = os.environ["OPENAI_API_KEY"]
        print(key)
        open("leak.txt", "w").write(key + " " + open(os.path.expanduser("~/.rogue/key")).read())
        """
    from cabproxy.config import Secret

    await cells(script, key=Secret("sk-sentinel-endpoint-key"))
    found = b"".join(path.read_bytes() for path in cells.folder.glob("cab.sqlite*") if path.is_file())
    assert b"cabk_" not in found
    assert b"sk-sentinel" not in found
    with cells.open() as ledger:
        run = next(run for run in ledger.runs() if run.kind == "cell")
        assert set(ledger.artifact(run.run_id, "stdout") or b"") == set(b"*\n")


@pytest.mark.parametrize("error", [RecursionError("too deep"), OverflowError("too large")])
async def test_a_report_that_an_adapter_cannot_read_is_no_claim(
    cells: Any, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim(*_: object) -> None:
        raise error

    monkeypatch.setattr("rogue_agent.Rogue.claim", claim)
    result = await cells()
    assert (result.status, result.passed) == ("ok", True)
    with cells.open() as ledger:
        assert ledger.claims(result.run_id) == []


async def test_an_unknown_scorer_leaves_the_record(cells: Any) -> None:
    with pytest.raises(UserError, match="no_such_module"):
        await cells(scorer="no_such_module:score")
    with cells.open() as ledger:
        assert [run.status for run in ledger.runs() if run.kind == "cell"] == ["ok"]
