"""One exchange: the request on its way up. The answer's way down is answer.py's."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Literal

from cabproxy.ledger.ids import new_call_id
from cabproxy.ledger.record import CallState
from cabproxy.ledger.spool import CallOpen
from cabproxy.proxy import inject
from cabproxy.proxy.answer import Answer
from cabproxy.proxy.door import request_head
from cabproxy.proxy.framing import Observer, observer
from cabproxy.proxy.headers import Line
from cabproxy.proxy.http1 import BadMessage, Framing, RequestHead
from cabproxy.proxy.pool import ConnectFailure
from cabproxy.proxy.refusals import Refusal, body_for, phrase, response
from cabproxy.proxy.secrets import mask_query
from cabproxy.proxy.tape import Tape

if TYPE_CHECKING:
    from cabproxy.proxy.door import Seen
    from cabproxy.proxy.down import Down
    from cabproxy.proxy.faults import Fault
    from cabproxy.proxy.pace import Place
    from cabproxy.proxy.relay import Admission, Relay
    from cabproxy.proxy.up import Up

OUTBOX_LIMIT = 1024 * 1024

Phase = Literal["body", "delay", "connect", "first_byte", "answer", "done"]


class Call:
    """From the request's head to the answer's last byte. Its Down and its Up call into it; each may be lost first."""

    __slots__ = (
        "_body",
        "_buffering",
        "_changed",
        "_connecting",
        "_last",
        "_original",
        "_outbox",
        "_outbox_bytes",
        "_payload",
        "_seen",
        "_timer",
        "answer",
        "connected_ns",
        "down",
        "fault",
        "framing",
        "gone",
        "gone_at",
        "head",
        "injected",
        "live",
        "phase",
        "place",
        "relay",
        "request_whole",
        "route",
        "since",
        "tape",
        "up",
    )

    def __init__(
        self, relay: Relay, down: Down, head: RequestHead, route: Admission, seen: tuple[Seen, bytes] | None = None
    ) -> None:
        assert route.live is not None
        self.relay = relay
        self.down: Down | None = down
        self.up: Up | None = None
        self.head = head
        self.framing = head.framing if seen is None else Framing(int(seen[1]))
        self.route = route
        self._seen = seen
        self.live = route.live
        self.phase: Phase = "body"
        self.since = time.monotonic()
        self.gone = False
        self.gone_at = 0.0
        self.request_whole = False
        self.connected_ns: int | None = None
        self.injected = False
        self.answer = Answer(self)
        self.tape = Tape(relay.recorder, new_call_id(), route.known)
        self._body: Observer | None = None
        whole_first = route.may_inject or relay.pace is not None
        self._buffering = whole_first and (self.framing.length or 0) <= inject.MAX_BODY
        self._outbox: list[bytes] = []  # what of the body waits, framing included
        self._outbox_bytes = 0
        self._payload: list[bytes] = []  # the same without chunks around it, where it may be rewritten
        self._changed: list[bytes] | None = None  # the request as it goes up, where it is another one
        self._original: list[bytes] = []  # and the client's own
        self._last = b"", False  # what is released once the end is recorded, and whether the connection ends with it
        self.fault: Fault | None = None
        self.place: Place | None = None  # in the endpoint's minute, where it is kept
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None

    # -- the client's side

    def begin(self, data: bytes) -> bytes:
        """The request's head is here and let in; `data` is what came behind it. Returns what is the next request's."""
        opened = self._opened()
        size = self.framing.length
        if self.route.refusal is not None:
            self.tape.open(opened)
            self.refuse(self.route.refusal, close=size != 0)
            return b""
        if size is not None and size <= len(data):  # all of it came with its head, as most do
            body = data[:size]
            self.tape.asked(opened, body, time.monotonic_ns())
            if body:
                self._outbox.append(body)
            self._whole()
            return data[size:]
        self.tape.open(opened)
        return self.from_client(data) if data else b""

    def from_client(self, data: bytes) -> bytes:
        """More of the request's body. Returns what does not belong to it any more."""
        if self.phase == "done":
            return b""
        self.since = time.monotonic()
        following = self._body
        if following is None:
            following = self._body = observer(self.framing)
        payload, used = following.feed(data)
        if payload:
            self.tape.request(payload)
        taken = data if used == len(data) else data[:used]
        if self._buffering and self.framing.chunked:
            self._payload.append(payload)
        if following.done:
            self._keep(taken)
            self.tape.request_end(time.monotonic_ns())
            self._whole()
        elif self._buffering:
            self._keep(taken)
            if self._outbox_bytes > inject.MAX_BODY:
                self._buffering = False  # chunked, and larger than is worth holding
                self._payload.clear()
                self._dispatch()
        else:
            self._pass(taken)
        return b"" if used == len(data) else data[used:]

    def client_left(self) -> None:
        """The client closed its sending half, or all of it."""
        self._mark_gone()
        if not self.request_whole:
            self._abandon("the client left before its request was whole")

    def client_lost(self) -> None:
        """The client's connection is gone: the endpoint is drained, so that the usage is not lost."""
        self.down = None
        if self.phase == "done":
            return
        self._mark_gone()
        if self.up is None or not self.request_whole:
            self._abandon("the client left before its request was sent")
        else:
            self.up.resume()

    def _mark_gone(self) -> None:
        if not self.gone:
            self.gone = True
            self.gone_at = time.monotonic()

    def client_full(self) -> None:
        if self.up is not None:
            self.up.pause()

    def client_ready(self) -> None:
        if self.up is not None:
            self.up.resume()

    # -- the endpoint's side

    def endpoint_full(self) -> None:
        if self.down is not None and not self.request_whole:
            self.down.pause()

    def endpoint_ready(self) -> None:
        if self.down is not None:
            self.down.resume()

    def from_endpoint(self, data: bytes) -> None:
        """Bytes of the answer."""
        if self.phase == "done":
            return
        self.since = time.monotonic()
        self.phase = "answer"
        try:
            self.answer.feed(data)
        except BadMessage as bad:
            self.answer.broken(bad.reason)

    def endpoint_lost(self, error: Exception | None) -> None:
        """The endpoint's connection ended."""
        self.up = None
        self.answer.endpoint_lost(error)

    def ask_again(self) -> None:
        """The endpoint refused what was put into the request: the client's own is sent instead."""
        self.tape.rewrites.append(inject.REJECTED)
        self.relay.rejected(self.route.target.path)
        self.injected = False
        self.answer = Answer(self)
        self._release_up(reusable=False)
        self._send_whole(self._original)

    # -- how it ends

    def refuse(self, refusal: Refusal, *, close: bool = False, state: CallState = "refused") -> None:
        """The proxy answers itself, before anything of the endpoint's answer was passed on."""
        if self.phase == "done":
            return
        body = body_for(refusal, self.head.method, self.route.target.path)
        close = close or not self.head.keep_alive or not self.request_whole
        data, headers = response(refusal, body, head_only=self.head.method == "HEAD", close=close)
        now = time.monotonic_ns()
        self.tape.head(refusal.status, phrase(refusal.status), headers, self.connected_ns, now)
        self.tape.chunk(now, body)
        self.finish("client_gone" if self.gone else state, refusal.message, None, data, close=close)

    def finish(
        self,
        state: CallState,
        error: str | None,
        last_byte_ns: int | None,
        data: bytes,
        *,
        close: bool,
        broken: bool = False,
    ) -> None:
        """Records the end, and only then releases the last bytes."""
        if self.phase == "done":
            return
        self._stop_waiting()
        self.tape.end(state, error, last_byte_ns)
        self._last = data, close or broken
        self.relay.recorder.commit(self._finished, ends=True)

    def _finished(self, recorded: bool) -> None:
        down, self.down = self.down, None
        data, close = self._last
        if down is not None and not recorded:
            down.abort()
        elif down is not None:
            if data:
                down.write(data)
            down.finished(close=close, linger=not self.request_whole)
        self._over()

    def _stop_waiting(self) -> None:
        """Nothing more is taken from either side."""
        self.phase = "done"
        if self._connecting is not None:
            self._connecting.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._release_up(reusable=False)

    def _over(self) -> None:
        self.relay.over(self)
        self.answer.detach()

    def expire(self, what: str) -> None:
        """A phase took too long."""
        if self.phase == "body":
            self.refuse(Refusal(408, "cab_request_timeout", what, retry=True), close=True)
        elif self.phase in ("connect", "first_byte"):
            refusal = Refusal(504, "cab_upstream_timeout", what)
            self._release_up(reusable=False)
            self.refuse(refusal, state="upstream_error")
        elif self.phase == "answer":
            self.answer.broken(what)

    def stop(self, why: str) -> None:
        """Ends the call now, whatever it waits for."""
        if self.phase != "done":
            self._release_up(reusable=False)
        if self.phase == "answer":
            self.answer.broken(why)
        elif self.gone:
            self.finish("client_gone", why, None, b"", close=True)
        else:
            self.refuse(Refusal(503, "cab_stopped", why), close=True, state="upstream_error")
        self.relay.recorder.settle()

    @property
    def held_up(self) -> bool:
        """Whether it is the client that does not take what is there."""
        return self.down is not None and self.down.full

    # -- inside

    def _opened(self) -> CallOpen:
        """What is recorded of its beginning."""
        target, found, head, seen = self.route.target, self.route.found, self.head, self._seen
        self.tape.rewrites.extend(self.route.rewrites)
        shown = self.route.sent_path
        if target.query:
            shown = mask_query(f"{shown}?{target.query}".encode("latin-1")).decode("latin-1")
        return CallOpen(
            call_id=self.tape.call_id,
            run_id=self.live.run_id,
            attribution=self.route.attribution,
            conversation_id=found.conversation_id,
            method=head.method,
            path=shown,
            headers=self.route.known.shown.of(head.lines) if seen is None else seen[0].shown(seen[1]),
            received_wall_ns=time.time_ns(),
            received_ns=time.monotonic_ns(),
        )

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._outbox.append(piece)
            self._outbox_bytes += len(piece)

    def _pass(self, piece: bytes) -> None:
        """A body that is not rewritten goes up as it comes."""
        self.relay.recorder.flush()
        if self.up is not None:
            self.up.send(piece)
            return
        self._keep(piece)
        if self._connecting is None:
            self._dispatch()
        elif self._outbox_bytes > OUTBOX_LIMIT and self.down is not None:
            self.down.pause()

    def _whole(self) -> None:
        """The request's last byte is here."""
        self.request_whole = True
        changed = self._rewritten() if self._buffering and self.route.may_inject else None
        self._changed = changed
        self.relay.recorder.commit(self._go_up)

    def _go_up(self, recorded: bool) -> None:
        """The request is recorded: it may go to the endpoint."""
        if self.phase == "done":
            return
        if not recorded:
            self._refuse_unrecorded()
            return
        if self.up is not None or self._connecting is not None:
            self._flush_outbox()
            return
        original = [self._head_up(), *self._outbox]
        changed, self._changed = self._changed, None
        if changed is not None:
            self._original = original
        self._send_or_fail(original if changed is None else changed)

    def _send_or_fail(self, data: list[bytes]) -> None:
        pace = self.relay.pace
        if pace is not None:
            self.place, held_s = pace.book()
            if held_s > 0:
                self.tape.rewrites.append(f"held:ms={held_s * 1000:.0f}")
                self.phase = "delay"
                self._timer = asyncio.get_running_loop().call_later(held_s, self._send_at_last, data)
                return
        self._send_at_last(data)

    def _send_at_last(self, data: list[bytes]) -> None:
        fault = self.fault
        if fault is None:
            self._send_whole(data)
            return
        self.tape.rewrites.append(f"fault:{fault.rule}")
        self.phase = "delay"
        self._timer = asyncio.get_running_loop().call_later(fault.delay, self._after_delay, data, fault)

    def _after_delay(self, data: list[bytes], fault: Fault) -> None:
        if fault.status is None:
            self._send_whole(data)
            return
        refusal = Refusal(
            fault.status, "cab_fault", f"a fault that was asked for: {fault.rule}", True, fault.retry_after
        )
        self.refuse(refusal, state="injected")

    def _rewritten(self) -> list[bytes] | None:
        """The request with usage asked for, as it goes up; None where it is left alone."""
        if self.route.target.path in self.relay.rejecting:
            return None
        pieces = self._payload if self.framing.chunked else self._outbox
        body = inject.inject(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._payload = []
        if body is None:
            return None
        self.injected = True
        self.tape.rewrites.append(inject.INJECTED)
        lines, plain = inject.injected_lines(self.route.forward, len(body))
        if not plain:
            self.tape.rewrites.append(inject.IDENTITY)
        return [request_head(self.head, self.route.sent_target, lines), body]

    def _head_up(self) -> bytes:
        seen = self._seen
        if seen is not None:
            return seen[0].up(seen[1])
        return request_head(self.head, self.route.sent_target, self.route.forward)

    def _dispatch(self) -> None:
        """The head and what there is of the body, before the body is whole."""
        self._outbox.insert(0, self._head_up())
        up = self.relay.pool.take()
        if up is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        else:
            self._on(up)

    def _send_whole(self, data: list[bytes]) -> None:
        self.phase = "connect"
        self.since = time.monotonic()
        self._outbox = data
        up = self.relay.pool.take()
        if up is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        else:
            self._on(up)

    async def _connect(self) -> None:
        try:
            up = await self.relay.pool.connect()
        except ConnectFailure as failure:
            self._connecting = None
            self.refuse(Refusal(failure.status, failure.code, failure.message), state="upstream_error")
            return
        self._connecting = None
        if self.phase == "done":
            up.close()
            return
        self._on(up)

    def _on(self, up: Up) -> None:
        self.up = up
        up.call = self
        up.used += 1
        self.connected_ns = time.monotonic_ns()
        self._flush_outbox()
        if self.down is not None:
            self.down.resume()
            if self.down.full:
                up.pause()

    def _flush_outbox(self) -> None:
        if self.up is None:
            return
        data, self._outbox = self._outbox, []
        self._outbox_bytes = 0
        if self.request_whole:
            self.phase = "first_byte"
            self.since = time.monotonic()
        if data:
            self.up.send_all(data)

    def release_after_answer(self, lines: list[Line]) -> None:
        """The endpoint's connection is clean: it may serve the next call."""
        self._release_up(reusable=True, lines=lines)

    def _release_up(self, *, reusable: bool, lines: list[Line] | None = None) -> None:
        up, self.up = self.up, None
        if up is None:
            return
        up.call = None
        up.resume()
        if reusable and self.head.minor == 1 and not self.relay.stopping:
            up.pool.give(up, lines or [])
        else:
            up.close()

    def _abandon(self, why: str) -> None:
        self._release_up(reusable=False)
        self.finish("client_gone", why, None, b"", close=True)

    def _refuse_unrecorded(self) -> None:
        """Nothing is let through that cannot be recorded."""
        self._stop_waiting()
        self.tape.forget()
        down, self.down = self.down, None
        refusal = self.relay.unrecordable()
        self.relay.turned_away[refusal.code] += 1
        if down is not None:
            body = body_for(refusal, self.head.method, self.route.target.path)
            down.write(response(refusal, body, head_only=self.head.method == "HEAD", close=True)[0])
            down.finished(close=True)
        self._over()
