"""The run on one scale, for the replay: harness steps, model calls and what the agent did between calls."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from cabproxy.ledger.record import Call, Span
from cabproxy.ledger.seal import OUTLIVING
from cabscore.axes.base import JoinedRun
from cabscore.axes.latency import call_intervals, wall_bounds
from cabscore.site.bodies import Conversation
from cabscore.site.shown import without_host_paths
from cabscore.timeline import waits
from cabscore.usage import FAILED_STATES, is_model_call

MAX_STEPS = 600
LEAST_GAP_NS = 1_000_000
WIDTH = 1000.0
WAITS = {"rate_limit": "waiting for the rate limit", "error": "waiting to try again"}


class Step(Struct, frozen=True, kw_only=True):
    """A stretch of the run. `from_ns` counts from the first step; `to_ns` None: its end was not recorded."""

    lane: str  # harness | calls | tools
    kind: str
    name: str
    from_ns: int
    to_ns: int | None
    depth: int = 0
    first_ns: int | None = None  # of a call: its first token
    seq: int | None = None
    attrs: dict[str, Any] = {}
    error: str | None = None

    @property
    def duration_ns(self) -> int | None:
        return None if self.to_ns is None else self.to_ns - self.from_ns


class Trace(Struct, frozen=True, kw_only=True):
    """All steps in order of their start on a scale of `length_ns`; `cut` is how many are not shown."""

    length_ns: int
    agent_from_ns: int | None
    steps: list[Step]
    cut: int
    ticks: list[int]

    @property
    def depths(self) -> int:
        """Rows the harness lane needs."""
        return max((step.depth for step in self.steps if step.lane == "harness"), default=0) + 1

    def x(self, ns: int) -> float:
        """A moment on the scale of WIDTH."""
        return round(min(WIDTH, max(0.0, ns / self.length_ns * WIDTH)), 3)

    def width(self, start: int, end: int | None) -> float:
        """A stretch on the scale, never too thin to see."""
        left = self.x(start)
        return round(max(1.2, self.x(end if end is not None else start) - left), 3)


def trace(joined: JoinedRun, talk: Conversation | None = None) -> Trace:
    """The steps of a run. Spans that end after the seal are not part of the record and are left out."""
    start = origin(joined)
    spans = [span for span in joined.spans if span.kind not in OUTLIVING]
    depths = _depths(spans)
    tools = {said.seq: said.tools for said in talk.calls} if talk is not None else {}
    steps = [_span(span, depths[span.span_id], start) for span in spans]
    if joined.run.sandbox == "local":
        steps = [structs.replace(step, attrs=without_host_paths(step.attrs)) for step in steps]
    steps += [_call(call, start) for call in joined.calls]
    steps += _gaps(joined, start, tools)
    steps.sort(key=lambda step: (step.from_ns, -(step.to_ns or step.from_ns), step.lane))
    length = max([1, *(step.to_ns or step.from_ns for step in steps)])
    bounds = wall_bounds(joined)
    length = max(length, bounds[1] - start) if bounds is not None else length
    began = joined.run.started_ns
    return Trace(
        length_ns=length,
        agent_from_ns=None if began is None else began - start,
        steps=steps[:MAX_STEPS],
        cut=max(0, len(steps) - MAX_STEPS),
        ticks=_ticks(length),
    )


def origin(joined: JoinedRun) -> int:
    """The instant that offsets count from: the first recorded step."""
    bounds = wall_bounds(joined)
    if bounds is not None:
        return bounds[0]
    return min([joined.run.opened_ns, *(span.start_ns for span in joined.spans)])


def _span(span: Span, depth: int, start: int) -> Step:
    return Step(
        lane="harness",
        kind=span.kind,
        name=span.name,
        from_ns=span.start_ns - start,
        to_ns=None if span.end_ns is None else max(span.end_ns, span.start_ns) - start,
        depth=min(depth, 6),
        attrs=span.attrs,
        error=span.error,
    )


def _call(call: Call, start: int) -> Step:
    end = call.done_ns if call.done_ns is not None else call.last_byte_ns
    first = call.first_token_ns if call.first_token_ns is not None else call.first_byte_ns
    return Step(
        lane="calls",
        kind="failed" if call.state in FAILED_STATES else "call",
        name=f"call {call.seq}",
        from_ns=call.received_ns - start,
        to_ns=None if end is None else max(end, call.received_ns) - start,
        first_ns=None if first is None else first - start,
        seq=call.seq,
        error=call.error,
    )


def _gaps(joined: JoinedRun, start: int, tools: dict[int, tuple[str, ...]]) -> list[Step]:
    """The agent's time that no call covers; named by the tools the call before it asked for, or by why that failed."""
    run = joined.run
    if run.started_ns is None or run.ended_ns is None:
        return []
    out: list[Step] = []
    at, before = run.started_ns, None
    asked = [call for call in joined.calls if is_model_call(call)]
    again = {stretch[0]: why for why, stretches in waits(asked).items() for stretch in stretches}
    ended = {call.done_ns if call.done_ns is not None else call.last_byte_ns: call.seq for call in joined.calls}
    for begin, end in [*sorted(call_intervals(joined.calls, (run.started_ns, run.ended_ns))), (run.ended_ns, None)]:
        if begin - at >= LEAST_GAP_NS:
            gap = _gap(before, tools, at - start, begin - start, last=end is None)
            why = again.get(at)
            out.append(
                gap if why is None else structs.replace(gap, kind="wait", name=f"{WAITS[why]}, after call {before}")
            )
        if end is not None and end >= at:
            at, before = end, ended.get(end, before)
    return out


def _gap(before: int | None, tools: dict[int, tuple[str, ...]], begin: int, end: int, *, last: bool) -> Step:
    used = tools.get(before or -1, ())
    if before is None:
        name = "the agent alone: no call" if last else "the agent starts"
    elif used:
        name = f"tools of call {before}: {', '.join(dict.fromkeys(used))}"
    else:
        name = f"the agent ends, after call {before}" if last else f"the agent, after call {before}"
    return Step(lane="tools", kind="tools", name=name, from_ns=begin, to_ns=end)


def _depths(spans: list[Span]) -> dict[str, int]:
    parents = {span.span_id: span.parent_id for span in spans}
    depths = {}
    for span_id in parents:
        seen = {span_id}
        parent = parents[span_id]
        while parent is not None and parent in parents and parent not in seen:
            seen.add(parent)
            parent = parents[parent]
        depths[span_id] = len(seen) - 1
    return depths


def _ticks(length_ns: int) -> list[int]:
    """Four to ten round moments on the scale."""
    step = 1
    while length_ns / step > 10:
        for factor in (2, 5, 10):
            if length_ns / (step * factor) <= 10:
                return list(range(0, length_ns + 1, step * factor))
        step *= 10
    return list(range(0, length_ns + 1, max(1, step)))
