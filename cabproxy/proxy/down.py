"""A client's connection: heads are cut off here, calls are made of them, one at a time and in order."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from cabproxy.proxy.http1 import BadMessage, RequestHead, find_head, parse_request
from cabproxy.proxy.refusals import Refusal, body_for, response

if TYPE_CHECKING:
    from cabproxy.proxy.call import Call
    from cabproxy.proxy.relay import Admission, Relay

MAX_PIPELINED = 256 * 1024
HIGH_WATER = 256 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CONTROL_PREFIXES = (b"/_cab/", b"/_cab?")


class Down(asyncio.Protocol):
    __slots__ = (
        "_buffer",
        "_discard",
        "_full",
        "_paused",
        "_relay",
        "_task",
        "_transport",
        "call",
        "closing",
        "since",
        "waiting",
    )

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._paused = False
        self._full = False
        self._discard = False
        self._task: asyncio.Task[None] | None = None  # an admission that has to wait
        self.call: Call | None = None
        self.closing = False
        self.waiting = False
        self.since = time.monotonic()  # when this connection last changed what it waits for

    # -- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop has transports of its own: they walk like asyncio.Transport and are none.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._relay.downs.add(self)

    def data_received(self, data: bytes) -> None:
        if self._discard:
            return
        call = self.call
        if call is not None and not call.request_whole:
            self._guarded(call.from_client, data)
        elif call is not None or self.waiting:
            self._hold(data)
        else:
            self._next(self._buffer + data if self._buffer else data)

    def eof_received(self) -> bool:
        if self._discard or (self.call is None and not self.waiting):
            return False
        # The answer may still be wanted: a client can close its sending half. It counts as gone all the same.
        if self.call is not None:
            self.call.client_left()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        self._relay.downs.discard(self)
        if self._task is not None:
            self._task.cancel()
        call, self.call = self.call, None
        if call is not None:
            call.client_lost()

    def pause_writing(self) -> None:
        self._full = True
        if self.call is not None:
            self.call.client_full()

    def resume_writing(self) -> None:
        self._full = False
        if self.call is not None:
            self.call.client_ready()

    # -- the call's side

    def write(self, data: bytes) -> None:
        """To the client."""
        if self._transport is not None and not self.closing:
            self._transport.write(data)

    def finished(self, *, close: bool, linger: bool = False) -> None:
        """The call's answer is written: on to the next request, or an end.

        `linger`: something of the request is still on its way; closing on it would reset the connection, and the
        client would lose the answer it is about to read.
        """
        self.call = None
        self.since = time.monotonic()
        if close and linger and self._transport is not None and self._transport.can_write_eof():
            self._discard = True
            self.resume()
            self._transport.write_eof()
            return
        if close or self._relay.stopping:
            self.close()
            return
        self.resume()
        if self._buffer:
            data, self._buffer = self._buffer, b""
            asyncio.get_running_loop().call_soon(self._resumed, data)

    def close(self) -> None:
        """Ends the connection once what was written is out."""
        self.closing = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Ends the connection at once: the client must not take what it has for a whole answer."""
        self.closing = True
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """No more of the request is read for now."""
        if not self._paused and self._transport is not None and not self.closing:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._paused and self._transport is not None and not self.closing:
            self._paused = False
            self._transport.resume_reading()

    @property
    def idle(self) -> bool:
        """Between two requests, nothing of the next one here."""
        return self.call is None and not self.waiting and not self._buffer

    @property
    def lingering(self) -> bool:
        """Answered, and only waiting for the client to close."""
        return self._discard

    @property
    def full(self) -> bool:
        """The client does not take what is written."""
        return self._full

    # -- requests

    def _resumed(self, data: bytes) -> None:
        if self.closing:
            return
        if self.call is None and not self.waiting:
            self._next(data + self._buffer)
        else:
            self._buffer = data + self._buffer

    def _hold(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > MAX_PIPELINED:
            self.pause()

    def _next(self, data: bytes) -> None:
        try:
            data = data.removeprefix(b"\r\n")
            end = find_head(data)
            if end < 0:
                if not self._buffer:
                    self.since = time.monotonic()
                self._buffer = data
                return
            self._buffer = b""
            relay = self._relay
            seen = relay.door.find(data, end)
            if seen is not None:
                again = seen[0]
                self._start(relay.new_call(self, again.head, again.admission, seen), data[end:])
                return
            head = parse_request(data, end, relay.book)
            if head.target.startswith(CONTROL_PREFIXES) or head.target == b"/_cab":
                self._hand_over(data)
                return
            admission = relay.admit(head)
        except BadMessage as bad:
            self._refuse_message(bad)
            return
        if admission.pending is None:
            relay.door.learn(data, end, head, admission)
            self._begin(head, admission, data[end:])
        else:
            self.waiting = True
            self._buffer = data[end:]
            self._task = asyncio.get_running_loop().create_task(self._wait(head, admission))

    async def _wait(self, head: RequestHead, admission: Admission) -> None:
        while admission.pending is not None:
            admission = await admission.pending
        self.waiting = False
        self._task = None
        data, self._buffer = self._buffer, b""
        if not self.closing:
            self._begin(head, admission, data)

    def _begin(self, head: RequestHead, admission: Admission, rest: bytes) -> None:
        if admission.live is None:
            assert admission.refusal is not None
            self._relay.turned_away[admission.refusal.code] += 1
            self._answer(head, admission.refusal)
            return
        self._start(self._relay.new_call(self, head, admission), rest)

    def _start(self, call: Call, rest: bytes) -> None:
        if call.head.expects_continue and not rest:
            self.write(CONTINUE)
        self.call = call
        self._guarded(call.begin, rest)

    def _guarded(self, step: object, data: bytes) -> None:
        call = self.call
        assert call is not None
        try:
            rest = step(data)  # type: ignore[operator]
        except BadMessage as bad:
            call.refuse(Refusal(bad.status, "cab_bad_request", bad.reason, retry=False), close=True)
            return
        if rest:
            if self.call is None and not self.closing:
                self._buffer = rest + self._buffer
                data, self._buffer = self._buffer, b""
                asyncio.get_running_loop().call_soon(self._resumed, data)
            else:
                self._hold(rest)

    def _hand_over(self, data: bytes) -> None:
        """The control API is aiohttp's: the connection is its own from here on."""
        transport = self._transport
        assert transport is not None
        self._relay.downs.discard(self)
        protocol = self._relay.control()
        self._transport = None
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(data)

    def head_timeout(self) -> None:
        """The request's head did not come in time."""
        self._buffer = b""
        self._refuse_message(BadMessage(408, "the request's head did not come in time"))

    def _refuse_message(self, bad: BadMessage) -> None:
        """No call was made of it: the connection cannot be read on."""
        refusal = Refusal(bad.status, "cab_bad_request", bad.reason, retry=False)
        self.write(response(refusal, body_for(refusal, "POST", "/"), close=True)[0])
        self.finished(close=True, linger=True)

    def _answer(self, head: RequestHead, refusal: Refusal) -> None:
        """A request that is refused before it is anybody's call; its body is not read."""
        path = head.target.decode("latin-1").partition("?")[0]
        close = not head.keep_alive or head.framing.length != 0
        body = body_for(refusal, head.method, path)
        self.write(response(refusal, body, head_only=head.method == "HEAD", close=close)[0])
        self.finished(close=close, linger=close)
