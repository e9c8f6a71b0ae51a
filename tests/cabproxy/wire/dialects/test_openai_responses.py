from __future__ import annotations

import json
import typing
from typing import Any

import pytest
from openai.types.responses.response_output_item import ResponseOutputItem
from openai.types.responses.response_stream_event import ResponseStreamEvent

from cabproxy.wire.dialects import Exchange, Interpretation, interpret
from cabproxy.wire.dialects.openai_responses import REASONING, REFUSAL, TEXT, TOOL_ITEMS

USAGE = {
    "input_tokens": 20,
    "output_tokens": 9,
    "total_tokens": 29,
    "input_tokens_details": {"cached_tokens": 16},
    "output_tokens_details": {"reasoning_tokens": 5},
}


def read(response: bytes, *, stream: bool, **more: Any) -> Interpretation:
    headers = {"content-type": "text/event-stream" if stream else "application/json"}
    request = json.dumps({"model": "asked", "stream": stream}).encode()
    return interpret(
        Exchange(
            method="POST",
            path="/v1/responses",
            request=request,
            status=200,
            response=response,
            response_headers=headers,
            **more,
        )
    )


def events(*items: dict[str, Any]) -> bytes:
    return b"".join(b"event: %s\ndata: %s\n\n" % (item["type"].encode(), json.dumps(item).encode()) for item in items)


def response(status: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"id": "resp_1", "model": "served", "status": status, "output": [], **fields}


CREATED = {"type": "response.created", "response": response("in_progress", usage=None)}


def test_a_body_with_text_reasoning_and_a_call() -> None:
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "thinking"}]},
        {"type": "message", "content": [{"type": "output_text", "text": "hello"}]},
        {"type": "function_call", "name": "shell", "arguments": '{"a":1}', "call_id": "call_1"},
    ]
    said = read(json.dumps(response(output=output, usage=USAGE)).encode(), stream=False)
    assert (said.text, said.reasoning_text, said.model_served, said.finish_reason) == (
        "hello",
        "thinking",
        "served",
        "completed",
    )
    assert [(call.name, call.call_id) for call in said.tool_calls] == [("shell", "call_1")]
    usage = said.usage
    assert (usage.prompt, usage.cache_read, usage.completion, usage.reasoning, usage.total) == (20, 16, 9, 5, 29)


def test_a_stream_up_to_its_completion() -> None:
    item = {"type": "custom_tool_call", "name": "patch", "input": "***", "call_id": "c"}
    body = events(
        CREATED,
        {"type": "response.output_text.delta", "delta": "he"},
        {"type": "response.output_text.delta", "delta": "y"},
        {"type": "response.output_item.done", "item": item},
        {"type": "response.completed", "response": response(usage=USAGE)},
    )
    said = read(body, stream=True)
    assert (said.text, said.finished, said.usage.total, said.first_content) == (
        "hey",
        True,
        29,
        body.index(b"event", 5),
    )
    assert [(call.name, call.arguments) for call in said.tool_calls] == [("patch", "***")]


def test_an_incomplete_response_says_why() -> None:
    ending = response("incomplete", incomplete_details={"reason": "max_output_tokens"}, usage=USAGE)
    said = read(events(CREATED, {"type": "response.incomplete", "response": ending}), stream=True)
    assert (said.finish_reason, said.finished) == ("max_output_tokens", True)


def test_a_failed_response() -> None:
    ending = response("failed", error={"code": "server_error", "message": "sorry"}, usage=None)
    said = read(events(CREATED, {"type": "response.failed", "response": ending}), stream=True)
    assert (said.error, said.finished, said.usage.source) == ("sorry (server_error)", True, "missing")


def test_a_stream_that_broke_off_has_no_usage() -> None:
    body = events(CREATED, {"type": "response.output_text.delta", "delta": "he"})
    said = read(body, stream=True, complete=False)
    assert (said.finished, said.usage.source, said.usage.prompt) == (False, "missing", None)


def test_a_refusal_in_deltas() -> None:
    assert read(events(CREATED, {"type": "response.refusal.delta", "delta": "no"}), stream=True).refusal == "no"


def test_other_methods_and_paths_are_not_interpreted() -> None:
    assert interpret(Exchange(method="GET", path="/v1/responses")).dialect is None
    assert interpret(Exchange(method="POST", path="/v1/responses/resp_1/cancel")).dialect is None


def test_recorded_streams_end_and_report(recorded_streams: dict[str, bytes]) -> None:
    for name, body in recorded_streams.items():
        if not name.endswith("_responses.sse") or not body.startswith((b"event", b"data", b":")):
            continue
        said = read(body, stream=True)
        if said.finish_reason == "queued":
            continue
        assert said.finished, name
        assert said.usage.source == "provider", name
        assert (said.first_content is not None) == bool(said.text or said.tool_calls or said.refusal), name


def kinds(union: Any) -> dict[str, frozenset[str]]:
    """What the client library's types of a union are called on the wire, and their fields."""
    found = {}
    for kind in typing.get_args(typing.get_args(union)[0]):
        for name in typing.get_args(kind.model_fields["type"].annotation):
            found[name] = frozenset(kind.model_fields)
    return found


EVENTS, ITEMS = kinds(ResponseStreamEvent), kinds(ResponseOutputItem)


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_event_the_client_library_knows_is_read(kind: str) -> None:
    event: dict[str, Any] = dict.fromkeys(EVENTS[kind], "x") | {"type": kind}
    if "response" in event:
        event["response"] = response("queued", usage=USAGE)
    if "item" in event:
        event["item"] = {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c"}
    if "error" in event:
        event["error"] = None
    said = read(events(CREATED, event), stream=True)
    start = len(events(CREATED))
    assert said.first_content == (start if "delta" in event else None)
    assert said.text == ("x" if kind in TEXT else "")
    assert said.reasoning_text == ("x" if kind in REASONING else "")
    assert said.refusal == ("x" if kind in REFUSAL else None)
    assert (said.usage.prompt == 20) == ("response" in event)
    assert bool(said.tool_calls) == (kind == "response.output_item.done")
    assert bool(said.error) == (kind == "error")
    assert said.finished == (kind in ("response.completed", "response.incomplete", "response.failed"))


@pytest.mark.parametrize("kind", sorted(name for name in ITEMS if name.endswith("_call")))
def test_every_call_of_a_tool_the_client_library_knows_is_one(kind: str) -> None:
    if kind == "image_generation_call":
        pytest.skip("it says what came of it, not what was asked")
    item: dict[str, Any] = {"type": kind, "id": "i", TOOL_ITEMS[kind]: {"command": ["ls"]}}
    assert TOOL_ITEMS[kind] in ITEMS[kind]
    (call,) = read(events({"type": "response.output_item.done", "item": item}), stream=True).tool_calls
    assert (call.name, call.arguments) == (kind.removesuffix("_call"), '{"command":["ls"]}')


def test_a_stream_without_deltas_is_read_by_its_end() -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "hello"}]}]
    said = read(events(CREATED, {"type": "response.completed", "response": response(output=output)}), stream=True)
    assert (said.text, said.finished) == ("hello", True)
