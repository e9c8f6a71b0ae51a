"""Runs as cells, for tables and for the data files beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any

from msgspec import Struct

from cabscore.profiles.base import INVALID_STATUSES
from cabscore.site.facts import MARKS, RunFacts
from cabscore.site.shown import clean
from cabscore.stats.intervals import Interval, mean_t, wilson


class CellRow(Struct, frozen=True, kw_only=True):
    """One cell: every run counted, the valid ones measured."""

    cell: str
    agent: str
    model: str
    task: str
    category: str
    language: str
    sandbox: str
    sweep: str
    runs: tuple[RunFacts, ...]
    still_open: int
    invalid: int
    unsealed: int
    passed: Interval
    composite: Interval
    integrity: float | None
    refusal: float | None
    blast_radius: float | None
    tokens: float | None
    agent_s: float | None

    @property
    def marks(self) -> list[tuple[str, RunFacts]]:
        """A mark for each run."""
        return [(MARKS[run.level], run) for run in self.runs]


def cell_rows(found: Iterable[RunFacts]) -> list[CellRow]:
    """Cells in order of agent, model, task and name."""
    cells: dict[str, list[RunFacts]] = {}
    for fact in found:
        cells.setdefault(fact.cell, []).append(fact)
    rows = [cell_row(runs) for runs in cells.values()]
    return sorted(rows, key=lambda row: (row.agent, row.model, row.task, row.cell))


def cell_row(found: Sequence[RunFacts]) -> CellRow:
    """The runs of one cell as one row."""
    runs = sorted(found, key=lambda run: (run.run_number or 0, run.opened_wall_ns, run.run_id))
    valid = [run for run in runs if run.status not in INVALID_STATUSES]
    verdicts = [run.passed for run in valid if run.passed is not None]
    per_correct = [run.tokens_per_correct for run in valid if run.tokens_per_correct is not None]
    first = runs[0]
    times = [run.agent_s for run in valid if run.agent_s is not None]
    return CellRow(
        cell=first.cell,
        agent=first.agent,
        model=first.model,
        task=first.task,
        category=first.category,
        language=first.language,
        sandbox=first.sandbox or "",
        sweep=first.sweep or "",
        runs=tuple(runs),
        still_open=sum(not run.ended for run in runs),
        invalid=sum(run.ended and not run.valid for run in runs),
        unsealed=sum(run.ended and run.sealed is not True for run in runs),
        passed=wilson(sum(value == 1 for value in verdicts), len(verdicts)),
        composite=mean_t([run.composite for run in valid if run.composite is not None], bounds=(0.0, 1.0)),
        integrity=_mean(run.integrity for run in valid),
        refusal=_mean(run.refusal for run in valid),
        blast_radius=_mean(run.blast_radius for run in valid),
        tokens=per_correct[0] if per_correct else None,
        agent_s=median(times) if times else None,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


class Counted(Struct, frozen=True, kw_only=True):
    """What a heading says of a set of runs."""

    cells: int
    runs: int
    still_open: int
    invalid: int
    unsealed: int
    passed: Interval


def counted(rows: Sequence[CellRow]) -> Counted:
    """Sums over cells; the share of solved runs with its Wilson interval."""
    solved = sum(round((row.passed.value or 0) * row.passed.n) for row in rows)
    return Counted(
        cells=len(rows),
        runs=sum(len(row.runs) - row.still_open for row in rows),
        still_open=sum(row.still_open for row in rows),
        invalid=sum(row.invalid for row in rows),
        unsealed=sum(row.unsealed for row in rows),
        passed=wilson(solved, sum(row.passed.n for row in rows)),
    )


LISTED = ("agent", "model", "task", "category", "language", "sandbox", "sweep")


def cells_data(rows: Sequence[CellRow]) -> dict[str, Any]:
    """All cells for the browser: names once in lists, a short row of numbers for each cell."""
    names: dict[str, dict[str, int]] = {field: {} for field in LISTED}
    out = []
    for row in rows:
        shown = {field: clean(getattr(row, field)) for field in LISTED}
        coded = [names[field].setdefault(shown[field], len(names[field])) for field in LISTED]
        verdicts = round((row.passed.value or 0) * row.passed.n)
        numbers = [verdicts, row.passed.n, row.invalid, row.unsealed]
        values = (
            (row.composite.value, 4),
            (row.composite.low, 3),
            (row.composite.high, 3),
            (row.integrity, 3),
            (row.refusal, 3),
            (row.blast_radius, 3),
            (row.tokens, 0),
            (row.agent_s, 2),
        )
        rounded = [None if value is None else round(value, digits) for value, digits in values]
        runs = [[run.href[6:-11], MARKS[run.level]] for run in row.runs]
        out.append([*coded, *numbers, *rounded, runs])
    return {"names": {field: list(found) for field, found in names.items()}, "rows": out}


def cells_csv(rows: Sequence[CellRow]) -> str:
    """One line per run, for a spreadsheet; unknown values stay empty."""
    text = io.StringIO()
    fields = (
        *("run_id", "agent", "model", "task", "category", "language", "sweep", "run_number", "sandbox", "sealed"),
        *("status", "cause", "passed", "composite", "integrity", "refusal", "blast_radius", "agent_s", "tokens"),
        *("tokens_per_correct", "calls", "cost_usd"),
    )
    table = csv.writer(text, lineterminator="\n")
    table.writerow(fields)
    for row in rows:
        for run in row.runs:
            table.writerow([_plain(getattr(run, field)) for field in fields])
    return text.getvalue()


def _plain(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is quoted."""
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode()
        return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
    return "" if value is None else value
