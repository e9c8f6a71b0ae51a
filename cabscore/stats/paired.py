"""Two agents on the same tasks: exact tests that use the pairing, and Holm's correction over many comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from cabscore.stats.bootstrap import SEED, Floats
from cabscore.stats.distributions import binomial_tail

EXACT_UPTO = 16
"""Pairs up to which all sign flips are tried; beyond, they are drawn."""
_KEPT = 1_000_000
"""Drawn signs up to which they are kept for the next test over as many pairs (8 bytes each)."""


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """The two-sided exact p-value from the discordant pairs (McNemar 1947, binomial form). 1 without any."""
    discordant = only_first + only_second
    if discordant == 0:
        return 1.0
    return min(1.0, 2 * binomial_tail(min(only_first, only_second), discordant))


def paired_permutation(differences: Sequence[float], resamples: int = 99_999, seed: int = SEED) -> float:
    """The two-sided p-value of a mean difference under random sign flips (Fisher 1935).

    Exact up to EXACT_UPTO pairs that differ; beyond that drawn, with the observed flip counted in, so never 0.
    """
    values = np.array([value for value in differences if value != 0], dtype=np.float64)
    if len(values) == 0:
        return 1.0
    observed = abs(float(values.sum()))
    near = observed - 1e-9 * max(1.0, observed)  # sums of the same flips in another order differ in the last digit
    if len(values) <= EXACT_UPTO:
        return float((np.abs(_all_flips(len(values)) @ values) >= near).mean())
    if resamples * len(values) <= _KEPT:
        hits = int(np.count_nonzero(np.abs(_kept_flips(len(values), resamples, seed) @ values) >= near))
        return (hits + 1) / (resamples + 1)
    rng = np.random.default_rng(seed)
    hits, left = 0, resamples
    while left > 0:
        block = min(left, 10_000)
        hits += int(np.count_nonzero(np.abs(_flips(rng, block, len(values)) @ values) >= near))
        left -= block
    return (hits + 1) / (resamples + 1)


def _flips(rng: np.random.Generator, resamples: int, count: int) -> Floats:
    return rng.integers(0, 2, size=(resamples, count)).astype(np.float64) * 2.0 - 1.0


@lru_cache(maxsize=8)
def _kept_flips(count: int, resamples: int, seed: int) -> Floats:
    """One draw for every pair of a table that differs in as many places."""
    return _flips(np.random.default_rng(seed), resamples, count)


@lru_cache(maxsize=4)
def _all_flips(count: int) -> Floats:
    bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    signs: Floats = 1.0 - 2.0 * bits
    return signs


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values adjusted by Holm's step-down (1979): the family's error is held whichever hypotheses are true."""
    adjusted: dict[str, float] = {}
    running = 0.0
    ordered = sorted(p_values, key=lambda name: (p_values[name], name))
    for position, name in enumerate(ordered):
        running = max(running, min(1.0, p_values[name] * (len(ordered) - position)))
        adjusted[name] = running
    return {name: adjusted[name] for name in p_values}


def discordant(first: Mapping[str, bool], second: Mapping[str, bool]) -> tuple[int, int]:
    """How many shared tasks only the first passes, and only the second."""
    shared = first.keys() & second.keys()
    return (
        sum(first[task] and not second[task] for task in shared),
        sum(second[task] and not first[task] for task in shared),
    )


def mean_difference(first: Mapping[str, Sequence[float]], second: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Per shared task the difference of the means over its runs, first minus second."""
    shared = sorted(task for task in first.keys() & second.keys() if first[task] and second[task])
    return {
        task: math.fsum(first[task]) / len(first[task]) - math.fsum(second[task]) / len(second[task]) for task in shared
    }
