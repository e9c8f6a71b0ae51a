"""OTLP/JSON traces with the GenAI names: a trace per run, its spans, its model calls as client spans, scores as events.

Names, ids and a call's attributes are those of cabproxy.ledger.genai, which live spans use too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cabproxy import __version__
from cabproxy.ledger import genai
from cabproxy.ledger.genai import hex_id
from cabproxy.ledger.record import Call, Run, Score, Span
from cabscore.axes.base import JoinedRun
from cabscore.export.base import Exported, RunBook, plain, replacing, wall_of
from cabscore.scoring import ScoredRun
from cabscore.timeline import tools_after
from cabscore.usage import is_model_call

INTERNAL, CLIENT = 1, 3


def write(runs: RunBook, out: Path) -> Exported:
    """One ResourceSpans object per line and run, as an OTLP file exporter writes them."""
    count = 0
    with replacing(out) as part, part.open("w", encoding="utf-8") as file:
        for joined, scored in runs:
            file.write(json.dumps(plain(trace(joined, scored)), ensure_ascii=False) + "\n")
            count += 1
    return Exported(files=(out,), runs=count)


def trace(joined: JoinedRun, scored: ScoredRun) -> dict[str, Any]:
    """One run as a TracesData object."""
    run = joined.run
    trace_id = genai.place_of_run(run.run_id).trace_id
    root = _root(joined, scored, trace_id)
    known = {span.span_id for span in joined.spans}
    spans = [root]
    spans += [_span(run, span, trace_id, root["spanId"], known) for span in joined.spans]
    spans += [_call(run, call, trace_id, root["spanId"]) for call in joined.calls]
    spans += _tools(joined, trace_id, root["spanId"])
    resource = _attributes(
        {
            "service.name": "codingagentbench",
            "service.version": __version__,
            "cab.run_id": run.run_id,
            "cab.cell_id": run.cell_id,
        }
    )
    scope = {"name": "cabscore", "version": __version__}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": resource},
                "scopeSpans": [{"scope": scope, "spans": spans}],
                "schemaUrl": genai.SCHEMA_URL,
            }
        ]
    }


def _root(joined: JoinedRun, scored: ScoredRun, trace_id: str) -> dict[str, Any]:
    """The run as `invoke_agent`, with one evaluation event per axis."""
    run = joined.run
    end = run.closed_ns if run.closed_ns is not None else run.ended_ns
    start = min([run.opened_ns, *(span.start_ns for span in joined.spans)])
    end = end if end is not None else max([start, *(span.end_ns or 0 for span in joined.spans)])
    attributes = {
        **genai.run_attributes(run),
        "cab.status": scored.status,
        "error.type": None if scored.status == "ok" else scored.status,
    }
    return _made(
        trace_id, genai.place_of_run(run.run_id).span_id, None, genai.run_name(run), INTERNAL,
        wall_of(run, start), wall_of(run, end), attributes,
        events=[_event(run, score, wall_of(run, end)) for score in scored.scores()],
    )  # fmt: skip


def _event(run: Run, score: Score, at: int | None) -> dict[str, Any]:
    values = {
        "gen_ai.evaluation.name": score.axis,
        "gen_ai.evaluation.score.value": score.value,
        "gen_ai.evaluation.explanation": score.reason,
    }
    return {"timeUnixNano": str(at or 0), "name": "gen_ai.evaluation.result", "attributes": _attributes(values)}


def _span(run: Run, span: Span, trace_id: str, root: str, known: set[str]) -> dict[str, Any]:
    parent = span.parent_id
    parent_id = (
        hex_id(16, run.run_id, "span", parent) if parent in known and parent != span.span_id and parent else root
    )
    attributes = {"cab.kind": span.kind, **{f"cab.{name}": value for name, value in span.attrs.items()}}
    start, end = wall_of(run, span.start_ns), wall_of(run, span.end_ns if span.end_ns is not None else span.start_ns)
    span_id = hex_id(16, run.run_id, "span", span.span_id)
    return _made(trace_id, span_id, parent_id, span.name, INTERNAL, start, end, attributes, error=span.error)


def _call(run: Run, call: Call, trace_id: str, root: str) -> dict[str, Any]:
    end = call.done_ns if call.done_ns is not None else call.received_ns
    times = wall_of(run, call.received_ns), wall_of(run, end)
    error = call.error if genai.failed(call) else None
    span_id, attributes = genai.place_of_call(call).span_id, genai.call_attributes(call)
    return _made(trace_id, span_id, root, genai.call_name(call), CLIENT, *times, attributes, error=error)


def _tools(joined: JoinedRun, trace_id: str, root: str) -> list[dict[str, Any]]:
    """When the agent's tools were at work, as far as its calls tell."""
    run = joined.run
    if run.ended_ns is None:
        return []
    found = []
    for call, (start, end) in tools_after([call for call in joined.calls if is_model_call(call)], run.ended_ns):
        span_id = hex_id(16, run.run_id, "tools", call.call_id)
        attributes = {"cab.kind": "tools", "cab.after_call": call.seq}
        name, times = f"tools of call {call.seq}", (wall_of(run, start), wall_of(run, end))
        found.append(_made(trace_id, span_id, root, name, INTERNAL, *times, attributes))
    return found


def _made(
    trace_id: str,
    span_id: str,
    parent: str | None,
    name: str,
    kind: int,
    start: int | None,
    end: int | None,
    attributes: dict[str, Any],
    *,
    error: str | None = None,
    events: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    span: dict[str, Any] = {"traceId": trace_id, "spanId": span_id, "name": name, "kind": kind}
    if parent is not None:
        span["parentSpanId"] = parent
    span["startTimeUnixNano"], span["endTimeUnixNano"] = str(max(0, start or 0)), str(max(0, end or 0))
    span["attributes"] = _attributes(attributes)
    if events:
        span["events"] = events
    failed = error is not None or "error.type" in {item["key"] for item in span["attributes"]}
    span["status"] = {"code": 2, "message": error or ""} if failed else {}
    return span


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Key-value pairs; an unknown value has no attribute."""
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(item) for item in value if item is not None]}}
    return {"stringValue": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)}
