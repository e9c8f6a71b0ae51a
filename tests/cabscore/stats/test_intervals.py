"""Wilson and t intervals against statsmodels and scipy; their coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabscore.stats.intervals import mean_t, wilson


@given(st.integers(0, 200), st.integers(1, 200), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson(successes: int, n: int, confidence: float) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    successes = min(successes, n)
    low, high = proportion.proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    found = wilson(successes, n, confidence)
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_tabled(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe, Two-sided confidence intervals for the single proportion (1998), table I, method 3."""
    found = wilson(successes, n)
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


def test_nothing_counted_has_no_share() -> None:
    assert wilson(0, 0).value is None


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=12))
def test_t(values: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats")
    found = mean_t(values)
    sem = stats.sem(values)
    if sem > 1e-9:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=sem)
        assert found.low == pytest.approx(low, rel=1e-7, abs=1e-7)
        assert found.high == pytest.approx(high, rel=1e-7, abs=1e-7)


def test_one_value_has_no_interval_and_bounds_clip() -> None:
    assert mean_t([0.5]).low is None
    assert mean_t([]).value is None
    clipped = mean_t([0.0, 1.0], bounds=(0.0, 1.0))
    assert (clipped.low, clipped.high) == (0.0, 1.0)


def test_wilson_covers_what_it_says() -> None:
    """The exact coverage, summed over all outcomes, averaged over shares: nominal 95 %."""
    stats = pytest.importorskip("scipy.stats")
    shares = np.linspace(0.02, 0.98, 49)
    covered = []
    for share in shares:
        inside = [w.low <= share <= w.high for w in (wilson(k, 25) for k in range(26))]
        covered.append(float(stats.binom.pmf(np.arange(26), 25, share) @ inside))
    assert 0.94 < np.mean(covered) < 0.965
