"""Many runs as one table: a line per agent (or model, or both), intervals that respect tasks, ranks, the frontier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

from msgspec import Struct

from cabscore.pareto import Frontier, Point, frontier
from cabscore.profiles.base import INVALID_STATUSES
from cabscore.stats.bootstrap import clustered_mean
from cabscore.stats.intervals import Interval
from cabscore.stats.paired import holm, mean_difference, paired_permutation
from cabscore.stats.passk import interval_over_tasks
from cabscore.stats.ranks import RankInterval, rank_intervals
from cabscore.stats.shares import clustered_wilson
from cabscore.stats.variance import rerun_stability
from cabscore.twins import Attempt, Twins, paired

RESAMPLES = 1_999


class Row(Struct, frozen=True, kw_only=True):
    """One run as the table needs it; None is unknown."""

    name: str
    task: str
    status: str
    passed: float | None
    composite: float | None
    agent_s: float | None
    tokens: int | None
    attempt: Attempt | None = None  # where the task is a twin and the agent decided


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the table. pass@3, pass^3 and stability need repeated runs; `p_best` compares with the first line."""

    name: str
    runs: int
    invalid: int
    tasks: int
    passed: Interval
    composite: Interval
    pass_at_3: float | None
    pass_hat_3: float | None
    stable: float | None
    tokens_per_correct: float | None
    agent_s: float | None
    rank: RankInterval | None
    p_best: float | None
    on_frontier: bool
    twins: Twins = Twins()
    pass_at_3_interval: Interval | None = None
    pass_hat_3_interval: Interval | None = None


class Leaderboard(Struct, frozen=True, kw_only=True):
    """The table, best composite first. `rank_tasks` is how many tasks all lines have a composite on."""

    entries: tuple[Entry, ...]
    frontier: Frontier
    rank_tasks: int


def leaderboard(rows: Iterable[Row], resamples: int = RESAMPLES) -> Leaderboard:
    """Aggregates runs. Invalid ones are counted per line and enter nothing else."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row.name].append(row)
    valid = {name: [row for row in found if row.status not in INVALID_STATUSES] for name, found in by_name.items()}
    front = frontier({name: _point(found) for name, found in valid.items()})
    per_task = {name: _by_task(found, "composite") for name, found in valid.items()}
    ranks, shared = _ranks(per_task, resamples)
    entries = [
        _entry(name, by_name[name], valid[name], per_task[name], ranks.get(name), name in front.on, resamples)
        for name in by_name
    ]
    entries.sort(key=lambda entry: (-(entry.composite.value if entry.composite.value is not None else -1), entry.name))
    return Leaderboard(entries=tuple(_with_p(entries, per_task)), frontier=front, rank_tasks=shared)


def _by_task(rows: list[Row], what: str) -> dict[str, list[float]]:
    out: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        value = getattr(row, what)
        if value is not None:
            out[row.task].append(value)
    return dict(out)


def _point(rows: list[Row]) -> Point:
    verdicts = [row.passed for row in rows if row.passed is not None]
    times = [row.agent_s for row in rows if row.agent_s is not None]
    return Point(
        passed=sum(verdicts) / len(verdicts) if verdicts else None,
        tokens=_per_correct(rows),
        agent_s=median(times) if times else None,
    )


def _per_correct(rows: list[Row]) -> float | None:
    """All attempts charged; None where a run's tokens are unknown or none is correct."""
    correct = sum(row.passed == 1 for row in rows)
    known = [row.tokens for row in rows if row.tokens is not None]
    return sum(known) / correct if correct and len(known) == len(rows) else None


def _ranks(per_task: Mapping[str, dict[str, list[float]]], resamples: int) -> tuple[dict[str, RankInterval], int]:
    """Ranks over the tasks that every line has; a line without any composite stands aside."""
    placed = {name: found for name, found in per_task.items() if found}
    shared = sorted(set.intersection(*(set(found) for found in placed.values()))) if placed else []
    if not shared:
        return {}, 0
    scores = {name: [sum(found[task]) / len(found[task]) for task in shared] for name, found in placed.items()}
    return {row.name: row for row in rank_intervals(scores, resamples=resamples)}, len(shared)


def _entry(
    name: str,
    everything: list[Row],
    valid: list[Row],
    composites: dict[str, list[float]],
    rank: RankInterval | None,
    on_frontier: bool,
    resamples: int,
) -> Entry:
    verdicts = _by_task(valid, "passed")
    point = _point(valid)
    solved = {task: [float(value == 1) for value in runs] for task, runs in verdicts.items()}
    at, hat = interval_over_tasks(((len(runs), int(sum(runs))) for runs in solved.values()), 3)
    stable, _ = rerun_stability({task: [value == 1 for value in runs] for task, runs in verdicts.items()})
    return Entry(
        name=name,
        runs=len(everything),
        invalid=len(everything) - len(valid),
        tasks=len({row.task for row in everything}),
        passed=clustered_wilson(solved),
        composite=_composite(composites, resamples),
        pass_at_3=at.value,
        pass_hat_3=hat.value,
        stable=stable,
        tokens_per_correct=point.tokens,
        agent_s=point.agent_s,
        rank=rank,
        p_best=None,
        on_frontier=on_frontier,
        twins=paired(row.attempt for row in valid if row.attempt is not None),
        pass_at_3_interval=at,
        pass_hat_3_interval=hat,
    )


def _composite(values: Mapping[str, list[float]], resamples: int) -> Interval:
    """Resampled tasks show no spread where all runs came out alike, as where none is solved: then as of a share."""
    found = clustered_mean(values, resamples=resamples)
    flat = found.value is not None and found.low == found.high is not None
    return clustered_wilson(values) if flat and 0 <= (found.value or 0.0) <= 1 else found


def _with_p(entries: list[Entry], per_task: Mapping[str, dict[str, list[float]]]) -> list[Entry]:
    """Each line against the first, over shared tasks, Holm-corrected across the table."""
    if not entries:
        return []
    best = per_task[entries[0].name]
    raw = {}
    for entry in entries[1:]:
        differences = list(mean_difference(best, per_task[entry.name]).values())
        if len(differences) > 1:
            raw[entry.name] = paired_permutation(differences, resamples=9_999)
    adjusted = holm(raw)
    out = []
    for entry in entries:
        fields = {name: getattr(entry, name) for name in Entry.__struct_fields__}
        out.append(Entry(**{**fields, "p_best": adjusted.get(entry.name)}))
    return out
