"""Reading spools: frames in order from a position, while their owner still writes or after it died."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from cabproxy.ledger.spool import (
    ANSWERED,
    ASKED,
    CHUNK,
    END,
    FRAME_HEAD,
    LENGTH_AND_CRC,
    ONE_SIZE,
    OPEN,
    REQUEST,
    SAMPLED,
    TWO_SIZES,
    sampled_crc32,
    segment_name,
)

BLOCK_BYTES = 1 << 20
_SEGMENT_BITS = 40
_BODIES = (REQUEST, CHUNK)


class Frame(NamedTuple):
    """One frame. `at` is where it starts, `data_at` where its payload does (positions, see `position`).

    ASKED and ANSWERED hold records beside a body: those are `payload`, and `rest`, ANSWERED's second one.
    """

    kind: int
    call_id: bytes
    ns: int
    at: int
    data_at: int
    size: int
    payload: bytes  # of OPEN, HEAD and END; bodies are fetched by position
    rest: bytes = b""


def position(segment: int, offset: int) -> int:
    """A place in a spool as one number that grows along it."""
    return segment << _SEGMENT_BITS | offset


def segment_and_offset(place: int) -> tuple[int, int]:
    """The reverse of `position`."""
    return place >> _SEGMENT_BITS, place & ((1 << _SEGMENT_BITS) - 1)


def _data_at(block: bytes, kind: int, at: int, stop: int) -> int:
    """Where the body of a frame of several parts begins, whatever its sizes say within the frame."""
    sizes = ONE_SIZE if kind == ASKED else TWO_SIZES
    return min(at + sizes.size + sum(sizes.unpack_from(block, at)), stop) if stop - at >= sizes.size else stop


class SpoolReader:
    """Reads one spool from a position on. `read_to` is the end of the last whole frame."""

    def __init__(self, directory: Path, name: str, start: int = 0) -> None:
        self.directory = directory
        self.name = name
        self.read_to = start
        self.damage: str | None = None
        self._files: dict[int, int] = {}
        self._block = b""
        self._block_at = start

    def frames(self, limit: int = BLOCK_BYTES) -> list[Frame]:
        """The next whole frames, about `limit` bytes of them; none where there is nothing new (yet)."""
        while True:
            segment, offset = segment_and_offset(self.read_to)
            fd = self._file(segment)
            block = os.pread(fd, limit, offset) if fd is not None else b""
            if block:
                found = self._parse(block, self.read_to)
                needed = self._length_of_first(block)
                if not found and not self.damage and needed > len(block) == limit:
                    limit = needed
                    continue
                return found
            if self._file(segment + 1) is None:
                return []
            if fd is None or os.fstat(fd).st_size <= offset:  # looked at again: nothing is added once the next is there
                self.read_to = position(segment + 1, 0)

    def _length_of_first(self, block: bytes) -> int:
        return 8 + LENGTH_AND_CRC.unpack_from(block)[0] if len(block) >= 8 else 8

    def _parse(self, block: bytes, start: int) -> list[Frame]:
        """The whole frames of a block; a wrong checksum ends it, and is damage once nothing more will be written."""
        self._block, self._block_at, self.damage = block, start, None
        view = memoryview(block)
        frames: list[Frame] = []
        at, end = 0, len(block)
        while end - at >= 33:
            length, crc = LENGTH_AND_CRC.unpack_from(block, at)
            stop = at + 8 + length
            if length < 25:
                self.damage = "a frame that is too short"
                break
            if stop > end:
                break
            kind, call_id, ns = FRAME_HEAD.unpack_from(block, at + 8)
            sampled, kind = kind & SAMPLED, kind & ~SAMPLED
            data_at = at + 33
            if kind >= ASKED:
                data_at = _data_at(block, kind, data_at, stop)
            if sampled:
                right = sampled_crc32(view[data_at:stop], crc32(view[at + 8 : data_at]))
            else:
                right = crc32(view[at + 8 : stop])
            if right != crc:
                self.damage = "a frame with a wrong checksum"
                break
            if kind in _BODIES:
                frames.append(Frame(kind, call_id, ns, start + at, start + data_at, stop - data_at, b""))
            elif kind == ASKED:
                record = block[at + 37 : data_at]
                frames.append(Frame(kind, call_id, ns, start + at, start + data_at, stop - data_at, record))
            elif kind == ANSWERED:
                cut = at + 41 + ONE_SIZE.unpack_from(block, at + 33)[0]
                first, last = block[at + 41 : cut], block[cut:data_at]
                frames.append(Frame(kind, call_id, ns, start + at, start + data_at, stop - data_at, first, last))
            elif OPEN <= kind <= END:
                frames.append(Frame(kind, call_id, ns, start + at, start + at + 33, length - 25, block[data_at:stop]))
            else:
                self.damage = f"a frame of unknown kind {kind}"
                break
            at = stop
        self.read_to = start + at
        return frames

    def fetch(self, pieces: list[tuple[int, int]]) -> bytes:
        """The bytes at (position, size) pairs, joined; read in one go where they lie close together."""
        if not pieces:
            return b""
        first, last = pieces[0][0], pieces[-1][0] + pieces[-1][1]
        block, block_at = self._block, self._block_at
        if first < block_at or last > block_at + len(block):
            total = sum(size for _, size in pieces)
            if last - first > 4 * total + 65536:
                return b"".join(self._read(at, size) for at, size in pieces)
            block, block_at = self._read(first, last - first), first
        if len(pieces) == 1:
            return block[first - block_at : last - block_at]
        return b"".join([block[at - block_at : at - block_at + size] for at, size in pieces])

    def _read(self, place: int, size: int) -> bytes:
        segment, offset = segment_and_offset(place)
        fd = self._file(segment)
        data = b"" if fd is None else os.pread(fd, size, offset)
        if len(data) != size:
            raise OSError(5, f"{segment_name(self.name, segment)} is shorter than it was")
        return data

    @property
    def path(self) -> Path:
        """The file that is read now."""
        return self.directory / segment_name(self.name, segment_and_offset(self.read_to)[0])

    def skip_segment(self) -> bool:
        """Leaves the rest of a damaged segment out; False where no other follows."""
        segment = segment_and_offset(self.read_to)[0]
        if self._file(segment + 1) is None:
            return False
        self.read_to = position(segment + 1, 0)
        return True

    def size(self) -> int:
        """The position of the end of what is written now."""
        segment, offset = segment_and_offset(self.read_to)
        while (fd := self._file(segment + 1)) is not None:
            segment, offset = segment + 1, 0
        fd = self._file(segment)
        return position(segment, os.fstat(fd).st_size) if fd is not None else position(segment, offset)

    def _file(self, segment: int) -> int | None:
        fd = self._files.get(segment)
        if fd is None:
            with contextlib.suppress(FileNotFoundError):
                fd = self._files[segment] = os.open(self.directory / segment_name(self.name, segment), os.O_RDONLY)
        return fd

    def release_before(self, place: int) -> Iterator[Path]:
        """Closes the segments that lie wholly before a position and names their files."""
        for segment in [number for number in self._files if number < segment_and_offset(place)[0]]:
            os.close(self._files.pop(segment))
            yield self.directory / segment_name(self.name, segment)

    def close(self) -> None:
        """Closes every file."""
        for fd in self._files.values():
            os.close(fd)
        self._files.clear()
