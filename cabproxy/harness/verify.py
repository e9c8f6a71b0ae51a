"""The verdict: the task's tests in a fresh sandbox that never ran the agent."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cabproxy.harness.reports import read_file, read_results
from cabproxy.harness.sandbox.base import Command, Finished, Limits, Sandbox
from cabproxy.harness.sandbox.places import Fill, Places
from cabproxy.ledger.record import Phase, TestResult, Verification
from cabproxy.taskkit.environment import resolved
from cabproxy.taskkit.separate import keep_artifacts
from cabproxy.taskkit.task import Task

OUTPUT_LIMIT = 2 * 1024 * 1024
Tree = Callable[[Path], None]
"""Makes the tree that is to be judged, at the path given."""
MakeSandbox = Callable[[Fill], Sandbox]


class Verdict(NamedTuple):
    """A verification, its output for the record, and how its command ended."""

    verification: Verification
    output: bytes
    finished: Finished


async def verify(
    task: Task,
    phase: Phase,
    tree: Tree,
    make: MakeSandbox,
    expected: tuple[str, ...] = (),
    alter: Tree | None = None,
) -> Verdict:
    """Runs the task's tests on `tree`. `expected` are the tests the reference passes: one not seen is not passed.

    `alter` changes the copy of the tests that is run.
    SandboxError where the sandbox fails; a test command that fails, hangs or says nothing is a result.
    """

    def fill(places: Places) -> None:
        tree(places.app)
        if task.separate:
            keep_artifacts(places.app, task.artifacts)
        if task.tests_dir.is_dir():
            shutil.copytree(task.tests_dir, places.tests, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:  # a verifier's own image may be the only place that has them
            places.tests.mkdir()
        if alter is not None:
            alter(places.tests)
        if task.verifier_user is not None:
            _open_to_all(places)

    own = {} if task.separate else resolved(task.environment_env, "environment.env")
    async with make(fill) as sandbox:
        env = {
            **own,
            **resolved(task.verifier_env, "verifier.env"),
            "CAB_TESTS": sandbox.tests,
            "CAB_LOGS": sandbox.logs,
            "CAB_WORKDIR": sandbox.workdir,
        }
        where = task.verifier_workdir if task.separate and sandbox.workdir == task.workdir else None
        argv = ("/bin/bash", f"{sandbox.tests}/test.sh")
        command = Command(argv=argv, env=env, cwd=where, user=task.verifier_user)
        limits = Limits(time_s=task.verifier_timeout_s, output_bytes=OUTPUT_LIMIT, memory_mb=task.memory_mb or 4096)
        done = await sandbox.run(command, limits)
        return judge(task, phase, done, sandbox.places.logs, expected)


def _open_to_all(places: Places) -> None:
    """Whoever the verifier is run as owns nothing in its sandbox, and may have no other rights."""
    places.logs.chmod(0o777)
    for path in (places.app, *places.app.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o777 if path.is_dir() else 0o666))


def judge(task: Task, phase: Phase, done: Finished, logs: Path, expected: tuple[str, ...] = ()) -> Verdict:
    """What the command's end, its output and its report files say, put together."""
    output = done.stdout + (b"\n" if done.stdout and done.stderr else b"") + done.stderr
    text = output.decode("utf-8", "replace")
    tests = read_results(task.cab.report, text, logs, task.cab.visible_tests)
    reward, complaint = read_reward(logs)
    passed, error = _passed(done, reward, complaint, tests, expected)
    verification = Verification(
        run_id="",
        phase=phase,
        exit_code=done.exit_code,
        timed_out=done.timed_out,
        reward=reward,
        passed=passed,
        tests=tests,
        output_truncated=done.stdout_size > len(done.stdout) or done.stderr_size > len(done.stderr),
        duration_ns=done.ended_ns - done.started_ns,
        error=error,
    )
    return Verdict(verification, output, done)


def read_reward(logs: Path) -> tuple[float | None, str | None]:
    """The reward as Harbor reads it, reward.json before reward.txt; or None and what is wrong."""
    data = read_file(logs / "reward.json", 1 << 20)
    if data is not None:
        try:
            table = json.loads(data)
            value = table.get("reward", min(table.values())) if isinstance(table, dict) and table else None
        except (ValueError, TypeError, RecursionError):  # agents' code may have written it
            return None, "reward.json is not a flat object of numbers"
    else:
        data = read_file(logs / "reward.txt", 1 << 20)
        if data is None:
            return None, "the verifier left no reward file"
        try:
            value = float(data)
        except ValueError:
            return None, "reward.txt is not one number" if data.strip() else "reward.txt is empty"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
        return None, "the reward is not a finite number"
    return float(value), None


def _passed(
    done: Finished,
    reward: float | None,
    complaint: str | None,
    tests: tuple[TestResult, ...],
    expected: tuple[str, ...],
) -> tuple[bool | None, str | None]:
    """Whether the tests are passed, and what keeps that from being known or believed."""
    if done.timed_out:
        return False, "the tests did not end within their time limit"
    seen = {test.name for test in tests if test.outcome == "passed"}
    missing = [name for name in expected if name not in seen]
    if reward is None:
        if tests and done.exit_code == 0 and len(seen) == len(tests) and not missing:
            return True, complaint
        return (False, complaint) if tests or done.exit_code else (None, complaint)
    if reward < 1:
        return False, None
    if missing:
        return False, f"rewarded, but {len(missing)} of the reference's tests did not pass, e.g. {missing[0]}"
    return True, None
