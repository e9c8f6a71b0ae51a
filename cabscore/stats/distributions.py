"""Quantiles and tails of the few distributions used here, to about 1e-12, without scipy."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

NORMAL = NormalDist()


def normal_quantile(p: float) -> float:
    """The standard normal's quantile for 0 < p < 1."""
    return NORMAL.inv_cdf(p)


def student_t_cdf(t: float, df: float) -> float:
    """P(T <= t) by the regularised incomplete beta function (Abramowitz & Stegun 26.7.1)."""
    inside = 0.5 * incomplete_beta(0.5, df / 2, t * t / (df + t * t))
    return 0.5 + math.copysign(inside, t)


@lru_cache(maxsize=1024)
def student_t_quantile(p: float, df: float) -> float:
    """The t quantile for 0 < p < 1, by bisection on the tail."""
    if p < 0.5:
        return -student_t_quantile(1 - p, df)
    high = 1.0
    while student_t_cdf(high, df) < p:
        high *= 2
    low = 0.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if student_t_cdf(middle, df) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b) by its continued fraction (Lentz), using the symmetry where that converges faster."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    return front / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + ...)) of the incomplete beta function, DLMF 8.17.22."""
    tiny = 1e-300
    value, c, d = 1.0, 1.0, 0.0
    for n in range(1, 1000):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (_away(1 + term * d, tiny))
        c = _away(1 + term / c, tiny)
        value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def _away(value: float, tiny: float) -> float:
    return tiny if value == 0 else value


def binomial_tail(k: int, n: int, p: float = 0.5) -> float:
    """P(X <= k) for X binomial(n, p), summed exactly from the smallest term."""
    if k < 0:
        return 0.0
    terms = (math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(min(k, n) + 1))
    return min(1.0, math.fsum(terms))
