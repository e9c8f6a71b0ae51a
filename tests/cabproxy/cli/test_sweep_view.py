"""What people see of a sweep, on a terminal and elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cabproxy.cli.sweep_view import SweepView
from cabproxy.harness.request import CellResult, Tokens
from cabproxy.harness.sweep.plan import PlannedCell
from cabproxy.harness.sweep.runner import Ended
from cabproxy.harness.sweep.standing import Tally

CELL = PlannedCell(
    agent="mini", model="m", task_id="a/b", task_digest="sha256:0", run_number=1, cell_id="s/mini/m/a/b#run1"
)


def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, terminal: bool) -> tuple[str, str]:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    tally = Tally(planned=2)
    result = CellResult(run_id="r", cell_id=CELL.cell_id, status="ok", cause=None, tokens=Tokens(total=1234))
    with SweepView("s", Path("cab.sqlite"), as_json=False) as view:
        view.begin(tally)
        tally.ended(result)
        tally.count("ok", None)
        view.observe(tally, Ended(cell=CELL, result=result, again=False))
        tally.interrupted = True
        view.finish(tally)
    out, err = capsys.readouterr()
    return out, err


def test_a_line_per_cell_says_how_the_sweep_stands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = shown(monkeypatch, capsys, terminal=False)
    assert out.startswith("[1/2] s/mini/m/a/b#run1  ok  ")
    assert "1,234 tokens" in out
    assert err.splitlines()[-1].startswith("interrupted: what was done is kept in cab.sqlite")


def test_on_a_terminal_the_bar_says_it_and_is_gone_before_the_summary(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = shown(monkeypatch, capsys, terminal=True)
    assert out == ""
    line = next(line for line in err.splitlines() if "[1/2]" in line)
    assert "tokens" not in line.partition("[1/2]")[2]
    summary = err.rpartition("s: 1 of 2 cells done")[2]
    assert "\u2501" not in summary  # the bar's line
    assert "\u2501" in err
