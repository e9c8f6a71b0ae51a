"""Charts as plain numbers for an SVG: the template draws, the table beside it says the same in words."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from msgspec import Struct

from cabscore.leaderboard import Entry, Leaderboard
from cabscore.site.facts import RunFacts

WIDTH, HEIGHT = 720.0, 380.0
CHAR = 6.9
"""A letter of a name at the chart's own scale, rather too wide than too narrow."""
NAMED = 24
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 14.0, 44.0


class Label(Struct, frozen=True, kw_only=True):
    """A name's place: its baseline's start or end."""

    x: float
    y: float
    anchor: str


class Dot(Struct, frozen=True, kw_only=True):
    """A contestant: its place, its interval's ends, whether nobody beats it, where its name has room, if anywhere."""

    name: str
    x: float
    y: float
    y_low: float | None
    y_high: float | None
    on: bool
    cost: float
    passed: float
    label: Label | None = None


class Chart(Struct, frozen=True, kw_only=True):
    """A scatter with a stepped frontier; ticks as (place, text)."""

    dots: list[Dot]
    frontier: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    x_name: str
    unplaced: int
    alt: str
    width: float = WIDTH
    height: float = HEIGHT


COSTS = {"tokens_per_correct": "tokens per correct run, log scale", "agent_s": "median agent time, s, log scale"}


def pareto_chart(board: Leaderboard, cost: str = "tokens_per_correct") -> Chart | None:
    """Share of solved runs over cost; None where nothing can be placed."""
    placed = [entry for entry in board.entries if entry.passed.value is not None and _cost(entry, cost)]
    if not placed:
        return None
    costs = [_cost(entry, cost) for entry in placed]
    low, high = math.log10(min(costs)), math.log10(max(costs))
    pad = max(0.08, (high - low) * 0.08)
    low, high = low - pad, high + pad
    best = _best({entry.name: (_cost(entry, cost), entry.passed.value or 0.0) for entry in placed})
    dots = _labelled([_dot(entry, cost, low, high, entry.name in best) for entry in placed])
    line = sorted((dot for dot in dots if dot.on), key=lambda dot: dot.x)
    return Chart(
        dots=dots,
        frontier=_steps(line),
        x_ticks=[(_x(math.log10(value), low, high), _short(value)) for value in _round_values(low, high)],
        y_ticks=[(_y(share / 4), f"{share / 4:.2f}") for share in range(5)],
        x_name=COSTS[cost],
        unplaced=len(board.entries) - len(placed),
        alt=f"Share of solved runs over {COSTS[cost]} for {len(placed)} contestants; "
        f"not beaten by anyone: {', '.join(dot.name for dot in line[:12])}",
    )


def _cost(entry: Entry, cost: str) -> float:
    value: float | None = getattr(entry, cost)
    return value if value is not None and value > 0 else 0.0


def _best(points: dict[str, tuple[float, float]]) -> set[str]:
    """Names that no other beats on both cost and share."""
    return {
        name
        for name, (cost, share) in points.items()
        if not any(c <= cost and s >= share and (c < cost or s > share) for c, s in points.values())
    }


def _dot(entry: Entry, cost: str, low: float, high: float, on: bool) -> Dot:
    value, share = _cost(entry, cost), entry.passed.value or 0.0
    x = _x(math.log10(value), low, high)
    ends = (entry.passed.low, entry.passed.high)
    return Dot(
        name=entry.name,
        x=x,
        y=_y(share),
        y_low=None if ends[0] is None else _y(ends[0]),
        y_high=None if ends[1] is None else _y(ends[1]),
        on=on,
        cost=value,
        passed=share,
    )


Box = tuple[float, float, float, float]


def _labelled(dots: list[Dot]) -> list[Dot]:
    """Names beside their dots where they cover no other name and no dot, the frontier's first; the others have none.
    Of many contestants only the frontier is named."""
    out, taken = [], [(dot.x - 6, dot.y - 6, dot.x + 6, dot.y + 6) for dot in dots]
    for dot in sorted(dots, key=lambda dot: (not dot.on, dot.x)):
        for place in _places(dot) if dot.on or len(dots) <= NAMED else ():
            box = _box(place, len(dot.name) * CHAR)
            if _inside(box) and not any(_meet(box, other) for other in taken):
                taken.append(box)
                dot = msgspec.structs.replace(dot, label=place)
                break
        out.append(dot)
    return out


def _places(dot: Dot) -> list[Label]:
    """Above, below and beside, on the right before the left."""
    return [
        Label(x=dot.x + side * 10, y=round(dot.y + down, 2), anchor="start" if side > 0 else "end")
        for down in (-8, 17, 4, 31, -22)
        for side in (1, -1)
    ]


def _box(place: Label, width: float) -> Box:
    left = place.x if place.anchor == "start" else place.x - width
    return left, place.y - 10, left + width, place.y + 3


def _inside(box: Box) -> bool:
    return box[0] >= LEFT - 4 and box[2] <= WIDTH and box[1] >= 0 and box[3] <= HEIGHT - BOTTOM + 4


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _x(log: float, low: float, high: float) -> float:
    return round(LEFT + (log - low) / (high - low) * (WIDTH - LEFT - RIGHT), 2)


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 2)


def _steps(line: list[Dot]) -> str:
    """Right to the next dot, then up to it: cheaper and worse, or dearer and better."""
    path = ""
    for dot in line:
        path += f"M{dot.x} {dot.y}" if not path else f"H{dot.x}V{dot.y}"
    return path


def _round_values(low: float, high: float) -> list[float]:
    values = [base * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for base in (1, 2, 5)]
    inside = [value for value in values if low <= math.log10(value) <= high]
    return inside[:: max(1, math.ceil(len(inside) / 7))]


def _short(value: float) -> str:
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def finished_chart(runs: list[RunFacts]) -> dict[str, Any] | None:
    """Runs finished over time, as points of a line on 1000 by 100; None below two."""
    ends = sorted(run.closed_wall_ns for run in runs if run.closed_wall_ns is not None)
    if len(ends) < 2 or ends[-1] <= ends[0]:
        return None
    span, step = ends[-1] - ends[0], max(1, len(ends) // 200)
    points = [((end - ends[0]) / span * 1000, 100 - at / len(ends) * 100) for at, end in enumerate(ends, 1)]
    kept = [*points[::step], points[-1]]
    return {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in kept),
        "minutes": span / 60e9,
        "runs": len(ends),
    }
