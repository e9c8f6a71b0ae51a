"""`cabscore rank`: a ledger's runs as one table, with intervals, ranks, the frontier and what moves the order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from cabproxy.errors import UserError
from cabproxy.ledger.record import Run
from cabscore.composite import axis_values
from cabscore.leaderboard import Entry, Leaderboard, Row, leaderboard
from cabscore.profiles import DEFAULT, find_profile
from cabscore.profiles.base import AxisValues
from cabscore.profiles.cab_1 import Cab1
from cabscore.scoring import ScoredRun
from cabscore.sensitivity import Sensitivity, sensitivity
from cabscore.stats.intervals import Interval
from cabscore.twins import attempt_of

BY: dict[str, Callable[[Run], str]] = {
    "agent": lambda run: run.agent or "",
    "model": lambda run: run.model or "",
    "agent/model": lambda run: f"{run.agent}/{run.model}",
}


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", type=click.Choice(list(BY)), default="agent/model", show_default=True, help="What a line is.")
@click.option("--profile", default=DEFAULT, show_default=True, help="A profile's name, a .toml file or module:object.")
@click.option("--sensitivity", "moved", is_flag=True, help="Also move every weight and half point and watch the ranks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def rank(sources: tuple[Path, ...], by: str, profile: str, moved: bool, as_json: bool) -> None:
    """Rank the cells of SOURCES: pass and composite with 95 % intervals over tasks, rank intervals, Pareto frontier.

    SOURCES are ledgers and files that `cabscore import` wrote. Runs of one task are taken together (clustered), invalid
    runs are counted and enter nothing.

    \b
    Examples:
      cabscore rank cab.sqlite
      cabscore rank cab.sqlite --by agent --sensitivity --json
      cabscore rank cab.sqlite published.jsonl
    """
    from cabscore.sources import Sources

    found = find_profile(profile)
    if moved and not isinstance(found, Cab1):
        raise UserError(f"{profile}: only cab-1 and profiles built on it have choices to move; choose one of them")
    rows: list[Row] = []
    records: dict[str, list[tuple[str, AxisValues]]] = defaultdict(list)
    with Sources(sources, found) as opened:
        for run, result in opened.cells():  # what is needed of each is kept, its evidence is not
            rows.append(_row(BY[by](run), run, result))
            if moved:
                records[rows[-1].name].append((rows[-1].task, axis_values(result.axes, result.status)))
    table = leaderboard(rows)
    choices = sensitivity(records, found) if moved and isinstance(found, Cab1) else None
    if as_json:
        shown = {"leaderboard": msgspec.to_builtins(table), "sensitivity": msgspec.to_builtins(choices)}
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    click.echo(_text(table))
    if choices is not None:
        click.echo(_sensitivity_text(choices))


def _row(name: str, run: Run, scored: ScoredRun) -> Row:
    tokens = scored.axes["tokens"].evidence.get("total_tokens")
    return Row(
        name=name,
        task=run.task_id or "",
        status=scored.status,
        passed=scored.axes["pass_rate"].value,
        composite=scored.composite.value,
        agent_s=scored.axes["latency"].value,
        tokens=tokens if isinstance(tokens, int) else None,
        attempt=attempt_of(run.task_id or "", scored.axes["refusal"].evidence),
    )


def _text(table: Leaderboard) -> str:
    if not table.entries:
        return "no cells"
    width = max(len(entry.name) for entry in table.entries)
    head = f"{'':{width}}  {'rank':>9}  {'composite':>20}  {'pass':>20}  {'tokens/correct':>14}  {'agent s':>8}  runs"
    lines = [head, *(_line(entry, width) for entry in table.entries)]
    lines.append(f"* on the Pareto frontier; ranks over {table.rank_tasks} tasks that every line has")
    return "\n".join([*lines, *(_twins(entry) for entry in table.entries if entry.twins.pairs)])


def _twins(entry: Entry) -> str:
    twins = entry.twins
    counts = {
        "declines both of": twins.count("declines_both"),
        "declines neither of": twins.count("declines_neither"),
        "inverts": twins.count("inverted"),
    }
    rest = "".join(f", {said} {count}" for said, count in counts.items() if count)
    return (
        f"{entry.name}: tells apart {twins.count('told_apart')} of {len(twins.pairs)} pairs of twins{rest} "
        f"(discrimination {twins.discrimination:+.2f})"
    )


def _line(entry: Entry, width: int) -> str:
    rank_ = f"{entry.rank.rank} ({entry.rank.low}-{entry.rank.high})" if entry.rank is not None else "-"
    tokens = "-" if entry.tokens_per_correct is None else f"{entry.tokens_per_correct:,.0f}"
    seconds = "-" if entry.agent_s is None else f"{entry.agent_s:,.1f}"
    runs = f"{entry.runs}" + (f", {entry.invalid} invalid" if entry.invalid else "")
    mark = "*" if entry.on_frontier else " "
    p = "" if entry.p_best is None else f"  p = {entry.p_best:.3g} against the first"
    return (
        f"{entry.name:{width}}{mark} {rank_:>9}  {_interval(entry.composite):>20}  {_interval(entry.passed):>20}  "
        f"{tokens:>14}  {seconds:>8}  {runs}{p}"
    )


def _interval(value: Interval) -> str:
    if value.value is None:
        return "-"
    ends = "" if value.low is None else f" [{value.low:.2f}, {value.high:.2f}]"
    return f"{value.value:.3f}{ends}"


def _sensitivity_text(found: Sensitivity) -> str:
    lines = [f"over {found.draws} draws of weights and half points (each halved to doubled):"]
    lines += [
        f"  {row.name}: rank {row.base}, {row.low} to {row.high}, first in {row.first:.0%}" for row in found.ranks
    ]
    moves = ", ".join(f"{name} {move}" for name, move in found.one_at_a_time.items())
    lines.append(f"  largest rank move by one choice alone: {moves}")
    lines.append(f"  failed runs above correct ones on the same task: {found.inversions}")
    return "\n".join(lines)
