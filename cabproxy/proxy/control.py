"""The control API under /_cab/: health, runs. aiohttp's, on connections the relay hands over."""

from __future__ import annotations

import asyncio
import hmac
import time
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from cabproxy.config import Limits
from cabproxy.errors import CabError, UserError
from cabproxy.ledger.ids import new_run_id
from cabproxy.ledger.record import Call, Run
from cabproxy.proxy.live import LedgerTail, Totals, prometheus, summary
from cabproxy.proxy.livepage import HEADERS, PAGE

if TYPE_CHECKING:
    from cabproxy.proxy.server import ProxyServer

MAX_BODY = 1024 * 1024
MAX_SHOWN = 200
MAX_OPEN = 50
WRONG_TOKEN_DELAY_S = 0.5
MAX_SLOWED = 64
WATCH_S = 0.5
_WAITS_FOR = {
    "body": "its request",
    "connect": "a connection",
    "first_byte": "the first byte",
    "answer": "the rest",
    "delay": "a fault's delay",
}


class OpenRunRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /_cab/runs."""

    label: str | None = None
    limits: Limits = msgspec.field(default_factory=Limits)


class Watch:
    """A ledger looked at again and again, off the loop."""

    def __init__(self, server: ProxyServer) -> None:
        self.totals = Totals()
        self._server = server
        self._tail: LedgerTail | None = None

    async def catch_up(self) -> list[Call]:
        """The calls that came in since the last time."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> list[Call]:
        if self._tail is None:
            self._tail = LedgerTail(self._server.config.ledger)
        calls: list[Call] = []
        while more := self._tail.new():
            for call in more:
                self.totals.add(call)
            calls = [*calls, *more][-MAX_SHOWN:]
        return calls

    async def look(self) -> dict[str, Any]:
        """What the live page shows next."""
        calls = await self.catch_up()
        under_way = list(self._server.relay.calls)
        others = await self._server.peers.gauges() if self._server.peers else []
        return {
            "in_flight": len(under_way) + sum(other["in_flight"] for other in others),
            "open": [
                {
                    "run_id": call.live.run_id,
                    "method": call.head.method,
                    "path": call.route.sent_path,
                    "phase": _WAITS_FOR.get(call.phase, call.phase),
                    "response_bytes": call.tape.response_bytes,
                }
                for call in under_way[:MAX_OPEN]
            ],
            "totals": self.totals.all(),
            "runs": dict(list(self.totals.by_run.items())[-50:]),
            "calls": [summary(call) for call in calls],
        }

    async def close(self) -> None:
        if self._tail is not None:
            await asyncio.to_thread(self._tail.close)


class ControlApp:
    def __init__(self, server: ProxyServer) -> None:
        self._server = server
        self._runner = web.AppRunner(self._app(), access_log=None, handle_signals=False, shutdown_timeout=1.0)
        self._watch: Watch | None = None
        self._metrics_lock = asyncio.Lock()
        self._slowed = 0

    async def start(self) -> None:
        """Makes protocols ready to be handed connections."""
        await self._runner.setup()

    async def stop(self) -> None:
        if self._watch is not None:
            await self._watch.close()
        await self._runner.cleanup()

    def protocol(self) -> asyncio.Protocol:
        """A protocol for one connection."""
        server = self._runner.server
        assert server is not None
        return server()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._door])
        app.router.add_get("/_cab/health", self._health)
        app.router.add_get("/_cab", self._to_page)
        app.router.add_get("/_cab/", self._page)
        app.router.add_get("/_cab/events", self._events)
        app.router.add_get("/_cab/metrics", self._metrics)
        app.router.add_post("/_cab/runs", self._open_run)
        app.router.add_post("/_cab/runs/{run_id}/close", self._close_run)
        app.router.add_post("/_cab/runs/{run_id}/drain", self._drain_run)
        return app

    @web.middleware
    async def _door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """The token, errors as JSON, and one request a connection: the next may be the relay's."""
        try:
            if not self._allowed(request):
                self._server.relay.turned_away["cab_control"] += 1
                await self._slowly(request)
                raise web.HTTPUnauthorized(reason="the control API needs the server's token as a bearer token")
            response: web.StreamResponse = await handler(request)
        except web.HTTPException as error:
            response = _error(error.status, error.reason)
        except UserError as error:
            response = _error(400, str(error))
        except CabError as error:
            response = _error(503, str(error))
        if not response.prepared:
            response.force_close()
        return response

    def _allowed(self, request: web.Request) -> bool:
        token = self._server.config.token
        if token is None:
            return True
        return hmac.compare_digest(_given(request).encode(), token.reveal().encode())

    async def _slowly(self, request: web.Request) -> None:
        """A wrong token is answered late; beyond a number of such waits, at once, so that they cannot pile up."""
        if self._slowed < MAX_SLOWED and _given(request):
            self._slowed += 1
            try:
                await asyncio.sleep(WRONG_TOKEN_DELAY_S)
            finally:
                self._slowed -= 1

    async def _health(self, request: web.Request) -> web.Response:
        server = self._server
        gauges = server.gauges()
        if "own" not in request.query:
            for other in await server.peers.gauges():
                gauges = {name: value + other.get(name, 0) for name, value in gauges.items()}
        status = "ok"
        if server.recorder.failure is not None:
            status = "ledger_unwritable"
        elif server.intake.failure is not None:
            status = "spooled_only"
        failure = server.recorder.failure or server.intake.failure
        return _json(
            {
                "status": status,
                "ledger": str(server.config.ledger),
                **gauges,
                **({"failure": failure} if failure else {}),
                **({} if server.spans is None else {"spans": server.spans.status()}),
            }
        )

    async def _to_page(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/_cab/")

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html", headers=HEADERS)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the calls since the last, totals, what is in flight."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        response.force_close()
        await response.prepare(request)
        watch = Watch(self._server)
        try:
            await response.write(b"retry: 1000\n\n")
            while not self._server.stopping:
                await response.write(b"data: " + msgspec.json.encode(await watch.look()) + b"\n\n")
                await asyncio.sleep(WATCH_S)
        except ConnectionError:
            pass
        finally:
            await watch.close()
        return response

    async def _metrics(self, request: web.Request) -> web.Response:
        async with self._metrics_lock:
            if self._watch is None:
                self._watch = Watch(self._server)
            await self._watch.catch_up()
            text = prometheus(self._watch.totals, self._server.gauges())
        return web.Response(text=text, content_type="text/plain", charset="utf-8")

    async def _open_run(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            wanted = msgspec.json.decode(body or b"{}", type=OpenRunRequest)
        except msgspec.DecodeError as error:
            raise UserError(f"the request's body: {error}; send {{label, limits}} as JSON") from error
        run = Run(
            run_id=new_run_id(),
            opened_wall_ns=time.time_ns(),
            opened_ns=time.monotonic_ns(),
            label=wanted.label,
            limits=msgspec.to_builtins(wanted.limits),
            endpoint=self._server.upstream.shown,
        )
        run_id, key = await self._server.open_run(run)
        base = f"{request.scheme}://{request.host}/run/{run_id}"
        return _json({"run_id": run_id, "key": key, "base_url": f"{base}/v1"})

    async def _drain_run(self, request: web.Request) -> web.Response:
        """For the other workers: what is in flight of a run here is finished and in the ledger once this answers."""
        await self._server.drain_run(request.match_info["run_id"])
        return _json({})

    async def _close_run(self, request: web.Request) -> web.Response:
        run = await self._server.close_run(request.match_info["run_id"])
        totals = await self._server.totals(run.run_id)
        return _json(
            {
                "run_id": run.run_id,
                "model_calls": run.call_count,
                "tokens": totals,
                "chain_head": run.chain_head,
                "seal": run.seal,
            }
        )


def _given(request: web.Request) -> str:
    """The token a request carries, "" where it has none."""
    _, _, given = request.headers.get("Authorization", "").partition(" ")
    return given or request.query.get("token", "")


def _json(document: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    response = _json({"error": {"message": message}})
    response.set_status(status)
    return response
