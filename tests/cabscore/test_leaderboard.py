"""The table: clustered intervals, ranks over shared tasks, invalid runs apart."""

from __future__ import annotations

import random

import pytest

from cabscore.leaderboard import Row, leaderboard


def rows(name: str, share: float, tasks: int = 12, runs: int = 3) -> list[Row]:
    chance = random.Random(name)
    out = []
    for task in range(tasks):
        for _ in range(runs):
            passed = float(chance.random() < share)
            out.append(
                Row(
                    name=name,
                    task=f"t{task}",
                    status="ok",
                    passed=passed,
                    composite=passed * 0.8,
                    agent_s=10.0,
                    tokens=1000,
                )
            )
    return out


def test_order_intervals_and_ranks() -> None:
    found = leaderboard([*rows("weak", 0.1), *rows("strong", 0.95)], resamples=499)
    strong, weak = found.entries
    assert (strong.name, weak.name) == ("strong", "weak")
    assert strong.passed.low is not None
    assert strong.passed.low > (weak.passed.high or 1)
    assert strong.rank is not None
    assert (strong.rank.low, strong.rank.high) == (1, 1)
    assert weak.p_best is not None
    assert weak.p_best < 0.01
    assert strong.p_best is None
    assert found.rank_tasks == 12
    assert found.frontier.on == ("strong",)
    assert strong.pass_hat_3 is not None
    assert strong.pass_at_3 is not None
    assert strong.pass_hat_3 <= strong.pass_at_3


def test_invalid_runs_are_counted_and_enter_nothing() -> None:
    dead = Row(name="a", task="t0", status="infra_invalid", passed=0.0, composite=0.0, agent_s=1.0, tokens=None)
    with_dead, without = (
        leaderboard([*rows("a", 1.0), dead], 199).entries[0],
        leaderboard(rows("a", 1.0), 199).entries[0],
    )
    assert with_dead.invalid == 1
    assert with_dead.composite == without.composite
    assert with_dead.tokens_per_correct == without.tokens_per_correct == pytest.approx(1000)


def test_unknown_tokens_are_not_cheap() -> None:
    unknown = Row(name="a", task="t0", status="ok", passed=1.0, composite=0.8, agent_s=1.0, tokens=None)
    found = leaderboard([*rows("a", 1.0), unknown], 199)
    assert found.entries[0].tokens_per_correct is None
    assert found.frontier.unplaced == ("a",)


def test_all_alike_is_not_certain() -> None:
    entry = leaderboard(rows("idle", 0.0), resamples=199).entries[0]
    for found in (entry.passed, entry.composite, entry.pass_at_3_interval):
        assert found is not None
        assert (found.value, found.low) == (0, 0)
        assert 0.2 < (found.high or 0) < 0.4


def test_nothing() -> None:
    assert leaderboard([]).entries == ()
