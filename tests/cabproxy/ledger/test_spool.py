from __future__ import annotations

import errno
import fcntl
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cabproxy.errors import LedgerError
from cabproxy.ledger import spool as spooling
from cabproxy.ledger.frames import SpoolReader
from cabproxy.ledger.spool import (
    CHUNK,
    END,
    OPEN,
    REQUEST,
    CallEnd,
    CallOpen,
    SpoolWriter,
    segment_name,
    spool_directory,
    sync_all,
)

ID = bytes(range(16))
OTHER = bytes(16)
OPENING = CallOpen(
    call_id=ID, run_id="r", attribution="path", method="POST", path="/", received_wall_ns=1, received_ns=2
)


def frames(spool: SpoolWriter) -> list[Any]:
    reader = SpoolReader(spool.directory, spool.name)
    found = []
    while more := reader.frames():
        found += more
    assert reader.damage is None
    reader.close()
    return found


def files(spool: SpoolWriter) -> list[Path]:
    return sorted(spool.directory.glob("*.spool"))


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Lets files of this process grow to so many bytes only; the kernel then answers as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_nothing_reaches_the_file_before_flush_and_all_of_it_after(spool: SpoolWriter) -> None:
    spool.open_call(OPENING)
    spool.request(ID, b"body")
    assert frames(spool) == []
    spool.flush()
    spool.flush()
    assert [(frame.kind, frame.call_id) for frame in frames(spool)] == [(OPEN, ID), (REQUEST, ID)]


def test_a_flush_of_more_parts_than_one_writev_takes(spool: SpoolWriter) -> None:
    spool.open_call(OPENING)
    for number in range(3000):
        spool.chunk(ID, number, memoryview(b"%d" % number))
    spool.flush()
    chunks = [frame for frame in frames(spool) if frame.kind == CHUNK]
    assert [frame.ns for frame in chunks] == list(range(3000))


def test_room_on_the_disk_is_reserved_while_it_is_written_and_given_back_after(spool: SpoolWriter) -> None:
    spool.open_call(OPENING)
    spool.flush()
    (path,) = files(spool)
    size = path.stat().st_size
    reserved = path.stat().st_blocks * 512
    spool.close()
    assert path.stat().st_size == size
    assert path.stat().st_blocks * 512 < reserved or reserved < spooling.RESERVED_BYTES


def test_a_write_that_comes_back_short_is_gone_on_with(spool: SpoolWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.writev, []

    def short(fd: int, parts: list[Any]) -> int:
        calls.append(1)
        return real(fd, parts[:3])

    monkeypatch.setattr(os, "writev", short)
    spool.open_call(OPENING)
    spool.request(ID, b"x" * 1000)
    spool.chunk(ID, 3, b"y" * 10)
    spool.flush()
    assert calls == [1]
    assert [frame.size for frame in frames(spool)][1:] == [1000, 10]


def test_a_full_disk_is_a_clear_error_and_nothing_is_lost_once_there_is_room(
    spool: SpoolWriter, full_disk: Callable[[int], None]
) -> None:
    spool.open_call(OPENING)
    spool.flush()
    size = files(spool)[0].stat().st_size
    full_disk(size + 100)
    spool.request(ID, b"x" * 5000)
    with pytest.raises(LedgerError, match="the spool cannot be written"):
        spool.flush()
    assert files(spool)[0].stat().st_size == size  # the half frame was taken back
    spool.chunk(ID, 3, b"y")
    with pytest.raises(LedgerError):
        spool.flush()
    full_disk(resource.RLIM_INFINITY)
    spool.flush()
    assert [frame.kind for frame in frames(spool)] == [OPEN, REQUEST, CHUNK]


def test_a_refused_call_leaves_no_trace(spool: SpoolWriter, full_disk: Callable[[int], None]) -> None:
    full_disk(10)
    spool.open_call(OPENING)
    with pytest.raises(LedgerError):
        spool.flush()
    spool.forget(ID)
    full_disk(resource.RLIM_INFINITY)
    spool.end(ID, CallEnd(state="refused", done_ns=1))
    spool.open_call(CallOpen(**{**{f: getattr(OPENING, f) for f in OPENING.__struct_fields__}, "call_id": OTHER}))
    spool.end(OTHER, CallEnd(state="ok", done_ns=1))
    spool.flush()
    assert [(frame.kind, frame.call_id) for frame in frames(spool)] == [(OPEN, OTHER), (END, OTHER)]
    assert (spool.ended, spool.lost) == (1, 1)


def test_what_cannot_be_written_is_held_only_so_long(
    spool: SpoolWriter, full_disk: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooling, "PENDING_LIMIT", 10_000)
    spool.open_call(OPENING)
    spool.flush()
    full_disk(files(spool)[0].stat().st_size)
    for _ in range(3):
        spool.chunk(ID, 1, b"z" * 4000)
        with pytest.raises(LedgerError):
            spool.flush()
    assert spool.lost == 1
    full_disk(resource.RLIM_INFINITY)
    spool.chunk(ID, 2, b"after")
    spool.end(ID, CallEnd(state="ok", done_ns=2))
    spool.flush()
    assert [frame.kind for frame in frames(spool)] == [OPEN]  # never a call with a hole in it


def test_segments_follow_one_another(path: Path) -> None:
    with SpoolWriter(path, segment_bytes=1000) as spool:
        spool.open_call(OPENING)
        for number in range(50):
            spool.chunk(ID, number, b"x" * 100)
            spool.flush()
        assert len(files(spool)) > 4
        assert [frame.ns for frame in frames(spool)][1:] == list(range(50))


def test_a_new_segment_that_cannot_be_made_leaves_the_old_one_in_use(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SpoolWriter(path, segment_bytes=100) as spool:
        spool.open_call(OPENING)
        real = os.open

        def refuse(name: Any, *rest: Any, **more: Any) -> int:
            if str(name).endswith("000001.spool"):
                raise OSError(errno.EMFILE, "too many")
            return real(name, *rest, **more)

        monkeypatch.setattr(os, "open", refuse)
        spool.flush()
        spool.chunk(ID, 5, b"x" * 100)
        spool.flush()
        monkeypatch.undo()
        spool.chunk(ID, 6, b"y")
        spool.flush()
        assert [frame.ns for frame in frames(spool)] == [2, 5, 6]


def test_the_lock_is_held_as_long_as_the_owner_lives(path: Path) -> None:
    spool = SpoolWriter(path)
    lock = os.open(spool.directory / f"{spool.name}.lock", os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    spool.close()
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(lock)
    assert {item.suffix for item in spool_directory(path).iterdir()} == {".lock", ".spool"}


def test_only_the_owner_may_read_a_spool(spool: SpoolWriter) -> None:
    assert files(spool)[0].stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "cab.sqlite-spool").write_text("in the way")
    with pytest.raises(LedgerError, match="the spool cannot be made"):
        SpoolWriter(tmp_path / "cab.sqlite")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were waited for."""
    names: list[str] = []

    def note(real: Any) -> Any:
        def sync(fd: int) -> None:
            names.append(Path(f"/proc/self/fd/{fd}").readlink().name)
            real(fd)

        return sync

    monkeypatch.setattr(os, "fdatasync", note(os.fdatasync))
    monkeypatch.setattr(os, "fsync", note(os.fsync))
    return names


def whole_call(spool: SpoolWriter) -> None:
    spool.open_call(OPENING)
    spool.flush()
    spool.chunk(ID, 3, b"x" * 100)
    spool.flush()
    spool.end(ID, CallEnd(state="ok", done_ns=4))
    spool.flush()


@pytest.mark.parametrize("level", ["second", "call"])
def test_the_disk_can_be_waited_for(path: Path, synced: list[str], level: Any) -> None:
    with SpoolWriter(path, fsync=level, segment_bytes=300) as spool:
        synced.clear()
        whole_call(spool)
        assert synced == [spool.directory.name]  # of the next segment
        whole_call(spool)
        synced.clear()
        waiting = spool.to_sync()
        sync_all(waiting)
        assert synced == [segment_name(spool.name, number) for number in (0, 1)]
        assert spool.to_sync() == []
        spool.open_call(OPENING)
        spool.flush()
    assert synced[-1] == segment_name(spool.name, 2)  # what was left, when it is closed


def test_a_disk_that_fails_is_a_clear_error_and_leaves_no_descriptor(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SpoolWriter(path, fsync="second") as spool:
        whole_call(spool)

        def fails(fd: int) -> None:
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", fails)
            waiting = spool.to_sync()
            with pytest.raises(LedgerError, match="does not reach the disk: Input/output error"):
                sync_all(waiting)
        for fd in waiting:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(fd)


def test_without_a_level_nothing_waits_for_the_disk(path: Path, synced: list[str]) -> None:
    with SpoolWriter(path) as spool:
        whole_call(spool)
    assert synced == []
