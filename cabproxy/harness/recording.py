"""The proxy and the ledger around one cell."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

import msgspec

from cabproxy.config import Secret, ServeConfig, Way
from cabproxy.harness.request import ORACLE, CellRequest
from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Call, Run
from cabproxy.ledger.recounted import recounted
from cabproxy.proxy.server import ProxyServer
from cabproxy.proxy.traffic import Traffic

DRAIN_S = 10.0
"""How long calls still in flight when the agent is gone may take to end."""


class Recording:
    """An async context: the oracle where it is the endpoint, and a proxy in front of the endpoint."""

    def __init__(self, request: CellRequest, run_id: str, socket: Path | None = None) -> None:
        self.request = request
        self.run_id = run_id
        self.socket = socket
        self.turned_away: dict[str, int] = {}  # known once it is over, as is `failure`
        self.failure: str | None = None
        self.served: list[dict[str, Any]] = []
        self.traffic = Traffic()
        self._oracle: Any = None
        self._server: ProxyServer | None = None

    @property
    def server(self) -> ProxyServer:
        assert self._server is not None
        return self._server

    async def __aenter__(self) -> Recording:
        upstream, key, way = self.request.endpoint, self.request.key, self.request.way
        if upstream == ORACLE:
            way = Way()  # it is here
            self._oracle = await self._start_oracle()
            upstream, key = self._oracle.root_url, Secret(secrets.token_urlsafe(32))
        config = ServeConfig(
            upstream=upstream,
            ledger=self.request.ledger,
            key=key,
            host="127.0.0.1" if self.socket is None else None,
            unix_socket=self.socket,
            token=Secret(secrets.token_urlsafe(32)),  # the agent can reach the control API too
            only_run=self.run_id,  # what the agent asks under another name, or none, is asked on its account
            ca_file=way.ca_file,
            upstream_proxy=way.upstream_proxy,
            trust_env=way.trust_env,
            drain_s=DRAIN_S,
            label=f"harness of {self.request.cell_id}",
        )
        self._server = ProxyServer(config, self.traffic, self.request.pace)
        try:
            await self._server.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _start_oracle(self) -> Any:
        from cabproxy.proxy.oracle import OracleServer
        from cabproxy.taskkit.play import script_for

        script = await asyncio.to_thread(script_for, self.request.task, self.request.behaviour)
        oracle = OracleServer(script, models=(self.request.model,))
        await oracle.start()
        return oracle

    async def __aexit__(self, *exc: object) -> None:
        if self._server is not None:
            before = self._server.failure
            await self._server.stop()
            self.turned_away = self._server.turned_away
            self.failure = before or self._server.failure
            self._server = None
        if self._oracle is not None:
            self.served = msgspec.to_builtins(self._oracle.served)
            await self._oracle.stop()
            self._oracle = None


def read_calls(ledger: Path, run_id: str) -> list[Call]:
    """The calls of a run that are in the ledger; what their endpoint did not report is counted again, and says so."""
    with Ledger(ledger) as opened:
        run = opened.run(run_id)
        return [recounted(opened, run, call, estimates=True) for call in opened.calls(run_id)]


def next_run_number(ledger: Path, cell: str) -> int:
    """The number a further run of a cell gets: no two runs in a ledger share a cell id. `cell` ends before the #."""
    if not ledger.exists():
        return 1
    with Ledger(ledger) as opened:
        numbers = [run.run_number or 0 for run in opened.runs() if (run.cell_id or "").partition("#")[0] == cell]
    return max(numbers, default=0) + 1


def identity(request: CellRequest, run: Run) -> Run:
    """What is known of a run before anything happened, laid over `run`."""
    return msgspec.structs.replace(
        run,
        kind="cell",
        cell_id=request.cell_id,
        sweep_id=request.sweep_id,
        agent=request.agent_label,
        model=request.model,
        task_id=request.task.task_id,
        task_digest=request.task.digest,
        run_number=request.run_number,
        prompt=request.task.instruction,
        time_limit_s=request.time_s,
        provisional=request.provisional,
        endpoint=public_endpoint(request.endpoint),
    )


def public_endpoint(url: str) -> str:
    """An endpoint's URL without user info and query."""
    from urllib.parse import urlsplit, urlunsplit

    if url == ORACLE:
        return ORACLE
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))
