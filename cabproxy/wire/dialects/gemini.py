"""Gemini generateContent and streamGenerateContent: as events, or as a JSON array that grows."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import orjson

from cabproxy.ledger.record import Usage
from cabproxy.wire.dialects import shared
from cabproxy.wire.dialects.base import Exchange, Interpretation, ToolCall
from cabproxy.wire.usage import find, normalise

SHAPE = "gemini"
_PATH = re.compile(r"/models/([^/:]+):(generateContent|streamGenerateContent|countTokens)$")
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_REFUSALS = {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"}


class Gemini:
    """POST …/models/<model>:generateContent, :streamGenerateContent and :countTokens, Vertex' longer paths too."""

    name = "gemini"

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _PATH.search(path) is not None

    def interpret(self, exchange: Exchange) -> Interpretation:
        request = shared.request_object(exchange)
        match = _PATH.search(exchange.path)
        verb = match[2] if match else ""
        streamed = verb == "streamGenerateContent"
        reply = _Reply()
        for offset, document in _documents(exchange):
            reply.take(offset, document)
        whole = exchange.complete and (reply.finish_reason is not None or reply.blocked is not None or not streamed)
        finished = whole and reply.seen
        config = request.get("generationConfig") or request.get("generation_config")
        return Interpretation(
            dialect=self.name,
            model_asked=unquote(match[1]) if match else None,
            model_served=reply.model,
            response_id=reply.response_id,
            streaming=streamed,
            usage=reply.usage_or(exchange, streamed=streamed, finished=finished),
            finish_reason=reply.finish_reason or reply.blocked,
            text="".join(reply.text),
            reasoning_text="".join(reply.reasoning),
            refusal=reply.refusal(),
            tool_calls=tuple(reply.tools),
            error=shared.http_error(exchange) or reply.error,
            finished=finished,
            first_content=reply.first_content if streamed else None,
            sampling=config if isinstance(config, dict) else {},
        )

    def error_body(self, status: int, code: str, message: str) -> bytes:
        name = _STATUS_NAMES.get(status, "INTERNAL" if status >= 500 else "FAILED_PRECONDITION")
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code, "domain": "cabproxy"}]
        return orjson.dumps({"error": {"code": status, "message": message, "status": name, "details": details}})


def _documents(exchange: Exchange) -> list[tuple[int, dict[str, Any]]]:
    if shared.streamed(exchange):
        return [(offset, document) for offset, _, document in shared.documents(exchange)]
    found = shared.load(exchange.response)
    if found is None:
        return _cut_array(exchange.response)
    items = found if isinstance(found, list) else [found]
    return [(0, item) for item in items if isinstance(item, dict)]


def _cut_array(body: bytes) -> list[tuple[int, dict[str, Any]]]:
    """The whole objects of an array that broke off; they are told apart by the line each begins on."""
    out: list[tuple[int, dict[str, Any]]] = []
    starts = [match.start(1) for match in re.finditer(rb"(?:^\[|\n,?\r?\n?)\s*(\{)", body)] if body[:1] == b"[" else []
    begin = 0
    for end in [*starts[1:], len(body)]:
        part = shared.load_object(body[begin:end].strip(b"[], \r\n\t"))
        if part:
            out.append((begin, part))
            begin = end
    return out


class _Reply:
    def __init__(self) -> None:
        self.seen = False
        self.model: str | None = None
        self.response_id: str | None = None
        self.finish_reason: str | None = None
        self.blocked: str | None = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.tools: list[ToolCall] = []
        self.error: str | None = None
        self.first_content: int | None = None
        self._usage: dict[str, Any] | None = None

    def take(self, offset: int, document: dict[str, Any]) -> None:
        self.seen = True
        inner = document.get("response")
        if isinstance(inner, dict):  # the code-assist wrapping
            document = inner
        self.model = shared.text_of(document.get("modelVersion")) or self.model
        self.response_id = shared.text_of(document.get("responseId")) or self.response_id
        if document.get("error"):
            self.error = shared.error_line(document)
        feedback = document.get("promptFeedback")
        if isinstance(feedback, dict):
            self.blocked = shared.text_of(feedback.get("blockReason")) or self.blocked
        # Cumulative on every chunk: the last counts, nothing is summed.
        self._usage = find(SHAPE, document) or self._usage
        candidates = document.get("candidates")
        if isinstance(candidates, list) and candidates and isinstance(candidates[0], dict):
            self._candidate(offset, candidates[0])

    def _candidate(self, offset: int, candidate: dict[str, Any]) -> None:
        reason = candidate.get("finishReason")
        if reason is not None:
            self.finish_reason = str(reason)  # a number from endpoints that answer in protobuf's JSON
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                self._part(offset, part)

    def _part(self, offset: int, part: dict[str, Any]) -> None:
        call = part.get("functionCall")
        if isinstance(call, dict):
            arguments = orjson.dumps(call.get("args") or {}).decode()
            name = shared.text_of(call.get("name")) or ""
            self.tools.append(ToolCall(name=name, arguments=arguments, call_id=shared.text_of(call.get("id"))))
        text = part.get("text")
        if isinstance(text, str):
            (self.reasoning if part.get("thought") is True else self.text).append(text)
        if self.first_content is None and (text or isinstance(call, dict)):
            self.first_content = offset

    def refusal(self) -> str | None:
        if self.blocked is not None:
            return f"the prompt was blocked: {self.blocked}"
        return f"finished with {self.finish_reason}" if self.finish_reason in _REFUSALS else None

    def usage_or(self, exchange: Exchange, *, streamed: bool, finished: bool) -> Usage:
        if self._usage is not None:
            return normalise(SHAPE, self._usage)
        return shared.no_usage(exchange, stream=streamed, finished=finished)


DIALECT = Gemini()
