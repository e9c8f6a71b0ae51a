"""The proxy as one object: sockets, relay, spool, ingest and control API, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
import time
from typing import Any

from msgspec import structs

from cabproxy.config import ServeConfig
from cabproxy.errors import CabError, LedgerError, UserError
from cabproxy.ledger.memory import keep_freed
from cabproxy.ledger.record import Run
from cabproxy.ledger.spool import SpoolWriter, sync_all
from cabproxy.proxy.control import ControlApp
from cabproxy.proxy.disk import Disk
from cabproxy.proxy.down import Down
from cabproxy.proxy.hop import hop_towards
from cabproxy.proxy.intake import Intake, ProcessIntake
from cabproxy.proxy.pace import Pace
from cabproxy.proxy.peers import Peers
from cabproxy.proxy.pool import Pool
from cabproxy.proxy.relay import Relay
from cabproxy.proxy.runs import LiveRun, RunBook, key_digest, mint_key
from cabproxy.proxy.secrets import SecretSet, looks_secret
from cabproxy.proxy.spans import SpanExport
from cabproxy.proxy.store import LedgerStore
from cabproxy.proxy.sweep import sweep
from cabproxy.proxy.tape import Recorder
from cabproxy.proxy.target import parse_upstream
from cabproxy.proxy.traffic import Counted, Traffic
from cabproxy.proxy.up import Up

BACKLOG = 1024
SWEEP_S = 0.5
SYNC_S = 1.0
FOLLOW_S = 1.0
OTHERS_S = 0.1
MAX_FOLLOWED = 500  # runs that are looked for in one query


class ProxyServer:
    """A recording proxy in this process's event loop.

    server = ProxyServer(ServeConfig(upstream="http://127.0.0.1:9000/v1", ledger=Path("cab.sqlite")))
    await server.start()
    run_id, key = await server.open_run(Run(...))
    ...
    run = await server.close_run(run_id)
    await server.stop()
    """

    def __init__(self, config: ServeConfig, traffic: Traffic | None = None, pace: Pace | None = None) -> None:
        """`traffic`: where every byte of its clients is counted; `pace`: what it shares with others of the endpoint."""
        self.config = config
        self.pace = pace
        self.traffic = traffic
        self.upstream = parse_upstream(config.upstream)
        environ = os.environ if config.trust_env else None
        self.hop = hop_towards(self.upstream, config.upstream_proxy, environ)
        self._open_access = config.host is None or is_loopback(config.host)
        if not self._open_access and config.token is None:
            raise UserError(
                f"{config.host}: reachable from other machines, so a server token is needed; "
                "set one and name its variable with --token-env, or listen on 127.0.0.1"
            )
        self.port: int | None = None
        self._servers: list[asyncio.Server] = []
        self._store = LedgerStore(config.ledger)
        self.peers = Peers(config.peers, config.token)
        self.spans = None if config.otel is None else SpanExport(config.ledger, config.otel)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False

    # -- starting and stopping

    async def start(self) -> None:
        """Listens. Raises LedgerError where the ledger cannot be made, UserError where an address cannot be had."""
        try:
            await self._start()
        except BaseException:
            await self._give_up()
            raise

    async def _start(self) -> None:
        if self.config.ingest == "process":  # then this process is the proxy's alone
            keep_freed()
        await self._store.open()
        self.spool = SpoolWriter(self.config.ledger, fsync=self.config.fsync)
        self.recorder = Recorder(self.spool, self._secrets(), refuse=self.config.record_failure == "refuse")
        if self.config.fsync == "call":
            self.recorder.disk = Disk(self.spool, self.recorder.disk_failed)
        share, host = self.config.share, self.upstream.host
        self.runs = RunBook(self._store, lambda: self.relay.default_run(), host=host, share=share)
        self._control = ControlApp(self)
        await self._control.start()
        pool = Pool(self.upstream, self.config.timeouts, Up, self._tls(), self.hop)
        self.relay = Relay(
            self.config,
            self.upstream,
            pool,
            self.recorder,
            self.runs,
            self._control.protocol,
            open_access=self._open_access,
        )
        self.relay.pace = self.pace
        intake = ProcessIntake if self.config.ingest == "process" else Intake
        self.intake = intake(self.config.ledger, self.spool)
        self.intake.start()
        self.relay.on_over = self.intake.wake
        if self.spans is not None:
            self.spans.start()
        await self._listen()
        self._tasks = [asyncio.create_task(self._sweep()), asyncio.create_task(self._follow())]
        if self.config.fsync == "second":
            self._tasks.append(asyncio.create_task(self._sync()))

    async def _give_up(self) -> None:
        """Lets go of what a start that failed had taken; `stop` has nothing left to do then."""
        self._stopped = True
        for server in self._servers:
            server.close()
        if hasattr(self, "_control"):
            await self._control.stop()
        if hasattr(self, "spool"):
            with contextlib.suppress(LedgerError):
                self.spool.close()
        if hasattr(self, "intake"):
            await self._store.off_loop(self.intake.stop)
        if self.spans is not None:
            await self._store.off_loop(self.spans.stop)
        await self._store.close()

    async def stop(self) -> None:
        """Stops accepting, lets what is in flight finish (at most `drain_s`), takes everything in, closes."""
        if self._stopped:
            return
        self._stopped = True
        for server in self._servers:
            server.close()
        self.relay.stopping = True
        for down in list(self.relay.downs):
            if down.idle:
                down.close()
        await self._drained(self.config.drain_s)
        for call in list(self.relay.calls):
            call.stop("the proxy was stopped")
        if self.recorder.disk is not None:
            await self.recorder.disk.close()
        for down in list(self.relay.downs):
            down.close()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.relay.pool.close()
        await self.relay.recounter.close()
        await self._control.stop()
        with contextlib.suppress(LedgerError):
            self.spool.close()
        await self._store.off_loop(self.intake.stop)
        await self._close_own_runs()
        if self.spans is not None:
            await self._store.off_loop(self.spans.stop)
        await self._store.close()
        for server in self._servers:
            await server.wait_closed()
        if self.config.unix_socket is not None:
            self.config.unix_socket.unlink(missing_ok=True)
        await asyncio.sleep(0)  # transports that were closed are told so

    # -- runs

    async def open_run(self, run: Run) -> tuple[str, str]:
        """Opens a run and mints its key. The key is not kept anywhere: only its digest is."""
        key = mint_key()
        live = await self.runs.open(structs.replace(run, key_sha256=key_digest(key.encode())))
        return live.run_id, key

    async def settle(self, run_id: str) -> None:
        """Returns once every finished call of the run is in the ledger."""
        self._live(run_id)
        self.recorder.flush()
        await self._store.off_loop(self.intake.settle)

    async def close_run(self, run_id: str, **fields: Any) -> Run:
        """Lets in no more calls of the run, waits for those in flight (at most `drain_s`), takes them in, seals."""
        live = self.runs.get(run_id) or await self.runs.adopt(run_id)
        if live is None:
            raise UserError(f"{run_id}: no run of this server; open it first")
        self.runs.revoke(live)
        _, _ = await asyncio.gather(self.drain_run(run_id), self.peers.drain(run_id, self.config.drain_s))
        await self._others_done(run_id)
        run = await self._store.close_run(run_id, **fields)
        live.run = run
        return run

    async def drain_run(self, run_id: str) -> None:
        """Lets in no more calls of the run, waits for those in flight (at most `drain_s`) and takes them in."""
        live = self.runs.get(run_id) or await self.runs.adopt(run_id)
        if live is None:
            return
        self.runs.revoke(live)
        try:
            async with asyncio.timeout(self.config.drain_s):
                await live.idle()
        except TimeoutError:
            for call in [call for call in self.relay.calls if call.live is live]:
                call.stop("its run was closed")
        await self.settle(run_id)

    async def _others_done(self, run_id: str) -> None:
        """Other servers on the ledger list their calls in it: those in flight are waited for, at most `drain_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.drain_s):
                while await self._store.in_flight(run_id):  # noqa: ASYNC110 - another process: nobody tells
                    await asyncio.sleep(OTHERS_S)

    async def _follow(self) -> None:
        """What another server closed is closed here too."""
        while True:
            await asyncio.sleep(FOLLOW_S)
            known = [live.run_id for live in self.runs.all() if not live.closed][-MAX_FOLLOWED:]
            with contextlib.suppress(LedgerError):
                for run_id in await self._store.closed(known) if known else []:
                    live = self.runs.get(run_id)
                    if live is not None:
                        self.runs.revoke(live)

    async def totals(self, run_id: str) -> dict[str, Any]:
        """The tokens of a run as its ledger has them: prompt, completion, total, their source; None where unknown."""
        return await self._store.totals(run_id)

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def gauges(self) -> dict[str, int]:
        """What is under way: in flight, recorded since the start, on the way into the ledger."""
        return {"in_flight": len(self.relay.calls), "recorded": self.recorder.recorded, "queue": self.intake.queue}

    @property
    def failure(self) -> str | None:
        """What keeps it from serving its clients or recording their calls, or did; None where nothing does."""
        if not hasattr(self, "intake"):
            return None  # it never started, which was told
        if not self._stopped and not all(server.is_serving() for server in self._servers):
            return "it no longer listens"
        broken = [task.exception() for task in self._tasks if task.done() and not task.cancelled()]
        if broken:
            return f"it broke: {broken[0]}"
        unrecorded = self.relay.turned_away["cab_ledger_unwritable"]
        if unrecorded:
            return f"{unrecorded} calls could not be recorded, so were not let through: {self.relay.last_failure}"
        return self.recorder.failure or (self.intake.failure if self._stopped else None)

    @property
    def turned_away(self) -> dict[str, int]:
        """Requests that became nobody's call, by the refusal's code; `cab_control`: no token for the control API."""
        return dict(self.relay.turned_away) if hasattr(self, "relay") else {}

    @property
    def base_url(self) -> str:
        """Where clients reach it, without a path."""
        host = self.config.host or "localhost"
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.port}"

    # -- inside

    def _live(self, run_id: str) -> LiveRun:
        live = self.runs.get(run_id)
        if live is None:
            raise UserError(f"{run_id}: no run of this server; open it first")
        return live

    async def _close_own_runs(self) -> None:
        """The run of this server start ends with it; runs others opened are theirs to close."""
        default = self.runs.default
        if default is not None and not default.closed and self.config.shared_run is None:
            default.closed = True
            with contextlib.suppress(CabError):
                await self._store.close_run(default.run_id)

    def _secrets(self) -> SecretSet:
        """A key that is a plain word (`EMPTY`, `ollama`) is masked in headers only: bodies would lose that word."""
        values = [secret.reveal().encode() for secret in (self.config.key, self.config.token) if secret]
        values += self.hop.secrets() if self.hop is not None else []
        named = [secret.reveal().encode() for secret in self.config.secrets]
        return SecretSet([*named, *(value for value in values if looks_secret(value))])

    def _tls(self) -> ssl.SSLContext | None:
        if not self.upstream.tls:
            return None
        context = ssl.create_default_context()
        if self.config.ca_file is not None:
            try:
                context.load_verify_locations(self.config.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise UserError(
                    f"{self.config.ca_file}: no certificates in PEM form there; give a CA bundle"
                ) from error
        # No "h2": what is spoken here is HTTP/1.1.
        context.set_alpn_protocols(["http/1.1"])
        return context

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        config = self.config
        if config.listener is not None:
            sock = socket.socket(fileno=os.dup(config.listener))
            self.port = sock.getsockname()[1]
            self._servers.append(await loop.create_server(self._down, sock=sock, backlog=BACKLOG))
        elif config.host is not None:
            try:
                server = await loop.create_server(self._down, config.host, config.port, backlog=BACKLOG)
            except OSError as error:
                raise UserError(
                    f"{config.host}:{config.port}: cannot listen there ({error.strerror}); choose another --port"
                ) from error
            self.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)
        if config.unix_socket is not None:
            config.unix_socket.unlink(missing_ok=True)
            self._servers.append(await loop.create_unix_server(self._down, str(config.unix_socket), backlog=BACKLOG))

    def _down(self) -> asyncio.Protocol:
        down = Down(self.relay)
        return down if self.traffic is None else Counted(down, self.traffic)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            sweep(self.relay, time.monotonic())
            for meter in (self.relay.meter, *(live.meter for live in self.runs.all())):
                meter.publish()

    async def _sync(self) -> None:
        """What was recorded reaches the disk about every second, off the loop."""
        while True:
            await asyncio.sleep(SYNC_S)
            waiting = asyncio.ensure_future(asyncio.to_thread(sync_all, self.spool.to_sync()))
            try:
                await asyncio.shield(waiting)
            except LedgerError as error:
                self.recorder.failure = str(error)
            except asyncio.CancelledError:
                await waiting  # it holds descriptors
                raise

    async def _drained(self, limit_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                for live in self.runs.all():
                    await live.idle()


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
