"""Which mutants make a task: broken where a test sees it, not everywhere, and not pointed at by its own message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from cabproxy.taskkit.mutate.frames import points_at
from cabproxy.taskkit.mutate.operators import Mutation

MOST_BROKEN = 0.6
"""A mutant that breaks more than this share of the tests that passed is found by looking at anything at all."""


class SuiteResult(Struct, frozen=True, kw_only=True):
    """What a run of test files said: each test by name with its outcome, what failed ones said, the whole output."""

    outcomes: dict[str, str]
    messages: dict[str, str] = {}
    output: str = ""
    duration_s: float = 0.0
    timed_out: bool = False
    cut: bool = False  # ended at its first failed test, whose message points at the change
    cpu_s: float = 0.0
    idle_s: float = 0.0  # the longest while in which nothing went on
    times: dict[str, float] = {}  # processor time by test, where it is known
    walls: dict[str, float] = {}  # time by the clock, likewise
    modules: tuple[str, ...] = ()  # of Python, imported from outside the repository


class Verdict(Struct, frozen=True, kw_only=True):
    """`reason` is "kept", or why the mutant was not: survived, broken, timeout, pointed-at, unsteady, uncovered, …"""

    reason: str
    failed: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()


def judge(
    mutation: Mutation,
    expected: Mapping[str, str],
    runs: Sequence[SuiteResult],
    shown: frozenset[str] | None = None,
) -> Verdict:
    """Judges the first run of the tests in `expected`, which all pass without it, and later ones of those that failed.

    `shown` are the tests that were run; of the others it is known that they do not reach the change, so they pass.
    """
    ran = set(expected) if shown is None else shown & set(expected)
    failed = _failed(ran, runs[0])
    if any(run.timed_out for run in runs):
        return Verdict(reason="timeout")
    if any(run.cut for run in runs):
        return Verdict(reason="pointed-at")
    if not failed:
        return Verdict(reason="survived")
    if any(_failed(failed, run) != failed for run in runs[1:]):
        return Verdict(reason="unsteady")
    told = tuple(sorted(failed))
    passed = tuple(sorted(set(expected) - failed))
    if not passed or len(failed) > MOST_BROKEN * len(expected):
        return Verdict(reason="broken", failed=told)
    if any(points_at(mutation, run.output) for run in runs):
        return Verdict(reason="pointed-at", failed=told)
    return Verdict(reason="kept", failed=told, passed=passed)


def _failed(ran: set[str] | frozenset[str], run: SuiteResult) -> set[str]:
    """Tests that do not pass any more; one that is not reported (its file cannot be loaded) does not pass."""
    return {name for name in ran if run.outcomes.get(name) != "passed"}
