"""A badge: an SVG of our own that fetches nothing. The verdict in words; the composite is never shown as a per cent."""

from __future__ import annotations

import json

from msgspec import Struct

from cabscore.profiles.base import INVALID_STATUSES
from cabscore.scoring import ScoredRun
from cabscore.site.shown import clean

LABEL = "CodingAgentBench"
_CHAR = 6.6
_PAD = 10
COLOURS = {"good": "#2e7d4f", "bad": "#b3382c", "void": "#6b7280", "warn": "#9a6b00"}


class Badge(Struct, frozen=True, kw_only=True):
    """What a template needs to draw it; widths in px."""

    label: str
    value: str
    colour: str
    label_width: int
    value_width: int

    @property
    def width(self) -> int:
        return self.label_width + self.value_width

    @property
    def text(self) -> str:
        return f"{self.label}: {self.value}"


def badge(scored: ScoredRun, *, closed: bool = True) -> Badge:
    """`solved · 0.87 cab-1`, `not solved · 0.00 cab-1`, `invalid run`, `no verdict` or `still open`."""
    level, value = _value(scored, closed)
    return Badge(
        label=LABEL,
        value=value,
        colour=COLOURS[level],
        label_width=round(len(LABEL) * _CHAR) + 2 * _PAD,
        value_width=round(len(value) * _CHAR) + 2 * _PAD,
    )


def _value(scored: ScoredRun, closed: bool) -> tuple[str, str]:
    if scored.status in INVALID_STATUSES:
        return "void", "invalid run" if closed else "still open"
    verdict, composite = scored.axes["pass_rate"].value, scored.composite.value
    if verdict is None:
        return "warn", "no verdict"
    number = f" · {composite:.2f} {scored.profile}" if composite is not None else ""
    return ("good", f"solved{number}") if verdict == 1 else ("bad", f"not solved{number}")


def share_badge(name: str, solved: int, n: int, invalid: int) -> Badge:
    """Of an agent or a model: `solved 12 of 20 runs`, the count always with its n; nothing that reads as a rank."""
    value = f"{name}: solved {solved} of {n} runs" + (f", {invalid} invalid" if invalid else "")
    colour = COLOURS["void" if n == 0 else "good" if solved == n else "bad" if solved == 0 else "warn"]
    return Badge(
        label=LABEL,
        value=value,
        colour=colour,
        label_width=round(len(LABEL) * _CHAR) + 2 * _PAD,
        value_width=round(len(value) * _CHAR) + 2 * _PAD,
    )


def shields(made: Badge) -> str:
    """The same as shields.io's endpoint badge wants it: JSON of schema version 1."""
    stated = {"schemaVersion": 1, "label": made.label, "message": clean(made.value), "color": made.colour}
    return json.dumps(stated, ensure_ascii=False) + "\n"
