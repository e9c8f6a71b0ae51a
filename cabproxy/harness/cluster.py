"""Cells on other machines: one Dask task per cell, each with a ledger of its own that is brought home and merged.

A worker needs this package with the same tasks (their digests are compared), the agents' sandboxes, and the endpoints'
keys in its own environment: keys never travel. A worker that dies takes only its unfinished cell with it; Dask gives
that cell to another one.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import zlib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from cabproxy.agents.plugin import Plugin
from cabproxy.config import Secret, Way
from cabproxy.errors import CabError, UserError
from cabproxy.harness.keys import take
from cabproxy.harness.request import CellRequest, CellResult
from cabproxy.harness.sweep.matrix import Model
from cabproxy.ledger.merge import merge
from cabproxy.proxy.pace import Pace
from cabproxy.taskkit.load import find_task
from cabproxy.tokens.prices import Overrides

SLOT = "cab"
"""Workers started with `--resources "cab=2"` take two cells at a time; workers without the resource take none."""
LOST_WORKERS = 3
"""How many workers a cell may outlive before it is given up."""


class Order(Struct, frozen=True, kw_only=True):
    """A cell as it travels: what `CellRequest` says, without keys, files and paths of this machine."""

    agent: str
    model: str
    task_id: str
    task_digest: str
    endpoint: str
    key_env: str
    behaviour: str
    sandbox: str
    run_number: int
    sweep_id: str
    timeout_s: float | None
    profile: str | None
    plugins: tuple[Plugin, ...] = ()
    agent_name: str | None = None
    agent_file: str | None = None  # the text of a TOML file
    requests_per_minute: int | None = None  # this cell's share of the endpoint's
    tokens_per_minute: int | None = None
    prices: Overrides | None = None
    asciicast: Literal[2, 3] = 2
    upstream_proxy: str | None = None  # a matrix's, so without credentials
    trust_env: bool = False  # the worker's own variables
    ca: str | None = None  # the text of the CA bundle


class Cluster:
    """A client of a Dask scheduler; an async context manager."""

    def __init__(self, scheduler: str, ledger: Path, jobs: int = 1) -> None:
        """`jobs`: how many cells run at a time: each gets that part of an endpoint's limits per minute."""
        self.scheduler = scheduler
        self.ledger = ledger
        self.jobs = jobs
        self._client: Any = None
        self._merging = asyncio.Lock()

    async def __aenter__(self) -> Cluster:
        try:
            from distributed import Client
        except ImportError:
            raise UserError("--engine dask: needs the cluster extra; pip install 'codingagentbench[cluster]'") from None
        try:
            self._client = await Client(self.scheduler, asynchronous=True, timeout=10)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(f"{self.scheduler}: no Dask scheduler answers there ({error}); start one") from None
        if not await self._slots():
            await self._client.close()
            raise UserError(
                f"{self.scheduler}: no worker offers the resource {SLOT!r}; start workers with --resources '{SLOT}=1'"
            )
        return self

    async def _slots(self) -> float:
        workers = (await self._client.scheduler.identity())["workers"].values()
        return float(sum(worker.get("resources", {}).get(SLOT, 0) for worker in workers))

    async def __aexit__(self, *exc: object) -> None:
        await self._client.close()

    async def run(self, request: CellRequest, model: Model, sandbox: str) -> CellResult:
        """Runs a cell on some worker and merges its ledger into this one. CabError where the cluster failed."""
        order = order_of(request, model, sandbox, self.jobs)
        future = self._client.submit(
            run_order,
            msgspec.json.encode(order),
            key=f"{order.sweep_id}-{order.agent}-{order.model}-{order.task_id}-{order.run_number}-{os.urandom(4).hex()}",
            resources={SLOT: 1},
            retries=LOST_WORKERS,
            pure=False,
        )
        try:
            result, packed = await future
        except asyncio.CancelledError:
            await future.cancel(force=True)
            raise
        except Exception as error:  # noqa: BLE001 - whatever a worker raised
            raise CabError(f"cluster: {order.agent} on {order.task_id}: {type(error).__name__}: {error}") from None
        async with self._merging:
            await asyncio.to_thread(bring_home, packed, self.ledger)
        return msgspec.json.decode(result, type=CellResult)


def order_of(request: CellRequest, model: Model, sandbox: str, jobs: int = 1) -> Order:
    """A request as it may travel."""
    fields = {name: getattr(request, name) for name in _SAME}
    task, cells = request.task, min(jobs, model.max_parallel or jobs)
    return Order(
        task_id=task.task_id,
        task_digest=task.digest,
        key_env=model.key_env,
        sandbox=sandbox,
        agent_file=Path(request.agent).read_text(encoding="utf-8") if request.agent.endswith(".toml") else None,
        requests_per_minute=_share(model.requests_per_minute, cells),
        tokens_per_minute=_share(model.tokens_per_minute, cells),
        upstream_proxy=model.upstream_proxy,
        trust_env=model.trust_env,
        ca=Path(model.ca_file).read_text(encoding="utf-8") if model.ca_file else None,
        **fields,
    )


def _share(limit: int | None, cells: int) -> int | None:
    return None if limit is None else max(1, limit // cells)


def bring_home(packed: bytes, ledger: Path) -> None:
    """Merges a ledger that came as compressed bytes; a run that is there already is not taken twice."""
    with tempfile.TemporaryDirectory(prefix="cab-home-") as folder:
        file = Path(folder) / "cell.sqlite"
        file.write_bytes(zlib.decompress(packed))
        merge(file, ledger)


def run_order(encoded: bytes) -> tuple[bytes, bytes]:
    """On the worker: (the cell's result as JSON, its whole ledger compressed)."""
    order = msgspec.json.decode(encoded, type=Order)
    task = find_task(order.task_id)
    if task.digest != order.task_digest:
        raise UserError(f"{order.task_id}: the worker has another version of the task; install the same on all")
    with tempfile.TemporaryDirectory(prefix="cab-worker-") as folder:
        ledger = Path(folder) / "cell.sqlite"
        result = asyncio.run(_run(order, task, ledger))
        return msgspec.json.encode(structs.replace(result, page=None)), zlib.compress(_whole(ledger))


async def _run(order: Order, task: Any, ledger: Path) -> CellResult:
    from cabproxy.harness.cell import run_cell
    from cabproxy.harness.provider import provider

    fields = {name: getattr(order, name) for name in _SAME}
    if order.agent_file is not None:
        file = ledger.with_name("agent.toml")
        file.write_text(order.agent_file, encoding="utf-8")
        fields["agent"] = str(file)
    fields["way"] = way_of(order, ledger)
    pace = Pace(order.requests_per_minute, order.tokens_per_minute)
    request = CellRequest(task=task, ledger=ledger, key=take(order.key_env), pace=pace, **fields)
    return await run_cell(request, await asyncio.to_thread(provider, order.sandbox))


def way_of(order: Order, ledger: Path) -> Way:
    """To the endpoint, with the authorities in a file beside the ledger."""
    bundle = ledger.with_name("ca.pem") if order.ca is not None else None
    if bundle is not None:
        bundle.write_text(order.ca or "", encoding="utf-8")
    proxy = Secret(order.upstream_proxy) if order.upstream_proxy else None
    return Way(ca_file=bundle, upstream_proxy=proxy, trust_env=order.trust_env)


_SAME = (
    "agent",
    "agent_name",
    "model",
    "endpoint",
    "behaviour",
    "run_number",
    "sweep_id",
    "timeout_s",
    "profile",
    "plugins",
    "prices",
    "asciicast",
)


def _whole(ledger: Path) -> bytes:
    """The file's bytes with its write-ahead log taken in."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return ledger.read_bytes()
