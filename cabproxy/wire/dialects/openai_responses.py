"""OpenAI Responses, streamed and not. The last event with the whole response is what counts; before it, deltas."""

from __future__ import annotations

from typing import Any

import orjson

from cabproxy.ledger.record import Usage
from cabproxy.wire.dialects import shared
from cabproxy.wire.dialects.base import Exchange, Interpretation, ToolCall
from cabproxy.wire.dialects.openai_chat import openai_error
from cabproxy.wire.usage import find, missing, normalise

SHAPE = "openai_responses"
ENDINGS = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
TEXT = {"response.output_text.delta"}
REASONING = {"response.reasoning_text.delta", "response.reasoning_summary_text.delta"}
REFUSAL = {"response.refusal.delta"}
TOOL_ITEMS = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "mcp_call": "arguments",
    "tool_search_call": "arguments",
    "local_shell_call": "action",
    "shell_call": "action",
    "apply_patch_call": "operation",
    "computer_call": "action",
    "web_search_call": "action",
    "file_search_call": "queries",
    "code_interpreter_call": "code",
}
"""Items that are calls of the model's, and the field that holds what it calls with. Those of the endpoint's own tools
have no name: they go by their type."""


class OpenAIResponses:
    """POST …/responses; GET, cancel and input_items of a stored response pass through uninterpreted."""

    name = "openai_responses"

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and path.endswith("/responses")

    def interpret(self, exchange: Exchange) -> Interpretation:
        request = shared.request_object(exchange)
        streamed = shared.streamed(exchange)
        reply = _Reply()
        if streamed:
            reply.read_stream(exchange)
        else:
            reply.read_body(exchange)
        return Interpretation(
            dialect=self.name,
            model_asked=shared.text_of(request.get("model")),
            model_served=shared.text_of(reply.response.get("model")),
            response_id=shared.text_of(reply.response.get("id")),
            streaming=streamed or request.get("stream") is True,
            usage=reply.usage_or(exchange, streamed=streamed),
            finish_reason=reply.finish_reason(),
            text="".join(reply.text),
            reasoning_text="".join(reply.reasoning),
            refusal="".join(reply.refusal) or None,
            tool_calls=tuple(reply.tools),
            error=shared.http_error(exchange) or reply.error,
            finished=reply.finished,
            first_content=reply.first_content,
            sampling=shared.sampling(request),
        )

    def error_body(self, status: int, code: str, message: str) -> bytes:
        return openai_error(status, code, message)


class _Reply:
    def __init__(self) -> None:
        self.response: dict[str, Any] = {}
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.tools: list[ToolCall] = []
        self.error: str | None = None
        self.finished = False
        self.first_content: int | None = None

    def read_stream(self, exchange: Exchange) -> None:
        for offset, name, event in shared.documents(exchange):
            self._event(offset, shared.text_of(event.get("type")) or name, event)
        if not (self.text or self.reasoning or self.refusal or self.tools):  # no delta: what the whole response says
            self._items()

    def _event(self, offset: int, kind: str, event: dict[str, Any]) -> None:
        response = event.get("response")
        if isinstance(response, dict):
            self.response = response
            if kind in ENDINGS:
                self.finished = True
                self._failure()
        elif kind == "error":
            self.error = shared.error_line(event if event.get("error") else {"error": event})
        elif kind == "response.output_item.done":
            self._tool(event.get("item"))
        delta = event.get("delta")
        if not delta:
            return
        if self.first_content is None:
            self.first_content = offset
        into = self._list_for(kind)
        if into is not None and isinstance(delta, str):
            into.append(delta)

    def _list_for(self, kind: str) -> list[str] | None:
        if kind in TEXT:
            return self.text
        if kind in REASONING:
            return self.reasoning
        return self.refusal if kind in REFUSAL else None

    def read_body(self, exchange: Exchange) -> None:
        self.response = shared.load_object(exchange.response)
        self.finished = exchange.complete and bool(self.response)
        self._failure()
        self._items()

    def _items(self) -> None:
        output = self.response.get("output")
        for item in output if isinstance(output, list) else ():
            if isinstance(item, dict):
                self._item(item)

    def _item(self, item: dict[str, Any]) -> None:
        self._tool(item)
        for field in ("content", "summary"):
            parts = item.get(field)
            for part in parts if isinstance(parts, list) else ():
                if not isinstance(part, dict):
                    continue
                if part.get("type") == "refusal":
                    self.refusal.append(shared.text_of(part.get("refusal")) or "")
                elif isinstance(part.get("text"), str):
                    thought = item.get("type") == "reasoning"
                    (self.reasoning if thought else self.text).append(part["text"])

    def _tool(self, item: Any) -> None:
        if not isinstance(item, dict):
            return
        kind = shared.text_of(item.get("type")) or ""
        field = TOOL_ITEMS.get(kind)
        if field is None:
            return
        called_with = item.get(field) or item.get(f"{field}s") or ""
        self.tools.append(
            ToolCall(
                name=shared.text_of(item.get("name")) or kind.removesuffix("_call"),
                arguments=called_with if isinstance(called_with, str) else orjson.dumps(called_with).decode(),
                call_id=shared.text_of(item.get("call_id")) or shared.text_of(item.get("id")),
            )
        )

    def _failure(self) -> None:
        if self.response.get("error"):
            self.error = shared.error_line(self.response)

    def finish_reason(self) -> str | None:
        """The response's status; for an incomplete one, why."""
        details = self.response.get("incomplete_details")
        reason = shared.text_of(details.get("reason")) if isinstance(details, dict) else None
        return reason or shared.text_of(self.response.get("status"))

    def usage_or(self, exchange: Exchange, *, streamed: bool) -> Usage:
        reported = find(SHAPE, self.response)
        if reported is not None:
            return normalise(SHAPE, reported)
        if self.error is not None and (exchange.status or 0) < 400:
            return missing("the response failed and reported no usage")
        return shared.no_usage(exchange, stream=streamed, finished=self.finished)


DIALECT = OpenAIResponses()
