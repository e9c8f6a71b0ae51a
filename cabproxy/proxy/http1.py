"""HTTP/1 message heads, sans-I/O. Strict with requests, since two readers that disagree are how requests are smuggled;
lenient with answers, since a client without the proxy would read them too."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from cabproxy.proxy.headers import (
    CODING,
    CONNECTION,
    EXPECT,
    HOP,
    HOST,
    LENGTH,
    PLAIN,
    UPGRADE,
    Line,
    LineBook,
    connection_tokens,
)

MAX_HEAD = 64 * 1024
MAX_HEADERS = 256
MAX_LENGTH_DIGITS = 18

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([^\x00-\x20\x7f]+) HTTP/(\d)\.(\d)")
_STATUS_LINE = re.compile(rb"HTTP/1\.(\d) (\d{3})(?: ([^\r\n]*))?")


class BadMessage(Exception):  # noqa: N818 - it is the message that is bad
    """A head or body that cannot be let through; `status` is the answer it gets."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Framing(Struct, frozen=True):
    """How a message's body is delimited: by length, by chunks, by the connection's end, or there is none."""

    length: int | None = None
    chunked: bool = False
    until_close: bool = False


NO_BODY = Framing(length=0)


class RequestHead(Struct, frozen=True):
    method: str
    target: bytes
    minor: int  # of HTTP/1.<minor>
    lines: list[Line]
    framing: Framing
    keep_alive: bool
    expects_continue: bool
    upgrade: bool
    size: int  # bytes of the head, blank line included


class ResponseHead(Struct, frozen=True):
    status: int
    reason: str
    minor: int
    lines: list[Line]
    framing: Framing
    keep_alive: bool
    size: int
    connection: list[bytes]  # the options of its Connection header
    hops: bool  # whether it has a header that is for this hop only
    contradicts: bool = False  # both a length and a transfer coding: the coding counts (RFC 9112, 6.3)


def find_head(data: bytes | bytearray, limit: int = MAX_HEAD) -> int:
    """Where the head ends (past its blank line), or -1 when it is not whole yet."""
    end = data.find(b"\r\n\r\n", 0, limit)
    if end < 0:
        if len(data) >= limit:
            raise BadMessage(431, f"the request's head is larger than {limit} bytes")
        return -1
    return end + 4


def parse_request(data: bytes, end: int, book: LineBook) -> RequestHead:
    """The head in `data[:end]`; raises BadMessage for anything two readers could read differently."""
    line_end = data.find(b"\r\n")
    first = _REQUEST_LINE.fullmatch(data[:line_end])
    if first is None:
        raise BadMessage(400, "the request line is not one of HTTP/1")
    method, target, major, minor = first.groups()
    if major != b"1":
        raise BadMessage(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    lines = book.read(data[line_end + 2 : end - 4])
    if lines is None:
        # A fold, a bare LF, a space before the colon, a control byte: readers differ over each of them.
        raise BadMessage(400, "a header line is malformed")
    if len(lines) > MAX_HEADERS:
        raise BadMessage(431, f"more than {MAX_HEADERS} headers")
    seen = _Seen(lines)
    version = 1 if minor >= b"1" else 0
    if version == 1 and seen.hosts != 1:
        raise BadMessage(400, "an HTTP/1.1 request needs exactly one Host header")
    return RequestHead(
        method.decode("ascii"),
        target,
        version,
        lines,
        _request_framing(seen, version),
        b"close" not in seen.connection if version else b"keep-alive" in seen.connection,
        seen.expect == b"100-continue" and version == 1,
        seen.upgrade,
        end,
    )


def parse_response(data: bytes, end: int, method: str, book: LineBook) -> ResponseHead:
    """The answer's head in `data[:end]` to a request with this method."""
    line_end = data.find(b"\r\n")
    version, status, reason = _status_line(data[:line_end])
    block = data[line_end + 2 : end - 4]
    lines = book.read(block)
    if lines is None:
        lines = _lenient_lines(block)
    seen = _Seen(lines)
    contradicts = bool(seen.codings and seen.lengths)
    asks_to_stay = b"close" not in seen.connection if version else b"keep-alive" in seen.connection
    return ResponseHead(
        status,
        reason,
        version,
        lines,
        _response_framing(seen, status, method),
        asks_to_stay and not contradicts,
        end,
        seen.connection,
        seen.hops,
        contradicts,
    )


@lru_cache(maxsize=256)
def _status_line(line: bytes) -> tuple[int, int, str]:
    """(minor version, status, reason phrase)."""
    first = _STATUS_LINE.fullmatch(line)
    if first is None:
        raise BadMessage(502, "the endpoint's status line is not one of HTTP/1")
    minor, code, reason = first.groups()
    return 1 if minor >= b"1" else 0, int(code), (reason or b"").decode("latin-1")


class _Seen:
    """The few headers that decide how a message is read, gathered in one pass."""

    __slots__ = ("codings", "connection", "expect", "hops", "hosts", "lengths", "upgrade")

    def __init__(self, lines: list[Line]) -> None:
        self.lengths: list[bytes] = []
        self.codings: list[bytes] = []
        self.connection: list[bytes] = []
        self.hosts = 0
        self.expect = b""
        self.upgrade = False
        self.hops = False
        for line in lines:
            kind = line.kind
            if kind == PLAIN:
                continue
            if kind == LENGTH:
                self.lengths.append(line.value)
            elif kind == CODING:
                self.codings.append(line.value.lower())
            elif kind == CONNECTION:
                self.connection += connection_tokens(line.value)
            elif kind == HOST:
                self.hosts += 1
            elif kind == EXPECT:
                self.expect = line.value.lower()
            elif kind == UPGRADE:
                self.upgrade = True
            elif kind == HOP:
                self.hops = True


def _lenient_lines(block: bytes) -> list[Line]:
    """An answer's headers where a line is malformed: clients read them all the same."""
    pairs: list[tuple[bytes, bytes]] = []
    for raw in block.split(b"\n"):
        name, colon, value = raw.rstrip(b"\r").partition(b":")
        if raw[:1] in (b" ", b"\t") and pairs:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] + b" " + raw.strip())
        elif colon:
            pairs.append((name.strip(), value.strip()))
    return [Line(name + b": " + value, name, value) for name, value in pairs]


def _request_framing(seen: _Seen, version: int) -> Framing:
    if seen.codings:
        if seen.lengths:
            raise BadMessage(400, "both Content-Length and Transfer-Encoding")
        if seen.codings != [b"chunked"] or version == 0:
            raise BadMessage(501, "the only transfer coding taken is chunked, once")
        return Framing(chunked=True)
    if not seen.lengths:
        return NO_BODY
    if len(seen.lengths) > 1:
        raise BadMessage(400, "more than one Content-Length")
    return Framing(length=_length(seen.lengths[0], 400))


def _response_framing(seen: _Seen, status: int, method: str) -> Framing:
    if method == "HEAD" or status in (204, 304) or status < 200:
        return NO_BODY
    if seen.codings:
        if seen.codings[-1].rpartition(b",")[2].strip() == b"chunked":
            return Framing(chunked=True)
        return Framing(until_close=True)
    if not seen.lengths:
        return Framing(until_close=True)
    if len(seen.lengths) == 1 and b"," not in seen.lengths[0]:
        return _length_framing(seen.lengths[0])
    if len({part.strip() for value in seen.lengths for part in value.split(b",")}) > 1:
        raise BadMessage(502, "the endpoint sent several Content-Length headers that differ")
    return _length_framing(seen.lengths[0])


@lru_cache(maxsize=1024)
def _length_framing(value: bytes) -> Framing:
    return Framing(length=_length(value.partition(b",")[0].strip(), 502))


def _length(value: bytes, status: int) -> int:
    if not value.isdigit() or len(value) > MAX_LENGTH_DIGITS:
        raise BadMessage(status, "Content-Length is not a whole number")
    return int(value)
