"""Usage for streams that did not ask: `stream_options.include_usage` is put in, what it brings is taken out again.

OpenAI's rule for include_usage is one chunk more, with empty choices and the usage, and `"usage": null` on every other
chunk. Both are removed, so that the client's bytes are those of a run without the proxy.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
from msgspec import Struct

from cabproxy.proxy.headers import ACCEPT, CODING, LENGTH, Line, line
from cabproxy.proxy.scan import first

INJECTED = "inject:stream_options.include_usage"
STRIPPED = "strip:usage_chunk"
STRIPPED_NULL = "strip:usage_null"
REJECTED = "inject:rejected"
IDENTITY = "accept-encoding:identity"

MAX_BODY = 32 * 1024 * 1024
"""A chat request larger than this is passed on as it comes, without injection."""

_STREAM = b'"stream"'
_STREAM_TRUE = re.compile(rb'"stream"\s*:\s*true')
_REJECTION = re.compile(
    rb"stream_options|include_usage|extra (?:inputs|fields|keys)|additional propert|"
    rb"(?:unknown|unexpected|unrecognized|unsupported|unpermitted) (?:\w+ )?"
    rb"(?:field|parameter|argument|propert|key|name)",
    re.I,
)
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


def inject(body: bytes) -> bytes | None:
    """The chat request with include_usage put in; None where it does not stream, asks itself, or is no JSON object.

    Every other byte stays as it is.
    """
    if not _may_stream(body):
        return None
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(request, dict) or request.get("stream") is not True:
        return None
    options = request.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage") is True:
        return None
    if "stream_options" in request:
        return _replace_options(body, options)
    end = body.rstrip().rfind(b"}")
    return body[:end] + b',"stream_options":{"include_usage":true}' + body[end:]


def _may_stream(body: bytes) -> bool:
    """A look at the bytes first: most requests need not be parsed to know that they do not stream."""
    start = first(body, _STREAM)
    at = body.rfind(_STREAM) if start >= 0 else -1  # it mostly stands at the end
    while at >= 0:
        if _STREAM_TRUE.match(body, at) is not None:
            return True
        at = body.rfind(_STREAM, start, at) if at > start else -1
    return False


def _replace_options(body: bytes, options: Any) -> bytes | None:
    """Changes the value the client's own stream_options has, in its place."""
    wanted = {**options, "include_usage": True} if isinstance(options, dict) else {"include_usage": True}
    if options is not None and not isinstance(options, dict):
        return None
    try:
        text = body.decode("utf-8")
        start, end = _value_span(text, "stream_options")
    except ValueError:
        return None
    return (text[:start] + orjson.dumps(wanted).decode() + text[end:]).encode()


def _value_span(text: str, key: str) -> tuple[int, int]:
    """Where the value of a top-level key stands; of the last one where it is repeated, as parsers take it."""
    found: tuple[int, int] | None = None
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)  # past the colon
        _, end = _DECODER.raw_decode(text, start)
        if name == key:
            found = start, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    if found is None:
        raise ValueError(key)
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def injected_lines(lines: list[Line], size: int) -> tuple[list[Line], bool]:
    """The headers around a body of this size, and whether they let the answer come uncompressed as they were.

    What comes compressed could not be stripped without compressing it again.
    """
    out: list[Line] = []
    plain = True
    for item in lines:
        if item.kind == ACCEPT and item.value.lower() not in (b"identity", b""):
            plain = False
            item = line(item.name, b"identity")
        elif item.kind in (LENGTH, CODING):
            item = line(item.name if item.kind == LENGTH else b"Content-Length", str(size).encode())
        out.append(item)
    return out, plain


def is_rejection(status: int, body: bytes) -> bool:
    """Whether an error looks like the endpoint's refusal of what was put in."""
    return status in (400, 422) and _REJECTION.search(body) is not None


class Piece(Struct, frozen=True):
    """What of a read goes to the client: `data` is payload. `untouched` says it is exactly what came."""

    data: bytes
    untouched: bool


class Stripper:
    """Takes out of a stream's payload what include_usage brought. Bytes in at any split; whole events out."""

    MAX_HELD = 1024 * 1024

    __slots__ = ("_held", "chunks", "nulls")

    def __init__(self) -> None:
        self._held = b""
        self.chunks = 0
        self.nulls = 0

    def feed(self, data: bytes) -> Piece:
        """An event that is not whole yet is held back: it may turn out to be the one to strip."""
        if not self._held and b'"usage"' not in data and data.endswith(_BLANK):
            return Piece(data, True)
        if self._held:
            data = self._held + data
        whole = _past_last_event(data)
        untouched = not self._held and whole == len(data)
        self._held = data[whole:]
        out = self._strip(data[:whole])
        if len(self._held) > self.MAX_HELD:
            out, self._held = out + self._held, b""
        return Piece(out, untouched and len(out) == whole)

    def close(self) -> bytes:
        """The stream ended: what was held was no whole event."""
        rest, self._held = self._held, b""
        return rest

    def _strip(self, data: bytes) -> bytes:
        if b'"usage"' not in data:
            return data
        out: list[bytes] = []
        at = 0
        for match in _EVENT_END.finditer(data):
            out.append(self._event(data[at : match.end()]))
            at = match.end()
        out.append(data[at:])
        return b"".join(out)

    def _event(self, event: bytes) -> bytes:
        if b'"usage"' not in event or event[:5] != b"data:":
            return event
        try:
            chunk = orjson.loads(event[5:])
        except orjson.JSONDecodeError:
            return event
        if not isinstance(chunk, dict) or "usage" not in chunk:
            return event
        if isinstance(chunk["usage"], dict) and chunk.get("choices") == []:
            self.chunks += 1
            return b""
        if chunk["usage"] is None:
            return self._without_null(event, chunk)
        return event

    def _without_null(self, event: bytes, chunk: dict[str, Any]) -> bytes:
        del chunk["usage"]
        for match in reversed(list(_NULL.finditer(event))):
            shorter = event[: match.start()] + event[match.end() :]
            # A nested `usage` looks the same: only the top one leaves the rest of the chunk as it was.
            try:
                if orjson.loads(shorter[5:]) == chunk:
                    self.nulls += 1
                    return shorter
            except orjson.JSONDecodeError:
                continue
        return event

    @property
    def rewrites(self) -> tuple[str, ...]:
        """What was taken out, as the record names it."""
        return ((STRIPPED,) if self.chunks else ()) + ((STRIPPED_NULL,) if self.nulls else ())


_BLANK = (b"\n\n", b"\r\n\r\n")
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_NULL = re.compile(rb',\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,')


def _past_last_event(data: bytes) -> int:
    return max(data.rfind(end) + len(end) if end in data else 0 for end in (b"\r\n\r\n", b"\n\n", b"\r\r"))
