"""What the agent's terminal showed, as an asciicast: version 2 is what every player reads, 3 is the newer form."""

from __future__ import annotations

import codecs
import json
from typing import Any

from cabproxy.harness.sandbox.base import Finished
from cabproxy.harness.sandbox.supervisor import COLUMNS, ROWS

MEDIA_TYPE = "application/x-asciicast"
CAST_LIMIT = 2 * 1024 * 1024


def cast(done: Finished, out: bytes, err: bytes, *, pty: bool, title: str, wall_s: int, version: int = 2) -> bytes:
    """The recording of a command. `out` and `err` are its output with secrets masked, length for length.

    What is not at hand any more (the middle of a long output) ends the recording with a marker; the last event tells
    how the command ended. Without a terminal line feeds get their carriage returns.
    """
    events = _events(done, out, err, pty)
    ended = (done.ended_ns - done.started_ns) / 1e9
    code = done.exit_code if done.exit_code is not None else 128 + (done.signal or 9)
    events.append([ended, "x", str(code)] if version == 3 else [ended, "m", f"exit {code}"])
    lines = [json.dumps(_header(title, wall_s, ended, version), ensure_ascii=False)]
    before = 0
    for moment, kind, data in events:
        at = max(round(moment * 1e6), before)  # whole microseconds, so that a sum of intervals does not drift
        shown = at - before if version == 3 else at
        lines.append(json.dumps([shown / 1e6, kind, data], ensure_ascii=False))
        before = at
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _header(title: str, wall_s: int, duration: float, version: int) -> dict[str, Any]:
    env = {"TERM": "xterm-256color", "SHELL": "/bin/sh"}
    if version == 3:
        return {"version": 3, "term": {"cols": COLUMNS, "rows": ROWS}, "timestamp": wall_s, "title": title, "env": env}
    size = {"width": COLUMNS, "height": ROWS}
    return {"version": 2, **size, "timestamp": wall_s, "duration": round(duration, 6), "title": title, "env": env}


def _events(done: Finished, out: bytes, err: bytes, pty: bool) -> list[list[Any]]:
    """Output as it came, each stream decoded on its own so that a character split between reads stays whole."""
    heads = {1: _head(out, done.stdout_size), 2: _head(err, done.stderr_size)}
    decoders = {stream: codecs.getincrementaldecoder("utf-8")("replace") for stream in heads}
    position = {1: 0, 2: 0}
    events: list[list[Any]] = []
    room = CAST_LIMIT
    for at, stream, size in done.events:
        start = position[stream]
        data = heads[stream][start : start + size]
        position[stream] = start + size
        room -= len(data)
        if len(data) < size or room < 0:
            events.append([at / 1e9, "m", "the rest of the output is not shown"])
            break
        text = decoders[stream].decode(data)
        if text:
            events.append([at / 1e9, "o", text if pty else text.replace("\n", "\r\n")])
    return events


def _head(kept: bytes, size: int) -> bytes:
    """The part of a kept stream that is its beginning."""
    return kept if size <= len(kept) else kept[: len(kept) // 2]
