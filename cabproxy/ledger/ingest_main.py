"""The child of ingest_process.py: `python -m cabproxy.ledger.ingest_main LEDGER SPOOL [--durable]`."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import time

import msgspec

from cabproxy.errors import LedgerError
from cabproxy.ledger.ingest import Ingester
from cabproxy.ledger.ingest_process import Status
from cabproxy.ledger.memory import keep_freed

_SHORTEST_POLL_S = 0.2  # what a transaction costs is shared by what came meanwhile; whoever waits says drain
_LONGEST_POLL_S = 0.25
_RETRY_S = 0.5
_LOOK_FOR_DEAD_S = 5.0
_NICE = 5
_COLLECT_EVERY = 512
"""Batches between two looks for cycles. What calls leave behind is none, but for errors, and looking takes as long as
a tenth of the work."""


class Child:
    """Ingests and listens: `poll` once, again and again until it says that it is over."""

    def __init__(self, ledger: str, spool: str, *, durable: bool) -> None:
        self._ledger, self._spool, self._durable = ledger, spool, durable
        self._ingester: Ingester | None = None
        self._status = Status()
        self._said: Status | None = None
        self._asked = 0
        self._goals: list[tuple[int, int]] = []  # (the number of a `drain`, where the spool ended when it came)
        self._over = False  # asked to stop, or the parent is gone
        self._buffer = b""
        self._wait_s = 0.0
        self._looked_s = 0.0
        self._batches = 0

    def run(self) -> None:
        """Until it is over and everything that can be taken in is."""
        while True:
            self._listen(self._wait_s)
            last = self._over
            try:
                more = self._ingest()
                self._status = Status(recorded=self._status.recorded, drained=self._status.drained)
            except LedgerError as error:
                more = False
                self._status = msgspec.structs.replace(self._status, failed=str(error))
                self._wait_s = _RETRY_S
            self._say()
            if last and not more:
                return

    def _ingest(self) -> bool:
        """One batch; whether there may be more at once."""
        if self._ingester is None:
            self._ingester = Ingester(self._ledger, self._spool, durable=self._durable)
        if self._asked > max((number for number, _ in self._goals), default=self._status.drained):
            self._goals.append((self._asked, self._ingester.end()))
        more = self._ingester.run_once()
        self._batches += 1
        if self._batches % _COLLECT_EVERY == 0:
            gc.collect()
        if not more and time.monotonic() - self._looked_s > _LOOK_FOR_DEAD_S:
            self._ingester.recover()
            self._looked_s = time.monotonic()
        drained = self._drained(all_of_it=not more)
        self._status = msgspec.structs.replace(self._status, recorded=self._ingester.recorded, drained=drained)
        self._wait_s = 0.0 if more else min(max(self._wait_s * 1.5, _SHORTEST_POLL_S), _LONGEST_POLL_S)
        return more

    def _drained(self, *, all_of_it: bool) -> int:
        """The highest `drain` that is done: what is written after it came is not waited for."""
        assert self._ingester is not None
        drained = self._status.drained
        while self._goals and (all_of_it or self._ingester.reached(self._goals[0][1])):
            drained = self._goals.pop(0)[0]
        return drained

    def _listen(self, wait_s: float) -> None:
        """Takes the parent's words, waiting for the first at most `wait_s`."""
        if self._over:
            return
        while select.select([0], [], [], wait_s)[0]:
            data = os.read(0, 4096)
            if not data:
                self._over = True
                return
            self._buffer += data
            *lines, self._buffer = self._buffer.split(b"\n")
            for line in lines:
                word, _, number = line.partition(b" ")
                self._over = self._over or word == b"stop"
                if word == b"drain":
                    self._asked = int(number)
            wait_s = 0.0

    def _say(self) -> None:
        if self._status == self._said:
            return
        self._said = self._status
        with contextlib.suppress(BrokenPipeError):
            os.write(1, msgspec.json.encode(self._status) + b"\n")


def main(argv: list[str]) -> int:
    """Runs until stdin closes or says stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends with its parent, when everything is taken in
    os.nice(_NICE)
    keep_freed()
    gc.freeze()
    gc.disable()
    Child(argv[0], argv[1], durable="--durable" in argv[2:]).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
