"""Stretches of time on one clock: unions, waits between a failed call and its retry, and who had an instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from cabproxy.ledger.record import Call, Span
from cabscore.usage import FAILED_STATES

Stretch = tuple[int, int]
LATE = frozenset({"run", "seal", "score"})
"""Spans that end after the record is sealed: a later reading has them, the first has not, so no score may use them."""
RETRIED = FAILED_STATES | {"cut"}
MAX_SPANS = 1_000
"""A harness writes a dozen; what a foreign record has beyond this is `other`."""
LIMITED = frozenset({429, 529})
HELD = "held:ms="
"""The rewrite that tells how long a call was held back."""
ASKED_FOR_TOOLS = frozenset({"tool_calls", "function_call", "tool_use"})
UNSAID = frozenset({"openai_responses", "gemini"})
"""Dialects whose finish reason is the same with and without a call of a tool."""


def union_ns(stretches: Iterable[Stretch]) -> int:
    """The length of the union: two calls at once take the time of one."""
    total, edge = 0, None
    for start, end in sorted(stretches):
        if end <= start:
            continue
        if edge is None or start > edge:
            total, edge = total + end - start, end
        elif end > edge:
            total, edge = total + end - edge, end
    return total


def cut_to(stretches: Iterable[Stretch], window: Stretch) -> list[Stretch]:
    """The parts within the window."""
    clipped = ((max(start, window[0]), min(end, window[1])) for start, end in stretches)
    return [(start, end) for start, end in clipped if end > start]


def end_of(call: Call) -> int | None:
    """When a call was over; None where its end was not recorded."""
    return call.done_ns if call.done_ns is not None else call.last_byte_ns


class _Starts:
    """When calls began, to be asked for the next one."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = sorted(calls, key=lambda call: call.received_ns)
        self._all = [call.received_ns for call in self.calls]
        self._requests: dict[str, list[int]] = {}
        self._conversations: dict[str, list[int]] = {}
        for call in self.calls:
            if call.request_key is not None:
                self._requests.setdefault(call.request_key, []).append(call.received_ns)
            if call.conversation_id is not None:
                self._conversations.setdefault(call.conversation_id, []).append(call.received_ns)

    def same_request(self, call: Call, after: int) -> int | None:
        """The next try: of the same request, else of the same conversation; without a request's key the next call."""
        if call.request_key is None:
            return _next(self._all, after)
        found = _next(self._requests[call.request_key], after)
        if found is None and call.conversation_id is not None:
            return _next(self._conversations[call.conversation_id], after)
        return found

    def same_conversation(self, call: Call, after: int) -> int | None:
        """The next call of the conversation; where none is known, the next call."""
        if call.conversation_id is None:
            return _next(self._all, after)
        return _next(self._conversations[call.conversation_id], after)


def _next(starts: list[int], after: int) -> int | None:
    at = bisect_right(starts, after)
    return starts[at] if at < len(starts) else None


def waits(calls: Sequence[Call]) -> dict[str, list[Stretch]]:
    """From the end of each failed call to the next try, by why it failed: rate_limit or error. What the proxy held
    back for the sake of an endpoint's limits is a wait for its rate limit too.

    A request that is not tried again was given up, not waited for.
    """
    found: dict[str, list[Stretch]] = {"rate_limit": [], "error": []}
    starts = _Starts(calls)
    for call in starts.calls:
        end = end_of(call)
        if (stretch := held(call)) is not None:
            found["rate_limit"].append(stretch)
        if call.state not in RETRIED or end is None or end < call.received_ns:
            continue
        again = starts.same_request(call, end)
        if again is not None:
            found["rate_limit" if _limited(call) else "error"].append((end, again))
    return found


def held(call: Call) -> Stretch | None:
    """How long the proxy held the call back before it sent it; it did that first of all."""
    if not call.rewrites:
        return None
    said = next((one for one in call.rewrites if one.startswith(HELD)), None)
    digits = said.removeprefix(HELD) if said is not None else ""
    end = end_of(call)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9 or end is None or end <= call.received_ns:
        return None
    return call.received_ns, min(call.received_ns + int(digits) * 1_000_000, end)


def tool_gaps(calls: Sequence[Call], ended: int) -> list[Stretch]:
    """When tools were at work; see `tools_after`."""
    return [stretch for _, stretch in tools_after(calls, ended)]


def tools_after(calls: Sequence[Call], ended: int) -> list[tuple[Call, Stretch]]:
    """From the end of each answer that asked for tools to the next call of the conversation, else to the agent's end.

    Responses and Gemini do not say why an answer ended: there it is each answer that another call follows.
    """
    starts, found = _Starts(calls), []
    for call in calls:
        end = end_of(call)
        if end is None or end < call.received_ns or call.state in RETRIED:
            continue
        again = starts.same_conversation(call, end)
        if call.finish_reason in ASKED_FOR_TOOLS:
            found.append((call, (end, again if again is not None else max(end, ended))))
        elif call.dialect in UNSAID and again is not None:
            found.append((call, (end, again)))
    return found


def _limited(call: Call) -> bool:
    return call.status in LIMITED or any(name.lower() == "retry-after" for name, _ in call.response_headers)


def by_kind(spans: Iterable[Span], windows: Sequence[Stretch]) -> dict[str, int]:
    """The windows shared out among kinds of spans: an instant belongs to the span that began last; the rest is `other`.

    Adds up to the windows exactly. In ns, in order of kind.
    """
    ended = sorted((span.start_ns, span.end_ns, span.kind) for span in spans if span.end_ns is not None)
    steps = ended[:MAX_SPANS]
    out: dict[str, int] = {}
    for window in windows:
        inside = [(max(start, window[0]), min(end, window[1]), start, kind) for start, end, kind in steps]
        inside = [step for step in inside if step[1] > step[0]]
        edges = sorted({*window, *(edge for step in inside for edge in step[:2])})
        for left, right in pairwise(edges):
            open_ = [(began, kind) for start, end, began, kind in inside if start <= left and end >= right]
            kind = max(open_)[1] if open_ else "other"
            out[kind] = out.get(kind, 0) + right - left
    return dict(sorted(out.items()))
