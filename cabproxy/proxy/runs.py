"""The runs a server knows: their keys, what is in flight of each, and what each has spent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Protocol

from cabproxy.config import Share
from cabproxy.errors import CabError
from cabproxy.ledger.record import Run
from cabproxy.proxy.budgets import Meter, Spent, parse_limits
from cabproxy.proxy.tally import Row, Tally

KEY_START = "cabk_"


def mint_key() -> str:
    """A run's key: the prefix and 43 URL-safe characters, 256 random bits."""
    return KEY_START + secrets.token_urlsafe(32)


def key_digest(key: bytes) -> str:
    """What is kept of a key: `sha256:<hex>`."""
    return "sha256:" + hashlib.sha256(key).hexdigest()


class LiveRun:
    """A run of this server while it is open."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.run_id = run.run_id
        self.meter = Meter(parse_limits(run.limits), f"run {run.run_id}")
        self.closed = False
        self.in_flight = 0
        self._idle: list[asyncio.Future[None]] = []

    def begin(self) -> None:
        """A call of this run begins."""
        self.in_flight += 1

    def end(self) -> None:
        """A call of this run is over."""
        self.in_flight -= 1
        if not self.in_flight:
            if self.closed:
                self.meter.unshare()
            for waiter in self._idle:
                if not waiter.done():
                    waiter.set_result(None)
            self._idle.clear()

    async def idle(self) -> None:
        """Returns once nothing of the run is in flight."""
        if self.in_flight:
            waiter = asyncio.get_running_loop().create_future()
            self._idle.append(waiter)
            await waiter


class Store(Protocol):
    """The ledger behind the book; every method off the event loop."""

    async def add(self, run: Run) -> Run:
        """Adds a run. Raises LedgerError where its id is taken."""
        ...

    async def add_or_get(self, run: Run) -> Run:
        """Adds a run, or returns the one that has its id."""
        ...

    async def with_id(self, run_id: str) -> Run | None:
        """The run of this id, by whatever server."""
        ...

    async def with_key(self, digest: str) -> Run | None:
        """The run that a key was minted for, by whatever server."""
        ...

    async def spent(self, run_id: str, host: str) -> Spent:
        """What the calls of a run that are recorded came to."""
        ...


class RunBook:
    """Runs by id and by key: those opened here, and those of other servers on the same ledger once they are used."""

    def __init__(self, store: Store, default: Callable[[], Run], *, host: str = "", share: Share | None = None) -> None:
        """`host`: the endpoint's, whose prices count; `share`: with which workers budgets are shared."""
        self._store = store
        self._make_default = default
        self._host = host
        self._share = share
        self._by_id: dict[str, LiveRun] = {}
        self._by_key: dict[str, LiveRun] = {}
        self._opening: dict[str, asyncio.Future[LiveRun]] = {}
        self._revoked: set[str] = set()
        self._default_run: Run | None = None
        self.default: LiveRun | None = None

    def get(self, run_id: str) -> LiveRun | None:
        """A run this server has open."""
        return self._by_id.get(run_id)

    def all(self) -> list[LiveRun]:
        """Every run this server has open."""
        return list(self._by_id.values())

    def by_key(self, key: bytes) -> LiveRun | None:
        """The run this key was minted for; None for keys unknown or revoked.

        Keys are compared by digest: how long that takes says nothing of the key.
        """
        digest = key_digest(key)
        found = self._by_key.get(digest)
        if found is None or not hmac.compare_digest(found.run.key_sha256 or "", digest):
            return None
        return found

    async def open(self, run: Run, *, named: bool = False) -> LiveRun:
        """Writes the run to the ledger and lets calls in. Concurrent openings of one id share one.

        `named`: a client named it; one that is in the ledger already, open or closed, is taken as it is.
        """
        known = self._by_id.get(run.run_id)
        if known is not None:
            return known
        waiting = self._opening.get(run.run_id)
        if waiting is not None:
            return await asyncio.shield(waiting)
        future: asyncio.Future[LiveRun] = asyncio.get_running_loop().create_future()
        self._opening[run.run_id] = future
        try:
            found = await (self._store.add_or_get(run) if named else self._store.add(run))
            live = self._admitted_new(found) if found is run else await self._taken_over(found)
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # seen: whoever waits for it raises it too
            raise
        finally:
            del self._opening[run.run_id]
        future.set_result(live)
        return live

    async def find(self, key: bytes) -> LiveRun | None:
        """The run of a key this server does not know: minted by another server on the ledger, or before a restart."""
        digest = key_digest(key)
        run = None if digest in self._revoked else await self._store.with_key(digest)
        if run is None or run.closed_ns is not None:
            return None
        return self.by_key(key) or await self._taken_over(run)

    async def adopt(self, run_id: str) -> LiveRun | None:
        """A run of another server on the ledger, by its id; None where there is none."""
        run = await self._store.with_id(run_id)
        if run is None:
            return None
        return await self._taken_over(run)

    async def _taken_over(self, run: Run) -> LiveRun:
        """A run that another server, or an earlier start, began: its account goes on with what is recorded."""
        known = self._by_id.get(run.run_id)
        if known is not None:
            return known
        spent = await self._store.spent(run.run_id, self._host) if run.limits and run.closed_ns is None else None
        live = self._by_id.get(run.run_id) or self._admit(run)
        if spent is not None:
            live.meter.resume(spent, (time.time_ns() - run.opened_wall_ns) / 1e9)
        return live

    async def open_default(self) -> LiveRun:
        """The run of this server start, for calls that name none."""
        if self._default_run is None:
            self._default_run = self._make_default()
        self.default = await self.open(self._default_run, named=True)  # workers share theirs
        return self.default

    def _admitted_new(self, run: Run) -> LiveRun:
        live = self._admit(run)
        if live.meter.shared is not None:
            live.meter.shared.begin(Row())
        return live

    def _admit(self, run: Run) -> LiveRun:
        live = LiveRun(run)
        live.closed = run.closed_ns is not None
        if live.meter.limited and self._share is not None and not live.closed:
            try:
                live.meter.share(Tally(self._share, run.run_id))
            except CabError as error:
                live.meter.bar(str(error))
        self._by_id[run.run_id] = live
        if run.key_sha256 is not None:
            self._by_key[run.key_sha256] = live
        return live

    def revoke(self, live: LiveRun) -> None:
        """The run's key opens nothing any more, and no call is let in."""
        live.closed = True
        if not live.in_flight:
            live.meter.unshare()
        if live.run.key_sha256 is not None:
            self._by_key.pop(live.run.key_sha256, None)
            self._revoked.add(live.run.key_sha256)
