"""The axes as tiles: value, unit, which way is better, and why; none of it left to be guessed."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from cabproxy.ledger.record import Score
from cabscore.cellview import CellSummary, stated
from cabscore.profiles.base import INVALID_STATUSES
from cabscore.scoring import ScoredRun
from cabscore.site.shown import number, share

NAMES = {
    "pass_rate": "Pass",
    "tokens": "Tokens / correct",
    "latency": "Agent time",
    "blast_radius": "Blast radius",
    "refusal": "Refusal",
    "integrity": "Integrity",
    "composite": "Composite",
}
UNITS = {"latency": "from the agent's start to its end", "composite": "of 1", "pass_rate": "1 solved, 0 not"}
"""Instead of an axis' own unit, where that alone would not be understood."""
POLARITY = {"higher": "↑ higher is better", "lower": "↓ lower is better", "none": ""}


class Tile(Struct, frozen=True, kw_only=True):
    """One axis. `level` colours it: good, bad, mid or none (no value)."""

    axis: str
    name: str
    value: str
    unit: str
    polarity: str
    reason: str
    level: str
    foot: str = ""


def tiles(scored: ScoredRun, summary: CellSummary) -> list[Tile]:
    """All seven: the verdict with its cell's share, the composite last with its coverage, n and interval."""
    out = [_tile(score) for score in scored.axes.values()]
    if scored.status in INVALID_STATUSES:
        out = [msgspec.structs.replace(tile, reason="none, see above") for tile in out]
    if summary.passed.n > 1:
        solved = f"of this cell {share(summary.passed)} runs solved, {stated(summary.passed, 2)}"
        out = [msgspec.structs.replace(tile, foot=solved) if tile.axis == "pass_rate" else tile for tile in out]
    composite = _tile(scored.composite)
    coverage = "" if scored.coverage is None else f"{scored.coverage:.0%} of the weight measured; "
    foot = f"{scored.profile}; {coverage}{stated(summary.composite)}" + _invalid(summary)
    return [*out, Tile(**{name: getattr(composite, name) for name in Tile.__struct_fields__} | {"foot": foot})]


def _invalid(summary: CellSummary) -> str:
    return f", {summary.invalid} of {summary.runs} runs invalid" if summary.invalid else ""


def _tile(score: Score) -> Tile:
    return Tile(
        axis=score.axis,
        name=NAMES.get(score.axis, score.axis),
        value="–" if score.value is None else _value(score),
        unit=UNITS.get(score.axis, score.unit),
        polarity=POLARITY[score.polarity],
        reason=score.reason,
        level=_level(score),
    )


def _value(score: Score) -> str:
    if score.axis == "latency":
        return f"{number(score.value, 1)} s"
    return number(score.value, 0 if score.axis == "tokens" else 3)


def _level(score: Score) -> str:
    """Only axes with a best and a worst are coloured: seconds and tokens have neither."""
    if score.value is None:
        return "none"
    if score.axis in ("latency", "tokens", "composite") or score.evidence.get("total_changes") == 0:
        return "plain"
    value = score.value if score.polarity == "higher" else 1 - score.value
    return "good" if value >= 1 else "bad" if value <= 0 else "mid"
