"""Data files a page loads by a script element, so that they open from a disk as well as from a server.

Each file is one call: `(self.cab=self.cab||[]).push(["name", …])`. The page's own script reads the queue.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cabscore.site.bodies import Conversation

CHUNK_CHARS = 200_000
CHUNK_CALLS = 12


def data_file(name: str, value: Any) -> str:
    """A data file's text. Only ASCII, and no `<`: nothing in it can end a script or hide."""
    packed = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f"(self.cab=self.cab||[]).push([{json.dumps(name)},{packed}]);\n"


def write_text(path: Path, text: str) -> bool:
    """Writes where the text differs from what stands there; whether it did."""
    data = text.encode("utf-8", "replace")
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
    # In place of the old file in one step: a reader sees the one or the other, never half of it.
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(data)
    beside.replace(path)
    return True


def call_chunks(talk: Conversation) -> list[tuple[int, dict[str, Any]]]:
    """(last position + 1, content) of each chunk: the calls with their lists, and the parts they brought."""
    chunks: list[tuple[int, dict[str, Any]]] = []
    brought: dict[int, list[int]] = {}
    for number, at in enumerate(talk.first):
        brought.setdefault(at, []).append(number)
    calls: list[Any] = []
    parts: dict[str, str] = {}
    size = 0
    for at, said in enumerate(talk.calls):
        calls.append([said.seq, said.request, said.response, said.exchange])
        for number in brought.get(at, ()):
            parts[str(number)] = talk.parts[number]
            size += len(talk.parts[number])
        size += sum(len(text) for _, text in [*said.response, *said.exchange])
        if size >= CHUNK_CHARS or len(calls) >= CHUNK_CALLS or at == len(talk.calls) - 1:
            chunks.append((at + 1, {"calls": calls, "parts": parts}))
            calls, parts, size = [], {}, 0
    return chunks


def write_call_chunks(folder: Path, talk: Conversation) -> str:
    """Writes calls/0.js, 1.js, … below a cell's folder and takes away those of an earlier, longer record.

    Returns the positions at which chunks end, as the page's script wants them: "12,24,30".
    """
    chunks = call_chunks(talk)
    for number, (_, content) in enumerate(chunks):
        write_text(folder / "calls" / f"{number}.js", data_file(f"calls{number}", content))
    for stale in (folder / "calls").glob("*.js"):
        if not stale.stem.isdigit() or int(stale.stem) >= len(chunks):
            stale.unlink()
    return ",".join(str(end) for end, _ in chunks)
