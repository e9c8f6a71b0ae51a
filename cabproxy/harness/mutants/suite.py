"""A repository's own test suite, run on chosen test files in a copy of the repository."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from cabproxy.harness.mutants.idle import IdleWatch, spent_below
from cabproxy.harness.mutants.said import messages_of
from cabproxy.harness.reports import read_results
from cabproxy.harness.sandbox.toolchain import base_env
from cabproxy.taskkit.mutate.judge import SuiteResult

OUTPUT_LIMIT = 4 * 1024 * 1024


class Suite(Struct, frozen=True, kw_only=True):
    """How tests are run: `{tests}` in the command stands for test files, `{logs}` for a folder for report files."""

    command: str
    report: str
    timeout_s: float = 120.0
    cpu_s: float | None = None
    """Processor time a single process may take; independent of what else the machine does."""
    idle_s: float | None = None
    """How long nothing may go on at all."""
    hash_seed: int = 0
    python_cache: Path | None = None
    """Where Python keeps what it compiled; None: nowhere."""

    def run(self, tree: Path, files: Sequence[str], extra_env: Mapping[str, str] | None = None) -> SuiteResult:
        """Runs these test files. Every process that is left is ended; a run over its time is `timed_out`."""
        with folders() as places:
            line = filled(self.command, " ".join(map(shlex.quote, files)), places.logs)
            return self.run_line(line, tree, places, extra_env)

    def run_line(
        self, line: str, tree: Path, places: Places, extra_env: Mapping[str, str] | None = None
    ) -> SuiteResult:
        """Runs one line of bash as a run of the suite, and reads what it reported."""
        if self.cpu_s is not None:
            line = f"ulimit -S -t {int(self.cpu_s) + 1}; {line}"
        started = time.monotonic()
        env = {**self.env(places), **(extra_env or {})}
        timed_out, cpu_s, idle_s = _bounded(line, tree, env, (self.timeout_s, self.idle_s), places.output)
        result = read_suite(self.report, places, timed_out)
        late = timed_out or (self.cpu_s is not None and cpu_s > self.cpu_s and not result.outcomes)
        took = time.monotonic() - started
        return SuiteResult(
            outcomes=result.outcomes,
            messages=result.messages,
            output=result.output,
            duration_s=took,
            cpu_s=cpu_s,
            idle_s=idle_s,
            timed_out=late,
        )

    def env(self, places: Places) -> dict[str, str]:
        """The environment of a run: a home and a scratch folder of its own, fixed hashes, nothing left in the tree."""
        cache = (
            {"PYTHONPYCACHEPREFIX": str(self.python_cache)} if self.python_cache else {"PYTHONDONTWRITEBYTECODE": "1"}
        )
        return {**base_env(places.home, places.root), **cache, "PYTHONHASHSEED": str(self.hash_seed)}


class Places(NamedTuple):
    """Folders of one run, removed when it is over."""

    root: Path
    logs: Path
    home: Path
    output: Path


@contextlib.contextmanager
def folders() -> Iterator[Places]:
    """A scratch folder with a home, a folder for reports, and a file for the output."""
    with tempfile.TemporaryDirectory(prefix="cab-suite-", ignore_cleanup_errors=True) as scratch:
        root = Path(scratch)
        places = Places(root, root / "logs", root / "home", root / "output")
        places.logs.mkdir()
        places.home.mkdir()
        yield places


def filled(text: str, tests: str, logs: Path) -> str:
    """A command with its test files and its folder for reports."""
    return text.replace("{tests}", tests).replace("{logs}", str(logs))


def read_suite(report: str, places: Places, timed_out: bool) -> SuiteResult:
    """What lies in the folders after a run."""
    output = ""
    if places.output.is_file():
        with places.output.open("rb") as written:
            output = written.read(OUTPUT_LIMIT).decode("utf-8", "replace")
    results = [test for test in read_results(report, output, places.logs) if test.name == test.name.strip()]
    messages = {test.name: test.message for test in results if test.message}
    return SuiteResult(
        outcomes={test.name: test.outcome for test in results if "\n" not in test.name},
        messages={**messages_of(report, output), **messages},
        output=output,
        timed_out=timed_out,
    )


_RUNNING: set[int] = set()
_LOCK = threading.Lock()


def end_running() -> None:
    """Ends what runs now, in all threads: after Ctrl-C nobody waits for a suite."""
    with _LOCK:
        for pid in _RUNNING:
            _end(pid)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _bounded(
    line: str, tree: Path, env: dict[str, str], limits: tuple[float, float | None], path: Path
) -> tuple[bool, float, float]:
    """Whether it was ended for its time (`limits`: in all, and idle), what processor time it and its children took, and
    how long it idled at most."""
    late, killed = threading.Event(), [0.0]
    with path.open("wb") as file:
        process = subprocess.Popen(
            ["/bin/bash", "-c", line],
            cwd=tree,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with _LOCK:
        _RUNNING.add(process.pid)

    def too_long() -> None:
        late.set()
        killed.append(spent_below(process.pid))
        _end(process.pid)

    timer = threading.Timer(limits[0], too_long)
    timer.start()
    idle = IdleWatch(process.pid, limits[1], too_long)
    try:
        # waited for without reaping, so that the group's number cannot be anybody else's when it is ended
        with idle:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        timer.cancel()
        _end(process.pid)
        with _LOCK:
            _RUNNING.discard(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return late.is_set(), usage.ru_utime + usage.ru_stime + max(killed), idle.longest_s
