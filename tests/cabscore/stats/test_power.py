"""Power against statsmodels."""

from __future__ import annotations

import math

import pytest

from cabscore.stats.power import detectable_difference, pairs_needed, runs_needed_for_shares


def test_detectable_and_needed_are_inverse() -> None:
    difference = detectable_difference(0.5, 50)
    assert difference is not None
    assert pairs_needed(0.5, difference) in (50, 51)
    assert detectable_difference(0.5, 1) is None
    assert pairs_needed(0.5, 0) is None


@pytest.mark.parametrize(("sd", "difference"), [(1.0, 0.4), (0.5, 0.05), (0.31, 0.2)])
@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.01, 0.95)])
def test_pairs_against_statsmodels(sd: float, difference: float, alpha: float, power: float) -> None:
    """A ratio of 0 is the test of one sample, which a test of pairs is."""
    powers = pytest.importorskip("statsmodels.stats.power").NormalIndPower(ddof=0)
    how = {"alpha": alpha, "power": power, "ratio": 0, "alternative": "two-sided"}
    n = powers.solve_power(effect_size=difference / sd, nobs1=None, **how)
    found = pairs_needed(sd, difference, alpha, power)
    assert found == math.ceil(n - 1e-6)
    effect = powers.solve_power(effect_size=None, nobs1=found, **how)
    assert detectable_difference(sd, found or 0, alpha, power) == pytest.approx(sd * effect, rel=1e-4)


def test_known_values() -> None:
    """(1.95996 + 0.84162) squared is 7.8489: with a standardised effect of one half 31.4 pairs (Cohen 1988, ch. 2)."""
    assert pairs_needed(1.0, 0.5) == 32
    assert detectable_difference(1.0, 785) == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.6), (0.1, 0.3), (0.9, 0.95)])
def test_shares(first: float, second: float) -> None:
    power = pytest.importorskip("statsmodels.stats.power")
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    effect = proportion.proportion_effectsize(first, second)
    n = power.NormalIndPower().solve_power(effect_size=abs(effect), alpha=0.05, power=0.8)
    assert runs_needed_for_shares(first, second) == pytest.approx(n, abs=1)
    assert runs_needed_for_shares(first, first) is None
