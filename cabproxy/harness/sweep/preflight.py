"""What `cabproxy sweep --dry-run` looks at before anything is spent."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from cabproxy.errors import UserError
from cabproxy.harness.keys import take
from cabproxy.harness.request import ORACLE
from cabproxy.harness.sweep.contenders import Contender
from cabproxy.harness.sweep.estimate import Estimate, estimate, recorded
from cabproxy.harness.sweep.journal import Journal
from cabproxy.harness.sweep.lacks import lacks
from cabproxy.harness.sweep.matrix import Matrix, Model
from cabproxy.harness.sweep.plan import Plan
from cabproxy.ledger.record import Usage
from cabproxy.proxy.hop import hop_towards
from cabproxy.proxy.target import parse_upstream
from cabproxy.taskkit.task import Task
from cabproxy.tokens.prices import Overrides, price

CONNECT_S = 5.0


class Preflight(Struct, frozen=True, kw_only=True):
    """The plan in figures, what is already done, what the rest may take, and what stands in the way."""

    cells: int
    due: int
    by_agent: dict[str, int]
    by_model: dict[str, int]
    by_task: dict[str, int]
    longest_s: float  # if every due cell ran into its time limit, `jobs` at a time
    spent_usd: Decimal  # by tries that are recorded, as far as their cost is known
    estimate: Estimate  # of the due cells, from recorded runs
    missing: tuple[str, ...]  # images and installations that the first cells will make or fetch
    problems: tuple[str, ...]


class Preparation(Struct, frozen=True, kw_only=True):
    """A sweep that could start."""

    matrix: Matrix
    plan: Plan
    tasks: Mapping[str, Task]
    contenders: Mapping[str, Contender]
    ledger: Path
    prices: Overrides | None = None


async def look(ready: Preparation, journal: Journal) -> Preflight:
    """Checks agents, images and endpoints; nothing is started or recorded."""
    matrix, plan, tasks = ready.matrix, ready.plan, ready.tasks
    due = [cell for cell in plan.cells if journal.due(cell.cell_id, matrix.retries)]
    limits = [matrix.timeout_s or tasks[cell.task_id].agent_timeout_s for cell in due]
    wanted = {cell.task_id: tasks[cell.task_id] for cell in due}
    lacking = await asyncio.to_thread(lacks, matrix.sandbox, wanted.values(), ready.contenders.values())
    found = await asyncio.gather(*(_endpoint_problem(model) for model in matrix.models))
    known = await asyncio.to_thread(recorded, ready.ledger, ready.prices)
    tries = [one for some in journal.attempts.values() for one in some]
    return Preflight(
        cells=len(plan.cells),
        due=len(due),
        by_agent=dict(Counter(cell.agent for cell in plan.cells)),
        by_model=dict(Counter(cell.model for cell in plan.cells)),
        by_task=dict(Counter(cell.task_id for cell in plan.cells)),
        longest_s=sum(limits) / matrix.jobs,
        spent_usd=sum((one.cost_usd for one in tries if one.cost_usd is not None), Decimal(0)),
        estimate=estimate(due, known),
        missing=lacking.missing,
        problems=(*lacking.problems, *(one for one in found if one), *unpriced(matrix, ready.prices)),
    )


def unpriced(matrix: Matrix, prices: Overrides | None) -> list[str]:
    """A budget in dollars over a model without a price cannot be held."""
    if matrix.stop.max_usd is None:
        return []
    return [
        f"stop.max_usd: {why}; name a price file with its rates as `prices`, or drop the rule"
        for model in matrix.models
        if (why := _no_price(model, prices))
    ]


def _no_price(model: Model, prices: Overrides | None) -> str | None:
    if model.endpoint == ORACLE:
        return None
    one = Usage(source="provider", prompt=1, completion=1)
    found = price(one, model.name, host=urlsplit(model.endpoint).hostname or "", overrides=prices)
    return None if found.usd is not None else f"no price is known for {model.name} ({found.reason})"


async def _endpoint_problem(model: Model) -> str | None:
    if model.endpoint == ORACLE:
        return None
    way = model.way
    try:
        upstream = parse_upstream(model.endpoint)
        hop = hop_towards(upstream, way.upstream_proxy, os.environ if way.trust_env else None)
    except UserError as error:
        return str(error)
    if not take(model.key_env):
        return f"{model.name}: {model.key_env} is not set; export it, or name another variable as key_env"
    host, port = (upstream.host, upstream.port) if hop is None else (hop.host, hop.port)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_S)
    except (OSError, TimeoutError) as error:
        what = f"{host}:{port}" if hop is None else f"{hop.shown}, the proxy towards {upstream.shown},"
        return f"{model.name}: {what} cannot be reached ({error or 'timed out'})"
    writer.close()
    return None
