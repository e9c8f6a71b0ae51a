"""Reads Gemini's generateContent, streamGenerateContent and countTokens requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cabproxy.tokens import memo
from cabproxy.tokens.imagesize import read_image
from cabproxy.tokens.request import Call, Format, Image, Message, Request, Tool
from cabproxy.tokens.requests.common import as_dict, as_list, as_text, compact, either


def read(body: dict[str, Any], *, sizes: Iterable[Image] = ()) -> Request:
    known = list(sizes)
    body = as_dict(body.get("generateContentRequest")) or body
    system = either(body, "systemInstruction")
    messages = []
    if system:
        parts = {"role": "system", "parts": as_list(as_dict(system).get("parts")) or [as_dict(system.get("parts"))]}
        messages.append(read_message(parts, known))
    messages += memo.messages("gemini", as_list(body.get("contents")), known, read_message)
    groups = [as_dict(raw) for raw in as_list(body.get("tools"))]
    declared = [as_dict(one) for group in groups for one in as_list(either(group, "functionDeclarations"))]
    hosted = [key for group in groups for key, value in group.items() if value is not None and key not in _DECLARED]
    config = as_dict(either(body, "generationConfig"))
    schema = either(config, "responseSchema") or either(config, "responseJsonSchema")
    return Request(
        dialect="gemini",
        model=as_text(body.get("model")),
        messages=tuple(messages),
        tools=tuple(_tool(one) for one in declared),
        format=Format(kind="json_schema", schema=schema) if isinstance(schema, dict) else None,
        blockers=tuple(f"a hosted tool ({key})" for key in hosted)
        + (("a cache kept by the server",) if either(body, "cachedContent") else ()),
    )


_DECLARED = ("functionDeclarations", "function_declarations")


def _tool(raw: dict[str, Any]) -> Tool:
    schema = raw.get("parameters") or either(raw, "parametersJsonSchema")
    return Tool(
        name=as_text(raw.get("name")),
        description=as_text(raw.get("description")),
        parameters=schema if isinstance(schema, dict) else None,
    )


def read_message(raw: Any, known: list[Image]) -> Message:
    body = as_dict(raw)
    texts: list[str] = []
    images: list[Image] = []
    calls: list[Call] = []
    blockers: list[str] = []
    result: str | None = None
    sealed = 0
    for part in (as_dict(one) for one in as_list(body.get("parts"))):
        inline = as_dict(either(part, "inlineData"))
        call, answer = as_dict(either(part, "functionCall")), as_dict(either(part, "functionResponse"))
        sealed += len(as_text(either(part, "thoughtSignature")))
        if "text" in part:
            texts.append(as_text(part["text"]))
        elif inline:
            if as_text(either(inline, "mimeType")).startswith("image"):
                images.append(read_image(as_text(inline.get("data")), "", known))
            else:
                blockers.append("a file")
        elif call:
            calls.append(Call(name=as_text(call.get("name")), arguments=compact(call.get("args") or {})))
        elif answer:
            result = as_text(answer.get("name"))
            texts.append(compact(answer.get("response") or {}))
            if answer.get("parts"):
                blockers.append("a file in a tool's result")
        elif part:
            blockers.append("a file" if either(part, "fileData") is not None else "a part of the server's own kind")
    role = {"model": "assistant"}.get(as_text(body.get("role")), as_text(body.get("role")) or "user")
    return Message(
        role=role,
        texts=tuple(texts),
        images=tuple(images),
        calls=tuple(calls),
        result_of=result,
        sealed=sealed,
        blockers=tuple(blockers),
    )
