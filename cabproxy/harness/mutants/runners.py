"""Ways to run chosen tests in a working copy: quick ones where the command allows it, the command itself otherwise."""

from __future__ import annotations

import queue
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cabproxy.harness.mutants.bundle import ending, node_command, run_bundle
from cabproxy.harness.mutants.reach import TRACER, Reached, covered_ranges, traced_lines
from cabproxy.harness.mutants.suite import Suite
from cabproxy.harness.mutants.tree import Tree
from cabproxy.harness.mutants.warm import WarmPython, own_names, python_command
from cabproxy.taskkit.mutate.judge import SuiteResult

SEEDS = (0, 1)
"""Hash seeds of the two interpreters a mutant is tried in: what depends on the order of a set differs in them."""


class Wanted(NamedTuple):
    """What is to be run: test files, of some only these tests (by their reported names)."""

    files: Sequence[str]
    tests: Sequence[str] | None = None
    cpu_s: float = 60.0  # limits
    wall_s: float = 120.0
    idle_s: float | None = None
    look: Callable[[str], bool] | None = None
    """Shown what the first failed test says (Python); the run ends where it says so."""
    most: int | None = None  # at more failed tests the run may end
    to_the_end: bool = False
    """Node is left to end by itself: a mutant that keeps it from that makes no task."""
    again: bool = False
    """A second look: in the other interpreter, where there are two."""


class Place:
    """One working copy and what runs tests in it. Used by one thread at a time."""

    def __init__(self, suite: Suite, language: str, tree: Tree) -> None:
        self.suite, self.language, self.tree = suite, language, tree
        self.alone: frozenset[str] = frozenset()
        """Test files that want a process of their own."""
        self.patient = False
        """Whether node is left to end by itself: there are tests that are told of only when others are done."""
        self.cold: frozenset[str] = frozenset()
        """Test files that only their own command runs rightly."""
        self._python = python_command(suite.command) if language == "python" else None
        self._node = node_command(suite.command) if language == "javascript" else None
        self._warm: dict[int, WarmPython] = {}
        self._modules: tuple[str, ...] = ()
        self._own = own_names(tree.root) if self._python else ()

    @property
    def quick(self) -> bool:
        """Whether there is a quicker way than the command."""
        return self._python is not None or self._node is not None

    @property
    def hasty(self) -> bool:
        """Whether node is ended once all known tests are done."""
        return self._node is not None and not self.patient and ending(self._node) != self._node

    def learn(self, modules: Iterable[str]) -> None:
        """Modules to be imported before any test runs; for interpreters started from now on."""
        self._modules = tuple(modules)
        self.close()

    def run(self, wanted: Wanted) -> SuiteResult:
        """The quick way for the files that allow it, the command for the rest; one result of all."""
        parts = []
        apart = self.alone | self.cold
        if shared := [name for name in wanted.files if name not in apart]:
            parts.append(self._quick(wanted._replace(files=shared)))
        for name in wanted.files:
            if parts and parts[-1].timed_out:  # which is all that can be said of it
                break
            if name in self.cold:
                parts.append(self._suite(wanted).run(self.tree.root, [name]))
            elif name in self.alone:
                parts.append(self._quick(wanted._replace(files=[name], tests=None)))
        return parts[0] if len(parts) == 1 else joined(parts)

    def command(self, files: Sequence[str]) -> SuiteResult:
        """The command itself, as it stands."""
        return self.suite.run(self.tree.root, files)

    def trace(self, file: str, cpu_s: float) -> Reached:
        """What one test file reaches; without a table where it cannot be traced in time."""
        with tempfile.TemporaryDirectory(prefix="cab-trace-") as name:
            out, root = Path(name), self.tree.root
            if self.language == "python":
                (out / "sitecustomize.py").write_bytes(TRACER.read_bytes())
                env = {"CAB_TRACE_ROOT": str(root), "CAB_TRACE_OUT": str(out)}
                found = traced_lines(self._traced(file, out, env, cpu_s), out)
            elif self.language == "javascript":
                result = self.suite.run(root, [file], {"NODE_V8_COVERAGE": str(out)})
                found = covered_ranges(result, out, root)
            else:
                return Reached(self.suite.run(root, [file]))
        if found.result.timed_out or not found.result.outcomes:
            return Reached(self.suite.run(root, [file]))
        return found

    def _traced(self, file: str, out: Path, env: Mapping[str, str], cpu_s: float) -> SuiteResult:
        if self._python is not None:
            warm = self._interpreter(0)
            # for the interpreters that tests start; the tests' own is told by the request
            env = {**env, "PYTHONPATH": ":".join([str(out), *self._python.env.get("PYTHONPATH", "").split(":")])}
            return warm.run([file], cpu_s=cpu_s, trace=(out / "sitecustomize.py", out), env=env)
        path = {"PYTHONPATH": f"{out}:{self.tree.root}"}
        return self.suite.run(self.tree.root, [file], {**env, **path})

    def _quick(self, wanted: Wanted) -> SuiteResult:
        if self._python is not None:
            warm = self._interpreter(SEEDS[wanted.again])
            warm.suite = self._suite(wanted)
            return warm.run(wanted.files, tests=wanted.tests, cpu_s=wanted.cpu_s, look=wanted.look, most=wanted.most)
        if self._node is not None:
            command = self._node if self.patient or wanted.to_the_end else ending(self._node)
            return run_bundle(self._suite(wanted), command, self.tree.root, wanted.files)
        return self._suite(wanted).run(self.tree.root, wanted.files)

    def _suite(self, wanted: Wanted) -> Suite:
        return msgspec.structs.replace(
            self.suite,
            timeout_s=min(self.suite.timeout_s, wanted.wall_s),
            idle_s=wanted.idle_s,
            cpu_s=wanted.cpu_s if self._node is not None or self._python is not None else None,
            hash_seed=SEEDS[wanted.again],
        )

    def _interpreter(self, seed: int) -> WarmPython:
        assert self._python is not None
        if seed not in self._warm:
            suite = msgspec.structs.replace(self.suite, hash_seed=seed)
            self._warm[seed] = WarmPython(suite, self._python, self.tree.root)
            self._warm[seed].load([self._python.module, *self._modules], self._own)
        return self._warm[seed]

    def end(self) -> None:
        """Ends what runs; from another thread."""
        for warm in list(self._warm.values()):
            warm.end()

    def close(self) -> None:
        """Ends the interpreters."""
        for warm in self._warm.values():
            warm.close()
        self._warm.clear()


def joined(parts: Sequence[SuiteResult]) -> SuiteResult:
    """Several runs as one: of a test in two of them the worse outcome."""
    outcomes: dict[str, str] = {}
    for part in parts:
        for name, outcome in part.outcomes.items():
            outcomes[name] = outcome if outcomes.get(name, "passed") == "passed" else outcomes[name]
    return SuiteResult(
        outcomes=outcomes,
        messages={name: said for part in reversed(parts) for name, said in part.messages.items()},
        output="\n".join(part.output for part in parts),
        duration_s=sum(part.duration_s for part in parts),
        cpu_s=sum(part.cpu_s for part in parts),
        idle_s=max((part.idle_s for part in parts), default=0.0),
        timed_out=any(part.timed_out for part in parts),
        cut=any(part.cut for part in parts),
        times={name: took for part in parts for name, took in part.times.items()},
        walls={name: took for part in parts for name, took in part.walls.items()},
    )


Places = queue.Queue[Place]
