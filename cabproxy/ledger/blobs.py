"""Bytes kept by their sha256, compressed, and as a delta against an earlier body where that is smaller.

A conversation re-sends its past on every call. A body is therefore kept as the length of the start and of the end it
shares with its base, and what lies between, deflated with the base's bytes around the gap as the dictionary:

    encoding      data
    raw           the bytes
    deflate       raw deflate (RFC 1951) of the bytes, or of the middle where there is a base
    zstd          a zstd frame (RFC 8878) of the middle, what stands there in the base as its prefix: for bodies that
                  were changed in many places

A body without a base has depth 0, otherwise its base's depth + 1, at most MAX_DEPTH. Reading one body costs one splice
per step of its chain, reading a run in order one splice per call (BlobReader keeps what it last rebuilt).
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import zlib
from collections import OrderedDict
from typing import Any

from msgspec import Struct

from cabproxy.errors import LedgerError
from cabproxy.ledger.hashes import packed, shown

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_DEPTH = 1000
WINDOW = 4096
_LEAST_WINDOW, _MOST_WINDOW = 2048, 32000
_SMALL = 1 << 15
_PREFIX_LIMIT = 16 << 20
_LIKENESS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.window_log: 17,  # what a packer holds on to grows with it
}
_DECODE: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}
_BLOCK = 1 << 16
_WORDS = 24  # so little is not worth the reading of a dictionary
_FEW, _FEW_BEHIND = 2048, 7900
_NEARBY = 64
_WORD = 128
_number = int.from_bytes
_KEEP_BYTES = 32 << 20


Hash = str | bytes | None
BlobRow = tuple[Hash, int, str, Hash, int | None, int | None, int, bytes]
"""What INSERT takes: sha256, size, encoding, the base's sha256 (both packed), prefix, suffix, depth, data."""


class Encoded(Struct, frozen=True):
    """How bytes lie in the table; `based` where they cannot be read without their base."""

    encoding: str
    data: bytes
    prefix: int = 0
    suffix: int = 0
    based: bool = False


def tagged_sha256(data: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode(data: bytes, level: int = 1) -> Encoded:
    """Bytes by themselves, deflated where that is smaller."""
    packed = _deflate(data, level)
    return Encoded("deflate", packed) if len(packed) < len(data) else Encoded("raw", data)


def encode_delta(data: bytes, base: bytes) -> Encoded:
    """Bytes against a base."""
    prefix = common_prefix(data, base)
    return encode_gap(data, base, prefix, common_suffix(data, base, min(len(data), len(base)) - prefix))


def encode_gap(data: bytes, base: bytes, prefix: int, suffix: int) -> Encoded:
    """The same where the lengths of the common start and end are known."""
    middle = data[prefix : len(data) - suffix]
    if len(middle) > WINDOW and len(base) - prefix - suffix > WINDOW:
        return Encoded("zstd", zstd.compress(middle, 3, zstd_dict=_gap(base, prefix, suffix)), prefix, suffix, True)
    if len(middle) <= _WORDS:
        return Encoded("raw", middle, prefix, suffix, True)
    packed = _deflate(middle, 6 if len(middle) < _SMALL else 1, _dictionary(base, prefix, suffix, len(data)))
    return Encoded("deflate", packed, prefix, suffix, True)


def decode(encoded: Encoded, size: int, base: bytes | bytearray = b"") -> bytes:
    """The middle of a body of `size` bytes: what lies between the shared start and end, all of it without a base."""
    if encoded.encoding == "raw":
        return encoded.data
    if encoded.encoding == "deflate":
        window = _dictionary(base, encoded.prefix, encoded.suffix, size) if base else b""
        inflate = zlib.decompressobj(-15, zdict=bytes(window)) if window else zlib.decompressobj(-15)
        out = inflate.decompress(encoded.data) + inflate.flush()
        if not inflate.eof or inflate.unused_data:
            raise ValueError("cut short")
        return out
    if encoded.encoding == "zstd":
        return zstd.decompress(encoded.data, zstd_dict=_gap(base, encoded.prefix, encoded.suffix), options=_DECODE)
    raise ValueError(f"unknown encoding {encoded.encoding!r}")


class Likeness:
    """Deflates many bodies that resemble one: its dictionary is read once. For bodies that share no long start."""

    def __init__(self, base: bytes) -> None:
        dictionary = zstd.ZstdDict(base, is_raw=True).as_digested_dict
        self._packer = zstd.ZstdCompressor(options=_LIKENESS, zstd_dict=dictionary)

    def encode(self, data: bytes) -> Encoded:
        """The same as encode_gap with nothing shared gives, sooner."""
        return Encoded("zstd", self._packer.compress(data, zstd.ZstdCompressor.FLUSH_FRAME), 0, 0, True)


def _gap(base: bytes | bytearray, prefix: int, suffix: int) -> tuple[zstd.ZstdDict, int]:
    return zstd.ZstdDict(bytes(base[prefix : len(base) - suffix][:_PREFIX_LIMIT]), is_raw=True).as_prefix


def _dictionary(base: bytes | bytearray, prefix: int, suffix: int, size: int) -> bytes | bytearray:
    """The base around the gap: what is new mostly resembles what stood there or just before.

    Reading a dictionary costs more than deflating a few words, so that it is eight times what is new.
    """
    window = min(max(8 * (size - prefix - suffix), _LEAST_WINDOW), _MOST_WINDOW)
    return base[max(0, prefix - window) : max(prefix, min(len(base) - suffix, prefix + window))][-_MOST_WINDOW:]


def _deflate(data: bytes, level: int, dictionary: bytes | bytearray = b"") -> bytes:
    """A few words need no tables for 32 KB: to clear those takes longer than to deflate the words."""
    bits, memory = -15, 9
    if len(data) <= _FEW:
        memory = 5
        if len(dictionary) + len(data) < _FEW_BEHIND:
            bits = -13
    if dictionary:
        packer = zlib.compressobj(level, zlib.DEFLATED, bits, memory, zlib.Z_DEFAULT_STRATEGY, dictionary)
    else:
        packer = zlib.compressobj(level, zlib.DEFLATED, bits, memory)
    return packer.compress(data) + packer.flush()


def common_prefix(a: bytes, b: bytes, fine: int = 1, guesses: tuple[int, ...] = ()) -> int:
    """How many first bytes are the same, low by under `fine`: by comparing blocks and halving the one that differs.

    A guess that is a little low saves most of the steps; one that is wrong costs one.
    """
    end = min(len(a), len(b))
    start, block = 0, _BLOCK
    for guess in guesses:
        if start < guess <= end and a.startswith(b[:guess]):
            start, block = guess, _NEARBY
            break
    while start < end:
        step = min(block, end - start)
        one, other = a[start : start + step], b[start : start + step]
        if one == other:
            start += step
            block = min(block * 4, _BLOCK)
            continue
        if step <= fine:
            break
        if step <= _WORD:  # where they differ stands in the highest bit that does
            return start + step - ((_number(one, "big") ^ _number(other, "big")).bit_length() + 7 >> 3)
        block, end = (step + 1) // 2, start + step
    return start


def common_suffix(a: bytes, b: bytes, limit: int, guess: int = 0) -> int:
    """How many last bytes are the same, at most `limit`; a guess that is a little low saves most of the steps."""
    end_a, end_b, start, end, block = len(a), len(b), 0, limit, _BLOCK
    if 0 < guess <= limit and a.endswith(b[end_b - guess :]):
        start, block = guess, _NEARBY
    while start < end:
        step = min(block, end - start)
        one, other = a[end_a - start - step : end_a - start], b[end_b - start - step : end_b - start]
        if one == other:
            start += step
            block = min(block * 4, _BLOCK)
            continue
        if step <= _WORD:
            return start + step - ((_number(one, "little") ^ _number(other, "little")).bit_length() + 7 >> 3)
        block, end = (step + 1) // 2, start + step
    return start


class BlobReader:
    """Rebuilds bodies from the table; keeps the last ones, so that a run read in order costs one step per call."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._kept_bytes = 0

    def get(self, sha256: str) -> bytes:
        """The bytes, checked against their hash. Raises LedgerError where they are not there or not what they were."""
        row = self._connection.execute(_FIND, (packed(sha256), sha256)).fetchone()  # FORMAT 1 has text
        if row is None:
            raise LedgerError(f"blob {sha256}: not in the ledger")
        data = self.rebuild(row[0])
        if tagged_sha256(data) != sha256:
            raise LedgerError(f"blob {sha256}: its bytes are not what they were when it was stored")
        return data

    def rebuild(self, blob_id: int) -> bytes:
        """The bytes of a row, unchecked. Raises LedgerError where a step of the chain cannot be read."""
        steps = self._steps_to(blob_id)
        base_id = steps[-1][1] if steps else blob_id
        body = bytearray(self._kept.get(base_id, b"") if base_id is not None else b"")
        for sha256, _, size, encoded in reversed(steps):
            try:
                end = len(body) - encoded.suffix
                if not 0 <= encoded.prefix <= end <= len(body):
                    raise ValueError("does not fit its base")
                body[encoded.prefix : end] = decode(encoded, size, body)
                if len(body) != size:
                    raise ValueError(f"{len(body)} bytes instead of {size}")
            except (ValueError, zlib.error, zstd.ZstdError) as error:
                raise LedgerError(f"blob {shown(sha256)}: cannot be decoded ({error})") from error
        data = bytes(body)
        self._keep(blob_id, data)
        return data

    def _steps_to(self, blob_id: int) -> list[tuple[str, int | None, int, Encoded]]:
        """From the row asked for back to one without a base or one that is kept."""
        steps: list[tuple[str, int | None, int, Encoded]] = []
        at: int | None = blob_id
        while at is not None and at not in self._kept:
            row = self._connection.execute(_SELECT, (at,)).fetchone()
            if row is None:
                raise LedgerError(f"blob {at}: not in the ledger, though another one builds on it")
            sha256, base_id, size, *_ = row
            steps.append((sha256, base_id, size, _encoded_of(row)))
            if base_id is not None and base_id >= at:
                raise LedgerError(f"blob {shown(sha256)}: builds on a later one")
            at = base_id
        return steps

    def _keep(self, blob_id: int, data: bytes) -> None:
        if blob_id in self._kept or len(data) > _KEEP_BYTES // 2:
            return
        self._kept[blob_id] = data
        self._kept_bytes += len(data)
        while self._kept_bytes > _KEEP_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])


def _encoded_of(row: tuple[Any, ...]) -> Encoded:
    """What a row holds. Raises LedgerError where a column holds what it cannot."""
    sha256, base_id, size, encoding, prefix, suffix, data = row
    numbers = (size, *(0 if number is None else number for number in (prefix, suffix, base_id)))
    if not isinstance(data, bytes) or not all(isinstance(number, int) for number in numbers):
        raise LedgerError(f"blob {shown(sha256)}: its row cannot be read")
    return Encoded(str(encoding), data, numbers[1], numbers[2])


_FIND = "select id from blob where sha256 in (?, ?)"
_SELECT = "select sha256, base_id, size, encoding, base_prefix, base_suffix, data from blob where id = ?"
INSERT = """
insert into blob (sha256, size, encoding, base_id, base_prefix, base_suffix, depth, data)
values (?, ?, ?, (select id from blob where sha256 = ?), ?, ?, ?, ?) on conflict (sha256) do nothing
"""


def insert_row(sha256: str, size: int, encoded: Encoded, base: str | None, depth: int) -> BlobRow:
    """The row of encoded bytes; base and depth count only where they build on a base."""
    named = packed(sha256)
    if not encoded.based:
        return named, size, encoded.encoding, None, None, None, 0, encoded.data
    return named, size, encoded.encoding, packed(base), encoded.prefix, encoded.suffix, depth, encoded.data


def put(connection: sqlite3.Connection, data: bytes, base: str | None = None, reader: BlobReader | None = None) -> str:
    """Stores bytes once, as a delta against `base` (a sha256 in the ledger) where that is smaller; their sha256."""
    sha256 = tagged_sha256(data)
    if connection.execute("select 1 from blob where sha256 = ?", (packed(sha256),)).fetchone():
        return sha256
    best, depth = encode(data), 0
    found = connection.execute("select depth from blob where sha256 = ?", (packed(base),)).fetchone() if base else None
    if found is not None and found[0] < MAX_DEPTH and base is not None:
        delta = encode_delta(data, (reader or BlobReader(connection)).get(base))
        if len(delta.data) < len(best.data):
            best, depth = delta, found[0] + 1
    connection.execute(INSERT, insert_row(sha256, len(data), best, base, depth))
    return sha256
