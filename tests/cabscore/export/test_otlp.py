"""OTLP/JSON: ids of the right size, a tree that hangs together, GenAI names, scores as events."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from msgspec import structs

from cabscore.export.otlp import trace, write


def attributes(item: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in item["attributes"]}


def test_traces(runs: Any, tmp_path: Path) -> None:
    write(runs, tmp_path / "traces.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "traces.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 4
    for line in lines:
        spans = line["resourceSpans"][0]["scopeSpans"][0]["spans"]
        ids = {span["spanId"] for span in spans}
        assert len(ids) == len(spans)
        assert {span["traceId"] for span in spans} == {spans[0]["traceId"]}
        assert re.fullmatch("[0-9a-f]{32}", spans[0]["traceId"])
        assert all(re.fullmatch("[0-9a-f]{16}", span["spanId"]) for span in spans)
        assert all(span["parentSpanId"] in ids for span in spans[1:])
        assert all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in spans)


def test_calls_and_scores(runs: Any, tmp_path: Path) -> None:
    write(runs, tmp_path / "traces.jsonl")
    first = json.loads((tmp_path / "traces.jsonl").read_text(encoding="utf-8").splitlines()[0])
    spans = first["resourceSpans"][0]["scopeSpans"][0]["spans"]
    calls = [attributes(span) for span in spans if span["kind"] == 3]
    assert [call["gen_ai.usage.input_tokens"] for call in calls] == ["1000", "2000", "3000"]
    assert calls[0]["gen_ai.operation.name"] == "chat"
    events = {attributes(event)["gen_ai.evaluation.name"]: attributes(event) for event in spans[0]["events"]}
    assert events["pass_rate"]["gen_ai.evaluation.score.value"] == 1.0
    assert len(events) == 7


def test_tools_at_work_are_spans_between_the_calls(runs: Any) -> None:
    joined, scored = next(iter(runs))
    asked = [structs.replace(call, finish_reason="tool_calls") for call in joined.calls]
    told = trace(structs.replace(joined, calls=tuple(asked)), scored)
    spans = told["resourceSpans"][0]["scopeSpans"][0]["spans"]
    tools = [span for span in spans if attributes(span).get("cab.kind") == "tools"]
    assert len(tools) == len(asked) == 3
    assert {span["parentSpanId"] for span in tools} == {spans[0]["spanId"]}
    ends = sorted(span["endTimeUnixNano"] for span in spans if span["kind"] == 3)
    assert sorted(span["startTimeUnixNano"] for span in tools) == ends


def test_an_unknown_value_has_no_attribute(runs: Any, tmp_path: Path) -> None:
    write(runs, tmp_path / "traces.jsonl")
    dead = json.loads((tmp_path / "traces.jsonl").read_text(encoding="utf-8").splitlines()[3])
    root = dead["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert all("gen_ai.evaluation.score.value" not in attributes(event) for event in root["events"])
    assert root["status"]["code"] == 2
