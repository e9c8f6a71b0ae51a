"""Taking spools in: of a process that still runs, batch by batch, and what dead ones left, at once.

A batch is one transaction with the place in the spool it reaches, so a killed ingester neither loses a call nor
records one twice: it reads again from the first call that was open and leaves out what had ended by then. A call whose
end never came, because its process died, becomes `unfinished` with what had arrived.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from msgspec import structs

from cabproxy.ledger.assemble import Assembler, OpenCall
from cabproxy.ledger.commit import UNSTORABLE, Committer, Entry, Progress, SpoolTakenError, progress
from cabproxy.ledger.connect import open_for_writing, speaking_of
from cabproxy.ledger.derive import Deriver, in_flight
from cabproxy.ledger.frames import SpoolReader
from cabproxy.ledger.rows import storable_call
from cabproxy.ledger.spool import CallEnd, spool_directory

UNFINISHED = CallEnd(state="unfinished", error="the proxy ended before the call was done", done_ns=0)
TAKING_S = 60.0
"""How long a reader waits for the process that is taking a dead one's spool in."""
_TRIES = 8
_BLOCKS = 4  # of frames.BLOCK_BYTES, in one transaction
_CHECKPOINT_PAGES = 4000
"""A page that many transactions change is written back once for all between two checkpoints."""


class SpoolIngest:
    """Takes one spool in. After an error it starts again from what the ledger says."""

    def __init__(self, connection: sqlite3.Connection, directory: Path, name: str) -> None:
        self.name = name
        self._connection = connection
        self._directory = directory
        self.reader: SpoolReader | None = None

    def _started(self) -> SpoolReader:
        if self.reader is None:
            self._committer = Committer(self._connection)
            self._deriver = Deriver()
            self._assembler = Assembler()
            self.progress = progress(self._connection, self.name)
            self.reader = SpoolReader(self._directory, self.name, self.progress.restart)
        return self.reader

    def batch(self) -> bool:
        """Reads on and records what ended; False where there was nothing (yet).

        Several blocks make one transaction: what that costs is shared by all they hold.
        """
        reader = self._started()
        with self._all_or_again():
            found = False
            entries: list[Entry] = []
            for _ in range(_BLOCKS):
                frames = reader.frames()
                if not frames:
                    break
                found = True
                entries += self._derived(self._assembler.take(frames, self.progress.done))
            if found:
                self._record(entries)
            return found

    def end(self) -> int:
        """The place up to which it is written now."""
        with self._all_or_again():
            return self._started().size()

    @property
    def done(self) -> int:
        """Every call that ended before this place is recorded."""
        return self.progress.done if self.reader is not None else 0

    def finish(self) -> None:
        """Takes in all that is left of a spool whose owner is dead; calls without an end become unfinished."""
        while self.batch():
            pass
        reader = self._started()
        with self._all_or_again():
            while True:
                self._record(self._derived([(call, UNFINISHED) for call in self._assembler.abandon()]))
                if not reader.skip_segment():
                    return
                while self.batch():
                    pass

    def _derived(self, ended: Sequence[tuple[OpenCall, CallEnd]]) -> list[Entry]:
        reader = self._started()
        return [Entry(call.at, call.listed, *self._deriver.ended(call, end, reader)) for call, end in ended]

    def _record(self, ended: list[Entry]) -> None:
        reader = self._started()
        begun = [call for call in self._assembler.open.values() if not call.listed]
        entries = [*ended, *(Entry(call.at, False, in_flight(call), []) for call in begun)]
        before = self.progress
        after = Progress(
            restart=self._assembler.earliest(reader.read_to),
            done=max(reader.read_to, before.done),
            batches=before.batches + 1,
            recorded=before.recorded + len(ended),
        )
        if not entries and after.restart == before.restart and after.done == before.done:
            return
        try:
            self._committer.commit(self.name, reader.path, before, after, entries)
        except UNSTORABLE:
            entries = [structs.replace(entry, call=storable_call(entry.call)) for entry in entries]
            self._committer.commit(self.name, reader.path, before, after, entries)
        self.progress = after
        for call in begun:
            call.listed = True

    @contextlib.contextmanager
    def _all_or_again(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def delete_read_segments(self) -> None:
        """Deletes the files that nothing will be read from again, once what they held is on the disk."""
        if self.reader is None:
            return
        done = list(self.reader.release_before(self.progress.restart))
        if done:
            self._connection.execute("pragma wal_checkpoint(passive)")
            for path in done:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Forgets what was read; the next batch starts from what the ledger says."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None


class Ingester:
    """Takes in the spool named `live` while its owner runs, and every spool whose owner is dead.

    Raises LedgerError where the ledger cannot be written; calling again tries again, nothing is lost.
    """

    def __init__(self, ledger: str | os.PathLike[str], live: str | None = None, *, durable: bool = False) -> None:
        self.path = Path(ledger)
        self.directory = spool_directory(self.path)
        self._connection = open_for_writing(self.path, durable=durable)
        self._connection.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        self._live = None if live is None else SpoolIngest(self._connection, self.directory, live)
        self.recorded = 0

    @property
    def live(self) -> bool:
        """Whether the live spool's owner was still there when it was last looked at."""
        return self._live is not None

    def run_once(self) -> bool:
        """One batch of the live spool; False where it had nothing new."""
        if self._live is None:
            return False
        with speaking_of(self.path):
            try:
                more = self._live.batch()
            except SpoolTakenError:
                return True  # its owner let go of it, and another ingester took it in: what is left is seen next time
            self.recorded = self._live.progress.recorded
            self._live.delete_read_segments()
            if not more:
                self._finish_live_if_left()
            return more

    def _finish_live_if_left(self) -> None:
        assert self._live is not None
        with _dead(self.directory, self._live.name) as dead:
            if dead:
                self._live.finish()
                self.recorded = self._live.progress.recorded
                self._remove(self._live)
        if dead or not (self.directory / f"{self._live.name}.lock").exists():
            self._live.close()
            self._live = None

    def end(self) -> int:
        """The place up to which the live spool is written now, for `reached`."""
        return 0 if self._live is None else self._live.end()

    def reached(self, place: int) -> bool:
        """Whether every call that ended before a place is in the ledger; what came since does not count."""
        return self._live is None or self._live.done >= place

    def drain(self) -> int:
        """Takes in all that is written by now and what dead processes left; returns how many calls the live one had."""
        while self.run_once():
            pass
        self.recover()
        return self.recorded

    def recover(self) -> int:
        """Takes in the spools of dead processes and deletes them; returns how many calls that were."""
        calls = 0
        with speaking_of(self.path):
            for name in spool_names(self.directory):
                with _dead(self.directory, name, TAKING_S) as dead:
                    if dead:
                        spool = SpoolIngest(self._connection, self.directory, name)
                        _finish(spool)
                        calls += spool.progress.recorded
                        self._remove(spool)
        return calls

    def _remove(self, spool: SpoolIngest) -> None:
        """The files go before the row: a row without files is nothing, files without a row would be read anew."""
        spool.close()
        self._connection.execute("pragma wal_checkpoint(passive)")
        for path in self.directory.glob(f"{spool.name}.*.spool"):
            path.unlink(missing_ok=True)
        (self.directory / f"{spool.name}.lock").unlink(missing_ok=True)
        self._connection.execute("delete from spool where name = ?", (spool.name,))
        with contextlib.suppress(OSError):
            self.directory.rmdir()

    def close(self) -> None:
        """Lets spool and ledger go."""
        if self._live is not None:
            self._live.close()
        self._connection.close()

    def __enter__(self) -> Ingester:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _finish(spool: SpoolIngest) -> None:
    """Takes in all that is left, though the dead one's own ingester may still be at its last batch."""
    for _ in range(_TRIES):
        with contextlib.suppress(SpoolTakenError):
            return spool.finish()
    return spool.finish()


def spool_names(directory: Path) -> list[str]:
    """The spools that lie in a directory, the oldest first."""
    paths = [path for path in directory.glob("*.*") if path.suffix in (".spool", ".lock")]
    times: dict[str, int] = {}
    for path in paths:
        name = path.name.partition(".")[0]
        with contextlib.suppress(FileNotFoundError):
            times[name] = min(path.stat().st_mtime_ns, times.get(name, 1 << 63))
    return sorted(times, key=lambda name: (times[name], name))


def has_dead_spools(directory: Path) -> bool:
    """Whether something waits to be taken in that no living process will take in."""
    for name in spool_names(directory):
        with _dead(directory, name, TAKING_S) as dead:
            if dead:
                return True
    return False


@contextlib.contextmanager
def _dead(directory: Path, name: str, wait_s: float = 0.0) -> Iterator[bool]:
    """Holds the lock of a spool whose owner is dead, so that nobody else takes it in; yields False where it lives.

    Whoever gets the lock leaves a mark in its file: a lock that is held and marked is held by somebody who is taking
    the spool in, and what it holds is in the ledger in a moment. That is waited for, at most `wait_s`.
    """
    try:
        fd = os.open(directory / f"{name}.lock", os.O_RDWR)
    except FileNotFoundError:
        yield any(directory.glob(f"{name}.*.spool"))
        return
    try:
        yield _locked(fd, time.monotonic() + wait_s)
    finally:
        os.close(fd)


def _locked(fd: int, deadline_s: float) -> bool:
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(OSError):  # a full disk: then nobody waits
                os.pwrite(fd, b"dead", 0)
            return True
        if not os.fstat(fd).st_size or time.monotonic() > deadline_s:
            return False
        time.sleep(0.005)
