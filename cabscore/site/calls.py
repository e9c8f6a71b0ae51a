"""The model calls of a run as table rows; an empty table says why it is empty."""

from __future__ import annotations

from msgspec import Struct

from cabproxy.ledger.record import Call
from cabscore.axes.base import JoinedRun
from cabscore.site.trace import origin
from cabscore.usage import charge, totals

MAX_ROWS = 2_000


class CallRow(Struct, frozen=True, kw_only=True):
    """One call. Token counts are None where they are not known; `note` says why."""

    seq: int
    offset_ns: int
    path: str
    dialect: str | None
    model: str | None
    request_key: str | None
    request_sha256: str | None
    response_sha256: str | None
    prompt: int | None
    cached: int | None
    completion: int | None
    reasoning: int | None
    source: str
    first_token_ns: int | None
    latency_ns: int | None
    finish: str | None
    state: str
    status: int | None
    note: str | None
    rewrites: tuple[str, ...]
    conversation: str | None = None


def call_rows(joined: JoinedRun) -> list[CallRow]:
    """Rows in order of arrival, failed and unread calls included."""
    start = origin(joined)
    return [_row(joined, call, start) for call in joined.calls[:MAX_ROWS]]


def why_empty(joined: JoinedRun) -> str:
    """For a run without calls: what that means for its numbers."""
    asked = joined.run.endpoint or "the endpoint"
    return (
        f"No request of this run reached the recording proxy. The agent was pointed at the proxy in front of {asked}; "
        "it either never called its model or called something else, which the sandbox's network policy "
        f"({joined.run.network_policy or 'not recorded'}) may have stopped. Its tokens are therefore unknown, not zero."
    )


def call_note(joined: JoinedRun) -> str:
    """One line of sums above the table, sources included."""
    sums = totals(joined.calls)
    parts = [f"{sums.calls} model calls" + (f", {sums.failed} of them failed" if sums.failed else "")]
    for source, row in sums.by_source.items():
        parts.append(f"{row['calls']} counted by {source}: {row['prompt']:,} prompt + {row['completion']:,} completion")
    if sums.unknown:
        parts.append(f"{sums.unknown} of unknown size, so the sums are not stated")
    return "; ".join(parts) + "."


def _row(joined: JoinedRun, call: Call, start: int) -> CallRow:
    usage = call.usage
    end = call.done_ns if call.done_ns is not None else call.last_byte_ns
    return CallRow(
        seq=call.seq,
        offset_ns=call.received_ns - start,
        path=call.path,
        dialect=call.dialect,
        model=call.model_served or call.model_asked,
        request_key=call.request_key,
        request_sha256=call.request_sha256,
        response_sha256=call.response_sha256,
        prompt=usage.prompt if usage else None,
        cached=usage.cache_read if usage else None,
        completion=usage.completion if usage else None,
        reasoning=usage.reasoning if usage else None,
        source=usage.source if usage else "missing",
        first_token_ns=None if call.first_token_ns is None else call.first_token_ns - call.received_ns,
        latency_ns=None if end is None else end - call.received_ns,
        finish=call.finish_reason,
        state=call.state,
        status=call.status,
        note=_note(call),
        rewrites=call.rewrites,
        conversation=call.conversation_id,
    )


def _note(call: Call) -> str | None:
    kind = charge(call)
    said = [call.error] if call.error else []
    if kind == "unknown":
        said.append((call.usage.reason if call.usage else None) or "the answer's usage is not known")
    if kind == "not_a_model_call":
        said.append("not a model call")
    if kind == "known" and call.usage is not None and call.usage.source != "provider" and call.usage.reason:
        said.append(call.usage.reason)
    if call.usage is not None and call.usage.contradictions:
        said.append("usage contradicts itself: " + ", ".join(call.usage.contradictions))
    return "; ".join(said) or None
