"""The matrix of all runs as markup: thousands of marks that differ in little, put together without a template."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from cabscore.site.cellrows import CellRow
from cabscore.site.facts import LEVELS
from cabscore.site.shown import finalize


def matrix_rows(rows: Iterable[CellRow]) -> tuple[list[str], Markup]:
    """(tasks, the table's body): a line per contestant, a column per task, a mark that is a link per run."""
    lines: dict[str, dict[str, list[CellRow]]] = {}
    tasks: dict[str, str] = {}
    for row in rows:
        lines.setdefault(f"{row.agent} × {row.model}", {}).setdefault(row.task, []).append(row)
        if row.task not in tasks:
            tasks[row.task] = _safe(row.task)
    columns = sorted(tasks)
    body = [_line(_safe(name), line, [(task, tasks[task]) for task in columns]) for name, line in lines.items()]
    return columns, Markup("\n".join(body))  # noqa: S704 - every text in it is escaped


def _line(name: str, line: dict[str, list[CellRow]], columns: list[tuple[str, str]]) -> str:
    cells = [
        f"<td>{''.join(_marks(row, f'{name}, {shown}') for row in line[task])}</td>" if task in line else "<td></td>"
        for task, shown in columns
    ]
    return f'<tr><th scope="row"><bdi>{name}</bdi></th>{"".join(cells)}</tr>'


def _marks(row: CellRow, label: str) -> str:
    """Levels, marks and addresses are our own words; only names come from a record."""
    return "".join(
        f'<a class="dot {run.level}" href="{run.href}" aria-label="{label}: {LEVELS[run.level]}">{mark}</a>'
        for mark, run in row.marks
    )


def _safe(text: str) -> str:
    return str(escape(finalize(text)))
