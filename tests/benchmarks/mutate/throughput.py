"""Mutants tried by `cabproxy tasks mutate`, against a loop that runs the whole suite for each: same mutants, one run.

For every mutant in turn both ways are taken, one after the other, so that whatever else the machine does meets both.
The loop writes the mutant into a copy of the repository and runs the suite's command once, with the same limits of
time; `twice` adds a second run for those it would keep, which is what the hunt does, too. Processor time is that of the
tests' processes (and, for the hunt, of this one). Mutants that nothing reaches are left out unless --all is given: the
hunt does not run them at all, the loop runs everything. After --seconds no further mutant is begun.

    python tests/benchmarks/mutate/throughput.py REPO --language python --mutants 20
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cabproxy.harness.mutants.baseline import PATIENCE
from cabproxy.harness.mutants.hunt import Hunt
from cabproxy.harness.mutants.suite import Suite
from cabproxy.harness.mutants.tree import Tree
from cabproxy.taskkit.mutate.operators import Mutation, well_formed
from cabproxy.taskkit.mutate.usual import SKIPPED, files_of, usual


class Cost(NamedTuple):
    """Seconds by the clock, and of processor time."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: tuple[Any, ...]) -> Cost:
        return Cost(self.wall_s + other[0], self.cpu_s + other[1])


def naive(hunt: Hunt, tree: Tree, mutation: Mutation) -> tuple[frozenset[str] | None, Cost]:
    """One run of everything; the steady tests that fail, or None where it did not end."""
    assert hunt.baseline is not None
    started = time.monotonic()
    content = mutation.apply((hunt.root / mutation.path).read_bytes())
    limit_s = PATIENCE * hunt.baseline.whole_s + 5
    with tree.changed(mutation.path, content):
        found = msgspec.structs.replace(hunt.suite, timeout_s=limit_s).run(tree.root, hunt.tests)
    failed = frozenset(name for name in hunt.baseline.steady if found.outcomes.get(name) != "passed")
    return None if found.timed_out else failed, Cost(time.monotonic() - started, found.cpu_s)


def hunted(hunt: Hunt, mutation: Mutation) -> tuple[Any, Cost]:
    """What the hunt says of the mutant."""
    started, own = time.monotonic(), time.process_time()
    tried = hunt.attempt(mutation)
    return tried, Cost(time.monotonic() - started, tried.cpu_s + time.process_time() - own)


def agree(tried: Any, failed: frozenset[str] | None) -> bool:
    """Whether both ways saw the same tests fail."""
    if failed is None or tried.verdict.reason in ("timeout", "malformed", "equivalent", "unsteady"):
        return failed is None or tried.verdict.reason != "timeout"
    if tried.verdict.reason in ("survived", "uncovered"):
        return not failed
    return bool(failed) and (not tried.verdict.failed or set(tried.verdict.failed) == failed)


def compare(hunt: Hunt, tree: Tree, mutants: list[Mutation], seconds: float) -> dict[str, Any]:
    """Both ways over the same mutants."""
    nothing = Cost(0.0, 0.0)
    costs = {"naive": nothing, "naive twice": nothing, "hunt": nothing}
    same, kept, tried_count = 0, 0, 0
    until = time.monotonic() + seconds
    for number, mutation in enumerate(mutants):
        if time.monotonic() > until:
            break
        tried_count += 1
        if number % 2:
            tried, quick = hunted(hunt, mutation)
            failed, slow = naive(hunt, tree, mutation)
        else:
            failed, slow = naive(hunt, tree, mutation)
            tried, quick = hunted(hunt, mutation)
        again = slow if tried.verdict.reason == "kept" else nothing
        costs = {
            "naive": costs["naive"] + slow,
            "naive twice": costs["naive twice"] + slow + again,
            "hunt": costs["hunt"] + quick,
        }
        kept += tried.verdict.reason == "kept"
        same += agree(tried, failed)
        if not agree(tried, failed):
            mutant = msgspec.to_builtins(tried.mutation)
            told = {"hunt": tried.verdict.reason, "its": tried.verdict.failed, "naive": sorted(failed or ())}
            print(json.dumps({"differ": mutant, **told}))
    return {"mutants": tried_count, "kept": kept, "agree": same, "costs": costs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path)
    parser.add_argument("--language", required=True)
    parser.add_argument("--tests", action="append")
    parser.add_argument("--mutants", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    known = usual(options.language, options.repo)
    tests = files_of(options.repo, options.tests or known.tests, ())
    sources = [path for path in files_of(options.repo, known.sources, SKIPPED) if path not in tests]
    suite = Suite(command=known.command, report=known.report, timeout_s=600)
    with (
        tempfile.TemporaryDirectory(prefix="cab-naive-") as scratch,
        Hunt(options.repo, suite, options.language, tests) as hunt,
    ):
        started = time.monotonic()
        baseline = hunt.prepare()
        prepared_s = time.monotonic() - started
        mutants = []
        for one in hunt.candidates(sources, options.seed):
            seen = any(baseline.reached[name].sees(one) for name in tests)
            fit = (seen or options.all) and well_formed(one, (hunt.root / one.path).read_bytes())
            if fit and len(mutants) < options.mutants:
                mutants.append(one)
        told = compare(hunt, Tree(hunt.root, Path(scratch) / "tree"), mutants, options.seconds)
    costs = told["costs"]
    print(f"{options.repo.name}: {len(baseline.steady)} tests in {len(tests)} files, ", end="")
    print(f"{baseline.whole_s:.1f} s ({baseline.whole_cpu_s:.1f} s CPU); prepared in {prepared_s:.1f} s")
    print(f"{told['mutants']} mutants, {told['kept']} kept, {told['agree']} judged alike")
    for name, cost in costs.items():
        share = f"{cost.wall_s / costs['hunt'].wall_s:6.1f} x {cost.cpu_s / costs['hunt'].cpu_s:6.1f} x"
        count = told["mutants"]
        print(f"{name:12} {cost.wall_s / count:8.2f} s {cost.cpu_s / count:8.2f} s CPU each {share}")


if __name__ == "__main__":
    main()
