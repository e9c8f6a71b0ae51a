"""Where the wall time went: the parts of the stacked bar, which add up exactly."""

from __future__ import annotations

from msgspec import Struct

from cabscore.axes.base import JoinedRun
from cabscore.axes.latency import split

PARTS = {
    "before": "prepare: sandbox, work tree, proxy (harness)",
    "model": "waiting for the model (calls, overlaps once)",
    "rate_limit": "waiting for the endpoint's rate limit",
    "retry": "waiting to try a failed call again",
    "tools": "tools at work between two calls",
    "agent": "the agent's own work",
    "after": "compare, verify, seal (harness)",
}
WIDTH = 1000.0


class Bar(Struct, frozen=True, kw_only=True):
    """A stretch on the scale of 0 to WIDTH."""

    kind: str
    x: float
    width: float
    label: str = ""
    ns: int = 0


def wall_parts(joined: JoinedRun) -> list[Bar]:
    """The stacked bar; empty where the wall or the agent's clocks are not known."""
    parts = split(joined)
    total = sum(parts.values()) if parts else 0
    if parts is None or total <= 0:
        return []
    bars, x = [], 0.0
    for kind, label in PARTS.items():
        width = parts[kind] / total * WIDTH
        bars.append(Bar(kind=kind, x=round(x, 3), width=round(width, 3), label=label, ns=parts[kind]))
        x += width
    return bars
