"""Methodology, glossary and provenance from the code's own tables: a name without an explanation fails a test."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

from msgspec import Struct

from cabproxy.ledger.record import FORMAT
from cabscore.axes import AXES, axis
from cabscore.profiles import PROFILES
from cabscore.profiles.base import INVALID_STATUSES, Profile
from cabscore.scoring import SCORER
from cabscore.site.changes import EXPLAINED as CLASSES
from cabscore.site.facts import RunFacts
from cabscore.site.tiles import NAMES

STATUSES = {
    "ok": "the agent ended by itself and was verified; this is no verdict, the tests give that",
    "agent_failed": "the agent itself ended with an error; it counts as a measurement",
    "timeout": "the agent was ended at its time limit; it counts as a measurement",
    "infra_invalid": "no model answered, or the sandbox or the harness broke: says nothing about the agent, shown and "
    "counted, never averaged",
    "unsealed": "the sandbox could not keep the agent from everything but its model; it counts, and is marked",
    "interrupted": "the run was ended from outside or never closed: shown and counted, never averaged",
}
CALL_STATES = {
    "in_flight": "opened, not finished yet",
    "ok": "the endpoint's whole answer reached the agent",
    "http_error": "a whole answer with a status of 400 or more",
    "upstream_error": "no answer: refused, not found, timed out; the agent got the proxy's own error",
    "cut": "the endpoint's answer broke off",
    "client_gone": "the agent hung up; the rest was still recorded, within bounds",
    "refused": "the proxy refused: a wrong key, a used-up budget, a ledger that cannot be written",
    "injected": "a fault that was asked for, not the endpoint's",
    "unfinished": "the proxy died before the call was done",
}
SOURCES = {
    "provider": "as the model's provider reports it with the answer",
    "recount": "counted again from the recorded bytes with the model's own vocabulary",
    "estimate": "counted with a vocabulary like the model's: a figure with a band, not exact",
    "missing": "not known; no sum is stated over a hole",
}
TERMS = {
    "agent": "a program that works on code by asking a model and using tools",
    "cell": "one agent with one model on one task; it may have several runs",
    "run": "one attempt at a cell, from preparing the sandbox to the seal",
    "sweep": "a matrix of cells run in one shuffled, recorded order",
    "contestant": "an agent together with a model: what the leaderboard ranks",
    "axis": "one thing that is measured, with a unit, a direction that is better, a reason and evidence",
    "composite": "one number made from the axes by a named profile; it orders runs and is never the result itself",
    "profile": "weights and formulas of a composite under a name; a changed formula is a new profile",
    "coverage": "the share of a profile's weight that was measured",
    "ledger": "the one file everything was recorded in: calls byte for byte, clocks, changes, tests",
    "seal": "a digest over a closed run and its evidence; deriving it again shows whether anything was changed",
    "sealed sandbox": "one in which the agent reaches its model through the proxy and nothing else",
    "interval": "where the true value lies with 95 % confidence, given how many tasks and runs there were",
    "clustered interval": "one that resamples whole tasks: runs of one task are not independent",
    "Wilson interval": "an interval of a share that stays sensible at none and all",
    "paired test": "a test of two contestants on the same tasks, task by task",
    "Holm": "a correction of several tests at once, so that one of many is not taken for a find",
    "Pareto frontier": "contestants that no other beats on share, tokens and time at once",
    "first token": "from the arrival of a request to the first byte that carries content",
    "tool gap": "the agent's time between two model calls: its tools at work",
    "blast radius": "the share of changed files nobody asked for",
    "twin": "one of two tasks that differ only in whether they must be refused",
    "constraint": "what a task lays down beside its goal, checked on what the agent changed; named, never a deduction",
    "reference solution": "the task's own: its tests pass with it, and the size of an edit is laid beside its",
    "hidden test": "one the agent cannot see; it is run after the agent, in a sandbox of its own",
    "wrong assertion": "a pass is repeated with one assertion of a hidden test made wrong; if the tests pass even so, "
    "the result was not theirs",
    "still open": "a run that is under way, or was never closed: neither measured nor invalid",
    "request key": "a digest of the canonical request: two calls with the same key asked the same thing",
}


class AxisDoc(Struct, frozen=True, kw_only=True):
    """One axis as its own code describes it."""

    name: str
    title: str
    version: str
    summary: str
    text: str


def axis_docs() -> list[AxisDoc]:
    """Every axis of the table, from its class and module."""
    out = []
    for name in AXES:
        found = axis(name)
        module = inspect.getmodule(type(found))
        out.append(
            AxisDoc(
                name=name,
                title=NAMES.get(name, name),
                version=found.version,
                summary=inspect.getdoc(type(found)) or "",
                text=inspect.getdoc(module) or "" if module else "",
            )
        )
    return out


def methodology_context(profile: Profile, cells: list[RunFacts]) -> dict[str, Any]:
    """What the three pages print."""
    profiles = {profile.name: profile, **PROFILES}
    return {
        "axes": axis_docs(),
        "profiles": [(found, formula_text(found), found.name == profile.name) for found in profiles.values()],
        "statuses": STATUSES,
        "invalid": INVALID_STATUSES,
        "call_states": CALL_STATES,
        "sources": SOURCES,
        "classes": CLASSES,
        "terms": dict(sorted(TERMS.items(), key=lambda item: item[0].lower())),
        "provenance": provenance(cells),
        "scorer": SCORER,
        "format": FORMAT,
    }


def formula_text(profile: Profile) -> str:
    """How a profile describes its own formula: the text of its module."""
    module = inspect.getmodule(type(profile))
    return (inspect.getdoc(module) or "") if module else ""


def provenance(cells: list[RunFacts]) -> dict[str, Any]:
    """What the site was made from, counted."""
    return {
        "runs": len(cells),
        "sealed_records": sum(fact.closed for fact in cells),
        "invalid": sum(fact.ended and not fact.valid for fact in cells),
        "open": sum(not fact.ended for fact in cells),
        "unsealed": sum(fact.ended and fact.sealed is not True for fact in cells),
        "provisional": sum(fact.provisional for fact in cells),
        "sandboxes": sorted(Counter(fact.sandbox or "not recorded" for fact in cells).items()),
        "statuses": sorted(Counter(fact.status if fact.ended else "still open" for fact in cells).items()),
        "sweeps": sorted(Counter(fact.sweep or "none" for fact in cells).items()),
        "tasks": sorted({(fact.task, fact.task_digest or "not recorded") for fact in cells}),
        "first": min((fact.opened_wall_ns for fact in cells), default=None),
        "last": max((fact.closed_wall_ns or fact.opened_wall_ns for fact in cells), default=None),
        "calls": sum(fact.calls for fact in cells),
    }
