"""The spool's way into the ledger while the server runs: a thread that is woken when calls end, or a process."""

from __future__ import annotations

import threading
from pathlib import Path

from cabproxy.errors import LedgerError
from cabproxy.ledger.ingest import Ingester, has_dead_spools
from cabproxy.ledger.ingest_process import IngestProcess
from cabproxy.ledger.spool import SpoolWriter, spool_directory

GROUP_S = 0.05
"""Calls that end within this time of one another go in together."""
RETRY_S = 1.0
STOP_S = 600.0
"""How long a process may take in what is left before it is killed and this one does it."""


class Intake:
    """Takes a server's own spool in, and at the start what dead servers left.

    `wake` and `queue` are the event loop's; `settle` and `stop` block and belong on another thread.
    """

    def __init__(self, ledger: Path, spool: SpoolWriter) -> None:
        self._spool = spool
        self._ingester = Ingester(ledger, spool.name)
        self._wanted = threading.Event()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._free = threading.Event()  # nobody waits for the lock: the thread would have it again before they do
        self._free.set()
        self._thread = threading.Thread(target=self._run, name="cab-intake", daemon=True)
        self.failure: str | None = None

    def start(self) -> None:
        """Begins to watch."""
        self._wanted.set()  # a first pass for what was left
        self._thread.start()

    def wake(self) -> None:
        """A call ended."""
        if not self._wanted.is_set():
            self._wanted.set()

    @property
    def queue(self) -> int:
        """Calls that ended and are not in the ledger yet."""
        return max(self._spool.ended - self._ingester.recorded, 0)

    def settle(self) -> None:
        """Returns once everything flushed before is in the ledger. Raises LedgerError where it cannot be."""
        self._free.clear()
        try:
            with self._lock:
                end = self._ingester.end()
                while not self._ingester.reached(end) and self._ingester.run_once():
                    pass
        finally:
            self._free.set()

    def stop(self) -> None:
        """Takes the rest in and ends; the spool must be closed before. What cannot be taken in stays in its spool."""
        self._ending.set()
        self._wanted.set()
        self._thread.join()
        try:
            with self._lock:
                self._ingester.drain()
            self.failure = None
        except LedgerError as error:
            self.failure = str(error)
        self._ingester.close()

    def _batch(self) -> bool:
        self._free.wait()
        with self._lock:
            return self._ingester.run_once()

    def _run(self) -> None:
        first = True
        while not self._ending.is_set():
            self._wanted.wait()
            if self._ending.wait(GROUP_S):
                return
            self._wanted.clear()
            try:
                if first:
                    with self._lock:
                        self._ingester.recover()
                while self._batch():
                    pass
                first, self.failure = False, None
            except LedgerError as error:
                self.failure = str(error)
                self._ending.wait(RETRY_S)
                self._wanted.set()


class ProcessIntake:
    """The same in a process of its own: the event loop shares neither its lock nor its thread with the ingest."""

    def __init__(self, ledger: Path, spool: SpoolWriter) -> None:
        self._ledger = ledger
        self._process = IngestProcess(ledger, spool)
        self._stopped_for: str | None = None

    def start(self) -> None:
        """Starts the process; returns at once."""
        self._process.start()

    def wake(self) -> None:
        """A call ended: the process looks by itself."""

    @property
    def failure(self) -> str | None:
        """Why calls do not reach the ledger now; None while they do."""
        return self._stopped_for or self._process.failed

    @property
    def queue(self) -> int:
        """Calls that ended and are not in the ledger yet."""
        return self._process.queue

    def settle(self) -> None:
        """Returns once everything flushed before is in the ledger. Raises LedgerError where it cannot be."""
        while not self._process.drain(RETRY_S):
            failed = self._process.failed
            if failed is not None:
                raise LedgerError(failed)

    def stop(self) -> None:
        """Takes the rest in and ends; the spool must be closed before. What cannot be taken in stays in its spool."""
        in_time = self._process.stop(STOP_S)
        self._stopped_for = self._process.failed
        if in_time and self._stopped_for is None:
            return
        try:
            if has_dead_spools(spool_directory(self._ledger)):
                with Ingester(self._ledger) as ingester:
                    ingester.recover()
            self._stopped_for = None
        except LedgerError as error:
            self._stopped_for = str(error)
