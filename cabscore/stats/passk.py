"""pass@k and pass^k without bias, from n runs of which c passed (Chen et al. 2021; Yao et al. 2024)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from cabscore.stats.intervals import Interval
from cabscore.stats.shares import clustered_wilson


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that at least one of k runs passes: 1 - C(n-c, k) / C(n, k). Raises ValueError unless 0 < k <= n."""
    _check(n, c, k)
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def pass_hat_k(n: int, c: int, k: int) -> float:
    """The chance that all of k runs pass: C(c, k) / C(n, k). Raises ValueError unless 0 < k <= n."""
    _check(n, c, k)
    return math.comb(c, k) / math.comb(n, k)


def _check(n: int, c: int, k: int) -> None:
    if not (0 < k <= n and 0 <= c <= n):
        raise ValueError(f"n={n}, c={c}, k={k}: needs 0 < k <= n and 0 <= c <= n")


def interval_over_tasks(
    counts: Iterable[tuple[int, int]], k: int, confidence: float = 0.95
) -> tuple[Interval, Interval]:
    """pass@k and pass^k averaged over tasks given as (n, c), with intervals over tasks; `n` counts the tasks taken in.

    A task's unbiased figure is a share that stands for each of its runs, so the interval is that of a share. (BCa over
    the figures holds the truth in 7 of 10 cases where ten tasks are nearly all solved or nearly none.)
    """
    usable = [(n, c) for n, c in counts if n >= k]
    most = max((n for n, _ in usable), default=0)
    found = []
    for estimate in (pass_at_k, pass_hat_k):
        shares = {str(task): [estimate(n, c, k)] * most for task, (n, c) in enumerate(usable)}
        found.append(msgspec.structs.replace(clustered_wilson(shares, confidence), n=len(usable)))
    return found[0], found[1]
