"""Two sets of runs on the same tasks: what differs, by how much, and whether that could be chance."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cabscore.profiles.base import INVALID_STATUSES
from cabscore.scoring import ScoredRun
from cabscore.stats.bootstrap import bca_mean
from cabscore.stats.intervals import Interval
from cabscore.stats.paired import holm, mcnemar_exact, mean_difference, paired_permutation
from cabscore.stats.power import detectable_difference, pairs_needed
from cabscore.stats.shares import clustered_wilson

AXES = ("pass_rate", "composite", "integrity", "refusal", "blast_radius", "latency", "tokens")


class Side(Struct, frozen=True, kw_only=True):
    """One side: `invalid` runs are counted and enter nothing."""

    name: str
    runs: int
    invalid: int
    tasks: int


class AxisDifference(Struct, frozen=True, kw_only=True):
    """One axis over the shared tasks, per task the mean over its runs. `difference` is first minus second.

    `p` is two-sided: McNemar's exact test for verdicts of one run per task, else sign-flip permutation; `p_holm` is
    corrected over the axes compared here. `detectable` is what this many tasks could have found with power 0.8.
    """

    axis: str
    first: float | None
    second: float | None
    difference: Interval
    tasks: int
    p: float | None
    p_holm: float | None
    test: str
    detectable: float | None
    tasks_needed: int | None


class Comparison(Struct, frozen=True, kw_only=True):
    """Everything `cabscore compare` says of two sets of runs."""

    first: Side
    second: Side
    shared_tasks: tuple[str, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    axes: tuple[AxisDifference, ...]
    passed_first: Interval
    passed_second: Interval


def compare(
    first: Iterable[tuple[str, ScoredRun]], second: Iterable[tuple[str, ScoredRun]], names: tuple[str, str]
) -> Comparison:
    """Compares two sets of (task id, scored run). Pure; the same input gives the same output."""
    left, right = list(first), list(second)
    ours, theirs = _by_task(left), _by_task(right)
    shared = tuple(sorted(ours.keys() & theirs.keys()))
    axes = [found for axis in AXES if (found := _axis(axis, ours, theirs, shared)) is not None]
    corrected = holm({found.axis: found.p for found in axes if found.p is not None})
    return Comparison(
        first=_side(names[0], left),
        second=_side(names[1], right),
        shared_tasks=shared,
        only_first=tuple(sorted(ours.keys() - theirs.keys())),
        only_second=tuple(sorted(theirs.keys() - ours.keys())),
        axes=tuple(_with_holm(found, corrected.get(found.axis)) for found in axes),
        passed_first=_passed(ours, shared),
        passed_second=_passed(theirs, shared),
    )


def _side(name: str, runs: Sequence[tuple[str, ScoredRun]]) -> Side:
    invalid = sum(run.status in INVALID_STATUSES for _, run in runs)
    return Side(name=name, runs=len(runs), invalid=invalid, tasks=len({task for task, _ in runs}))


def _by_task(runs: Sequence[tuple[str, ScoredRun]]) -> dict[str, list[ScoredRun]]:
    out: dict[str, list[ScoredRun]] = defaultdict(list)
    for task, run in runs:
        if run.status not in INVALID_STATUSES:
            out[task].append(run)
    return dict(out)


def _values(by_task: Mapping[str, list[ScoredRun]], axis: str, shared: Sequence[str]) -> dict[str, list[float]]:
    """Values per shared task. Tokens per correct are one figure of the whole cell, so its runs count once."""
    out = {}
    for task in shared:
        found = [score.value for run in by_task[task] for score in run.scores() if score.axis == axis]
        known = [value for value in found if value is not None]
        out[task] = known[:1] if axis == "tokens" else known
    return out


def _axis(
    axis: str, ours: Mapping[str, list[ScoredRun]], theirs: Mapping[str, list[ScoredRun]], shared: Sequence[str]
) -> AxisDifference | None:
    left, right = _values(ours, axis, shared), _values(theirs, axis, shared)
    differences = list(mean_difference(left, right).values())
    if not differences:
        return None
    tasks = [task for task in shared if left[task] and right[task]]
    interval = bca_mean(differences)
    sd = _sd(differences)
    p, test = _test(axis, left, right, tasks, differences)
    return AxisDifference(
        axis=axis,
        first=_mean_of_means(left, tasks),
        second=_mean_of_means(right, tasks),
        difference=interval,
        tasks=len(tasks),
        p=p,
        p_holm=None,
        test=test,
        detectable=detectable_difference(sd, len(tasks)) if sd else None,
        tasks_needed=pairs_needed(sd, interval.value or 0.0) if sd else None,
    )


def _test(
    axis: str,
    left: Mapping[str, list[float]],
    right: Mapping[str, list[float]],
    tasks: Sequence[str],
    differences: Sequence[float],
) -> tuple[float | None, str]:
    if len(tasks) < 2:
        return None, "one task: no test"
    if axis == "pass_rate" and all(len(left[task]) == len(right[task]) == 1 for task in tasks):
        wins = sum(difference > 0 for difference in differences)
        losses = sum(difference < 0 for difference in differences)
        return mcnemar_exact(wins, losses), "McNemar, exact"
    return paired_permutation(differences), "paired permutation over tasks"


def _with_holm(found: AxisDifference, p: float | None) -> AxisDifference:
    fields = {name: getattr(found, name) for name in AxisDifference.__struct_fields__}
    return AxisDifference(**{**fields, "p_holm": p})


def _mean_of_means(values: Mapping[str, list[float]], tasks: Sequence[str]) -> float | None:
    means = [math.fsum(values[task]) / len(values[task]) for task in tasks]
    return math.fsum(means) / len(means) if means else None


def _sd(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _passed(by_task: Mapping[str, list[ScoredRun]], shared: Sequence[str]) -> Interval:
    return clustered_wilson(
        {
            task: [float(value == 1) for run in by_task[task] if (value := run.axes["pass_rate"].value) is not None]
            for task in shared
        }
    )
