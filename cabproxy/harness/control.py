"""Whether a pass means anything: the same tests once more with one assertion of a hidden test turned wrong.

Code in a file the agent may change runs beside the tests: it can print their lines, bend their assertions, be equal to
everything, or end the process with 0. None of that knows which literal was changed where nobody but the verifier
sees, so what passes whatever is asserted is no pass.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

import cabproxy
from cabproxy.agents.cache import cache_dir
from cabproxy.harness.baseline import tree_of
from cabproxy.harness.turning import SOURCES, candidates, spread
from cabproxy.harness.verify import MakeSandbox, verify
from cabproxy.ledger.record import Verification
from cabproxy.taskkit.task import Task

FORMAT = 2
TRIES = 8
"""Of the assertions whose expected value can be changed; and again of those that compare what two calls give."""


class Control(Struct, frozen=True):
    """A file of the tests with one literal changed, and the hidden tests that the reference fails with it."""

    path: str  # below the tests' folder
    text: str
    fails: tuple[str, ...]


class Found(Struct, frozen=True):
    """As cached: also that there is none."""

    control: Control | None


async def control(task: Task, reference: Verification, make: MakeSandbox, place: str) -> Control | None:
    """The task's control, found once for each task and sandbox; None where no assertion could be turned.

    `reference` is how the reference stands with the tests as they are.
    """
    path = cache_dir() / "verify" / f"{_key(task, place)}.control.json"
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=Found).control
    found = await _search(task, reference, make)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.json.encode(Found(found)))
        part.replace(path)
    return found


async def _search(task: Task, reference: Verification, make: MakeSandbox) -> Control | None:
    """Tries turned assertions on the reference, until one makes hidden tests fail and nothing else."""
    if task.cab.expected_refusal:
        return None
    passed = {test.name for test in reference.tests if test.outcome == "passed"}
    for name, text in unseen(task):
        one = Control(name, text, ())
        with_it = (await verify(task, "reference", tree_of(task, "reference"), make, alter=one_file(one))).verification
        outcomes = {test.name: test.outcome for test in with_it.tests}
        failed = tuple(sorted(name for name in passed if outcomes.get(name) in ("failed", "error")))
        if failed and not with_it.passed and not set(failed) & set(task.cab.visible_tests):
            return Control(name, text, failed)
    return None


def unseen(task: Task) -> list[tuple[str, str]]:
    """What to try: candidates in files that the work tree does not hold; where there are none, in any.

    Who can read the line that is turned knows what it was.
    """
    known = {path.read_bytes() for path in task.source_dir.rglob("*") if path.suffix in SOURCES and path.is_file()}

    def out_of_sight(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
        seen = {name for name, _ in found if (task.tests_dir / name).read_bytes() in known}
        return [one for one in found if one[0] not in seen]

    expected, any_ = (list(candidates(task.tests_dir, inputs)) for inputs in (False, True))
    tried = spread(out_of_sight(expected), TRIES)
    return tried + spread([one for one in out_of_sight(any_) or any_ if one not in tried], TRIES)


def one_file(one: Control) -> Callable[[Path], None]:
    """Lays the control over a copy of the tests."""

    def alter(tests: Path) -> None:
        (tests / one.path).write_text(one.text, encoding="utf-8")

    return alter


def gone_through(one: Control, verification: Verification) -> tuple[str, ...]:
    """The tests that had to fail and are said to have passed: any of them means that no result can be believed."""
    said = {test.name for test in verification.tests if test.outcome == "passed"}
    return tuple(name for name in one.fails if name in said)


def _key(task: Task, place: str) -> str:
    return hashlib.sha256(repr((FORMAT, cabproxy.__version__, task.digest, place)).encode()).hexdigest()
