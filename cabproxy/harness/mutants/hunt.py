"""Looking for mutants of a repository that make good tasks: seeded, incremental, parallel, resumable."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import msgspec

from cabproxy.harness.mutants.baseline import Baseline, measure
from cabproxy.harness.mutants.journal import Journal, Try
from cabproxy.harness.mutants.runners import Place, Places, Wanted
from cabproxy.harness.mutants.scratch import Scratch
from cabproxy.harness.mutants.suite import Suite, end_running
from cabproxy.harness.mutants.tree import Tree, snapshot
from cabproxy.taskkit.mutate.equivalent import equivalent
from cabproxy.taskkit.mutate.frames import points_at
from cabproxy.taskkit.mutate.judge import MOST_BROKEN, SuiteResult, Verdict, judge
from cabproxy.taskkit.mutate.operators import Mutation, well_formed
from cabproxy.taskkit.mutate.plan import plan

ENOUGH = 20
"""So many of the tests that failed are run without the mutant; all of them passed twice before there was one."""


class Hunt:
    """A hunt through one repository, as it is now. Use as a context manager: its copies are removed in the end."""

    def __init__(
        self,
        repo: Path,
        suite: Suite,
        language: str,
        tests: Sequence[str],
        jobs: int = 1,
        leave_out: Iterable[Path] = (),
    ) -> None:
        self.language, self.tests, self.jobs = language, list(tests), jobs
        self._scratch = Scratch()
        self.suite = msgspec.structs.replace(suite, python_cache=self._scratch.path / "bytecode")
        self.root = self._scratch.path / "repository"
        snapshot(repo, self.root, leave_out)
        self._all: list[Place] = []
        self._places: Places = Places()
        self._ending = False
        self.baseline: Baseline | None = None

    def __enter__(self) -> Hunt:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
        for place in self._all:
            place.close()
        self._scratch.remove()

    def stop(self) -> None:
        """Ends what runs, in all threads."""
        self._ending = True
        for place in self._all:
            place.end()
        end_running()

    def prepare(self, say: Callable[[str], None] = lambda text: None) -> Baseline:
        """Runs the whole suite twice and each test file once, traced. CabError where no test passes."""
        for number in range(self.jobs):
            place = Place(self.suite, self.language, Tree(self.root, self._scratch.path / f"tree{number}"))
            self._all.append(place)
            self._places.put(place)
        self.baseline = measure(self._places, self.tests, self.jobs, say, self.stop)
        return self.baseline

    def candidates(self, sources: Sequence[str], seed: int) -> list[Mutation]:
        """All mutations of these files in the seeded order."""
        return plan({path: (self.root / path).read_bytes() for path in sources}, seed)

    def tries(self, candidates: Sequence[Mutation], count: int, journal: Path) -> Iterator[Try]:
        """Tries mutants until `count` are kept, and yields every one; those in the journal are not run again.

        The order and the choice depend on the candidates alone, not on which worker is done first. Of two that are
        good in one line the second is `repeated`: nobody learns from the same place twice.
        """
        kept: set[tuple[str, int]] = set()
        with Journal(journal) as notes, ThreadPoolExecutor(self.jobs) as pool:
            waiting: deque[Future[Try]] = deque()
            coming = iter(candidates)
            try:
                while True:
                    for mutation in islice(coming, 2 * self.jobs - len(waiting)):
                        waiting.append(pool.submit(self._noted, mutation, notes))
                    if not waiting:
                        return
                    tried = waiting.popleft().result()
                    place = (tried.mutation.path, tried.mutation.line)
                    if tried.verdict.reason == "kept" and place in kept:
                        tried = msgspec.structs.replace(tried, verdict=Verdict(reason="repeated"))
                    yield tried
                    if tried.verdict.reason == "kept":
                        kept.add(place)
                    if len(kept) >= count:
                        return
            finally:
                for future in waiting:
                    future.cancel()
                if any(not future.done() for future in waiting):
                    self.stop()

    def _noted(self, mutation: Mutation, notes: Journal) -> Try:
        known = notes.get(mutation)
        if known is not None:
            return known
        tried = self.attempt(mutation)
        if not self._ending:  # what was broken off says nothing
            notes.put(tried)
        return tried

    def attempt(self, mutation: Mutation) -> Try:
        """One mutant, shown to the tests that reach it; one that fails some is run again, and they without it."""
        assert self.baseline is not None, "prepare comes first"
        started = time.monotonic()
        source = (self.root / mutation.path).read_bytes()
        files = [name for name in self.tests if self.baseline.reached[name].sees(mutation)]
        expected = self.baseline.expected(files)
        if not expected:
            return Try(mutation=mutation, verdict=Verdict(reason="uncovered"))
        if not well_formed(mutation, source):
            return Try(mutation=mutation, verdict=Verdict(reason="malformed"))
        if equivalent(mutation.path, source, mutation.apply(source)):
            return Try(mutation=mutation, verdict=Verdict(reason="equivalent"))
        wanted = self.baseline.wanted(mutation, files)
        place = self._places.get()
        try:
            verdict, runs = self._shown(place, mutation, mutation.apply(source), expected, wanted)
            if verdict.reason == "kept" and not self._pass_without(place, verdict.failed, runs):
                verdict = Verdict(reason="unsteady")
        finally:
            self._places.put(place)
        return Try(
            mutation=mutation,
            verdict=verdict,
            files=tuple(files),
            messages={name: runs[0].messages[name] for name in verdict.failed if name in runs[0].messages},
            duration_s=round(time.monotonic() - started, 3),
            cpu_s=round(sum(run.cpu_s for run in runs), 3),
        )

    def _shown(
        self, place: Place, mutation: Mutation, changed: bytes, expected: dict[str, str], wanted: Wanted
    ) -> tuple[Verdict, list[SuiteResult]]:
        shown = frozenset(expected if wanted.tests is None else wanted.tests)
        with place.tree.changed(mutation.path, changed):
            most = int(MOST_BROKEN * len(expected))
            runs = [place.run(wanted._replace(look=lambda said: points_at(mutation, said), most=most))]
            verdict = judge(mutation, expected, runs, shown)
            if verdict.reason == "kept":
                assert self.baseline is not None
                wanted = self.baseline.to_the_end(self.baseline.only(verdict.failed))
                runs.append(place.run(wanted._replace(again=True)))
                verdict = judge(mutation, expected, runs, shown)
        return verdict, runs

    def _pass_without(self, place: Place, failed: Sequence[str], runs: list[SuiteResult]) -> bool:
        """Whether tests that failed pass when nothing is changed: else the change had no part in it.

        Some of them where single tests can be run, else those of the file with the most.
        """
        assert self.baseline is not None
        files = self.files_of(failed)
        if not self.baseline.by_test(files):
            of_file = [set(self.baseline.reached[name].result.outcomes) & set(failed) for name in files]
            failed = sorted(sorted(of_file, key=len)[-1])
        else:
            failed = failed[:ENOUGH]
        result = place.run(self.baseline.only(failed))
        place.tree.settle()
        runs.append(result)
        return all(result.outcomes.get(name) == "passed" for name in failed)

    def files_of(self, tests: Sequence[str]) -> list[str]:
        """The test files in which these tests are."""
        assert self.baseline is not None, "prepare comes first"
        wanted = set(tests)
        return [name for name in self.tests if wanted & set(self.baseline.reached[name].result.outcomes)]


def reasons(tries: Sequence[Try]) -> dict[str, int]:
    """How many mutants ended in which way, the most frequent first."""
    return dict(Counter(tried.verdict.reason for tried in tries).most_common())
