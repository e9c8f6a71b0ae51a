"""Processes that wait for something that will not come: a dead lock is seen long before its time is up."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

EVERY_S = 0.1
PROC = Path("/proc")


class IdleWatch:
    """Looks at a process and its descendants while the block runs; calls `ended` once they idled for `limit_s`.

    Idle is a process none of whose threads can run or waits for a disk, and that used no processor time since the last
    look: one that only has no turn on a busy machine is not. `longest_s` is the longest such while. Where there is no
    /proc nothing is seen.
    """

    def __init__(self, pid: int, limit_s: float | None, ended: Callable[[], None]) -> None:
        self.longest_s = 0.0
        self._pid, self._limit_s, self._ended = pid, limit_s, ended
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> IdleWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        used, idle_s = -1, 0.0
        while not self._over.wait(EVERY_S):
            now = ticks(self._pid)
            idle_s = idle_s + EVERY_S if now is not None and now == used else 0.0
            used = -1 if now is None else now
            self.longest_s = max(self.longest_s, idle_s)
            if self._limit_s is not None and idle_s > self._limit_s:
                self._ended()
                return


def spent_below(pid: int) -> float:
    """Processor seconds of a process's descendants that still run: who is killed is in nobody's account."""
    total, pending = 0, [pid]
    while pending:
        one = pending.pop()
        try:
            threads = list((PROC / str(one) / "task").iterdir())
            numbers = (PROC / str(one) / "stat").read_text().rpartition(")")[2].split()
            for thread in threads:
                pending += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
        total += sum(map(int, numbers[11:15])) if one != pid else 0
    return total / os.sysconf("SC_CLK_TCK")


def ticks(pid: int) -> int | None:
    """The processor time a process and its descendants have used; None where one of them could use more right now."""
    total = 0
    pending = [pid]
    while pending:
        try:
            threads = list((PROC / str(pending.pop()) / "task").iterdir())
        except OSError:  # ended meanwhile
            return None
        for thread in threads:
            try:
                state, *numbers = (thread / "stat").read_text().rpartition(")")[2].split()
                children = (thread / "children").read_text().split()
            except OSError:
                return None
            if state in "RD":
                return None
            total += sum(map(int, numbers[10:14]))  # its own and that of children that have ended
            pending += map(int, children)
    return total
