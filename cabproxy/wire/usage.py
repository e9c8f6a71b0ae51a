"""Token usage as providers report it, brought to one shape. How providers differ is a table, not code."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson
from msgspec import Struct

from cabproxy.ledger.record import Usage

Paths = tuple[str, ...]
"""Dotted paths into the provider's object; the first that holds a number counts."""


class UsageShape(Struct, frozen=True, kw_only=True):
    """Where a family of providers keeps each number, and what its numbers include."""

    prompt: Paths
    completion: Paths
    cache_read: Paths = ()
    cache_write: Paths = ()
    reasoning: Paths = ()
    total: Paths = ()
    cost_usd: Paths = ()
    prompt_excludes_cache: bool = False  # prompt is what was neither read from nor written to a cache
    completion_excludes_reasoning: bool = False


SHAPES: Mapping[str, UsageShape] = {
    "openai_chat": UsageShape(
        prompt=("prompt_tokens", "input_tokens", "prompt_eval_count"),
        completion=("completion_tokens", "output_tokens", "eval_count"),
        cache_read=(
            "prompt_tokens_details.cached_tokens",
            "prompt_cache_hit_tokens",  # DeepSeek
            "cached_tokens",  # Moonshot
            "cache_read_input_tokens",  # Databricks, LiteLLM
        ),
        cache_write=(
            "prompt_tokens_details.cache_write_tokens",  # OpenRouter
            "prompt_tokens_details.cache_creation_tokens",
            "cache_creation_input_tokens",
        ),
        reasoning=("completion_tokens_details.reasoning_tokens", "reasoning_tokens"),
        total=("total_tokens",),
        cost_usd=("cost", "cost.total_cost", "estimated_cost"),  # OpenRouter, Perplexity, DeepInfra
    ),
    "openai_embeddings": UsageShape(
        prompt=("prompt_tokens", "total_tokens"),  # Voyage has only a total, which is all prompt
        completion=("completion_tokens",),
        total=("total_tokens",),
        cost_usd=("cost",),
    ),
    "openai_responses": UsageShape(
        prompt=("input_tokens", "prompt_tokens"),
        completion=("output_tokens", "completion_tokens"),
        cache_read=("input_tokens_details.cached_tokens", "prompt_tokens_details.cached_tokens"),
        cache_write=("input_tokens_details.cache_write_tokens",),
        reasoning=("output_tokens_details.reasoning_tokens", "completion_tokens_details.reasoning_tokens"),
        total=("total_tokens",),
        cost_usd=("cost",),
    ),
    "anthropic_messages": UsageShape(
        prompt=("input_tokens",),
        completion=("output_tokens",),
        cache_read=("cache_read_input_tokens",),
        cache_write=("cache_creation_input_tokens",),
        reasoning=("output_tokens_details.thinking_tokens", "output_tokens_details.reasoning_tokens"),
        prompt_excludes_cache=True,
    ),
    "gemini": UsageShape(
        prompt=("promptTokenCount",),
        completion=("candidatesTokenCount", "responseTokenCount"),
        cache_read=("cachedContentTokenCount",),
        reasoning=("thoughtsTokenCount",),
        total=("totalTokenCount",),
        completion_excludes_reasoning=True,
    ),
}

USAGE_PLACES: Mapping[str, Paths] = {
    "openai_embeddings": ("usage",),
    "openai_chat": ("usage", "x_groq.usage", "choices.0.usage", "message.usage"),
    "openai_responses": ("response.usage", "usage"),
    "anthropic_messages": ("message.usage", "usage", "delta.usage"),
    "gemini": ("usageMetadata", "usage_metadata", "response.usageMetadata"),
}
"""Where in a body or an event the object may stand: Groq and Moonshot have places of their own."""


def missing(reason: str) -> Usage:
    """Not reported: unknown, not zero."""
    return Usage(source="missing", reason=reason)


def find(shape: str, document: Any) -> dict[str, Any] | None:
    """The usage object of one body or event, where the shape's providers keep it."""
    for path in USAGE_PLACES[shape]:
        found = at(document, path)
        if isinstance(found, dict) and found:
            return found
    return None


def normalise(shape_name: str, reported: Mapping[str, Any]) -> Usage:
    """The provider's object in our terms. Nothing is corrected: where it contradicts itself, `contradictions` says how.

    `prompt` includes cache reads and writes, `completion` includes reasoning, whatever the provider's own habit.
    """
    shape = SHAPES[shape_name]
    prompt = number(reported, shape.prompt)
    completion = number(reported, shape.completion)
    read, write = number(reported, shape.cache_read), number(reported, shape.cache_write)
    reasoning, total = number(reported, shape.reasoning), number(reported, shape.total)
    if shape.prompt_excludes_cache and prompt is not None:
        prompt += (read or 0) + (write or 0)
    if shape.completion_excludes_reasoning and (completion is not None or reasoning is not None):
        completion = (completion or 0) + (reasoning or 0)
    if prompt is None and completion is None:
        return Usage(source="missing", reason="the usage object holds no token counts", raw=_text(reported))
    return Usage(
        source="provider",
        reason=_partial(prompt, completion),
        prompt=prompt,
        completion=completion,
        cache_read=read,
        cache_write=write,
        reasoning=reasoning,
        total=total,
        cost_usd=_money(reported, shape.cost_usd),
        contradictions=_contradictions(prompt, completion, read, write, reasoning, total, reported),
        raw=_text(reported),
    )


def merge(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """Usage that comes in parts: the last non-null value of each field wins, nothing is summed."""
    if old is None:
        return dict(new)
    return {**old, **{key: value for key, value in new.items() if value is not None or key not in old}}


def at(document: Any, path: str) -> Any:
    """What stands at a dotted path, list places by number; None where there is no such place."""
    if type(document) is dict:  # most paths end with the first name
        first, dot, rest = _split(path)
        document = document.get(first)
        if document is None or not dot:
            return document
        path = rest
    for part in _parts(path):
        if isinstance(document, dict):
            document = document.get(part)
            if document is None:
                return None
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


@lru_cache(maxsize=1024)
def _split(path: str) -> tuple[str, str, str]:
    return path.partition(".")


@lru_cache(maxsize=1024)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def number(document: Any, paths: Paths) -> int | None:
    """The first of the paths that holds a whole number."""
    for path in paths:
        first, dot, rest = _split(path)
        value = document.get(first)
        if value is None:
            continue
        if dot:
            value = value.get(rest) if type(value) is dict and "." not in rest else at(value, rest)
            if value is None:
                continue
        if type(value) is int:
            return value
        if isinstance(value, bool):
            continue
        if isinstance(value, int):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
    return None


def _partial(prompt: int | None, completion: int | None) -> str | None:
    if prompt is None:
        return "the provider reported no prompt tokens"
    return "the provider reported no completion tokens" if completion is None else None


def _contradictions(
    prompt: int | None,
    completion: int | None,
    read: int | None,
    write: int | None,
    reasoning: int | None,
    total: int | None,
    reported: Mapping[str, Any],
) -> tuple[str, ...]:
    found: list[str] = []
    if reasoning is not None and completion is not None and reasoning > completion:
        found.append(f"reasoning {reasoning} > completion {completion}")
    if prompt is not None and (read or 0) + (write or 0) > prompt:
        found.append(f"cached {(read or 0) + (write or 0)} > prompt {prompt}")
    if total is not None and prompt is not None and completion is not None:
        tools = number(reported, ("toolUsePromptTokenCount",)) or 0
        if total != prompt + completion + tools:
            found.append(f"total {total} != prompt {prompt} + completion {completion}")
    named = {
        "prompt": prompt,
        "completion": completion,
        "cache_read": read,
        "cache_write": write,
        "reasoning": reasoning,
        "total": total,
    }
    found.extend(f"{name} {value} < 0" for name, value in named.items() if value is not None and value < 0)
    return tuple(found)


def _money(document: Any, paths: Paths) -> str | None:
    for path in paths:
        value = at(document, path)
        if value is None or isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            continue
        if amount.is_finite():
            return format(amount, "f")
    return None


def _text(reported: Mapping[str, Any]) -> str | None:
    try:
        return orjson.dumps(reported).decode()
    except (TypeError, ValueError):
        return None
