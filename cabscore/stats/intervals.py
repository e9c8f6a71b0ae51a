"""Confidence intervals of a share and of a mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from cabscore.stats.distributions import normal_quantile, student_t_quantile


class Interval(Struct, frozen=True, kw_only=True):
    """A point with its interval. `n` counts what was averaged; `low` and `high` are None where n allows none."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    confidence: float = 0.95
    method: str = ""


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """A share by Wilson's score interval (Wilson 1927): sensible at 0 and n, where the usual one has no width."""
    if n == 0:
        return Interval(value=None, low=None, high=None, n=0, confidence=confidence, method="wilson")
    share = successes / n
    low, high = wilson_interval(share, n, normal_quantile(0.5 + confidence / 2))
    return Interval(value=share, low=low, high=high, n=n, confidence=confidence, method="wilson")


def wilson_interval(share: float, n: float, z: float) -> tuple[float, float]:
    """Both ends of Wilson's interval for a share of `n` runs, whole or not, at the normal quantile z."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return low, high


def mean_t(values: Sequence[float], confidence: float = 0.95, bounds: tuple[float, float] | None = None) -> Interval:
    """A mean by Student's t: for a handful of runs of one cell. One value has no interval; `bounds` clips it."""
    n = len(values)
    mean = math.fsum(values) / n if n else None
    if mean is None or n < 2:
        return Interval(value=mean, low=None, high=None, n=n, confidence=confidence, method="t")
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = student_t_quantile(0.5 + confidence / 2, n - 1) * math.sqrt(variance / n)
    low, high = mean - half, mean + half
    if bounds is not None:
        low, high = max(bounds[0], low), min(bounds[1], high)
    return Interval(value=mean, low=low, high=high, n=n, confidence=confidence, method="t")
