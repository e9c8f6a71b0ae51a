from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabproxy.ledger import blobs, canon
from cabproxy.ledger.splice import Outline, Spliced, Text, outline_at, splice

PATH = "/v1/messages"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["]", "[", ",", '"', "\\", "null"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
lists = st.lists(values, max_size=6)


def text_of(raw: bytes) -> Text | None:
    parsed = canon.parse(raw)
    canonical = canon.canonical_request("POST", PATH, parsed)
    return None if canonical is None else Text(raw, parsed, canonical)


def spliced(base: Text, raw: bytes) -> tuple[Outline | None, Spliced | None]:
    prefix = blobs.common_prefix(raw, base.raw)
    suffix = blobs.common_suffix(raw, base.raw, min(len(raw), len(base.raw)) - prefix)
    outline = outline_at(base, prefix)
    return outline, None if outline is None else splice(base, outline, raw, prefix, suffix)


def check(found: Spliced, raw: bytes) -> None:
    """It is what reading the whole body gives, and its outline leads on."""
    whole = text_of(raw)
    assert whole is not None
    assert json.dumps(found.text.parsed) == json.dumps(whole.parsed)
    assert found.text.canonical == whole.canonical
    assert found.text.canonical[: found.shared] == whole.canonical[: found.shared]
    outline = found.outline
    assert outline == outline_at(whole, outline.start + 1 if outline.starts else outline.start)
    places = zip(outline.starts, outline.ends, strict=True)
    assert [canon.parse(raw[start:end]) for start, end in places] == whole.parsed[outline.name]


def spelled(elements: list[Any], indent: int | None, ascii_only: bool) -> bytes:
    body = {"z": 1.5, "m": elements, "model": "x", "a": [1, {"m": 2.0}]}
    return json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode()


@settings(max_examples=50)
@given(lists, lists, lists, lists, st.sampled_from([None, 0, 2]), st.booleans())
def test_what_differs_in_a_list_is_read_as_if_all_were(
    before: list[Any], old: list[Any], new: list[Any], behind: list[Any], indent: int | None, ascii_only: bool
) -> None:
    base = text_of(spelled(before + old + behind, indent, ascii_only))
    raw = spelled(before + new + behind, indent, ascii_only)
    if base is not None and text_of(raw) is not None:
        _, found = spliced(base, raw)
        if found is not None:
            check(found, raw)


@settings(max_examples=100)
@given(lists, st.data())
def test_bytes_changed_anywhere_are_never_read_as_something_else(elements: list[Any], data: st.DataObject) -> None:
    base = text_of(spelled(elements, None, True))
    if base is None:
        return
    at = data.draw(st.integers(0, len(base.raw)))
    cut = data.draw(st.integers(0, 9))
    put = data.draw(st.text('],[{}":\\ 01.e-nulltrue', max_size=9)).encode()
    raw = base.raw[:at] + put + base.raw[at + cut :]
    _, found = spliced(base, raw)
    if found is not None:
        check(found, raw)


def body(*elements: object, **fields: object) -> bytes:
    return json.dumps({"model": "x", "messages": list(elements), "tools": [{"n": 1}], **fields}).encode()


def said(number: int) -> dict[str, Any]:
    return {"role": "user", "content": f"step {number} " * 3}


@pytest.mark.parametrize(
    "later",
    [
        body(said(1), said(2), said(3), said(4)),
        body(said(1), said(2)),
        body(said(1), said(7), said(3)),
        body(said(7)),
        body(),
        body(said(1), said(2), said(3), {"n": 2.0, "deep": [1e3]}),
        body(said(0), said(1), said(2), said(3)),
    ],
)
def test_a_conversation_that_goes_on_is_read_by_its_difference(later: bytes) -> None:
    base = text_of(body(said(1), said(2), said(3)))
    assert base is not None
    _, found = spliced(base, later)
    whole = text_of(later)
    assert found is not None
    assert whole is not None
    assert found.text == whole
    assert found.doubles == (b"2.0" in later)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"m":[1,2],"m":[1,2]}', b'{"m":[1,3],"m":[1,2]}'),
        (b'{"m":[1,2],"x":[1],"m":[1,2]}', b'{"m":[1,2],"x":[1],"m":[1,3]}'),
        (b'{"metadata":[1,2]}', b'{"metadata":[1,3]}'),
        (b'{"m":[1,2],"t":1}', b'{"m":[1,2],"t":2}'),
        (b'{"m":[1,2],"t":[3]}', b'{"m":[1,4],"t":[5]}'),
        (b"[1,[2,3]]", b"[1,[2,4]]"),
        (b'{"m":["a","b"]}', b'{"m":["a","b\\"]}'),
        (b'{"m":[1,2]}', b'{"m":[1,2],"n":[3]}'),
        (b'{"m":[[1],[2]]}', b'{"m":[[1]],"n":[[2]]}'),
        (b'{"m":[1,2]}', b'{"m":[1,NaN]}'),
        (b'{"m":[1,2]}', b'{"m":[1,"\\ud800"]}'),
        (b'{"m":[1,2]}', b'{"m":[1,' + b"[" * 260 + b"]" * 260 + b"]}"),
    ],
)
def test_what_cannot_be_told_by_the_difference_is_left_alone(one: bytes, other: bytes) -> None:
    base = text_of(one)
    assert base is not None
    assert spliced(base, other)[1] is None
