"""Gemini generateContent and streamGenerateContent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cabproxy.proxy.oracle.ask import Ask, Message, Reply, Tokens, Tool, ToolAnswer, ToolUse
from cabproxy.proxy.oracle.speech.base import compact, frame, pieces, texts_of
from cabproxy.tokens.requests.common import either

_STREAM, _WHOLE = ":streamGenerateContent", ":generateContent"


class Gemini:
    """POST …/models/<model>:generateContent; streams are SSE (alt=sse)."""

    name = "gemini"

    def matches(self, path: str) -> bool:
        return path.endswith((_STREAM, _WHOLE))

    def parse(self, body: dict[str, Any], path: str, query: str) -> Ask:
        system = either(body, "systemInstruction") or {}
        system_texts = texts_of(system.get("parts")) if isinstance(system, dict) else texts_of(system)
        history = [part for raw in body["contents"] for part in _message(raw)]
        declared = [one for group in body.get("tools") or () for one in either(group, "functionDeclarations") or ()]
        calling = either(either(body, "toolConfig") or {}, "functionCallingConfig") or {}
        config = either(body, "generationConfig") or {}
        return Ask(
            dialect=self.name,
            model=path.rpartition("/")[2].partition(":")[0],
            messages=tuple(([Message(role="system", texts=system_texts)] if system_texts else []) + history),
            tools=tuple(map(_tool, declared)),
            tools_text=compact(body["tools"]) if body.get("tools") else "",
            tools_allowed=calling.get("mode") != "NONE",
            json_schema=_json_schema(config),
            stream=path.endswith(_STREAM),
        )

    def response_id(self, digest: str) -> str:
        return digest[:22]

    def finish_reason(self, reply: Reply) -> str:
        return "STOP"

    def whole(self, ask: Ask, reply: Reply, tokens: Tokens, ident: str) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"text": reply.words}] if reply.words else []
        return _answer(ask, ident, parts + [_call(use) for use in reply.uses], tokens, self.finish_reason(reply))

    def stream(self, ask: Ask, reply: Reply, tokens: Tokens, ident: str) -> Iterator[bytes]:
        parts: list[dict[str, Any]] = [{"text": piece} for piece in pieces(reply.words)]
        parts += [_call(use) for use in reply.uses]
        for at, part in enumerate(parts):
            last = at == len(parts) - 1
            so_far = tokens if last else Tokens(prompt=tokens.prompt, completion=0, cached=tokens.cached)
            yield frame(_answer(ask, ident, [part], so_far, self.finish_reason(reply) if last else None))

    def error(self, status: int, message: str) -> dict[str, Any]:
        return {"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}}


def _message(raw: dict[str, Any]) -> Iterator[Message]:
    parts = raw.get("parts") or []
    results = [found for part in parts if (found := either(part, "functionResponse")) is not None]
    uses = [found for part in parts if (found := either(part, "functionCall")) is not None]
    rest = [part for part in parts if either(part, "functionResponse") is None and either(part, "functionCall") is None]
    if results:
        yield Message(role="tool", answers=tuple(map(_result, results)))
    if rest or uses:
        role = "assistant" if raw.get("role") == "model" else str(raw.get("role") or "user")
        yield Message(role=role, texts=texts_of(rest), uses=tuple(map(_use, uses)))


def _result(raw: dict[str, Any]) -> ToolAnswer:
    return ToolAnswer(text=compact(raw.get("response") or {}), call_id=str(raw.get("id") or ""))


def _use(raw: dict[str, Any]) -> ToolUse:
    arguments = compact(raw.get("args") or {})
    return ToolUse(name=str(raw.get("name") or ""), arguments=arguments, call_id=str(raw.get("id") or ""))


def _tool(raw: dict[str, Any]) -> Tool:
    schema = either(raw, "parametersJsonSchema") or raw.get("parameters") or {}
    return Tool(name=str(raw["name"]), schema=schema)


def _json_schema(config: dict[str, Any]) -> dict[str, Any] | None:
    if either(config, "responseMimeType") != "application/json":
        return None
    return either(config, "responseJsonSchema") or either(config, "responseSchema") or {}


def _call(use: ToolUse) -> dict[str, Any]:
    return {"functionCall": {"id": use.call_id, "name": use.name, "args": json.loads(use.arguments)}}


def _answer(ask: Ask, ident: str, parts: list[dict[str, Any]], tokens: Tokens, finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": _usage(tokens),
        "modelVersion": ask.model,
        "responseId": ident,
    }


def _usage(tokens: Tokens) -> dict[str, Any]:
    usage: dict[str, Any] = {"promptTokenCount": tokens.prompt, "totalTokenCount": tokens.total}
    if tokens.completion:
        usage["candidatesTokenCount"] = tokens.completion
    if tokens.cached:
        usage["cachedContentTokenCount"] = tokens.cached
    return {**usage, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.prompt}]}
