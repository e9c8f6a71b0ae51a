"""The counting rule of the built-in endpoint, from the request as sent: exact for every dialect it speaks.

With T(s) the o200k_base tokens of s: a prompt is 3 + Σ over messages of (3 + T(role) + texts + calls + results) + T(the
tool list as compact JSON); an answer is T(text or refusal) + Σ over calls of (T(name) + T(arguments)). The endpoint
keeps to it whatever the model is called, so it is told from the real thing by where the run went, by its own model's
name or by the fingerprint it answers with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cabproxy.tokens.answer import Answer
from cabproxy.tokens.counts import Count, Kind, Part
from cabproxy.tokens.requests.common import as_dict, as_list, compact, either
from cabproxy.tokens.texts import count

HOST = "oracle"
Turn = tuple[str, int]
"""A role and the tokens of what it said."""


def is_oracle(host: str, model: str, answer: Answer) -> bool:
    """Whether an exchange was with the built-in endpoint."""
    named = any(name.split("/")[0] == HOST for name in (model, answer.served))
    return host == HOST or named or answer.fingerprint == "fp_oracle"


def oracle_prompt(kind: str, body: dict[str, Any]) -> Count:
    """The prompt of a request of kind chat, responses, messages or gemini."""
    offered = body.get("tools") or []
    parts = [Part(_KINDS.get(role, "user"), 3 + count(role) + tokens, at) for at, role, tokens in _numbered(kind, body)]
    if offered:
        parts.append(Part("tools", count(compact(offered))))
    parts.append(Part("frame", 3))
    total = sum(part.tokens for part in parts)
    return Count(certainty="exact", value=total, lo=total, hi=total, tokenizer="o200k_base", parts=tuple(parts))


def oracle_completion(answer: Answer) -> Count:
    """What an answer says; one that broke off is counted as far as it came."""
    total = sum(
        count(said.refusal or said.text) + sum(count(call.name) + count(call.arguments) for call in said.calls)
        for said in answer.said
    )
    certainty = "exact" if answer.whole else "estimate"
    return Count(certainty=certainty, value=total, lo=total, hi=total, tokenizer="o200k_base")  # type: ignore[arg-type]


_KINDS: dict[str, Kind] = {"system": "system", "developer": "system", "assistant": "assistant", "tool": "result"}


def _numbered(kind: str, body: dict[str, Any]) -> Iterator[tuple[int, str, int]]:
    """Each turn with the place of the message it came from; the system's text, where it stands apart, has the first."""
    head = {"responses": "instructions", "messages": "system", "gemini": "systemInstruction"}.get(kind, "")
    content = either(body, head)
    if kind == "gemini" and isinstance(content, dict):
        content = content.get("parts")
    at = 0
    for turn in _system(content) if head else ():
        yield 0, *turn
        at = 1
    for place, raw in enumerate(_messages(kind, body), at):
        for turn in _read(kind, as_dict(raw)):
            yield place, *turn


def _messages(kind: str, body: dict[str, Any]) -> list[Any]:
    given = body.get({"responses": "input", "gemini": "contents"}.get(kind, "messages")) or []
    return [{"role": "user", "content": given}] if isinstance(given, str) else as_list(given)


def _read(kind: str, raw: dict[str, Any]) -> Iterator[Turn]:
    if kind == "responses":
        yield _item(raw)
    elif kind == "messages":
        yield from _blocks(raw)
    elif kind == "gemini":
        yield from _parts(raw)
    else:
        yield _message(raw)


def _system(content: Any) -> Iterator[Turn]:
    texts = _texts(content)
    if texts:
        yield "system", sum(map(count, texts))


def _message(raw: dict[str, Any]) -> Turn:
    role = str(raw.get("role"))
    texts = _texts(raw.get("content")) + _texts(raw.get("refusal"))
    if role == "tool":
        return role, count("\n".join(texts))
    calls = [as_dict(call) for call in as_list(raw.get("tool_calls"))]
    inner = [as_dict(call.get("custom") if call.get("type") == "custom" else call.get("function")) for call in calls]
    said = sum(
        count(str(one.get("name") or "")) + count(str(one.get("arguments") or one.get("input") or "")) for one in inner
    )
    return role, sum(map(count, texts)) + said


def _item(raw: dict[str, Any]) -> Turn:
    kind = str(raw.get("type") or "message")
    if kind == "message":
        return str(raw.get("role")), sum(map(count, _texts(raw.get("content"))))
    if kind.endswith("_call_output"):
        return "tool", count("\n".join(_texts(raw.get("output"))))
    if kind in ("function_call", "custom_tool_call"):
        return "assistant", count(str(raw.get("name"))) + count(str(raw.get("arguments") or raw.get("input") or ""))
    if kind == "local_shell_call":
        return "assistant", count("local_shell") + count(compact(raw.get("action") or {}))
    return "assistant", count(compact(raw))


def _blocks(raw: dict[str, Any]) -> Iterator[Turn]:
    """Anthropic: results become a message of their own."""
    content = raw.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    results = [one for one in parts if as_dict(one).get("type") == "tool_result"]
    calls = [one for one in parts if as_dict(one).get("type") == "tool_use"]
    rest = [one for one in parts if one not in results and one not in calls]
    if results:
        yield "tool", sum(count("\n".join(_texts(one.get("content")))) for one in results)
    if rest or calls:
        said = sum(count(str(one.get("name") or "")) + count(compact(one.get("input") or {})) for one in calls)
        yield str(raw.get("role")), sum(map(count, _texts(rest))) + said


def _parts(raw: dict[str, Any]) -> Iterator[Turn]:
    """Gemini, likewise."""
    parts = [as_dict(one) for one in as_list(raw.get("parts"))]
    results = [as_dict(found) for one in parts if (found := either(one, "functionResponse")) is not None]
    calls = [as_dict(found) for one in parts if (found := either(one, "functionCall")) is not None]
    rest = [one for one in parts if either(one, "functionResponse") is None and either(one, "functionCall") is None]
    if results:
        yield "tool", sum(count(compact(one.get("response") or {})) for one in results)
    if rest or calls:
        said = sum(count(str(one.get("name") or "")) + count(compact(one.get("args") or {})) for one in calls)
        role = "assistant" if raw.get("role") == "model" else str(raw.get("role") or "user")
        yield role, sum(map(count, _texts(rest))) + said


def _texts(content: Any) -> list[str]:
    """The text parts of a content; every part that is not text as compact JSON."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [content]
    return [_text(part) for part in content] if isinstance(content, list) else [compact(content)]


def _text(part: Any) -> str:
    if isinstance(part, str):
        return part
    found = (
        [part[key] for key in ("text", "refusal") if isinstance(part.get(key), str)] if isinstance(part, dict) else []
    )
    return found[0] if found else compact(part)
