"""BCa against scipy's; clusters against their formula and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from cabscore.stats import bootstrap
from cabscore.stats.bootstrap import bca_mean, clustered_mean, clustered_stderr

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("values", [RNG.exponential(1, 40), RNG.normal(3, 1, 25), RNG.integers(0, 2, 60).astype(float)])
def test_bca_agrees_with_scipy(values: np.ndarray) -> None:
    stats = pytest.importorskip("scipy.stats")
    theirs = stats.bootstrap((values,), np.mean, n_resamples=9_999, method="BCa", rng=np.random.default_rng(1))
    ours = bca_mean(values.tolist())
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.04 * width)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.04 * width)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = RNG.normal(0, 1, 30).tolist()
    assert bca_mean(values) == bca_mean(values)


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_few_values(values: list[float]) -> None:
    assert bca_mean(values).low is None


def test_values_that_do_not_vary() -> None:
    found = bca_mean([1.0] * 5)
    assert (found.low, found.high) == (1.0, 1.0)


def test_singleton_clusters_are_the_plain_case() -> None:
    values = RNG.normal(0, 1, 30)
    clusters = {f"{i:02}": [value] for i, value in enumerate(values)}
    plain = bca_mean(values.tolist())
    found = clustered_mean(clusters)
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high))
    assert clustered_stderr(clusters) == pytest.approx(values.std(ddof=1) / np.sqrt(30))


def test_copies_within_a_cluster_add_nothing() -> None:
    values = RNG.normal(0, 1, 20)
    once = clustered_mean({str(i): [value] for i, value in enumerate(values)})
    often = clustered_mean({str(i): [value] * 10 for i, value in enumerate(values)})
    assert (once.low, once.high) == pytest.approx((often.low, often.high))
    naive = bca_mean([value for value in values for _ in range(10)])
    assert naive.high - naive.low < 0.5 * (often.high - often.low)  # type: ignore[operator]


def test_clusters_by_a_robust_regression() -> None:
    models = pytest.importorskip("statsmodels.regression.linear_model")
    groups = np.repeat(np.arange(12), 5)
    values = RNG.normal(0, 1, 12)[groups] + RNG.normal(0, 0.5, 60)
    fit = models.OLS(values, np.ones(60)).fit()
    robust = fit.get_robustcov_results("cluster", groups=groups, use_correction=False)
    clusters = {str(g): values[groups == g].tolist() for g in range(12)}
    assert clustered_stderr(clusters) == pytest.approx(robust.bse[0] * np.sqrt(12 / 11))


def test_coverage_by_simulation() -> None:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(300):
        means = rng.normal(0, 1, 30)
        clusters = {str(i): (mean + rng.normal(0, 0.3, 3)).tolist() for i, mean in enumerate(means)}
        found = clustered_mean(clusters, resamples=499)
        hits += found.low <= 0 <= found.high  # type: ignore[operator]
    assert 0.88 <= hits / 300 <= 0.98


def test_kept_draws_and_draws_in_blocks_give_the_same_means(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {f"t{at}": [0.1 * at, 0.3, 0.7 * (at % 3)][: 1 + at % 3] for at in range(23)}
    kept = clustered_mean(values)
    monkeypatch.setattr(bootstrap, "_KEPT", 0)
    monkeypatch.setattr(bootstrap, "_BLOCK", 23 * 1_000)
    blocks = clustered_mean(values)
    assert kept.value == blocks.value
    assert (kept.low, kept.high) == pytest.approx((blocks.low, blocks.high), rel=1e-12)
