"""Paired tests against statsmodels and scipy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabscore.stats import paired
from cabscore.stats.paired import discordant, holm, mcnemar_exact, mean_difference, paired_permutation


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar(only_first: int, only_second: int) -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    theirs = tables.mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue
    expected = 1.0 if only_first + only_second == 0 else float(theirs)
    assert mcnemar_exact(only_first, only_second) == pytest.approx(min(1.0, expected), abs=1e-12)


@pytest.mark.parametrize("size", [2, 4, 9])
def test_permutation_is_exact_for_few_pairs(size: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(size).normal(0.3, 1, size)
    theirs = stats.permutation_test(
        (values, np.zeros(size)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert paired_permutation(values.tolist()) == pytest.approx(theirs.pvalue)


def test_permutation_of_many_pairs() -> None:
    values = np.random.default_rng(3).normal(0.1, 1, 80)
    stats = pytest.importorskip("scipy.stats")
    found = paired_permutation(values.tolist(), resamples=20_000)
    assert found == paired_permutation(values.tolist(), resamples=20_000)
    assert found == pytest.approx(float(stats.ttest_1samp(values, 0).pvalue), abs=0.03)


def test_no_difference() -> None:
    assert paired_permutation([0.0, 0.0]) == 1.0
    assert mcnemar_exact(0, 0) == 1.0


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [(10, 0, 0.001953125), (8, 2, 0.109375), (5, 1, 0.21875), (6, 0, 0.03125), (5, 5, 1.0)],
)
def test_mcnemar_as_tabled(only_first: int, only_second: int, p: float) -> None:
    """Twice the tail of the binomial with one half, as in any table of the sign test."""
    assert mcnemar_exact(only_first, only_second) == mcnemar_exact(only_second, only_first) == p


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_by_bonferroni(values: list[float]) -> None:
    """Holm (1979): a hypothesis goes when Bonferroni rejects every intersection that it is part of."""
    ours = holm({str(i): value for i, value in enumerate(values)})
    for at in range(len(values)):
        families = (set(rest) | {at} for size in range(len(values)) for rest in combinations(range(len(values)), size))
        closed = max(min(1.0, len(family) * min(values[i] for i in family)) for family in families)
        assert ours[str(at)] == pytest.approx(closed)


def test_holm_as_statsmodels_has_it() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    for size in (1, 7, 30):  # one call takes 30 ms, however few the values are
        values = np.random.default_rng(size).random(size) ** 3
        ours = holm({str(i): float(value) for i, value in enumerate(values)})
        assert list(ours.values()) == pytest.approx(list(multitest.multipletests(values, method="holm")[1]))


def test_only_shared_tasks_count() -> None:
    first, second = {"a": True, "b": False, "c": True}, {"a": False, "b": True, "d": True}
    assert discordant(first, second) == (1, 1)
    assert mean_difference({"a": [1, 0], "x": [1]}, {"a": [0], "x": []}) == {"a": 0.5}


def test_kept_flips_and_flips_in_blocks_give_the_same_p(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = [(-1) ** (at % 3 == 0) * (0.1 + at / 7) for at in range(25)]
    kept = paired_permutation(differences, resamples=9_999)
    monkeypatch.setattr(paired, "_KEPT", 0)
    assert paired_permutation(differences, resamples=9_999) == kept
