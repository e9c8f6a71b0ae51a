"""Shares over clustered runs: Wilson's own where runs are alone, wider where they repeat each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabscore.stats.bootstrap import clustered_stderr
from cabscore.stats.intervals import wilson
from cabscore.stats.shares import clustered_wilson

verdicts = st.lists(st.lists(st.sampled_from([0.0, 1.0]), max_size=4), max_size=10)


def clusters(values: list[list[float]]) -> dict[str, list[float]]:
    return {str(at): found for at, found in enumerate(values)}


@given(st.lists(st.sampled_from([0.0, 1.0]), max_size=30))
def test_one_run_per_task_is_wilson(values: list[float]) -> None:
    assert clustered_wilson(clusters([[value] for value in values])) == wilson(int(sum(values)), len(values))


@given(verdicts)
def test_it_holds_its_share_and_is_never_narrower_than_independent_runs(values: list[list[float]]) -> None:
    found = clustered_wilson(clusters(values))
    runs = [value for task in values for value in task]
    plain = wilson(int(sum(runs)), len(runs))
    assert found.value == plain.value
    if found.low is not None and found.high is not None and plain.low is not None and plain.high is not None:
        assert 0 <= found.low <= plain.low + 1e-12
        assert plain.high - 1e-12 <= found.high <= 1
    else:
        assert len([task for task in values if task]) <= 1


def test_copies_of_a_run_are_worth_that_run() -> None:
    """Ten tasks, each run thrice with one outcome, by statsmodels with ten runs and the quantile of nine degrees."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    stats = pytest.importorskip("scipy.stats")
    worth = 10 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 9)) ** 2
    low, high = proportion.proportion_confint(0.7 * worth, worth, method="wilson")
    found = clustered_wilson(clusters([[1.0] * 3] * 7 + [[0.0] * 3] * 3))
    assert [found.low, found.high] == pytest.approx([low, high])


def test_runs_are_worth_what_their_standard_error_says() -> None:
    rng = np.random.default_rng(8)
    values = clusters([(rng.random(4) < chance).astype(float).tolist() for chance in rng.random(400)])
    found = clustered_wilson(values)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * (clustered_stderr(values) or 0), rel=0.02)


def test_all_alike_and_one_task_alone() -> None:
    solved = clustered_wilson(clusters([[1.0] * 5] * 12))
    assert solved.high == 1
    assert 0.6 < (solved.low or 0) < (wilson(12, 12).low or 0)
    alone = clustered_wilson({"only": [1.0, 0.0]})
    assert (alone.value, alone.low, alone.high) == (0.5, None, None)
    assert clustered_wilson({"none": []}).value is None
