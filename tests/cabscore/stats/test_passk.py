"""pass@k and pass^k: against drawing every subset, and the edges."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabscore.stats.passk import interval_over_tasks, pass_at_k, pass_hat_k


@given(st.integers(1, 8), st.integers(0, 8), st.integers(1, 8))
def test_against_every_subset(n: int, c: int, k: int) -> None:
    c, k = min(c, n), min(k, n)
    runs = [True] * c + [False] * (n - c)
    subsets = list(itertools.combinations(runs, k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))
    assert pass_hat_k(n, c, k) == pytest.approx(sum(map(all, subsets)) / len(subsets))


def test_over_tasks() -> None:
    at, hat = interval_over_tasks([(3, 3), (3, 0), (1, 1)], 3)
    assert (at.value, at.n) == (hat.value, hat.n) == (0.5, 2)
    assert interval_over_tasks([(1, 1)], 2)[0].value is None


@given(st.lists(st.tuples(st.integers(3, 8), st.integers(0, 8)), min_size=2, max_size=12), st.integers(1, 3))
def test_an_interval_lies_around_its_figure(counts: list[tuple[int, int]], k: int) -> None:
    at, hat = interval_over_tasks([(n, min(n, c)) for n, c in counts], k)
    for found in (at, hat):
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= found.value + 1e-12
        assert found.value - 1e-12 <= found.high <= 1
        assert found.low < found.high
    assert k == 1 or (hat.value or 0) <= (at.value or 0) + 1e-12


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 4), (3, 1, 0), (3, 4, 1), (0, 0, 1)])
def test_impossible_counts(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="needs"):
        pass_at_k(n, c, k)
