from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cabproxy.harness.mutants import idle
from cabproxy.harness.mutants.idle import IdleWatch, ticks
from cabproxy.harness.mutants.suite import Suite

pytestmark = pytest.mark.skipif(not (idle.PROC / "self").exists(), reason="no /proc here")


def watched(script: str, limit_s: float) -> tuple[bool, float]:
    """Whether the watch ended it, and the longest while it saw."""
    ended = threading.Event()
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None

        def end() -> None:
            ended.set()
            process.kill()

        with IdleWatch(process.pid, limit_s, end) as watch:
            process.wait(60)
    return ended.is_set(), watch.longest_s


def test_a_process_that_waits_for_nothing_is_ended() -> None:
    assert watched("input()", 0.2)[0]


def test_one_that_waits_for_a_child_at_work_is_not() -> None:
    work = "import time\nwhile time.process_time() < 0.6: pass"
    assert not watched(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])", 0.3)[0]


def test_who_is_gone_or_at_work_is_not_known_to_idle() -> None:
    assert ticks(os.getpid()) is None
    with subprocess.Popen(["true"]) as process:
        pass
    assert ticks(process.pid) is None


def test_where_there_is_no_proc_nothing_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(idle, "PROC", tmp_path)
    assert watched("import time; time.sleep(0.4)", 0.1) == (False, 0.0)


def test_what_those_below_a_killed_process_took_is_counted(tmp_path: Path) -> None:
    work = f"{sys.executable} -c 'while True: pass' & wait"
    found = Suite(command=work, report="tap", timeout_s=1.5).run(tmp_path, [])
    assert found.timed_out
    assert found.cpu_s > 0.1


def test_a_command_that_waits_for_nothing_is_a_timeout(tmp_path: Path) -> None:
    suite = Suite(command="read line < <(sleep 60)", report="tap", timeout_s=60, idle_s=0.2)
    found = suite.run(tmp_path, [])
    assert found.timed_out
    assert found.duration_s < 50
