"""Where pages lie, and which other cells a page points to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cabscore.site.facts import RunFacts

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_PLAIN = re.compile(r"r_[A-Za-z0-9-]{1,100}")
NEAR = 3
"""Neighbours shown before and after a cell in each list."""


class Neighbour(Struct, frozen=True, kw_only=True):
    """A link to another cell, with its verdict; `href` is relative to a cell's folder."""

    title: str
    level: str
    said: str
    href: str
    run_id: str


class NeighbourGroup(Struct, frozen=True, kw_only=True):
    """Neighbours of one kind; `more` is how many there are beside these, `href` where all of them are listed."""

    title: str
    links: list[Neighbour]
    more: int
    href: str | None = None


def slug(run_id: str) -> str:
    """A run's folder name: safe on every file system, one to one, whatever the ledger says the id is."""
    if _PLAIN.fullmatch(run_id):
        return run_id  # as nearly all are: a list of thousands of cells asks for each of them
    name = "".join(
        char if char in _SAFE else "_" + char.encode("utf-8", "surrogatepass").hex() + "_" for char in run_id
    )
    name = name.replace("_5f_", "_", 1) if run_id.startswith("r_") else name
    return name if 0 < len(name) <= 120 else "_h" + hashlib.sha256(run_id.encode("utf-8", "surrogatepass")).hexdigest()


def name_slug(name: str) -> str:
    """A readable file name for an agent, a model, a task or a pair of them; one to one by its last eight digits."""
    plain = "".join(char if char in _SAFE else "-" for char in name.lower()).strip("-")[:60]
    return f"{plain or 'x'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def page_path(run_id: str) -> str:
    """The page's path below the site's root."""
    return f"cells/{slug(run_id)}/index.html"


class Neighbourhood:
    """Who lies beside whom: the first run of each cell, by what cells share; all runs by cell. In order of name."""

    def __init__(self, facts: Iterable[RunFacts]) -> None:
        self._groups: dict[tuple[str, ...], list[RunFacts]] = {}
        self._places: dict[tuple[str, ...], dict[str, int]] = {}
        seen = set()
        for fact in sorted((f for f in facts if f.kind == "cell"), key=_order):
            self._add(("run", fact.cell), fact, fact.run_id)
            if fact.cell not in seen:
                seen.add(fact.cell)
                for kind in _kinds(fact):
                    self._add(kind, fact, fact.cell)

    def _add(self, kind: tuple[str, ...], fact: RunFacts, name: str) -> None:
        group = self._groups.setdefault(kind, [])
        self._places.setdefault(kind, {})[name] = len(group)
        group.append(fact)

    def near(self, own: RunFacts) -> list[tuple[list[RunFacts], int]]:
        """For other runs, agents, models, tasks and the twin: up to NEAR on each side, and how many more."""
        if own.kind != "cell":
            return []
        kinds = [(("run", own.cell), own.run_id), *((kind, own.cell) for kind in _kinds(own))]
        return [self._nearest(kind, name) for kind, name in kinds]

    def _nearest(self, kind: tuple[str, ...], name: str) -> tuple[list[RunFacts], int]:
        group, place = self._groups.get(kind, []), self._places.get(kind, {}).get(name)
        if place is None:  # a run whose record puts it elsewhere than the cell it names
            return [], 0
        others = len(group) - 1
        if others <= 2 * NEAR:
            return group[:place] + group[place + 1 :], 0
        steps = sorted((place + step) % len(group) for step in range(-NEAR, NEAR + 1) if step)
        return [group[at] for at in steps], others - 2 * NEAR


def _order(fact: RunFacts) -> tuple[str, str, str, str, int, str]:
    return fact.agent, fact.model, fact.task, fact.cell, fact.run_number or 0, fact.run_id


def _kinds(fact: RunFacts) -> list[tuple[str, ...]]:
    """What a cell shares with other agents, other models, other tasks, and with its twin."""
    pair = sorted((fact.attempt.task, fact.attempt.twin)) if fact.attempt is not None else [fact.task]
    return [
        ("agents", fact.task, fact.model),
        ("models", fact.task, fact.agent),
        ("tasks", fact.agent, fact.model, fact.category),
        ("twins", fact.agent, fact.model, *pair),
    ]


TITLES = (
    "Other runs of this cell",
    "Other agents on this task",
    "Other models with this agent",
    "Other tasks in this category",
    "The twin: of the two tasks, one must be refused",
)


def neighbours(own: RunFacts, known: Neighbourhood, *, lists: bool = True) -> list[NeighbourGroup]:
    """Links to the nearest of each kind: a cell that comes or changes touches the pages of a few, never of all."""
    hrefs = (None, _list("tasks", own.task), _list("tasks", own.task), _list("agents", own.agent), None)
    return [
        NeighbourGroup(title=title, links=[_link(other) for other in near], more=more, href=href if lists else None)
        for title, href, (near, more) in zip(TITLES, hrefs, known.near(own), strict=False)
        if near
    ]


def _list(folder: str, name: str) -> str:
    return f"../../{folder}/{name_slug(name)}.html"


def _link(other: RunFacts) -> Neighbour:
    number = f" · run {other.run_number}" if other.run_number else ""
    return Neighbour(
        title=f"{other.name} · {other.task}{number}",
        level=other.level,
        said=other.said,
        href=f"../{slug(other.run_id)}/index.html",
        run_id=other.run_id,
    )
