"""Undoing a content-encoding for the record. What the client gets is never touched by this."""

from __future__ import annotations

import contextlib
import sys
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_DECODED = 256 * 1024 * 1024
"""A body that unpacks to more than this is cut there: a decompression bomb must not take the recorder down."""


def decode(content_encoding: str | None, data: bytes, limit: int = MAX_DECODED) -> bytes:
    """The body with its content-encodings undone, the last applied first. Never raises.

    A body that broke off gives what was decodable; an encoding nobody knows, or bytes that are not in the encoding they
    claim, give the bytes as they are from there on.
    """
    if not content_encoding:
        return data
    for name in reversed(names(content_encoding)):
        codec = _CODECS.get(name)
        if codec is None or not data:
            return data
        data = codec(data, limit)
    return data


def names(content_encoding: str | None) -> list[str]:
    """The encodings a header value lists, in the order they were applied, `identity` left out."""
    parts = (part.strip().lower() for part in (content_encoding or "").split(","))
    return [part for part in parts if part and part != "identity"]


class _Step(Protocol):
    """One frame's decompressor behind one face."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _frames(start: Callable[[], _Step], data: bytes, limit: int) -> bytes:
    """Frame after frame: gzip members and zstd frames may follow one another in one body."""
    out: list[bytes] = []
    size = 0
    while data and size < limit:
        step = start()
        try:
            part = step.decompress(data, limit - size)
        except (zlib.error, zstd.ZstdError):
            out.append(_salvage(start(), data))
            # Garbage after a whole frame is dropped; a first frame that is none means the header lied.
            return b"".join(out)[:limit] or data
        out.append(part)
        size += len(part)
        if not step.eof:
            break
        data = step.unused_data
    return b"".join(out)


def _salvage(step: _Step, data: bytes) -> bytes:
    """What comes before the damage, to within a few hundred bytes of input."""
    out: list[bytes] = []
    with contextlib.suppress(zlib.error, zstd.ZstdError):
        out.extend(step.decompress(data[at : at + 256], MAX_DECODED) for at in range(0, len(data), 256))
    return b"".join(out)


def _deflate(data: bytes, limit: int) -> bytes:
    """Deflate is zlib-wrapped by the standard and raw by some servers."""
    wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    bits = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
    return _frames(lambda: zlib.decompressobj(bits), data, limit)


def _brotli(data: bytes, limit: int) -> bytes:
    step = brotli.Decompressor()
    out: list[bytes] = []
    size = 0
    for start in range(0, len(data), _BROTLI_STEP):
        try:
            part = step.process(data[start : start + _BROTLI_STEP])
        except brotli.error:
            return b"".join(out) if out else data
        out.append(part)
        size += len(part)
        if size >= limit:
            break
    return b"".join(out)[:limit]


# Brotli has no output limit of its own: small steps bound what one of them can unpack to.
_BROTLI_STEP = 16 * 1024

_CODECS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": lambda data, limit: _frames(lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), data, limit),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": lambda data, limit: _frames(zstd.ZstdDecompressor, data, limit),
}
_CODECS["x-gzip"] = _CODECS["gzip"]
