"""Estimates for models whose tokenizer or prompt format is not at hand: an o200k count, a fitted line, a band.

The lines and bands are data (`bands.json`), learned from recorded pairs by tests/benchmarks/token_truth/fit.py; that
script also tells how often the bands held on recordings that were not fitted on.
"""

from __future__ import annotations

import math
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

from cabproxy.tokens.answer import Answer
from cabproxy.tokens.counts import Count
from cabproxy.tokens.extras import mistral_tokens
from cabproxy.tokens.families import Family
from cabproxy.tokens.memo import Once, Prefixes
from cabproxy.tokens.request import Image, Message, Request, Tool
from cabproxy.tokens.tally import Tally
from cabproxy.tokens.texts import count

PROMPT_FEATURES = (
    "one",
    "text",
    "tools",
    "messages",
    "tool_count",
    "any_tools",
    "calls",
    "results",
    "format",
    "any_format",
    "sealed",
)
COMPLETION_FEATURES = ("one", "text", "calls", "call_count", "thought", "any_tools")
IMAGE_SLACK = 0.35


_begun: Prefixes[Message, tuple[float, ...]] = Prefixes()
_tools: Once[float] = Once()


def prompt_features(request: Request) -> dict[str, float]:
    """What a prompt's estimate is made of: o200k tokens and numbers of things."""
    start, sums = _begun.find(None, request.messages)
    text, calls, results, sealed = sums or (0.0, 0.0, 0.0, 0.0)
    for message in request.messages[start:]:
        text += sum(count(part) for part in message.texts)
        calls += sum(count(call.name) + count(call.arguments) for call in message.calls)
        results += (message.result_of is not None) + len(message.calls)
        sealed += message.sealed / 10
    if start < len(request.messages):
        _begun.put(None, request.messages, (text, calls, results, sealed), instead_of=sums)
    shown = request.format.schema if request.format else None
    return {
        "one": 1.0,
        "text": text,
        "tools": _tools.get((request.tools,), None, lambda: float(sum(map(_tool_tokens, request.tools)))),
        "messages": float(len(request.messages)),
        "tool_count": float(len(request.tools)),
        "any_tools": float(bool(request.tools)),
        "calls": calls,
        "results": results,
        "format": float(count(_json(shown)) if shown else 0),
        "any_format": float(shown is not None),
        "sealed": sealed,
    }


def completion_features(request: Request, answer: Answer, *, thought_reported: bool) -> dict[str, float]:
    """The same of an answer; thought that the usage tells of is not counted from its text."""
    said = answer.said
    calls = [call for one in said for call in one.calls]
    return {
        "one": 1.0,
        "text": float(sum(count(one.text + one.refusal) for one in said)),
        "calls": float(sum(count(call.name) + count(call.arguments) for call in calls)),
        "call_count": float(len(calls)),
        "thought": 0.0 if thought_reported else float(sum(count(one.reasoning) for one in said)),
        "any_tools": float(bool(request.tools)),
    }


def estimate_prompt(request: Request, family: Family, *, model: str = "", host: str = "") -> Count:
    tally = _tally(request, family)
    features = prompt_features(request)
    tools = bool(request.tools) or bool(features["calls"])
    line = _line("prompt", line_keys(family, model or request.model, host, tools=tools))
    value = _value(line, features)
    images = [image for message in request.messages for image in message.images]
    extra = sum(_image(image, family, tally) for image in images)
    for kind, name in (("tools", "tools"), ("format", "format")):
        tally.add(kind, round(line["weights"].get(name, 0.0) * features[name]))  # type: ignore[arg-type]
    _spread(tally, request, value - tally.total)
    tally.add("image", extra)
    _band(tally, line, value, family)
    if extra:
        tally.doubt("images", minus=round(extra * IMAGE_SLACK), plus=round(extra * IMAGE_SLACK) + 8, soft=True)
    return tally.count()


def estimate_completion(request: Request, answer: Answer, family: Family, *, model: str = "", host: str = "") -> Count:
    tally = Tally("o200k_base")
    for said in answer.said:
        for reason in said.blockers:
            tally.block(reason)
    if family.name == "mistral" and (found := _mistral(answer, tally)) is not None:
        return found
    reported = answer.thought or 0
    included = counts_thought(answer, request)
    features = completion_features(request, answer, thought_reported=bool(reported) or not included)
    tools = bool(features["call_count"])
    line = _line("completion", line_keys(family, model or answer.served or request.model, host, tools=tools))
    value = _value(line, features)
    tally.add("assistant", value)
    if included and reported:
        tally.add("reasoning", reported)
    _band(tally, line, value, family)
    if features["thought"]:
        # what is shown may be a summary of what was thought and billed
        tally.doubt("thought that may be shown in part", plus=round(2 * features["thought"]) + 40, soft=True)
    return tally.count()


def _mistral(answer: Answer, tally: Tally) -> Count | None:
    """By Mistral's own tokenizer, where it is installed: one token ends the answer, two stand beside each call."""
    tally.tokenizer = "tekken"
    for said in answer.said:
        texts = [said.text, said.refusal, said.reasoning, *(part for c in said.calls for part in (c.name, c.arguments))]
        counts = [mistral_tokens(text) for text in texts if text]
        if any(one is None for one in counts):
            tally.tokenizer = "o200k_base"
            return None
        tally.add("assistant", sum(one or 0 for one in counts) + 1 + 2 * len(said.calls) + 2 * bool(said.reasoning))
    slack = tally.total // 20
    tally.doubt("marks of Mistral's template", minus=1 + slack, plus=4 + slack, soft=True)
    return tally.count()


def counts_thought(answer: Answer, request: Request) -> bool:
    """Whether the provider's completion figure includes thought: not Gemini's, nor xAI's on chat completions."""
    if request.dialect == "gemini":
        return False
    usage = answer.reported
    if usage.reasoning and usage.completion is not None and usage.reasoning > usage.completion:
        return False
    summed = usage.total is not None and usage.prompt is not None and usage.completion is not None
    beside = summed and usage.reasoning and usage.total == usage.prompt + usage.completion + usage.reasoning  # type: ignore[operator]
    return not beside


def _tally(request: Request, family: Family) -> Tally:
    tally = Tally("o200k_base")
    for reason in request.blockers:
        tally.block(reason)
    for message in request.messages:
        for reason in message.blockers:
            tally.block(reason)
    return tally


def _spread(tally: Tally, request: Request, tokens: int) -> None:
    """Shares what is left among the messages by their own sizes, for the attribution."""
    sizes = [1 + sum(count(t) for t in m.texts) + sum(count(c.arguments) for c in m.calls) for m in request.messages]
    whole, given = sum(sizes), 0
    for index, (message, size) in enumerate(zip(request.messages, sizes, strict=True)):
        share = tokens * size // whole if index < len(sizes) - 1 else tokens - given
        given += share
        kind = "result" if message.result_of is not None else _ROLES.get(message.role, "user")
        tally.add(kind, share, index)  # type: ignore[arg-type]
    if not sizes:
        tally.add("frame", tokens)


_ROLES = {"system": "system", "developer": "system", "assistant": "assistant"}


def _image(image: Image, family: Family, tally: Tally) -> int:
    if family.name.startswith("claude") and image.width and image.height:
        scale = min(1.0, 1568 / max(image.width, image.height))
        return min(1600, math.ceil(image.width * scale * image.height * scale / 750))
    if family.name == "gemini-2.5":
        return 258
    if family.name == "gemini-2.0" and image.width and image.height:
        return 258 * _crops(image.width, image.height)
    tally.block(f"images of {family.name}" if image.width else "an image whose size is not on the wire")
    return 0


def _crops(width: int, height: int) -> int:
    """Gemini 2.0: one piece up to 384 px either way, else squares of two thirds of the shorter side, 256 to 768."""
    if max(width, height) <= 384:
        return 1
    side = min(768, max(256, math.floor(min(width, height) / 1.5)))
    return math.ceil(width / side) * math.ceil(height / side)


def _value(line: dict[str, Any], features: dict[str, float]) -> int:
    weights: dict[str, float] = line["weights"]
    return max(0, round(sum(weights.get(name, 0.0) * value for name, value in features.items())))


def _band(tally: Tally, line: dict[str, Any], value: int, family: Family) -> None:
    scale = value + line["offset"]
    minus, plus = math.ceil(-line["lo"] * scale), math.ceil(line["hi"] * scale)
    tally.doubt(f"no tokenizer at hand for {family.name}: an o200k count, scaled", minus=minus, plus=plus, soft=True)


def line_keys(family: Family, model: str, host: str, *, tools: bool) -> list[str]:
    """The keys of the table that may hold a line, closest first: the model at the host, the model, the family, all."""
    shape = "tools" if tools else "plain"
    bare = model.lower().rpartition("/")[2]
    at_host = [f"{bare}@{host}/{shape}"] if host else []
    return [
        *at_host,
        f"{bare}/{shape}",
        f"{family.name}@{host}/{shape}",
        f"family:{family.name}/{shape}",
        f"other/{shape}",
    ]


def _line(what: str, keys: list[str]) -> dict[str, Any]:
    table = bands()[what]
    found: dict[str, Any] = next(table[key] for key in keys if key in table)
    return found


@lru_cache(maxsize=1)
def bands() -> dict[str, Any]:
    """The fitted lines: {"prompt": {"family/shape": {weights, lo, hi, offset, n}}, "completion": …}."""
    data: dict[str, Any] = orjson.loads(resources.files("cabproxy.tokens").joinpath("bands.json").read_bytes())
    return data


def _tool_tokens(tool: Tool) -> int:
    return count(tool.name) + count(tool.description) + count(_json(tool.parameters or {}))


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        return repr(value)
