"""Rank intervals: certain where the data are, wide where they are not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from cabscore.stats.ranks import rank_intervals


def test_a_clear_winner_is_certain() -> None:
    rows = rank_intervals({"a": [1.0] * 20, "b": [0.5] * 20, "c": [0.0] * 20})
    assert [(row.name, row.rank, row.low, row.high, row.best) for row in rows] == [
        ("a", 1, 1, 1, 1.0), ("b", 2, 2, 2, 0.0), ("c", 3, 3, 3, 0.0),
    ]  # fmt: skip


def test_equals_share_a_rank() -> None:
    rows = rank_intervals({"a": [1.0, 0.0], "b": [0.0, 1.0]})
    assert [(row.rank, row.low, row.high) for row in rows] == [(1, 1, 2), (1, 1, 2)]


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_against_every_resample(confidence: float) -> None:
    """Four tasks have 256 resamples: the shares of their ranks, ranked by scipy, are what the drawn ones tend to."""
    rank = pytest.importorskip("scipy.stats").rankdata
    table = np.array([[0.9, 0.2, 0.8, 0.4], [0.5, 0.7, 0.6, 0.3], [0.1, 0.9, 0.2, 0.9]])
    means = [table[:, list(drawn)].mean(axis=1) for drawn in product(range(4), repeat=4)]
    ranks = np.array([rank(-np.round(mean, 12), method="min") for mean in means])
    found = rank_intervals(dict(zip("abc", table.tolist(), strict=True)), confidence, resamples=20_000)
    for at, row in enumerate(sorted(found, key=lambda row: row.name)):
        assert row.best == pytest.approx(float((ranks[:, at] == 1).mean()), abs=0.02)
        assert row.low == np.quantile(ranks[:, at], 0.5 - confidence / 2, method="inverted_cdf")
        assert row.high == np.quantile(ranks[:, at], 0.5 + confidence / 2, method="inverted_cdf")
        assert row.rank == rank(-np.round(table.mean(axis=1), 12), method="min")[at]


def test_noise_gives_wide_ranks() -> None:
    rng = np.random.default_rng(2)
    rows = rank_intervals({name: rng.random(12).tolist() for name in "abcde"})
    assert max(row.high - row.low for row in rows) >= 3


def test_rows_must_match() -> None:
    with pytest.raises(ValueError, match="same tasks"):
        rank_intervals({"a": [1.0], "b": [1.0, 2.0]})
    assert rank_intervals({"a": []}) == []
