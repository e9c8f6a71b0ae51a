"""latency: how long the agent itself took. The harness time is taken out and shown; overlapping calls count once."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any, NamedTuple

from cabproxy.ledger.record import Call, Run, Score, Span
from cabscore.axes.base import JoinedRun
from cabscore.timeline import LATE, Stretch, by_kind, cut_to, end_of, held, tool_gaps, union_ns, waits
from cabscore.usage import FAILED_STATES, is_model_call

MS = 1_000_000
OWN = ("rate_limit", "retry", "tools", "agent")
"""What of the wall is the agent's and not the model's."""


class Latency:
    """Seconds from the agent's start to its end, on one monotonic clock."""

    name = "latency"
    version = "3"

    def score(self, joined: JoinedRun) -> Score:
        agent = agent_ns(joined.run)
        claims = _claims(joined)
        parts = _split(joined, claims)
        return Score(
            axis=self.name,
            value=agent / 1e9 if agent is not None else None,
            unit="s",
            polarity="lower",
            reason=_reason(agent, parts),
            evidence=_evidence(joined, agent, parts, claims),
            version=self.version,
        )


def agent_ns(run: Run) -> int | None:
    """The agent's own time; None unless both clocks are known and in order."""
    if run.started_ns is None or run.ended_ns is None or run.ended_ns < run.started_ns:
        return None
    return run.ended_ns - run.started_ns


def at_most_ns(run: Run) -> int | None:
    """The longest the agent can have taken: its time where that is known, else as far as the run was open around it.

    Losing a clock can only make it longer: an unknown start is the opening, an unknown end the seal.
    """
    known = agent_ns(run)
    end = run.ended_ns if run.ended_ns is not None else run.closed_ns
    if known is not None or end is None:
        return known
    return end - run.opened_ns if end >= run.opened_ns else None


def wall_bounds(joined: JoinedRun) -> tuple[int, int] | None:
    """From the first recorded step to the seal (to the agent's end where there is none); None where the end is unknown.

    The run's first span may start before the run is opened in the ledger: preparing is part of the wall. Spans that
    are written after the seal are left out: the first scoring has not seen them.
    """
    run = joined.run
    end = run.closed_ns if run.closed_ns is not None else run.ended_ns
    start = min([run.opened_ns, *(span.start_ns for span in joined.spans if span.kind not in LATE)])
    return (start, end) if end is not None and end >= start else None


def call_intervals(calls: Iterable[Call], window: tuple[int, int] | None = None) -> list[tuple[int, int]]:
    """(start, end) of each ended call, cut to the window where one is given."""
    found = [(call.received_ns, end) for call in calls if (end := end_of(call)) is not None]
    return [stretch for stretch in found if stretch[1] > stretch[0]] if window is None else cut_to(found, window)


def split(joined: JoinedRun) -> dict[str, int] | None:
    """The wall in parts that add up to it exactly, in ns: before the agent, with the model, waiting for a rate limit,
    waiting to try again after an error, tools at work, the agent's own, after it.

    An instant that several could claim belongs to the first of them.
    """
    return _split(joined, _claims(joined))


class _Claims(NamedTuple):
    """The model calls of a run, when a model was at work on them, and the waits for another try by why."""

    asked: list[Call]
    answering: list[Stretch]
    waits: dict[str, list[Stretch]]


def _claims(joined: JoinedRun) -> _Claims:
    asked = [call for call in joined.calls if is_model_call(call)]
    return _Claims(asked, _answering(asked), waits(asked))


def _split(joined: JoinedRun, claims: _Claims) -> dict[str, int] | None:
    run = joined.run
    agent, bounds = agent_ns(run), wall_bounds(joined)
    if agent is None or bounds is None or run.started_ns is None or run.ended_ns is None:
        return None
    if run.started_ns < bounds[0] or run.ended_ns > bounds[1]:
        return None
    shares = _shares(
        {
            "model": claims.answering,
            "rate_limit": claims.waits["rate_limit"],
            "retry": claims.waits["error"],
            "tools": tool_gaps(claims.asked, run.ended_ns),
        },
        (run.started_ns, run.ended_ns),
    )
    own = agent - sum(shares.values())
    return {"before": run.started_ns - bounds[0], **shares, "agent": own, "after": bounds[1] - run.ended_ns}


def _answering(calls: Iterable[Call]) -> list[Stretch]:
    """The calls without what the proxy held them back."""
    found = []
    for call in calls:
        end, back = end_of(call), held(call)
        if end is not None:
            found.append((back[1] if back is not None else call.received_ns, end))
    return found


def _shares(claims: dict[str, list[Stretch]], window: Stretch | None) -> dict[str, int]:
    """What each adds to the union of those before it, within the window."""
    taken: list[Stretch] = []
    out: dict[str, int] = {}
    for name, stretches in claims.items():
        before = union_ns(taken)
        taken = [*taken, *(stretches if window is None else cut_to(stretches, window))]
        out[name] = union_ns(taken) - before
    return out


def _reason(agent: int | None, parts: dict[str, int] | None) -> str:
    if agent is None:
        return "not measured: the agent's start and end were not both recorded"
    if parts is None:
        return "agent time; the wall around it was not recorded"
    overhead = (parts["before"] + parts["after"]) / 1e9
    return (
        f"agent time, of which {parts['model'] / 1e9:.3f} s with the model; {overhead:.3f} s of harness time taken out"
    )


def _evidence(joined: JoinedRun, agent: int | None, parts: dict[str, int] | None, claims: _Claims) -> dict[str, Any]:
    asked = claims.asked
    failed = [call for call in asked if call.state in FAILED_STATES]
    bounds = wall_bounds(joined)
    first = [call.first_token_ns - call.received_ns for call in asked if call.first_token_ns is not None]
    return {
        "wall_clock_ms": _ms(bounds[1] - bounds[0]) if bounds is not None else None,
        "container_active_ms": _container_ms(joined.spans),
        "model_call_ms": union_ns(call_intervals(asked)) / MS if asked else None,
        "agent_ms": _ms(agent),
        "agent_at_most_ms": _ms(at_most_ns(joined.run)),
        "harness_overhead_ms": (parts["before"] + parts["after"]) / MS if parts is not None else None,
        "agent_own_ms": sum(parts[name] for name in OWN) / MS if parts is not None else None,
        "model_call_sum_ms": sum(end - start for start, end in call_intervals(asked)) / MS if asked else None,
        "failed_call_ms": union_ns(call_intervals(failed)) / MS,
        "parts_ms": {name: part / MS for name, part in parts.items()} if parts is not None else None,
        "waiting_ms": {why: part / MS for why, part in _waiting(joined.run, claims).items()} if asked else None,
        "harness_ms": _harness(joined, bounds) if parts is not None else None,
        "first_token_ms": {"median": median(first) / MS, "max": max(first) / MS, "calls": len(first)}
        if first
        else None,
        "calls_without_end": sum(call.done_ns is None and call.last_byte_ns is None for call in asked),
        "timed_out": joined.run.timed_out,
        "time_limit_s": joined.run.time_limit_s,
    }


def _waiting(run: Run, claims: _Claims) -> dict[str, int]:
    """How long nothing but another try was waited for, by why; a model at work on another call is no waiting."""
    known = run.started_ns is not None and run.ended_ns is not None
    window = (run.started_ns or 0, run.ended_ns or 0) if known else None
    shares = _shares({"model": claims.answering, **claims.waits}, window)
    return {name: share for name, share in shares.items() if name != "model"}


def _harness(joined: JoinedRun, bounds: tuple[int, int] | None) -> dict[str, float] | None:
    """The harness's time before and after the agent, by what it did."""
    run = joined.run
    if bounds is None or run.started_ns is None or run.ended_ns is None:
        return None
    spans = [span for span in joined.spans if span.kind not in (*LATE, "agent", "container")]
    shared = by_kind(spans, [(bounds[0], run.started_ns), (run.ended_ns, bounds[1])])
    return {kind: ns / MS for kind, ns in shared.items()}


def _container_ms(spans: tuple[Span, ...]) -> float | None:
    active = [(span.start_ns, span.end_ns) for span in spans if span.kind == "container" and span.end_ns is not None]
    return union_ns(active) / MS if active else None


def _ms(ns: int | None) -> float | None:
    return None if ns is None else ns / MS


AXIS = Latency()
