"""The share of runs that passed, where several runs of one task belong together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cabscore.stats.distributions import normal_quantile, student_t_quantile
from cabscore.stats.intervals import Interval, wilson_interval


def clustered_wilson(clusters: Mapping[str, Sequence[float]], confidence: float = 0.95) -> Interval:
    """A share over runs (values 0 or 1) in clusters (tasks), by Wilson's interval for as many runs as they are worth.

    Runs of one task are alike, so n runs are worth n / deff independent ones, deff being the variance of the share over
    what independent runs would have (Kish 1965). With few tasks deff is not known well: Student's t with tasks - 1
    degrees of freedom takes the normal's place (Dean & Pagano 2015; Franco et al. 2019). Where all runs ended alike
    nothing shows how alike they are, and a task is worth one run. One run per task is Wilson's own interval; several
    runs of one task alone have none, for they tell nothing of other tasks.
    """
    kept = [values for values in clusters.values() if len(values)]
    n, tasks = sum(len(values) for values in kept), len(kept)
    method = "wilson" if n == tasks else "clustered wilson"
    share = math.fsum(math.fsum(values) for values in kept) / n if n else None
    if share is None or tasks == 1 < n:
        return Interval(value=share, low=None, high=None, n=n, confidence=confidence, method=method)
    z = normal_quantile(0.5 + confidence / 2)
    worth = float(n)
    if n > tasks:
        worth = min(worth, _worth(kept, share, n) * (z / student_t_quantile(0.5 + confidence / 2, tasks - 1)) ** 2)
    low, high = wilson_interval(share, worth, z)
    return Interval(value=share, low=low, high=high, n=n, confidence=confidence, method=method)


def _worth(clusters: Sequence[Sequence[float]], share: float, n: int) -> float:
    """How many independent runs tell as much: n / deff, at most n."""
    independent = share * (1 - share) * n
    between = math.fsum((math.fsum(values) - len(values) * share) ** 2 for values in clusters)
    if independent == 0:
        return float(len(clusters))
    return n / max(1.0, between / independent)
