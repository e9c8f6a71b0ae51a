"""Bodies nobody would send, in every dialect: never an exception, always a stated certainty or a reason."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cabproxy.tokens import recount as counting
from cabproxy.tokens.counts import Count
from cabproxy.tokens.recount import Exchange, prompt_of, recount

SEEDS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("seeds.json").read_text())
"""An exchange of each kind: its `request`, and its `answer` as the documents of a stream."""
MODELS = ("gpt-4o", "gpt-5", "gpt-5.4", "o3-mini", "gpt-4", "claude-opus-4-7", "mistral-small", "oracle", "")
ODD = (None, True, 0, -1, 1.5, 10**30, "", "x", "\ud800", "<|endoftext|>", "\x00", [], {}, [[]], [None], {"a": None},
       {"type": []}, {"role": {}}, [[["a"]]], {"$ref": "#"}, {"type": "text"}, "null")  # fmt: skip
NAMES = ("type", "content", "role", "name", "index", "usage", "items", "properties", "anyOf", "$ref", "text", "id")


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


def spoil(draw: Any, document: Any) -> Any:
    """The document with one to four places changed, taken away, wrapped or added to."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        inner = [place for place in places(document) if place]
        if not inner:
            break
        *way, last = inner[draw(st.integers(0, 10_000)) % len(inner)]
        holder = document
        for key in way:
            holder = holder[key]
        how, name, odd = draw(st.tuples(st.integers(0, 5), st.sampled_from(NAMES), st.integers(0, len(ODD) - 1)))
        if how == 0 and isinstance(holder, dict):
            del holder[last]
        elif how == 1 and isinstance(holder, dict):
            holder[name] = copy.deepcopy(ODD[odd])
        elif how == 2:
            holder[last] = [holder[last]]
        else:
            holder[last] = copy.deepcopy(ODD[odd])
    return document


def body_of(documents: list[Any], *, streamed: bool) -> bytes:
    texts = [json.dumps(one) for one in documents]
    shown = "".join(f"data: {text}\n\n" for text in texts) if streamed else texts[-1]
    return shown.encode()


def check(count: Count) -> None:
    if count.certainty == "unknown":
        assert count.value is None
        assert count.reason
        return
    assert count.certainty in ("exact", "interval", "estimate")
    assert None not in (count.lo, count.value, count.hi)
    assert 0 <= count.lo <= count.value <= count.hi  # type: ignore[operator]
    assert count.certainty != "exact" or count.lo == count.hi


@pytest.mark.parametrize("kind", SEEDS)
def test_the_seeds_are_counted(kind: str) -> None:
    request, documents = SEEDS[kind]["request"], SEEDS[kind]["answer"]
    found = recount(Exchange(request=request, response=body_of(documents, streamed=len(documents) > 1), kind=kind))
    check(found.prompt)
    check(found.completion)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_the_shape(data: st.DataObject) -> None:
    whatever_the_shape(data)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_the_shape_at_length(data: st.DataObject) -> None:
    whatever_the_shape(data)


def whatever_the_shape(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(SEEDS)))
    request, documents = SEEDS[kind]["request"], SEEDS[kind]["answer"]
    broken = spoil(data.draw, request)
    exchange = Exchange(
        request=broken if isinstance(broken, dict) else {},
        response=body_of([spoil(data.draw, one) for one in documents], streamed=data.draw(st.booleans())),
        kind=data.draw(st.sampled_from([kind, None])),
        model=data.draw(st.sampled_from(MODELS)),
        host=data.draw(st.sampled_from(["", "api.openai.com", "openrouter.ai"])),
        status=data.draw(st.sampled_from([200, None, 500])),
    )
    found = recount(exchange)
    check(found.prompt)
    check(found.completion)
    check(prompt_of(exchange))


@given(response=st.binary(max_size=200))
@settings(max_examples=40, deadline=None)
def test_an_answer_of_any_bytes(response: bytes) -> None:
    check(recount(Exchange(request=SEEDS["chat"]["request"], response=b"data: " + response, kind="chat")).completion)


def test_a_shape_that_cannot_be_counted_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Count:
        raise TypeError("odd")

    monkeypatch.setattr(counting, "_prompt", fails)
    found = recount(Exchange(request=SEEDS["chat"]["request"], kind="chat"))
    assert (found.prompt.certainty, found.prompt.reason) == ("unknown", "a shape that could not be counted: TypeError")


@pytest.mark.parametrize(("model", "certainty"), [("gpt-5", "unknown"), ("claude-opus-4-7", "estimate")])
def test_less_than_no_thought_tells_nothing(model: str, certainty: str) -> None:
    documents = copy.deepcopy(SEEDS["chat"]["answer"])
    del documents[0]["model"]
    documents[-1]["usage"] = {"completion_tokens_details": {"reasoning_tokens": -1}}
    answer = body_of(documents, streamed=True)
    found = recount(Exchange(request=SEEDS["chat"]["request"], response=answer, kind="chat", model=model))
    assert found.completion.certainty == certainty
    check(found.completion)
