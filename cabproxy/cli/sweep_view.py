"""How a sweep is shown: a bar with spend and time left on a terminal, a line per cell elsewhere, JSON when asked."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import click
import msgspec

from cabproxy.cli.cell_view import document, dollars, number
from cabproxy.harness.sweep.preflight import Preflight
from cabproxy.harness.sweep.runner import Ended
from cabproxy.harness.sweep.standing import Tally


class SweepView:
    """One sweep's output; a context manager, so that the bar is always taken down."""

    def __init__(self, sweep_id: str, ledger: Path, *, as_json: bool) -> None:
        self.sweep_id = sweep_id
        self.ledger = ledger
        self.as_json = as_json
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> SweepView:
        if not self.as_json and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
            )
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, tally: Tally) -> None:
        """Says what is left to do."""
        if self._bar is not None:
            self._task = self._bar.add_task(self.sweep_id, total=tally.planned, completed=tally.done, note=_note(tally))
        elif tally.done:
            click.echo(f"{self.sweep_id}: {tally.done} of {tally.planned} cells done before", err=True)

    def observe(self, tally: Tally, ended: Ended | None) -> None:
        """One attempt ended."""
        if self._bar is not None:
            self._bar.update(self._task, completed=tally.done, note=_note(tally))
        if ended is None:
            return
        if self.as_json:
            line = {**document(ended.result), "again": ended.again, "progress": standing(tally)}
            click.echo(msgspec.json.encode(line).decode())
        elif self._bar is not None:
            self._bar.console.print(_line(tally, ended), highlight=False, soft_wrap=True)
        else:
            click.echo(f"{_line(tally, ended)}  | {_note(tally)}")

    def finish(self, tally: Tally) -> None:
        """The whole sweep's end."""
        if self._bar is not None:
            self._bar.stop()  # it would be drawn again below each of the lines
        if self.as_json:
            click.echo(msgspec.json.encode(summary(self.sweep_id, tally)).decode())
            return
        out = sys.stderr if tally.interrupted else sys.stdout
        for text in _summary_lines(self.sweep_id, tally, self.ledger):
            click.echo(text, file=out)


def summary(sweep_id: str, tally: Tally) -> dict[str, Any]:
    """The JSON of a whole sweep."""
    return {
        "sweep_id": sweep_id,
        "planned": tally.planned,
        "done": tally.done,
        "statuses": dict(tally.statuses),
        "causes": dict(tally.causes),
        "retried": tally.retried,
        "tokens": tally.tokens,
        "cells_with_unknown_tokens": tally.tokens_unknown,
        "cost_usd": str(tally.cost_usd),
        "cells_with_unknown_cost": tally.cost_unknown,
        "stopped": tally.stopped,
        "interrupted": tally.interrupted,
    }


def standing(tally: Tally) -> dict[str, Any]:
    """How far a sweep is, for programs that watch it."""
    return {
        "done": tally.done,
        "planned": tally.planned,
        "failed": tally.failed,
        "tokens": tally.tokens,
        "cost_usd": str(tally.cost_usd),
        "eta_s": tally.eta_s,
    }


def show_preflight(sweep_id: str, found: Preflight, *, as_json: bool) -> None:
    """What a dry run found."""
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo(f"{sweep_id}: {found.cells} cells, {found.due} to run, at most {found.longest_s / 3600:.1f} h")
    for name, counts in (("agent", found.by_agent), ("model", found.by_model), ("task", found.by_task)):
        for value, count in sorted(counts.items()):
            click.echo(f"  {name:6} {value}  {count}")
    for line in _estimate_lines(found):
        click.echo(line)
    for missing in found.missing:
        click.echo(f"missing: {missing}")
    for problem in found.problems:
        click.echo(f"problem: {problem}")


def _estimate_lines(found: Preflight) -> list[str]:
    """What is known of the cost, and of how much nothing is known."""
    guess = found.estimate
    lines = [f"spent so far: {dollars(found.spent_usd)}"] if found.spent_usd else []
    known = guess.cells - guess.unknown
    if known:
        cost = dollars(guess.cost_usd) if guess.cost_unknown < known else "cost not known"
        some = f" ({guess.cost_unknown} cells without a known cost)" if 0 < guess.cost_unknown < known else ""
        lines.append(
            f"estimate: {known} cells like {guess.runs} recorded runs: {cost}{some}, {guess.tokens:,} tokens, "
            f"{span_of(guess.wall_s)} one after the other"
        )
    if guess.unknown:
        lines.append(f"estimate: {guess.unknown} cells unknown, no run of the same agent, model and task is recorded")
    return lines


def span_of(seconds: float) -> str:
    """A length of time as people read it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _line(tally: Tally, ended: Ended) -> str:
    result = ended.result
    what = f"pass {number(result.axes.get('pass_rate'))}, composite {number(result.composite)}"
    if result.cause:
        what += f" ({result.cause})"
    again = ", to be tried again" if ended.again else ""
    return f"[{tally.done}/{tally.planned}] {result.cell_id}  {result.status}{again}  {what}"


def _note(tally: Tally) -> str:
    """What is left to wait for, what was spent, and what went wrong."""
    left = "" if tally.eta_s is None or tally.done == tally.planned else f"about {span_of(tally.eta_s)} left, "
    return f"{left}{_spent(tally)}, {tally.failed} failed, {tally.retried} retried"


def _spent(tally: Tally) -> str:
    more = f" and {tally.cost_unknown} of unknown cost" if tally.cost_unknown else ""
    return f"{tally.tokens:,} tokens, {dollars(tally.cost_usd)}{more}"


def _summary_lines(sweep_id: str, tally: Tally, ledger: Path) -> list[str]:
    ends = ", ".join(f"{count} {status}" for status, count in sorted(tally.statuses.items()))
    lines = [f"{sweep_id}: {tally.done} of {tally.planned} cells done ({ends or 'none'}), {_spent(tally)}"]
    lines += [f"  {count} × {cause}" for cause, count in tally.causes.most_common(10)]
    if tally.stopped:
        lines.append(f"stopped: {tally.stopped}")
    if tally.interrupted:
        lines.append(f"interrupted: what was done is kept in {ledger}; go on with --resume")
    return lines
