"""What the model calls of a run said, cut into parts kept once: a conversation re-sends its past on every call.

A request is a list of (label, part); the request after it names the same parts again, so that the difference between
the two is a difference of lists, and what is written grows with what is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from cabproxy.errors import LedgerError
from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Call
from cabscore.axes.base import JoinedRun
from cabscore.site.shown import clean, middle_out

PART_LIMIT = 60_000
"""Characters kept of one part: the start and the end of it."""
RUN_LIMIT = 6_000_000
"""Characters kept of all parts of a run."""
EXCHANGE_LIMIT = 8_000
MAX_CALLS = 2_000
_LISTS = ("messages", "input", "contents", "tools", "system")


class Said(Struct, frozen=True, kw_only=True):
    """One call: its request as (label, number of the part), its answer and its exchange as labelled texts, the tools
    it asked for."""

    seq: int
    request: list[tuple[str, int]]
    response: list[tuple[str, str]]
    exchange: list[tuple[str, str]] = []
    tools: tuple[str, ...] = ()


class Conversation(Struct, frozen=True, kw_only=True):
    """All calls of a run over one list of parts; `first[n]` is the position of the call that brought part n."""

    calls: list[Said]
    parts: list[str]
    first: list[int]
    left_out: int = 0


def conversation(ledger: Ledger, joined: JoinedRun) -> Conversation:
    """Reads the bodies of a run's calls. A body that cannot be read is said to be so, in its place."""
    book = _Parts()
    calls = []
    for at, call in enumerate(joined.calls[:MAX_CALLS]):
        said, tools = _answer(ledger, call)
        calls.append(
            Said(
                seq=call.seq,
                request=[(label, book.number(text, at)) for label, text in _request(ledger, call)],
                response=[(label, clean(middle_out(text, PART_LIMIT))) for label, text in said],
                exchange=[(label, clean(middle_out(text, EXCHANGE_LIMIT))) for label, text in exchange(call)],
                tools=tools,
            )
        )
    return Conversation(calls=calls, parts=book.parts, first=book.first, left_out=book.left_out)


def exchange(call: Call) -> Iterator[tuple[str, str]]:
    """What of a call is neither asked nor answered: where it went, heads as recorded, its usage in the provider's own
    words, what was rewritten."""
    way = [f"{call.method} {call.path}", f"attributed by {call.attribution}"]
    way += [f"conversation {call.conversation_id}"] if call.conversation_id else []
    way += [f"model asked {call.model_asked or '–'}, served {call.model_served or '–'}"]
    way += [f"response id {call.response_id}"] if call.response_id else []
    way += ["streamed" if call.streaming else "not streamed"] if call.streaming is not None else []
    way += [f"{call.request_bytes} bytes asked, {call.response_bytes} bytes answered"]
    way += [f"sampling: {_pretty(call.sampling)}"] if call.sampling else []
    way += [f"rewritten: {', '.join(call.rewrites)}" if call.rewrites else "nothing rewritten: every byte as it came"]
    yield "exchange", "\n".join(way)
    if call.request_headers:
        yield "request headers, secrets masked", _headers(call.request_headers)
    if call.response_headers or call.status is not None:
        status = f"{call.status or '–'} {call.reason_phrase or ''}".rstrip()
        yield "status and response headers", f"{status}\n{_headers(call.response_headers)}"
    if call.usage is not None and call.usage.raw:
        yield "usage in the provider's own words", call.usage.raw
    if call.usage is not None and call.usage.reason:
        yield "why the tokens are known so, or not", call.usage.reason


def _headers(found: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in found)


class _Parts:
    """Texts by number, each kept once, all of them bounded."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.first: list[int] = []
        self.left_out = 0
        self._numbers: dict[str, int] = {}
        self._room = RUN_LIMIT

    def number(self, text: str, at: int) -> int:
        if text not in self._numbers:
            kept = clean(middle_out(text, PART_LIMIT))
            if len(kept) > self._room:
                self.left_out += 1
                kept = f"[{len(text)} characters are not on this page; they are in the ledger]"
            self._room -= len(kept)
            self._numbers[text] = len(self.parts)
            self.parts.append(kept)
            self.first.append(at)
        return self._numbers[text]


def _request(ledger: Ledger, call: Call) -> list[tuple[str, str]]:
    try:
        data = ledger.request_body(call)
    except LedgerError as error:
        return [("not readable", str(error))]
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return [("body", data[: 4 * PART_LIMIT].decode("utf-8", "replace"))] if data else []
    if not isinstance(body, dict):
        return [("body", _pretty(body))]
    return list(_parts_of(body))


def _parts_of(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Parameters as one part, each entry of the long lists as its own."""
    plain = {name: value for name, value in body.items() if name not in _LISTS}
    out = [("parameters", _pretty(plain))]
    for name in ("system", "tools", "messages", "input", "contents"):
        value = body.get(name)
        if isinstance(value, list):
            out += [(_label(name, item), _pretty(item)) for item in value]
        elif value is not None:
            out.append((name, value if isinstance(value, str) else _pretty(value)))
    return out


def _label(name: str, item: Any) -> str:
    if not isinstance(item, dict):
        return name
    if name == "tools":
        inner = item.get("function")
        found = item.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
        return clean(f"tool {found or item.get('type') or ''}".strip()[:80])
    return clean(str(item.get("role") or item.get("type") or name)[:80])


def _answer(ledger: Ledger, call: Call) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    from cabproxy.wire.dialects import interpret
    from cabproxy.wire.dialects.base import Exchange

    try:
        raw = ledger.decoded_response(call)
    except LedgerError as error:
        return [("not readable", str(error))], ()
    found = interpret(
        Exchange(
            method=call.method,
            path=urlsplit(call.path).path,
            response_headers={name.lower(): value for name, value in call.response_headers},
            status=call.status,
            response=raw,
            complete=call.state == "ok",
        )
    )
    said = [("reasoning", found.reasoning_text), ("text", found.text), ("refusal", found.refusal or "")]
    said += [(f"tool call {tool.name}"[:80], tool.arguments) for tool in found.tool_calls]
    said += [("error", call.error or found.error or "")]
    said += [("body as it came", raw[: 2 * PART_LIMIT].decode("utf-8", "replace"))]
    return [(clean(label), text) for label, text in said if text], tuple(tool.name for tool in found.tool_calls)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
