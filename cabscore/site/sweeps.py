"""A sweep as far as it has come: planned, done, spent, failed."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import Struct

from cabproxy.errors import LedgerError
from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Run
from cabscore.site.facts import RunFacts

PLAN = "plan.json"


class PlannedCell(Struct, frozen=True):
    """The one fact of a planned cell that progress needs."""

    cell_id: str


class SweepPlan(Struct, frozen=True):
    """A sweep's recorded plan."""

    sweep_id: str
    cells: tuple[PlannedCell, ...] = ()


def sweep_plans(ledger: Ledger, runs: list[Run]) -> dict[str, SweepPlan]:
    """Recorded plans by sweep; a plan that cannot be read counts as none."""
    out = {}
    for run in runs:
        if run.kind != "session" or not run.sweep_id:
            continue
        try:
            out[run.sweep_id] = msgspec.json.decode(ledger.artifact(run.run_id, PLAN) or b"", type=SweepPlan)
        except (msgspec.MsgspecError, LedgerError):
            continue
    return out


def sweep_context(name: str, found: list[RunFacts], plan: SweepPlan | None) -> dict[str, Any]:
    """Progress by status, spend with what is unknown of it, and how long it took."""
    planned = {cell.cell_id for cell in plan.cells} if plan else set()
    measured = {f"{fact.cell}#run{fact.run_number}" for fact in found if fact.valid}
    known = [fact.tokens for fact in found if fact.tokens is not None]
    costs = [cost for fact in found if (cost := _cost(fact.cost_usd)) is not None]
    ends = [fact.closed_wall_ns for fact in found if fact.closed_wall_ns is not None]
    return {
        "name": name,
        "planned": len(planned) or None,
        "measured": len(measured & planned) if planned else len(measured),
        "runs": len(found),
        "levels": Counter(fact.level for fact in found),
        "statuses": sorted(Counter(fact.status if fact.ended else "still open" for fact in found).items()),
        "open": sum(not fact.ended for fact in found),
        "tokens": sum(known) if known else None,
        "tokens_unknown": len(found) - len(known),
        "cost": sum(costs, Decimal(0)) if costs else None,
        "cost_known": len(costs),
        "calls": sum(fact.calls for fact in found),
        "first": min((fact.opened_wall_ns for fact in found), default=None),
        "last": max(ends, default=None),
        "agent_s": sum(fact.agent_s for fact in found if fact.agent_s is not None),
        "agents": sorted({fact.agent for fact in found}),
        "models": sorted({fact.model for fact in found}),
    }


def _cost(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
