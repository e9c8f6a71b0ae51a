"""A recorded terminal (asciicast v2 or v3) as the page's player wants it."""

from __future__ import annotations

import json
from typing import Any

from cabproxy.ledger import Ledger
from cabscore.axes.base import JoinedRun
from cabscore.site.shown import clean

NAME = "terminal.cast"
MAX_EVENTS = 20_000
MAX_CHARS = 4_000_000
MAX_MARKS = 100


def terminal(ledger: Ledger, joined: JoinedRun) -> dict[str, Any] | None:
    """{"width", "height", "events": [[seconds, text], …], "marks": [[seconds, text], …], "cut"}; None where no terminal
    was recorded. Marks are what the recording says of itself: where it leaves something out, how the command ended.

    Times are offsets from the agent's start; v3 gives intervals, which are summed. Raises LedgerError.
    """
    data = ledger.artifact(joined.run.run_id, NAME)
    if data is None:
        return None
    lines = data.decode("utf-8", "replace").splitlines()
    head = _json(lines[0]) if lines else None
    head = head if isinstance(head, dict) else {}
    size = head.get("term") if isinstance(head.get("term"), dict) else head
    cast: dict[str, Any] = {"width": _size(size, "width", "cols", 80), "height": _size(size, "height", "rows", 24)}
    events, marks, cut = _events(lines[1:], relative=head.get("version") == 3)
    return {**cast, "events": events, "marks": marks, "cut": cut}


def _events(lines: list[str], *, relative: bool) -> tuple[list[list[Any]], list[list[Any]], bool]:
    events: list[list[Any]] = []
    marks: list[list[Any]] = []
    at, room = 0.0, MAX_CHARS
    for line in lines:
        found = _json(line)
        if not (isinstance(found, list) and len(found) >= 3 and isinstance(found[0], (int, float))):
            continue
        at = at + float(found[0]) if relative else float(found[0])
        if not isinstance(found[2], str):
            continue
        if found[1] in ("m", "x") and len(marks) < MAX_MARKS:
            marks.append([round(at, 3), ("exit " if found[1] == "x" else "") + clean(found[2][:200])])
        if found[1] != "o":
            continue
        if len(events) >= MAX_EVENTS or room <= 0:
            return events, marks, True
        events.append([round(at, 3), found[2][:room]])
        room -= len(found[2])
    return events, marks, False


def _size(found: Any, name: str, other: str, usual: int) -> int:
    value = found.get(name, found.get(other)) if isinstance(found, dict) else None
    return min(300, max(1, value)) if isinstance(value, int) else usual


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
