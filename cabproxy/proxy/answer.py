"""The endpoint's answer on its way down: passed on as it comes, observed, recorded before it is released."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, cast

from cabproxy.ledger.record import CallState
from cabproxy.proxy import inject
from cabproxy.proxy.faults import cut_at
from cabproxy.proxy.framing import Observer, observer
from cabproxy.proxy.http1 import BadMessage, ResponseHead, find_head, parse_response
from cabproxy.proxy.refusals import Refusal

if TYPE_CHECKING:
    from cabproxy.proxy.call import Call

MAX_HELD_ERROR = 64 * 1024  # of an error that may be the endpoint's no to what was injected
MAX_HELD_STREAM = 4 * 1024 * 1024  # of a stream that came with a Content-Length and has to be shortened
NOT_STRIPPED = "strip:skipped=too large"
_CONTENT_LENGTH = re.compile(rb"(\r\nContent-Length:[ \t]*)\d+", re.I)
_KEPT_ALIVE = {b"keep-alive", b"close"}


class Answer:
    __slots__ = ("_body", "_buffer", "_call", "_close", "_events", "_going", "_held", "_stripper", "head", "started")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._buffer = b""
        self._body: Observer | None = None
        self._close = False  # the client's connection ends with this answer
        self._held: list[tuple[int, bytes]] | None = (
            None  # the head and payload, with their clocks, of an answer that is looked at whole first
        )
        self._stripper: inject.Stripper | None = None
        self._events = 0
        self._going: list[bytes] = []  # on its way once it is recorded
        self.head: ResponseHead | None = None
        self.started = False  # something of it was released

    def detach(self) -> None:
        """The call is over: without this the two would keep each other and what they hold until the collector comes."""
        self._call = _NO_CALL

    def feed(self, data: bytes) -> None:
        """Bytes as they come off the socket."""
        now = time.monotonic_ns()
        prefix = b""
        if self._body is None:
            opened = self._open(self._buffer + data if self._buffer else data, now)
            if opened is None:
                return
            prefix, data = opened
        body = self._body
        assert body is not None
        aligned = body.at_boundary
        payload, used = body.feed(data)
        fault = self._call.fault
        if fault is not None and fault.cut is not None and self._cut(prefix, payload, fault.cut, now):
            return
        if self._held is not None:
            self._hold(payload, done=body.done, now=now)
            return
        if payload:
            self._call.tape.chunk(now, payload)
        taken = data if used == len(data) else data[:used]
        if self._stripper is not None:
            taken = self._stripped(taken, payload, done=body.done, verbatim=aligned and body.at_boundary)
        out = prefix + taken if prefix else taken
        if body.done:
            self._done(out, now, clean=used == len(data))
        else:
            self._release(out)

    def endpoint_lost(self, error: Exception | None) -> None:
        """The endpoint's connection ended: that ends a body without length, and breaks off any other."""
        call = self._call
        why = "the endpoint closed the connection" if error is None else f"the endpoint reset the connection ({error})"
        if self.head is None or not self.started:
            if self._body is not None and error is None and self._body.end_of_input():
                self._finish_held_or(b"")
                return
            call.refuse(
                Refusal(502, "cab_upstream_closed", f"{why} before its answer was whole"), state="upstream_error"
            )
            return
        assert self._body is not None
        if error is None and self._body.end_of_input():
            self._finish_held_or(self._rest_of_strip())
        else:
            self.broken(f"{why} in mid-answer")

    def broken(self, why: str) -> None:
        """The answer cannot be followed any further: the client sees it break off, as it would without the proxy."""
        call = self._call
        if not self.started:
            call.refuse(Refusal(502, "cab_upstream_broken", why), state="upstream_error")
            return
        call.finish("client_gone" if call.gone else "cut", why, None, self._rest_of_strip(), close=True, broken=True)

    @property
    def streams(self) -> bool:
        """Whether what comes are events."""
        return self.head is not None and any(
            item.lower == b"content-type" and b"event-stream" in item.value.lower() for item in self.head.lines
        )

    # -- the head

    def _open(self, data: bytes, now: int) -> tuple[bytes, bytes] | None:
        """(head as the client gets it, first bytes of the body), or None while it is not whole."""
        call = self._call
        prefix = b""
        while True:
            try:
                end = find_head(data)
            except BadMessage as bad:
                raise BadMessage(502, "the endpoint's head is too large") from bad
            if end < 0:
                self._buffer = data
                if prefix and call.down is not None:
                    call.down.write(prefix)
                return None
            head = parse_response(data, end, call.head.method, call.relay.book)
            if head.status >= 200:
                break
            if head.status == 101:
                raise BadMessage(502, "the endpoint switched protocols, which nobody asked for")
            # 100 was said already; what else is on its way (103) belongs to the client, where its version knows it.
            if head.status != 100 and call.head.minor == 1:
                prefix += data[:end]
            data = data[end:]
        self._buffer = b""
        self.head = head
        self._body = observer(head.framing)
        self._close = not call.head.keep_alive or not head.keep_alive or head.framing.until_close
        self._choose_treatment(head)
        out = prefix + self._client_head(head, data[:end])
        if self._held is not None:
            self._held.append((now, out))
            return b"", data[end:]
        call.tape.head(head.status, head.reason, head.lines, call.connected_ns, now)
        return out, data[end:]

    def _choose_treatment(self, head: ResponseHead) -> None:
        call = self._call
        if not call.injected:
            return
        if head.status in (400, 422):
            self._held = []
        elif head.status < 300 and self.streams:
            self._stripper = inject.Stripper()
            if head.framing.length is not None:
                self._held = []

    def _client_head(self, head: ResponseHead, raw: bytes) -> bytes:
        """The endpoint's own bytes, unless its Connection header says what is not so on this side.

        A length beside a transfer coding is left out: a client that believed it would wait for more or read too little.
        """
        call, tokens = self._call, head.connection
        if not self._close and (not tokens or tokens == [b"keep-alive"]):
            return raw
        says_close = b"close" in tokens or (head.minor == 0 and b"keep-alive" not in tokens)
        named = {token for token in tokens if token} - _KEPT_ALIVE
        if not named and not head.contradicts and (says_close or not self._close or head.framing.until_close):
            return raw
        drop = (named - {b"content-length", b"transfer-encoding"}) | {b"connection", b"keep-alive"}
        if head.contradicts:
            drop.add(b"content-length")
        line = raw[: raw.find(b"\r\n")]
        lines = [line] + [item.raw for item in head.lines if item.lower not in drop]
        if self._close:
            lines.append(b"Connection: close")
        if call.head.minor == 0 and not self._close:
            lines.append(b"Connection: keep-alive")
        return b"\r\n".join(lines) + b"\r\n\r\n"

    # -- the body

    def _release(self, out: bytes) -> None:
        """Recorded first: what the client has seen, the kernel has."""
        if not out:
            return
        if not self.started:
            self.started = True
            self._call.tape.write_out()
        self._going.append(out)
        if len(self._going) == 1:
            self._call.relay.recorder.commit(self._send_on)

    def _send_on(self, _recorded: bool) -> None:
        going, self._going = self._going, []
        down = self._call.down
        if down is not None:
            for piece in going:
                down.write(piece)

    def _done(self, out: bytes, now: int, *, clean: bool) -> None:
        call, head = self._call, self.head
        assert head is not None
        if clean and head.keep_alive and not head.framing.until_close and call.request_whole:
            call.release_after_answer(head.lines if head.hops else [])
        if self._stripper is not None:
            call.tape.rewrites.extend(self._stripper.rewrites)
        state: CallState = "client_gone" if call.gone else "ok" if head.status < 400 else "http_error"
        close = self._close or not call.request_whole
        call.finish(state, None, now, out, close=close)

    def _finish_held_or(self, rest: bytes) -> None:
        """A body that the connection's end completed."""
        now = time.monotonic_ns()
        if self._held is not None:
            self._hold(b"", done=True, now=now)
        else:
            self._done(rest, now, clean=False)

    def _hold(self, payload: bytes, *, done: bool, now: int) -> None:
        """An answer that is looked at whole: an error that may be about the injection, a stream with a length."""
        held = self._held
        assert held is not None
        assert self.head is not None
        held.append((now, payload))
        limit = MAX_HELD_STREAM if self._stripper is not None else MAX_HELD_ERROR
        if not done and sum(len(piece) for _, piece in held) <= limit:
            return
        head, body = held[0][1], b"".join(piece for _, piece in held[1:])
        self._held = None
        if done and self._stripper is None and inject.is_rejection(self.head.status, body):
            self._call.ask_again()
            return
        self._record_held(held)
        if self._stripper is not None and done:
            stripped = self._stripper.feed(body).data + self._stripper.close()
            head = _CONTENT_LENGTH.sub(lambda match: b"%b%d" % (match[1], len(stripped)), head, count=1)
            body = stripped
        elif self._stripper is not None:
            self._stripper = None  # longer than is held: what comes passes as it is, its length could not be mended
            self._call.tape.rewrites.append(NOT_STRIPPED)
        out = head + self._reframed(body, done=done)
        if done:
            self._done(out, now, clean=True)
        else:
            self._release(out)

    def _record_held(self, held: list[tuple[int, bytes]]) -> None:
        tape, head = self._call.tape, self.head
        assert head is not None
        tape.head(head.status, head.reason, head.lines, self._call.connected_ns, held[0][0])
        for clock, piece in held[1:]:
            if piece:
                tape.chunk(clock, piece)

    def _reframed(self, body: bytes, *, done: bool) -> bytes:
        assert self.head is not None
        if not self.head.framing.chunked:
            return body
        return _chunk(body) + (b"0\r\n\r\n" if done else b"")

    def _cut(self, prefix: bytes, payload: bytes, after: int, now: int) -> bool:
        """The fault that breaks an answer off: True once it has."""
        call, head = self._call, self.head
        assert head is not None
        if self.streams:
            at, self._events = cut_at(payload, self._events, after)
        else:
            at = len(payload) // 2
        if at is None:
            return False
        call.tape.chunk(now, payload[:at])
        data = self._held[0][1] if self._held else prefix
        if self._held:
            call.tape.head(head.status, head.reason, head.lines, call.connected_ns, now)
        data += _chunk(payload[:at]) if head.framing.chunked else payload[:at]
        call.finish("injected", "broken off by a fault that was asked for", None, data, close=True, broken=True)
        return True

    def _stripped(self, raw: bytes, payload: bytes, *, done: bool, verbatim: bool) -> bytes:
        """The bytes to release in place of `raw`, which is whole chunks where `verbatim`."""
        stripper, head = self._stripper, self.head
        assert stripper is not None
        assert head is not None
        piece = stripper.feed(payload)
        data = piece.data + (stripper.close() if done else b"")
        if not head.framing.chunked:
            return data
        if verbatim and piece.untouched and len(data) == len(payload):
            return raw
        return _chunk(data) + (_last_chunk(self._body) if done else b"")

    def _rest_of_strip(self) -> bytes:
        if self._stripper is None or self.head is None:
            return b""
        rest = self._stripper.close()
        return _chunk(rest) if self.head.framing.chunked else rest


_NO_CALL = cast("Call", None)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def _last_chunk(body: Observer | None) -> bytes:
    trailers: list[bytes] = getattr(body, "trailers", [])
    return b"0\r\n" + b"".join(line + b"\r\n" for line in trailers) + b"\r\n"
