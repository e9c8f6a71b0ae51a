"""What all connections of a server share, and the door: which run a request belongs to, and whether it may come in."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from cabproxy.config import ServeConfig
from cabproxy.errors import CabError
from cabproxy.ledger.ids import new_run_id
from cabproxy.ledger.record import Run
from cabproxy.proxy.budgets import Meter, weigh
from cabproxy.proxy.call import Call
from cabproxy.proxy.credentials import Sorted, sort_headers, swap_key
from cabproxy.proxy.door import Door, Seen
from cabproxy.proxy.faults import Faults
from cabproxy.proxy.headers import Line, LineBook, line
from cabproxy.proxy.http1 import RequestHead
from cabproxy.proxy.pool import Pool
from cabproxy.proxy.recounter import Recounter
from cabproxy.proxy.refusals import Refusal
from cabproxy.proxy.runs import KEY_START, LiveRun, RunBook
from cabproxy.proxy.secrets import SecretSet
from cabproxy.proxy.tally import Tally
from cabproxy.proxy.tape import Known, Recorder
from cabproxy.proxy.target import RUN_ID, Target, Upstream, parse_target
from cabproxy.wire.dialects import dialect_for

if TYPE_CHECKING:
    from cabproxy.proxy.down import Down
    from cabproxy.proxy.pace import Pace

_KEY_START = KEY_START.encode()
WRONG_KEY_DELAY_S = 0.5
MAX_SLOWED = 64
MAX_KNOWN_PATHS = 1024

NOTHING_KNOWN = Known(SecretSet(()))

Attribution = Literal["path", "key", "header", "default"]


class Admission(Struct):
    """A request at the door: let in (`live`, maybe with a refusal to record), turned away, or waiting (`pending`)."""

    target: Target
    found: Sorted
    attribution: Attribution = "default"
    live: LiveRun | None = None
    refusal: Refusal | None = None
    pending: Awaitable[Admission] | None = None
    known: Known = NOTHING_KNOWN
    forward: list[Line] = []
    sent_path: str = ""
    sent_target: bytes = b""
    may_inject: bool = False
    rewrites: tuple[str, ...] = ()


class Relay:
    def __init__(
        self,
        config: ServeConfig,
        upstream: Upstream,
        pool: Pool,
        recorder: Recorder,
        runs: RunBook,
        control: Callable[[], asyncio.Protocol],
        *,
        open_access: bool,
    ) -> None:
        self.config = config
        self.upstream = upstream
        self.pool = pool
        self.recorder = recorder
        self.runs = runs
        self.control = control
        self.calls: set[Call] = set()
        self.downs: set[Down] = set()
        self.rejecting: set[str] = set()  # paths whose endpoint wants no stream_options
        self.stopping = False
        self.book = LineBook()
        self.meter = Meter(config.limits, "the server")
        if config.share is not None and self.meter.limited:
            self.meter.share(Tally(config.share, "the server"))
        self.recounter = Recounter(upstream.host)
        self.door = Door(recorder, limited=self.meter.limited)
        self.faults = Faults(config.faults, config.fault_seed)
        self.pace: Pace | None = None  # shared with other servers in front of the same endpoint
        self.on_over: Callable[[], None] = lambda: None
        self.last_failure: str | None = None  # the last that kept a call out
        self.turned_away: Counter[str] = Counter()  # requests that became nobody's call, by the refusal's code
        self._absolute, self._for_hop = _towards(pool)
        self._open_access = open_access
        self._slowed = 0
        self._targets: dict[bytes, Target] = {}
        self._paths: dict[tuple[str, str], tuple[str | None, str]] = {}

    def new_call(
        self, down: Down, head: RequestHead, admission: Admission, seen: tuple[Seen, bytes] | None = None
    ) -> Call:
        """The call of a request that was let in; `seen`: its head is one that was, with this length."""
        call = Call(self, down, head, admission, seen)
        self.calls.add(call)
        call.live.begin()
        if admission.refusal is None:
            call.fault = self.faults.next()
            if self.pace is not None and self.pace.weighs:
                call.tape.keep_body()
            self._account(call, admission)
        return call

    def _account(self, call: Call, admission: Admission) -> None:
        """The budgets' accounts take the call on; one that is used up by now refuses it."""
        claimed: list[Meter] = []
        for meter in (self.meter, call.live.meter):
            if not meter.limited:
                continue
            exceeded = meter.claim(call)
            if exceeded is not None:
                for earlier in claimed:
                    earlier.give_back(call)
                admission.refusal = Refusal(429, "cab_budget_exceeded", exceeded, retry=False)
                return
            claimed.append(meter)
            if meter.weighs:
                call.tape.keep_body()
                call.tape.keep_request()

    def over(self, call: Call) -> None:
        """A call ended, one way or another."""
        if call in self.calls:
            self.calls.discard(call)
            if self.meter.limited or call.live.meter.limited:
                weight = weigh(call) if call.tape.kept_for_weighing else None
                meters = (self.meter, call.live.meter)
                for meter in meters:
                    meter.end(call, weight)
                if weight is not None and weight.guessed:
                    self.recounter.begin(call, meters, over=True)
            if self.pace is not None and call.place is not None:
                tokens = weigh(call).tokens if call.tape.kept_for_weighing else None
                self.pace.ended(call.place, *_answered(call), tokens)
            call.live.end()
            self.on_over()

    def rejected(self, path: str) -> None:
        """The endpoint does not take stream_options here: it is asked without from now on."""
        self.rejecting.add(path)

    def unrecordable(self) -> Refusal:
        """What a call gets that the ledger cannot take."""
        self.last_failure = self.recorder.failure
        return Refusal(503, "cab_ledger_unwritable", f"not recorded, so not let through: {self.recorder.failure}")

    # -- the door

    def admit(self, head: RequestHead) -> Admission:
        """Decides at once where it can; raises BadMessage for a target that is none."""
        target = self._targets.get(head.target)
        if target is None:
            target = self._learn_target(head.target)
        found = sort_headers(head.lines, target.query, self.upstream.host_header)
        admission = Admission(target, found)
        key = found.key
        by_key = None
        if key is not None and key.startswith(_KEY_START):
            by_key = self.runs.by_key(key)
            if by_key is None:
                admission.pending = self._looked_up(admission, head, key)
                return admission
        elif not self._open_access and not self._is_token(key):
            message = "this proxy needs a run key or the server's token as the API key"
            return self._slowly(admission, Refusal(401, "cab_key_needed", message, retry=False))
        return self._by_run(admission, head, by_key)

    def _learn_target(self, raw: bytes) -> Target:
        if len(self._targets) > MAX_KNOWN_PATHS:
            self._targets.clear()
        target = self._targets[raw] = parse_target(raw)
        return target

    def _by_run(self, admission: Admission, head: RequestHead, by_key: LiveRun | None) -> Admission:
        target, found = admission.target, admission.found
        named = target.run_id or found.run_id
        if self.config.only_run is not None:
            return self._of_only(admission, head, by_key, named)
        if named is not None:
            admission.attribution = "path" if target.run_id else "header"
            if RUN_ID.fullmatch(named) is None:
                admission.refusal = Refusal(400, "cab_bad_run", "X-Cab-Run is not a run's id", retry=False)
                return admission
            live = self.runs.get(named)
            if by_key is not None and by_key is not live:
                admission.refusal = Refusal(403, "cab_run_mismatch", f"the key is not run {named}'s", retry=False)
                return admission
            if live is None:
                admission.pending = self._opened(admission, head, self._named_run(named))
                return admission
        elif by_key is not None:
            admission.attribution, live = "key", by_key
        else:
            live = self.runs.default
            if live is None:
                admission.pending = self._opened(admission, head, None)
                return admission
        return self._let_in(admission, head, live)

    def _of_only(self, admission: Admission, head: RequestHead, by_key: LiveRun | None, named: str | None) -> Admission:
        """Where one run is served, a call that names none is that run's too: nobody calls unaccounted."""
        live = self.runs.get(self.config.only_run or "")
        if live is None or named not in (None, live.run_id) or by_key not in (None, live):
            message = "one run is served here, and this call names another"
            admission.refusal = Refusal(403, "cab_run_mismatch", message, retry=False)
            return admission
        if named is not None:
            admission.attribution = "path" if admission.target.run_id else "header"
        elif by_key is not None:
            admission.attribution = "key"
        return self._let_in(admission, head, live)

    async def _looked_up(self, admission: Admission, head: RequestHead, key: bytes) -> Admission:
        """A key this server did not mint: the ledger is asked once, and a key that is wrong is answered late."""
        admission.pending = None
        refusal = Refusal(401, "cab_unknown_key", "this run key is unknown or revoked", retry=False)
        if self._slowed >= MAX_SLOWED:
            admission.refusal = refusal
            return admission
        try:
            live = await self.runs.find(key)
        except CabError as error:
            self.recorder.failure = str(error)
            admission.refusal = self.unrecordable()
            return admission
        if live is None:
            return await self._after_delay(admission, refusal)
        return self._by_run(admission, head, live)

    async def _opened(self, admission: Admission, head: RequestHead, run: Run | None) -> Admission:
        admission.pending = None
        try:
            live = await (self.runs.open_default() if run is None else self.runs.open(run, named=True))
        except CabError as error:
            self.recorder.failure = str(error)
            admission.refusal = self.unrecordable()
            return admission
        return self._let_in(admission, head, live)

    def _let_in(self, admission: Admission, head: RequestHead, live: LiveRun, *, counted: bool = False) -> Admission:
        if not self.recorder.writable():
            admission.refusal = self.unrecordable()
            return admission
        if live.closed:
            admission.refusal = Refusal(409, "cab_run_closed", f"run {live.run_id} is closed", retry=False)
            return admission
        uncounted = [] if counted else self._uncounted(live)
        if uncounted:
            admission.pending = self._after_count(admission, head, live, uncounted)
            return admission
        admission.live = live
        self._prepare(admission, head)
        admission.refusal = self._refusal(admission, head, live)
        return admission

    def _uncounted(self, live: LiveRun) -> list[Call]:
        """Calls that a budget has to know more of before it lets another one in."""
        found = [*self.meter.uncounted(), *live.meter.uncounted()] if self.meter.weighs or live.meter.weighs else []
        return list(dict.fromkeys(found))

    async def _after_count(
        self, admission: Admission, head: RequestHead, live: LiveRun, uncounted: list[Call]
    ) -> Admission:
        admission.pending = None
        await self.recounter.counted(uncounted, [self.meter, *{call.live.meter for call in uncounted}])
        return self._let_in(admission, head, live, counted=True)

    def _prepare(self, admission: Admission, head: RequestHead) -> None:
        """What goes up: the endpoint's path, the right key, and what is to be masked in the record."""
        target, found = admission.target, admission.found
        name, path = self._path(head.method, target.path)
        key, real = found.key, self.config.key
        query = target.query
        if real is not None:
            query = swap_key(found, real.reveal(), name, query)
            admission.rewrites = ("key:swapped",)
        elif key is not None and (key.startswith(_KEY_START) or self._is_token(key)):
            query = swap_key(found, None, name, query)
            admission.rewrites = ("key:removed",)
        admission.known = self.recorder.known_for(None if key is not None and key.startswith(_KEY_START) else key)
        admission.forward = found.forward
        admission.sent_path = path
        admission.sent_target = (f"{path}?{query}" if query else path).encode("latin-1")
        if self._absolute:  # RFC 9112 3.2.2; the `*` of OPTIONS is then an empty path
            admission.sent_target = self._absolute + admission.sent_target.removeprefix(b"*")
            admission.forward = [*found.forward, *self._for_hop]
        admission.may_inject = self.config.inject_usage and name == "openai_chat"

    def _refusal(self, admission: Admission, head: RequestHead, live: LiveRun) -> Refusal | None:
        if head.upgrade and head.method == "GET":
            return Refusal(426, "cab_no_websocket", "no WebSocket here: use HTTP", retry=False)
        exceeded = (self.meter.limited and self.meter.exceeded()) or (live.meter.limited and live.meter.exceeded())
        if exceeded:
            return Refusal(429, "cab_budget_exceeded", exceeded, retry=False)
        return None

    def _path(self, method: str, path: str) -> tuple[str | None, str]:
        """(the dialect's name, the endpoint's path) of a client's path; the same few come again and again."""
        known = self._paths.get((method, path))
        if known is None:
            found = dialect_for(method, path)
            sent = path if path == "*" else self.upstream.path_for(path)
            if len(self._paths) > MAX_KNOWN_PATHS:
                self._paths.clear()
            known = self._paths[method, path] = (None if found is None else found.name, sent)
        return known

    def _is_token(self, key: bytes | None) -> bool:
        token = self.config.token
        return token is not None and key is not None and hmac.compare_digest(key, token.reveal().encode())

    def _slowly(self, admission: Admission, refusal: Refusal) -> Admission:
        """A wrong key is answered late; beyond a number of such waits, at once, so that they cannot pile up."""
        if self._slowed >= MAX_SLOWED:
            admission.refusal = refusal
            return admission
        admission.pending = self._after_delay(admission, refusal)
        return admission

    async def _after_delay(self, admission: Admission, refusal: Refusal) -> Admission:
        self._slowed += 1
        try:
            await asyncio.sleep(WRONG_KEY_DELAY_S)
        finally:
            self._slowed -= 1
        admission.pending = None
        admission.refusal = refusal
        return admission

    def _named_run(self, run_id: str) -> Run:
        """A path or header may name a run that nobody opened: it is opened with its first call."""
        return Run(run_id=run_id, opened_wall_ns=time.time_ns(), opened_ns=time.monotonic_ns(), label=run_id)

    def default_run(self) -> Run:
        """The run of calls that name none."""
        return Run(
            run_id=self.config.shared_run or new_run_id(),
            opened_wall_ns=time.time_ns(),
            opened_ns=time.monotonic_ns(),
            kind="server",
            label=self.config.label,
            endpoint=self.upstream.shown,
        )


def _answered(call: Call) -> tuple[int | None, str | None]:
    """An answer's status and its Retry-After."""
    head = call.answer.head
    if head is None:
        return None, None
    found = next((item.value for item in head.lines if item.lower == b"retry-after"), None)
    return head.status, found.decode("latin-1") if found is not None else None


def _towards(pool: Pool) -> tuple[bytes, list[Line]]:
    """What stands before each path, and the headers more, where an http endpoint is reached through a proxy."""
    hop = pool.hop
    if hop is None or pool.upstream.tls:
        return b"", []
    named = hop.authorization
    return b"http://" + pool.upstream.host_header, (
        [] if named is None else [line(b"Proxy-Authorization", named.reveal().encode())]
    )
