"""The suite before anything is changed: which tests pass every time, what each reaches, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from cabproxy.errors import CabError, UserError
from cabproxy.harness.mutants.reach import Reached
from cabproxy.harness.mutants.runners import Place, Places, Wanted
from cabproxy.taskkit.mutate.judge import SuiteResult
from cabproxy.taskkit.mutate.operators import Mutation

PATIENCE = 4.0
"""A mutant may take this many times what its tests take without it: of processor time and a second or two more, so that
a loop is ended however busy the machine is, and by the clock and five seconds more, for tests that wait. Where nothing
goes on at all, this many times the longest such while and a second more."""


class Baseline(NamedTuple):
    """The suite without a mutant. `steady` tests pass in every run; `flaky` ones in some, `failing` ones in none."""

    reached: Mapping[str, Reached]
    steady: frozenset[str]
    flaky: tuple[str, ...]
    failing: tuple[str, ...]
    written: tuple[str, ...]  # files that tests left in the work tree
    alone: frozenset[str]  # test files that cannot share a process
    whole_s: float
    whole_cpu_s: float
    idle_s: float  # the longest while in which nothing went on
    ending_s: float  # the same where processes are left to end by themselves
    quick: SuiteResult
    """The whole suite the quick way, with the time of each test where it is known."""

    def expected(self, files: Sequence[str]) -> dict[str, str]:
        """The steady tests of these files."""
        named = (name for file in files for name in self.reached[file].result.outcomes)
        return {name: "passed" for name in named if name in self.steady}

    def wanted(self, mutation: Mutation, files: Sequence[str]) -> Wanted:
        """What is to be run of these files: where it is known, only the tests that reach the change."""
        chosen = self._seeing(mutation, files) if self.by_test(files) else None
        return self._limited(Wanted(files, chosen))

    def only(self, tests: Sequence[str]) -> Wanted:
        """These tests and as few others as possible."""
        wanted = set(tests)
        files = [name for name, one in self.reached.items() if wanted & set(one.result.outcomes)]
        chosen = list(tests) if self.by_test(files) else None
        return self._limited(Wanted(files, chosen))

    def to_the_end(self, wanted: Wanted) -> Wanted:
        """The same, and the processes end by themselves."""
        more_s = PATIENCE * self.ending_s
        return wanted._replace(to_the_end=True, wall_s=wanted.wall_s + more_s, idle_s=more_s + 1.0)

    def by_test(self, files: Sequence[str]) -> bool:
        """Whether single tests of these files can be run."""
        return not self.alone & set(files) and all(self.reached[name].tests for name in files)

    def _seeing(self, mutation: Mutation, files: Sequence[str]) -> list[str]:
        chosen: list[str] = []
        for file in files:
            seeing = self.reached[file].seeing(mutation)
            names = self.reached[file].result.outcomes if seeing is None else seeing
            chosen += [name for name in names if name in self.steady]
        return chosen

    def _limited(self, wanted: Wanted) -> Wanted:
        """With limits by what these tests take without a mutant."""
        quick = self.quick
        cpu_s, wall_s = quick.cpu_s, quick.duration_s
        if wanted.tests is not None and quick.times:
            names = set(wanted.tests)
            cpu_s -= sum(took for name, took in quick.times.items() if name not in names)
            wall_s -= sum(took for name, took in quick.walls.items() if name not in names)
        elif wanted.tests is None:
            cpu_s = min(cpu_s, sum(self.reached[name].result.cpu_s for name in wanted.files))
        return wanted._replace(
            cpu_s=PATIENCE * max(cpu_s, 0.0) + 1.0,
            wall_s=PATIENCE * max(wall_s, 0.0) + 5.0,
            idle_s=PATIENCE * self.idle_s + 1.0,
        )


def measure(
    places: Places, tests: Sequence[str], jobs: int, say: Callable[[str], None], stop: Callable[[], None]
) -> Baseline:
    """Runs the whole suite as it is told to be run, once more the quick way, and each test file traced.

    `stop` ends what runs in other threads; it is called when this one is interrupted.
    UserError where nothing passes: then there is nothing a mutant could be told by.
    """
    place = places.get()
    try:
        first = place.command(tests)
        _usable(place, first)
        written = tuple(place.tree.settle())
        say(f"{len(_passed(first))} tests pass in {first.duration_s:.1f} s; looking at what each of them reaches")
    finally:
        places.put(place)
    with ThreadPoolExecutor(jobs) as pool:
        try:
            traced = list(pool.map(lambda file: _trace(places, file, first.cpu_s), tests))
        except BaseException:
            stop()
            raise
    reached = dict(zip(tests, traced, strict=True))
    again, alone = _again(places, tests, reached, _passed(first))
    # a test that fails under the tracer only may mind being traced; that is no reason to call it flaky
    steady = _passed(first) & _passed(again)
    failing = sorted(name for name, outcome in first.outcomes.items() if outcome in ("failed", "error"))
    return Baseline(
        reached=reached,
        steady=frozenset(steady),
        flaky=tuple(sorted(_passed(first) - steady)),
        failing=tuple(failing),
        written=written,
        alone=alone,
        whole_s=first.duration_s,
        whole_cpu_s=first.cpu_s,
        idle_s=again.idle_s,
        ending_s=max(first.idle_s, again.idle_s),
        quick=again,
    )


def _again(
    places: Places, tests: Sequence[str], reached: Mapping[str, Reached], passed: set[str]
) -> tuple[SuiteResult, frozenset[str]]:
    """A second run, the quick way where there is one. Files it does not suit are run by their command from now on."""
    place = places.get()
    others = [places.get() for _ in range(places.qsize())]
    try:
        if not place.quick:
            second = place.command(tests)
            place.tree.settle()
            return second, frozenset()
        modules = sorted({name for one in reached.values() for name in one.result.modules})
        for one in (place, *others):
            one.learn(modules)
        all_places = (place, *others)
        second = _quick(place, tests)
        if place.hasty and passed - _passed(second):
            second = _unhurried(all_places, tests, second)
        for way in ("alone", "cold"):  # what is lost in company may pass by itself, or by its command only
            lost = passed - _passed(second)
            if not lost:
                break
            files = frozenset(file for file in tests if lost & set(reached[file].result.outcomes))
            for one in all_places:
                setattr(one, way, files or frozenset(tests))
            second = _quick(place, tests)
        return second, place.alone | place.cold
    finally:
        for one in (place, *others):
            places.put(one)


def _unhurried(places: Sequence[Place], tests: Sequence[str], hasty: SuiteResult) -> SuiteResult:
    """A run in which node is left to end by itself; so are all from then on if it brings back tests that were lost."""
    for one in places:
        one.patient = True
    second = _quick(places[0], tests)
    if _passed(second) <= _passed(hasty):
        for one in places:
            one.patient = False
    return second


def _quick(place: Place, tests: Sequence[str]) -> SuiteResult:
    found = place.run(Wanted(tests, cpu_s=10_000, wall_s=place.suite.timeout_s, again=True))
    place.tree.settle()
    return found


def _trace(places: Places, file: str, cpu_s: float) -> Reached:
    place = places.get()
    try:
        found = place.trace(file, 50 * cpu_s + 30)
        place.tree.settle()
        return found
    finally:
        places.put(place)


def _passed(result: SuiteResult) -> set[str]:
    return {name for name, outcome in result.outcomes.items() if outcome == "passed"}


def _usable(place: Place, first: SuiteResult) -> None:
    """Says in one line why there is nothing to begin with."""
    if first.timed_out:
        raise CabError(
            f"{place.suite.command}: did not end in {place.suite.timeout_s:g} s; give it longer with --timeout-s, "
            "or name fewer files with --tests"
        )
    tail = " ".join(first.output.strip()[-300:].split()) or "no output"
    if not first.outcomes:
        raise UserError(
            f"{place.suite.command}: no test was reported as {place.suite.report}; "
            f"mend --command, --tests or --report. It ended with: {tail}"
        )
    if not _passed(first):
        raise CabError(
            f"{place.suite.command}: no test passes before anything is changed; mend the suite first. "
            f"It ended with: {tail}"
        )
