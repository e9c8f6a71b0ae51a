"""Everything else a run's record holds: each artifact and output by name, what it is, and its text where it has one."""

from __future__ import annotations

import json

from msgspec import Struct

from cabproxy.errors import LedgerError
from cabproxy.ledger import Ledger
from cabscore.axes.base import JoinedRun
from cabscore.site.shown import clean, middle_out

TEXT_LIMIT = 60_000
"""Characters of one text on the page: its two ends."""
ALL_LIMIT = 600_000
MAX_ROWS = 300
EXPLAINED = {
    "task.json": "what the scorer may know of the task",
    "patch.diff": "what the agent changed, as a patch",
    "reference.diff": "the task's own solution, as a patch",
    "visible_tests.json": "the tests the agent could see, with the files that hold them",
    "constraints.json": "what became of the task's constraints",
    "stdout": "what the agent printed",
    "stderr": "what the agent printed as errors",
    "terminal.cast": "the recorded terminal",
    "plan.json": "the plan of the sweep",
}
PREFIXES = {
    "file:": "a file as the agent left it",
    "document:": "a document the agent left in place of work",
    "plugin:": "a plugin that modified the agent",
}
PLACES = {"patch.diff": "changes", "terminal.cast": "terminal"}
"""Artifacts that have a section of their own, in whole."""
PHASES = {
    "before": "what the tests printed before the agent",
    "reference": "what they printed with the task's own solution",
    "after": "what they printed after the agent",
}


class Kept(Struct, frozen=True, kw_only=True):
    """One thing that was recorded. `place` is the section that shows it; `key` names its text in the data file."""

    name: str
    what: str
    size: int
    full_size: int | None = None
    sha256: str
    place: str | None = None
    key: str | None = None


class Record(Struct, frozen=True, kw_only=True):
    """All of it in order of name, and the texts by key."""

    rows: list[Kept]
    texts: dict[str, str]
    more: int = 0


def record(ledger: Ledger, joined: JoinedRun) -> Record:
    """Reads what a run kept, bounded. What cannot be read is said to be so, in its place."""
    found: list[tuple[str, str, int, int | None, str]] = [
        (artifact.name, _what(artifact.name), artifact.size, artifact.full_size, artifact.sha256)
        for artifact in ledger.artifacts(joined.run.run_id)
    ]
    found += [
        (f"tests {done.phase}", PHASES.get(done.phase, "what the tests printed"), -1, None, done.output_sha256)
        for done in joined.verifications
        if done.output_sha256 is not None
    ]
    rows, texts, room = [], {}, ALL_LIMIT
    for at, (name, what, size, full_size, digest) in enumerate(found[:MAX_ROWS]):
        place = PLACES.get(name)
        key = None
        if place is None:
            text, length = _text(ledger, digest)
            size = length if size < 0 else size
            if len(text) > room:
                text = "[not on this page; it is in the ledger]"
            room -= len(text)
            key = str(at)
            texts[key] = text
        rows.append(Kept(name=name, what=what, size=size, full_size=full_size, sha256=digest, place=place, key=key))
    return Record(rows=rows, texts=texts, more=max(0, len(found) - MAX_ROWS))


def _what(name: str) -> str:
    if name in EXPLAINED:
        return EXPLAINED[name]
    return next((what for prefix, what in PREFIXES.items() if name.startswith(prefix)), "kept with the run")


def _text(ledger: Ledger, digest: str) -> tuple[str, int]:
    """A blob as text that is safe to show, and its length in bytes."""
    try:
        data = ledger.blob(digest)
    except LedgerError as error:
        return f"[cannot be read: {clean(str(error))}]", 0
    if b"\0" in data[:8_000]:
        return f"[binary, {len(data)} bytes; it is in the ledger]", len(data)
    return clean(middle_out(_readable(data), TEXT_LIMIT)), len(data)


def _readable(data: bytes) -> str:
    """JSON in lines, anything else as it is."""
    text = data.decode("utf-8", "replace")
    if not text.startswith("{"):
        return text
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
