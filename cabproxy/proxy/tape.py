"""What the relay records of a call: frames for the spool, masked, and the rule that nothing is released unrecorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cabproxy.errors import LedgerError
from cabproxy.ledger.record import CallState
from cabproxy.ledger.spool import CallEnd, CallOpen, ResponseHead, SpoolWriter
from cabproxy.proxy.disk import Disk, run
from cabproxy.proxy.headers import Line, Shown
from cabproxy.proxy.secrets import MaskStream, SecretSet, looks_secret

MAX_REMEMBERED = 16
MAX_KEPT = 32 * 1024 * 1024


class Known:
    """What is secret at the moment, and headers as they are shown for it."""

    __slots__ = ("secrets", "shown")

    def __init__(self, secrets: SecretSet) -> None:
        self.secrets = secrets
        self.shown = Shown(secrets)


class Recorder:
    """The spool of one server, and what happens when it cannot be written."""

    def __init__(self, spool: SpoolWriter, secrets: SecretSet, *, refuse: bool = True) -> None:
        self.spool = spool
        self.known = Known(secrets)
        self.failure: str | None = None
        self.recorded = 0
        self._refuse = refuse
        self.disk: Disk | None = None  # where the end of a call waits for it
        self._waiting: list[tuple[Callable[[bool], None], bool]] = []
        self._remembered: set[bytes] = set()
        self._harmless: set[bytes] = set()

    def flush(self) -> bool:
        """Hands everything appended to the kernel. False where that failed and the user wants such calls refused."""
        try:
            self.spool.flush()
        except LedgerError as error:
            self.failure = str(error)
            return not self._refuse
        self.failure = None
        return True

    def commit(self, then: Callable[[bool], None], *, ends: bool = False) -> None:
        """Calls `then` with what `flush` says, after the sockets that are ready now were read.

        What all of them brought is handed over in one go: for the kernel a quarter of the work. Where it `ends` a call,
        and such ends are to be on the disk, that is waited for first.
        """
        self._waiting.append((then, ends))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self.settle)

    def settle(self) -> None:
        """What waits in `commit` waits no longer, but for the disk."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        recorded, disk = self.flush(), self.disk
        for then, ends in waiting:
            if ends and disk is not None and self.failure is None:
                disk.reached(then)
            else:
                run(then, recorded)

    def disk_failed(self, why: str) -> bool:
        """The disk did not take what the kernel had. Returns whether calls go on all the same."""
        self.failure = why
        return not self._refuse

    def writable(self) -> bool:
        """Whether a new call may begin; after a failure the disk is tried again each time."""
        return self.failure is None or self.flush()

    def known_for(self, key: bytes | None) -> Known:
        """What to mask with, for a client that sent this as its key, secret or not."""
        if key is None or key in self._harmless:
            return self.known
        if looks_secret(key):
            return self.known_with(key)
        if len(self._harmless) < 1024:
            self._harmless.add(key)
        return self.known

    def known_with(self, credential: bytes) -> Known:
        """What to mask with, for a client with this credential; it is looked for in everybody's bodies from then on.

        Beyond MAX_REMEMBERED of them, only in the bodies of those who sent them: each costs a scan.
        """
        if credential in self._remembered:
            return self.known
        known = Known(self.known.secrets.extended(credential))
        if len(self._remembered) < MAX_REMEMBERED:
            self._remembered.add(credential)
            self.known = known
        return known


class Tape:
    """One call's recording."""

    __slots__ = (
        "_chunk",
        "_head",
        "_kept",
        "_known",
        "_recorder",
        "_request",
        "_response",
        "_sent",
        "_spool",
        "_weighed",
        "call_id",
        "ended",
        "request_bytes",
        "response_bytes",
        "rewrites",
    )

    def __init__(self, recorder: Recorder, call_id: bytes, known: Known) -> None:
        self._recorder = recorder
        self._spool = recorder.spool
        self._known = known
        self._request: MaskStream | None = None  # made with the first piece that is not clean
        self._response: MaskStream | None = None
        self._head: ResponseHead | None = None  # and its body's first piece: they wait for what comes with them
        self._chunk: tuple[int, bytes] | None = None
        self.call_id = call_id
        self.rewrites: list[str] = []
        self.ended = False
        self.request_bytes = 0
        self.response_bytes = 0
        self._kept: list[bytes] | None = None
        self._sent: list[bytes] | None = None
        self._weighed = False

    def keep_body(self) -> None:
        """The answer's body is kept until the call is over: it will be read for what it cost."""
        self._kept = []
        self._weighed = True

    def keep_request(self) -> None:
        """The request's body is kept too: where the answer reports nothing, both are counted again."""
        self._sent = []

    @property
    def kept_for_weighing(self) -> bool:
        """Whether keep_body was asked for."""
        return self._weighed

    def kept_body(self) -> bytes | None:
        """The answer's body where it was kept and not too large."""
        return None if self._kept is None else b"".join(self._kept)

    def kept_pieces(self) -> tuple[list[bytes], list[bytes]] | None:
        """Request and answer as far as they came, in pieces; None where they were not kept or too large."""
        return None if self._kept is None or self._sent is None else (self._sent[:], self._kept[:])

    def open(self, call: CallOpen) -> None:
        """The call begins."""
        self._spool.open_call(call)

    def asked(self, call: CallOpen, data: bytes, ns: int) -> None:
        """The call begins, and its whole request is there."""
        if data and self._sent is None and self._known.secrets.clean(data):
            self.request_bytes = len(data)
            self._spool.asked(call, data, ns)
        else:
            self.open(call)
            if data:
                self.request(data)
            self.request_end(ns)

    def request(self, data: bytes) -> None:
        """A piece of the request's body, as the client sent it."""
        self.request_bytes += len(data)
        if self._sent is not None:
            self._sent.append(data)
            if self.request_bytes > MAX_KEPT:
                self._sent = None
        mask = self._request
        if mask is None:
            if self._known.secrets.clean(data):
                self._spool.request(self.call_id, data)
                return
            mask = self._request = MaskStream(self._known.secrets)
        data = mask.feed(data)
        if data:
            self._spool.request(self.call_id, data)

    def request_end(self, ns: int) -> None:
        """The request is whole."""
        if self._request is not None:
            rest = self._request.close()
            if rest:
                self._spool.request(self.call_id, rest)
        self._spool.request_end(self.call_id, ns)

    def head(self, status: int, reason: str, lines: list[Line], connected_ns: int | None, ns: int) -> None:
        """The answer's head."""
        shown = self._known.shown.of(lines)
        self.write_out()
        self._head = ResponseHead(status=status, reason=reason, headers=shown, connected_ns=connected_ns, ns=ns)

    def chunk(self, ns: int, data: bytes) -> None:
        """A piece of the answer's body, as the endpoint sent it."""
        self.response_bytes += len(data)
        if self._kept is not None:
            self._kept.append(data)
            if self.response_bytes > MAX_KEPT:
                self._kept = None
        mask = self._response
        if mask is None:
            if self._known.secrets.clean(data):
                if self._head is not None:
                    if self._chunk is None:
                        self._chunk = ns, data
                        return
                    self.write_out()
                self._spool.chunk(self.call_id, ns, data)
                return
            self.write_out()
            mask = self._response = MaskStream(self._known.secrets)
        data = mask.feed(data)
        if data:
            self._spool.chunk(self.call_id, ns, data)

    def write_out(self) -> None:
        """What waits is appended: something of the answer goes on its way before the rest is there."""
        head, chunk, self._head, self._chunk = self._head, self._chunk, None, None
        if head is not None:
            self._spool.head(self.call_id, head)
        if chunk is not None:
            self._spool.chunk(self.call_id, *chunk)

    def end(self, state: CallState, error: str | None = None, last_byte_ns: int | None = None) -> None:
        """The call is over; nothing is taken after this."""
        if self.ended:
            return
        self.ended = True
        now = time.monotonic_ns()
        if self._response is not None:
            self.write_out()
            rest = self._response.close()
            if rest:
                self._spool.chunk(self.call_id, now, rest)
        for side, mask in (("request", self._request), ("response", self._response)):
            if mask is not None and mask.count:
                self.rewrites.append(f"redact:{side}={mask.count}")
        if error is not None:
            error = self._known.secrets.mask(error.encode("utf-8", "replace"))[0].decode("utf-8", "replace")
        end = CallEnd(state=state, error=error, rewrites=tuple(self.rewrites), done_ns=now, last_byte_ns=last_byte_ns)
        if self._head is not None and self._chunk is not None:
            self._spool.answered(self.call_id, self._head, *self._chunk, end)
        else:
            self.write_out()
            self._spool.end(self.call_id, end)
        self._recorder.recorded += 1

    def forget(self) -> None:
        """The call is refused because it cannot be recorded."""
        self.ended = True
        self._spool.forget(self.call_id)
