"""Variance components: the balanced case by its closed form, recovery by simulation, stability by counting."""

from __future__ import annotations

import numpy as np
import pytest

from cabscore.stats.variance import rerun_stability, variance_split


def test_balanced_one_way_is_the_textbook_case() -> None:
    data = {"a": [1.0, 3.0], "b": [5.0, 7.0], "c": [2.0, 2.0]}
    split = variance_split((task, "one", value) for task, values in data.items() for value in values)
    within = np.mean([np.var(values, ddof=1) for values in data.values()])
    between = np.var([np.mean(values) for values in data.values()], ddof=1) - within / 2
    assert split.run == pytest.approx(within)
    assert split.task == pytest.approx(between)
    assert split.endpoint is None


TURNIPS = {
    "1": {"1": [3.28, 3.09], "2": [3.52, 3.48], "3": [2.88, 2.80]},
    "2": {"1": [2.46, 2.44], "2": [1.87, 1.92], "3": [2.19, 2.19]},
    "3": {"1": [2.77, 2.66], "2": [3.74, 3.44], "3": [2.55, 2.55]},
    "4": {"1": [3.78, 3.87], "2": [4.07, 4.12], "3": [3.31, 3.31]},
}
"""Calcium in turnip greens, plants, leaves, determinations: Snedecor & Cochran, Statistical Methods (6th ed. 1967)."""


def test_nested_as_tabled() -> None:
    split = variance_split(
        (plant, leaf, value) for plant, leaves in TURNIPS.items() for leaf, found in leaves.items() for value in found
    )
    assert split.task == pytest.approx(0.3652, abs=5e-5)
    assert split.endpoint == pytest.approx(0.1611, abs=5e-5)
    assert split.run == pytest.approx(0.0067, abs=5e-5)


def test_components_are_recovered() -> None:
    rng = np.random.default_rng(4)
    rows = []
    for task in range(400):
        a = rng.normal(0, 2)
        for endpoint in range(3):
            b = rng.normal(0, 1)
            rows += [(str(task), str(endpoint), a + b + rng.normal(0, 0.5)) for _ in range(rng.integers(1, 4))]
    split = variance_split(rows)
    assert split.task == pytest.approx(4, rel=0.2)
    assert split.endpoint == pytest.approx(1, rel=0.15)
    assert split.run == pytest.approx(0.25, rel=0.15)


def test_what_the_data_cannot_tell_is_none() -> None:
    split = variance_split([("a", "x", 1.0)])
    assert (split.task, split.endpoint, split.run) == (None, None, None)
    assert variance_split([]).n == 0


def test_stability() -> None:
    assert rerun_stability({"a": [True, True], "b": [True, False], "c": [True]}) == (0.5, 2)
    assert rerun_stability({"c": [True]}) == (None, 0)
