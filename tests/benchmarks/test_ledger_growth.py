"""How a ledger grows: a session of 200 calls up to 400 KB of context, streamed or not. `pytest -s` prints the split."""

from __future__ import annotations

import json
import random
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from cabproxy.ledger.ids import new_run_id
from cabproxy.ledger.ingest import Ingester
from cabproxy.ledger.record import Run
from cabproxy.ledger.spool import CallEnd, CallOpen, ResponseHead, SpoolWriter
from cabproxy.ledger.writer import LedgerWriter

CALLS = 200
SOURCES = sorted((Path(__file__).parents[2] / "cabproxy").rglob("*.py"))
ASKED = (
    *(("Host", "api.example.com"), ("Accept", "application/json"), ("Content-Type", "application/json")),
    *(("User-Agent", "OpenAI/Python 2.1"), ("Authorization", "Bearer " + "*" * 51), ("x-stainless-retry-count", "0")),
)


class Turn(Struct, frozen=True):
    """One call: its request, the pieces of its answer, and what the request says that the one before did not."""

    request: bytes
    chunks: list[bytes]
    new: bytes


class Session:
    """An agent that is shown source code and says a little, calls a tool and gets its output, again and again."""

    def __init__(self, streamed: bool) -> None:
        self.random = random.Random(1)
        self._streamed = streamed
        self._text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
        self._at = 0

    def words(self, count: int) -> str:
        start = self._at
        self._at = (start + count) % (len(self._text) - 8000)
        return self._text[start : start + count]

    def turns(self) -> Iterator[Turn]:
        messages: list[Any] = [{"role": "system", "content": self.words(4000)}]
        asked: dict[str, Any] = {"model": "m-5", "stream": self._streamed, "messages": messages}
        asked["tools"] = [{"type": "function", "function": {"name": "shell", "description": self.words(600)}}]
        added: list[Any] = [{"role": "user", "content": self.words(600)}]
        for number in range(CALLS):
            messages += added
            say, arguments = self.words(250), json.dumps({"command": self.words(120)})
            tool = {"id": self.token("call_", 12), "type": "function"}
            call = {**tool, "function": {"name": "shell", "arguments": arguments}}
            chunks = self._stream(number, say, tool, arguments) if self._streamed else self._whole(number, say, call)
            new = json.dumps(added if number else asked)
            yield Turn(json.dumps(asked).encode(), chunks, new.encode())
            added = [
                {"role": "assistant", "content": say, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": tool["id"], "content": self.words(1500)},
            ]

    def token(self, prefix: str, size: int) -> str:
        return prefix + self.random.randbytes(size).hex()

    def _head(self, number: int, kind: str) -> dict[str, Any]:
        return {"id": self.token("chatcmpl-", 14), "object": kind, "created": 1_760_000_000 + 5 * number, "model": "m"}

    def _usage(self, number: int) -> dict[str, Any]:
        prompt, cached = 1000 + number * 600, {"cached_tokens": number * 600, "audio_tokens": 0}
        spoken = {"reasoning_tokens": 64}
        return {
            "prompt_tokens": prompt,
            "completion_tokens": 120,
            "total_tokens": prompt + 120,
            "prompt_tokens_details": cached,
            "completion_tokens_details": spoken,
        }

    def _whole(self, number: int, say: str, call: dict[str, Any]) -> list[bytes]:
        message = {"role": "assistant", "content": say, "tool_calls": [call]}
        choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
        head = self._head(number, "chat.completion")
        return [json.dumps({**head, "choices": choices, "usage": self._usage(number)}).encode()]

    def _stream(self, number: int, say: str, tool: dict[str, Any], arguments: str) -> list[bytes]:
        head = self._head(number, "chat.completion.chunk")

        def event(delta: Any, finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return b"data: " + json.dumps({**head, "choices": [choice], "usage": None}).encode() + b"\n\n"

        def called(text: str) -> Any:
            return {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}

        last = {**head, "choices": [], "usage": self._usage(number)}
        return [
            *(event({"content": say[at : at + 5]}) for at in range(0, len(say), 5)),
            event({"tool_calls": [{"index": 0, **tool}]}),
            *(event(called(arguments[at : at + 5])) for at in range(0, len(arguments), 5)),
            event({}, "tool_calls"),
            b"data: " + json.dumps(last).encode() + b"\n\ndata: [DONE]\n\n",
        ]


def record(path: Path, streamed: bool) -> list[Turn]:
    """The session through a spool into a ledger, call by call."""
    session, run_id = Session(streamed), new_run_id()
    with LedgerWriter(path) as writer:
        writer.open_run(Run(run_id=run_id, opened_wall_ns=10**18, opened_ns=1))
    turns: list[Turn] = []
    spool = SpoolWriter(path)
    ns = 10**15
    with Ingester(path, spool.name) as ingester:
        for turn in session.turns():
            turns.append(turn)
            ns = say(spool, session, run_id, turn, ns + session.random.randint(2 * 10**9, 9 * 10**9))
            ingester.drain()
        spool.close()
        ingester.drain()
    with LedgerWriter(path) as writer:
        writer.close_run(run_id)
    return turns


def say(spool: SpoolWriter, session: Session, run_id: str, turn: Turn, ns: int) -> int:
    """One call; returns the clock at its end."""
    draw, call_id = session.random, session.random.randbytes(16)
    fields: Any = {"run_id": run_id, "attribution": "key", "method": "POST", "path": "/v1/chat/completions"}
    spool.open_call(CallOpen(call_id=call_id, headers=ASKED, received_wall_ns=10**18 + ns, received_ns=ns, **fields))
    spool.request(call_id, turn.request)
    spool.request_end(call_id, ns + 200_000)
    first = ns + draw.randint(3 * 10**8, 9 * 10**8)
    answered = (
        ("Date", f"Thu, 09 Oct 2025 {draw.randint(10, 23)}:{draw.randint(10, 59)}:{draw.randint(10, 59)} GMT"),
        ("Content-Type", "text/event-stream" if len(turn.chunks) > 1 else "application/json"),
        *(("x-request-id", session.token("req_", 16)), ("openai-processing-ms", str(draw.randint(200, 900)))),
        *(("x-ratelimit-remaining-tokens", str(draw.randint(10**7, 10**8))), ("cf-ray", session.token("", 8) + "-FRA")),
    )
    spool.head(call_id, ResponseHead(status=200, reason="OK", headers=answered, connected_ns=ns + 250_000, ns=first))
    at = first
    for chunk in turn.chunks:
        at += draw.randint(5 * 10**6, 30 * 10**6)
        spool.chunk(call_id, at, chunk)
    spool.end(call_id, CallEnd(state="ok", done_ns=at + 1000, last_byte_ns=at))
    spool.flush()
    return at


def split(path: Path) -> dict[str, int]:
    """Where the bytes of a ledger lie."""
    connection = sqlite3.connect(path)
    said = {"file": path.stat().st_size}
    for name in ("request", "response", "chunks"):
        query = f"select sum(length(data)) from blob where sha256 in (select {name}_sha256 from call)"
        (said[name],) = connection.execute(query).fetchone()
    for name in ("call", "header"):
        (said[name],) = connection.execute("select sum(payload) from dbstat where name = ?", (name,)).fetchone()
    (said["indexes"],) = connection.execute("select sum(payload) from dbstat where name like 'idx%'").fetchone()
    (said["unused"],) = connection.execute("select sum(unused) from dbstat").fetchone()
    connection.close()
    return {name: size or 0 for name, size in said.items()}


@pytest.mark.slow
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_session_that_grows_to_400_kb(tmp_path: Path, streamed: bool) -> None:
    empty, path = tmp_path / "empty.sqlite", tmp_path / "cab.sqlite"
    LedgerWriter(empty).close()
    turns = record(path, streamed)
    assert len(turns[-1].request) > 400_000
    said = {**split(path), "empty": empty.stat().st_size}
    asked = len(zlib.compress(b"".join(turn.new for turn in turns), 6))
    answered = len(zlib.compress(b"".join(b"".join(turn.chunks) for turn in turns), 6))
    print(f"\nnew, compressed in one go: requests {asked}, answers {answered}\n{said}")
    assert said["request"] + said["response"] < 1.3 * (asked + answered)
    assert said["request"] < 1.3 * asked
    assert said["response"] < 1.6 * answered
    clocks = sum(len(turn.chunks) for turn in turns) * 5 if streamed else 0
    assert said["chunks"] < clocks + 1
    everything_else = said["file"] - said["empty"] - said["request"] - said["response"] - said["chunks"]
    assert everything_else < CALLS * 1900  # rows, headers that never come again, hashes, indexes, unfilled pages
