"""The matrix: every run a mark that leads to its page, every name as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cabscore.site.report import write_report


def test_every_run_has_its_mark_and_names_are_text(cells: Any, tmp_path: Path, parse: Any) -> None:
    evil = '"><b>\u202e&'
    for number in (1, 2):
        cells.make(agent=evil, model="m", run_number=number, passed=number == 1)
    cells.make(agent="dead", calls=0, passed=None, status="infra_invalid", cause="x")
    done = write_report(cells.path, tmp_path, jobs=1)
    parsed = parse((tmp_path / "matrix.html").read_text(encoding="utf-8"))
    marks = [attrs for tag, attrs in parsed.tags if tag == "a" and str(attrs.get("class", "")).startswith("dot ")]
    assert sorted(attrs["class"] for attrs in marks) == ["dot bad", "dot good", "dot void"]
    assert {(tmp_path / attrs["href"]) for attrs in marks} == set(done.pages.values())
    assert {attrs["aria-label"].rpartition(": ")[2] for attrs in marks} == {"solved", "not solved", "invalid"}
    assert "b" not in {tag for tag, _ in parsed.tags}
    assert '"><b>⟨U+202E⟩& × m' in parsed.text
