"""The relay's durable way in: what was seen on the wire, appended to a file of the process that saw it.

A spool is `<ledger>-spool/<name>.<segment>.spool`, segments counting up from 000000, beside `<name>.lock`, which its
owner holds with flock as long as it lives. A segment is a run of frames:

    u32 length   of what follows the checksum
    u32 crc32    of what follows
    u8  kind     OPEN, REQUEST, REQUEST_END, HEAD, CHUNK, END, ASKED, ANSWERED;
                 with SAMPLED where the checksum is of a sample
    16 bytes     the call's id
    u64 ns       monotonic; 0 where the kind has no clock of its own
    bytes        msgpack of CallOpen, ResponseHead or CallEnd; raw bytes for REQUEST and CHUNK; nothing for REQUEST_END

all little-endian. Most calls come and go in one piece each; for them two frames stand for six:

    ASKED        u32 n, n bytes of CallOpen, the request's body; ns is when its last byte came in
    ANSWERED     u32 n, u32 m, n bytes of ResponseHead, m bytes of CallEnd, the answer's body; ns is when that came

 A checksum is there to tell pages that never reached the disk, so of long bodies a sample of every
disk sector is enough: it is taken over the frame's head, the body's first and last bytes and every 512th one between.

What `flush` returned from is the kernel's: a killed process loses none of it. A torn last frame
is recognised by its length or checksum and left out (see ledger/frames.py for the reading side).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal
from zlib import crc32

import msgspec
from msgspec import Struct

from cabproxy.errors import LedgerError
from cabproxy.ledger.ids import new_span_id
from cabproxy.ledger.memory import reserve
from cabproxy.ledger.record import CallState

OPEN, REQUEST, REQUEST_END, HEAD, CHUNK, END, ASKED, ANSWERED = range(1, 9)
ONE_SIZE, TWO_SIZES = struct.Struct("<I"), struct.Struct("<II")
LENGTH_AND_CRC = struct.Struct("<II")
FRAME_HEAD = struct.Struct("<B16sQ")
_pack_length, _pack_head = LENGTH_AND_CRC.pack, FRAME_HEAD.pack
_ENDING = (END, ANSWERED)
SAMPLED = 0x80
SAMPLED_FROM = 2048
SEGMENT_BYTES = 64 << 20
RESERVED_BYTES = 4 << 20
PENDING_LIMIT = 32 << 20
_IOV_MAX = 1024

Headers = tuple[tuple[str, str], ...]


class CallOpen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request's head arrived. Names and values of headers as they came, secrets already masked."""

    call_id: bytes  # 16 bytes of ids.new_call_id()
    run_id: str
    attribution: Literal["path", "key", "header", "default"]
    conversation_id: str | None = None
    method: str
    path: str
    headers: Headers = ()
    received_wall_ns: int
    received_ns: int


class ResponseHead(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The endpoint's (or the proxy's own) status line and headers arrived at `ns`."""

    status: int
    reason: str | None = None
    headers: Headers = ()
    connected_ns: int | None = None
    ns: int


class CallEnd(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a call ended. `last_byte_ns` is None where the endpoint's answer never came to its end."""

    state: CallState
    error: str | None = None
    rewrites: tuple[str, ...] = ()
    done_ns: int
    last_byte_ns: int | None = None


def spool_directory(ledger: Path) -> Path:
    """Where the spools of a ledger lie: beside it."""
    return ledger.with_name(ledger.name + "-spool")


class SpoolWriter:
    """Appends the frames of many calls; one thread only. Bytes given must not change until the next `flush`.

    `fsync`: "off" leaves power loss to the kernel's own writeback; else the owner waits for the disk with `to_sync`
    and `sync_all`, about every "second" or before it goes on after the end of a "call".
    """

    def __init__(
        self,
        ledger: str | os.PathLike[str],
        *,
        segment_bytes: int = SEGMENT_BYTES,
        fsync: Literal["off", "second", "call"] = "off",
    ) -> None:
        self.directory = spool_directory(Path(ledger))
        self.name = f"{os.getpid()}-{new_span_id()}"
        self.opened = 0
        self.ended = 0
        self.lost = 0
        self._encode: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
        self._segment_bytes = segment_bytes
        self._level = fsync
        self._unsynced: list[int] = []  # descriptors of segments that are done, and a copy of the present one
        self._synced_to = 0
        self._whole_from = SAMPLED_FROM if fsync == "off" else 1 << 62
        self._pending: list[bytes | bytearray | memoryview] = []
        self._pending_ids: list[tuple[bytes, int]] = []
        self._pending_bytes = 0
        self._forgotten: set[bytes] = set()
        self._segment = 0
        self._offset = 0
        self._fd = -1
        try:
            self._lock = _take_lock(self.directory, self.name)
            self._open_segment(0)
        except OSError as error:
            raise LedgerError(f"{self.directory}: the spool cannot be made: {error.strerror}") from error

    def open_call(self, call: CallOpen) -> None:
        """The first frame of a call."""
        self.opened += 1
        self._append(OPEN, call.call_id, call.received_ns, self._packed(call))

    def asked(self, call: CallOpen, data: bytes, ns: int) -> None:
        """A call whose whole request came in one piece, at `ns`."""
        self.opened += 1
        packed = self._packed(call)
        self._append(ASKED, call.call_id, ns, data, ONE_SIZE.pack(len(packed)) + packed)

    def answered(self, call_id: bytes, head: ResponseHead, ns: int, data: bytes, end: CallEnd) -> None:
        """The whole answer came in one piece, at `ns`, and ended the call."""
        if call_id not in self._forgotten:
            self.ended += 1
        first, last = self._packed(head), self._packed(end)
        self._append(ANSWERED, call_id, ns, data, TWO_SIZES.pack(len(first), len(last)) + first + last)

    def request(self, call_id: bytes, data: bytes | bytearray | memoryview) -> None:
        """A piece of the request's body, in order."""
        self._append(REQUEST, call_id, 0, data)

    def request_end(self, call_id: bytes, ns: int) -> None:
        """The request's last byte came in at `ns`."""
        self._append(REQUEST_END, call_id, ns, b"")

    def head(self, call_id: bytes, head: ResponseHead) -> None:
        """The response's head."""
        self._append(HEAD, call_id, head.ns, self._packed(head))

    def chunk(self, call_id: bytes, ns: int, data: bytes | bytearray | memoryview) -> None:
        """A piece of the response's body as it came off the socket at `ns`."""
        self._append(CHUNK, call_id, ns, data)

    def end(self, call_id: bytes, end: CallEnd) -> None:
        """The last frame of a call."""
        if call_id not in self._forgotten:
            self.ended += 1
        self._append(END, call_id, end.done_ns, self._packed(end))

    def _packed(self, record: CallOpen | ResponseHead | CallEnd) -> bytes:
        """A peer's odd bytes in a header must not break the relay."""
        try:
            return self._encode(record)
        except UnicodeEncodeError:
            from cabproxy.ledger.rows import storable

            return self._encode(storable(record))

    def _append(
        self, kind: int, call_id: bytes, ns: int, data: bytes | bytearray | memoryview, before: bytes = b""
    ) -> None:
        """`before` stands between the frame's head and the data."""
        if self._forgotten and call_id in self._forgotten:
            if kind in _ENDING:
                self._forgotten.discard(call_id)
            return
        size = len(data)
        if size < self._whole_from:
            head = _pack_head(kind, call_id, ns) + before
            crc = crc32(data, crc32(head))
        else:
            head = _pack_head(kind | SAMPLED, call_id, ns) + before
            crc = sampled_crc32(data, crc32(head))
        size += len(head)
        self._pending += (_pack_length(size, crc) + head, data)
        self._pending_bytes += 8 + size

    def flush(self) -> None:
        """One write to the kernel of all that was appended.

        Raises LedgerError when it cannot be written; the frames are kept for the next try, up to PENDING_LIMIT bytes,
        beyond which their calls are forgotten (`lost` counts them) and stand in the ledger as unfinished.
        """
        if not self._pending:
            return
        try:
            self._write(self._pending, self._pending_bytes)
        except OSError as error:
            self._after_failure()
            raise LedgerError(f"{self.directory}: the spool cannot be written: {error.strerror}") from error
        self._offset += self._pending_bytes
        self._pending = []
        self._pending_bytes = 0
        if self._offset > self._reserved:
            self._reserve()
        if self._offset >= self._segment_bytes:
            self._next_segment()

    def _write(self, parts: list[bytes | bytearray | memoryview], total: int) -> None:
        if len(parts) > _IOV_MAX:
            parts = [b"".join(parts)]
        written = os.writev(self._fd, parts)
        if written != total:
            _write_all(self._fd, b"".join(parts)[written:])

    def _reserve(self) -> None:
        """Room on the disk for what comes next, so that each write need not look for its own: a sixth of its time."""
        self._reserved = self._offset + RESERVED_BYTES
        reserve(self._fd, self._offset, RESERVED_BYTES)

    def _after_failure(self) -> None:
        """Takes a half-written tail back, so that what follows it can be read."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, self._offset)
        if self._pending_bytes > PENDING_LIMIT:
            for call_id in {bytes(part[9:25]) for part in self._pending[::2]}:
                self.forget(call_id)

    def forget(self, call_id: bytes) -> None:
        """Drops a call's frames that are not written yet and ignores those to come.

        For a call that is refused because it cannot be recorded; with frames written before, it stands as unfinished.
        """
        frames = list(zip(self._pending[::2], self._pending[1::2], strict=True))
        kept = [frame for frame in frames if frame[0][9:25] != call_id]
        self._pending = [part for frame in kept for part in frame]
        self._pending_bytes = sum(map(len, self._pending))
        if not any(frame[0][8] & ~SAMPLED in _ENDING for frame in frames if frame[0][9:25] == call_id):
            self._forgotten.add(call_id)
        self.lost += 1

    def _next_segment(self) -> None:
        """Goes on in a new file, so that what was taken in can be deleted. A failure leaves the old one in use."""
        old = self._fd
        with contextlib.suppress(OSError):
            os.ftruncate(old, self._offset)  # what was reserved
            self._open_segment(self._segment + 1)
            if self._level == "off":
                os.close(old)
            else:
                self._unsynced.append(old)

    def _open_segment(self, number: int) -> None:
        path = self.directory / segment_name(self.name, number)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._segment = number
        self._offset = self._synced_to = self._reserved = 0
        if self._level != "off":
            _sync_directory(self.directory)

    def to_sync(self) -> list[int]:
        """Descriptors of what was written since the last time, for `sync_all` on another thread."""
        taken, self._unsynced = self._unsynced, []
        if self._offset != self._synced_to:
            self._synced_to = self._offset
            taken.append(os.dup(self._fd))
        return taken

    def close(self) -> None:
        """Writes what is left and lets the spool go; whoever takes it in next deletes it."""
        try:
            self.flush()
        finally:
            if self._fd >= 0:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._offset)  # what was reserved
                if self._level != "off":
                    sync_all(self.to_sync())
                os.close(self._fd)
                os.close(self._lock)
                self._fd = -1

    def __enter__(self) -> SpoolWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sampled_crc32(data: bytes | bytearray | memoryview, start: int) -> int:
    """The checksum of a long body's sample, going on from `start`."""
    view = memoryview(data)
    return crc32(view[::512].tobytes(), crc32(view[-256:], crc32(view[:256], start)))


def sync_all(descriptors: list[int]) -> None:
    """Waits until what was written is on the disk, and closes them. Raises LedgerError where the disk fails."""
    failure: OSError | None = None
    for fd in descriptors:
        try:
            os.fdatasync(fd)
        except OSError as error:
            failure = error
        finally:
            os.close(fd)
    if failure is not None:
        raise LedgerError(f"the spool does not reach the disk: {failure.strerror}") from failure


def _sync_directory(path: Path) -> None:
    """A new file is only there after a power loss if its directory is on the disk too."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def segment_name(name: str, segment: int) -> str:
    """The file name of a spool's segment."""
    return f"{name}.{segment:06d}.spool"


def _take_lock(directory: Path, name: str) -> int:
    """The lock is taken under another name first: nobody may see it unlocked and think its owner dead."""
    hidden = directory / f"{name}.new"
    while True:
        directory.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # an ingester deletes the directory when it is empty
            fd = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            break
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    hidden.rename(directory / f"{name}.lock")
    return fd


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
