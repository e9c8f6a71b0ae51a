"""How often the intervals hold the truth, and how often the tests cry wolf: by simulation, or exactly where one can.

    python tests/benchmarks/coverage.py [--draws 2000] [--seed 1]

Prints the tables of docs/scoring.md. Agents are drawn as benchmarks see them: a task has its own chance of being solved
(a beta distribution around the agent's share), runs of a task share it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable

import numpy as np

from cabscore.stats.bootstrap import bca_mean, clustered_mean
from cabscore.stats.distributions import binomial_tail
from cabscore.stats.intervals import Interval, mean_t, wilson
from cabscore.stats.paired import mcnemar_exact, paired_permutation
from cabscore.stats.passk import interval_over_tasks
from cabscore.stats.ranks import rank_intervals
from cabscore.stats.shares import clustered_wilson

SHARES = (0.1, 0.3, 0.5, 0.9)
TASKS = (10, 20, 50, 100)
SPREAD = 2.0
"""The beta distribution's a + b: at 2 a task's chance is anything between 0 and 1, for an agent that solves half."""
RUNS = 3
Draw = Callable[[np.random.Generator, float, int], Interval]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    rng = np.random.default_rng(given.seed)
    print("coverage in %, nominal 95; columns: the share p\n")
    _table("Wilson, n runs, exactly", TASKS, _wilson_exactly)
    _table("pass share, n tasks of 3 runs", TASKS, _simulated(rng, given.draws, _pass_share, lambda p: p))
    _table(
        "clustered BCa of composites, n tasks of 3 runs",
        TASKS,
        _simulated(rng, given.draws, _composite, _mean_composite),
    )
    _table("BCa of differences, n tasks", TASKS, _simulated(rng, given.draws, _difference, lambda p: (p - 0.5) * 0.8))
    _table("Student's t, n runs of one cell", (3, 5, 10), _simulated(rng, given.draws, _one_cell, lambda p: p))
    for k, low in ((3, True), (3, False)):
        name = f"pass@{k}" if low else f"pass^{k}"
        _table(f"{name}, n tasks of 5 runs", TASKS, _simulated(rng, given.draws, _attempts(k, low), _truth(k, low)))
    _ranks(rng, given.draws // 4)
    _false_alarms(rng, given.draws)


def _table(name: str, sizes: Iterable[int], cover: Callable[[float, int], float]) -> None:
    print(f"| {name} | " + " | ".join(f"{p:g}" for p in SHARES) + " |\n|---" + "|---" * len(SHARES) + "|")
    for n in sizes:
        print(f"| {n} | " + " | ".join(f"{100 * cover(p, n):.1f}" for p in SHARES) + " |", flush=True)
    print()


def _wilson_exactly(p: float, n: int) -> float:
    """Summed over all outcomes."""
    inside = 0.0
    for k in range(n + 1):
        found = wilson(k, n)
        if found.low is not None and found.high is not None and found.low <= p <= found.high:
            inside += binomial_tail(k, n, p) - binomial_tail(k - 1, n, p)
    return inside


def _simulated(
    rng: np.random.Generator, draws: int, draw: Draw, truth: Callable[[float], float]
) -> Callable[[float, int], float]:
    def cover(p: float, n: int) -> float:
        return sum(_holds(draw(rng, p, n), truth(p)) for _ in range(draws)) / draws

    return cover


def _holds(found: Interval, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low - 1e-12 <= truth <= found.high + 1e-12


def _chances(rng: np.random.Generator, p: float, tasks: int) -> np.ndarray:
    return rng.beta(SPREAD * p, SPREAD * (1 - p), tasks)


def _verdicts(rng: np.random.Generator, p: float, tasks: int, runs: int) -> np.ndarray:
    return (rng.random((tasks, runs)) < _chances(rng, p, tasks)[:, None]).astype(float)


def _pass_share(rng: np.random.Generator, p: float, tasks: int) -> Interval:
    found = _verdicts(rng, p, tasks, RUNS)
    return clustered_wilson({f"{task:03}": values.tolist() for task, values in enumerate(found)})


def _composite(rng: np.random.Generator, p: float, tasks: int) -> Interval:
    """A failed run has 0, a correct one something between 0.6 and 1."""
    found = _verdicts(rng, p, tasks, RUNS) * rng.uniform(0.6, 1.0, (tasks, RUNS))
    return clustered_mean({f"{task:03}": values.tolist() for task, values in enumerate(found)}, resamples=1_999)


def _mean_composite(p: float) -> float:
    return 0.8 * p


def _difference(rng: np.random.Generator, p: float, tasks: int) -> Interval:
    """Two agents on the same tasks, the second one solving half."""
    hard = rng.random(tasks)
    first, second = (np.where(hard < share, rng.uniform(0.6, 1.0, tasks), 0.0) for share in (p, 0.5))
    return bca_mean((first - second).tolist(), resamples=1_999)


def _one_cell(rng: np.random.Generator, p: float, runs: int) -> Interval:
    """Composites of one cell that solves its task: they differ by cost and time."""
    return mean_t(rng.beta(20 * p, 20 * (1 - p), runs).tolist(), bounds=(0.0, 1.0))


def _attempts(k: int, at: bool) -> Draw:
    def draw(rng: np.random.Generator, p: float, tasks: int) -> Interval:
        counts = [(5, int(row.sum())) for row in _verdicts(rng, p, tasks, 5)]
        found = interval_over_tasks(counts, k)
        return found[0] if at else found[1]

    return draw


def _truth(k: int, at: bool) -> Callable[[float], float]:
    """The mean of q^k over the beta distribution of q, of 1 - (1 - q)^k for at least one."""

    def moment(p: float) -> float:
        return math.prod((SPREAD * p + i) / (SPREAD + i) for i in range(k))

    return (lambda p: 1 - moment(1 - p)) if at else moment


def _ranks(rng: np.random.Generator, draws: int) -> None:
    print("rank intervals, 5 agents that solve 0.3 to 0.7: how often each holds its agent's true rank\n")
    print("| tasks | held |\n|---|---|")
    shares = np.linspace(0.7, 0.3, 5)
    for tasks in TASKS:
        held = 0
        for _ in range(draws):
            hard = rng.random(tasks) * 0.5 + rng.random((5, tasks)) * 0.5
            table = (hard < shares[:, None]).astype(float).tolist()
            found = rank_intervals({str(at): row for at, row in enumerate(table)}, resamples=999)
            held += sum(row.low <= int(row.name) + 1 <= row.high for row in found)
        print(f"| {tasks} | {100 * held / draws / 5:.1f} |", flush=True)
    print()


def _false_alarms(rng: np.random.Generator, draws: int) -> None:
    print("false alarms in %, two equal agents, p <= 0.05 (never more than 5 is what a test promises)\n")
    print("| tasks | McNemar | permutation |\n|---|---|---|")
    for tasks in TASKS:
        alarms = [0, 0]
        for _ in range(draws):
            chance = _chances(rng, 0.5, tasks)
            pair = (rng.random((2, tasks)) < chance).astype(float)
            alarms[0] += mcnemar_exact(int((pair[0] > pair[1]).sum()), int((pair[0] < pair[1]).sum())) <= 0.05
            scores = pair * rng.uniform(0.6, 1.0, (2, tasks))
            alarms[1] += paired_permutation((scores[0] - scores[1]).tolist(), resamples=999) <= 0.05
        print(f"| {tasks} | " + " | ".join(f"{100 * count / draws:.1f}" for count in alarms) + " |", flush=True)


if __name__ == "__main__":
    main()
