from __future__ import annotations

import hashlib
import json
import random
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabproxy.ledger import blobs, canon
from cabproxy.ledger.bodies import Bodies, Hashed
from cabproxy.ledger.hashes import tagged

PATH = "/v1/chat/completions"


class Store:
    """Rows as they would lie in the table, and back to bytes."""

    def __init__(self) -> None:
        self.rows: dict[str, blobs.BlobRow] = {}

    def get(self, sha256: str) -> bytes:
        _, size, encoding, base, prefix, suffix, _, data = self.rows[sha256]
        body = self.get(str(tagged(base))) if base else b""
        middle = blobs.decode(blobs.Encoded(encoding, data, prefix or 0, suffix or 0), size, body)
        whole = body[: prefix or 0] + middle + (body[len(body) - (suffix or 0) :] if suffix else b"")
        assert len(whole) == size
        return whole


def take(bodies: Bodies, store: Store, body: bytes, conversation: str | None = None) -> tuple[str, str | None]:
    sha256, key, row = bodies.request(("r", conversation), "POST", PATH, body, body)
    if row is not None:
        store.rows.setdefault(sha256, row)  # as `on conflict do nothing` does
    return sha256, key


@given(st.binary(max_size=9000), st.binary(max_size=9000), st.integers(0, 9000))
def test_hashing_goes_on_from_what_is_shared(one: bytes, other: bytes, shared: int) -> None:
    other = one[:shared] + other
    first = Hashed(one)
    assert first.digest == hashlib.sha256(one).hexdigest()
    for known in (0, blobs.common_prefix(one, other)):
        assert Hashed(other, first, known).digest == hashlib.sha256(other).hexdigest()


edits = st.lists(
    st.tuples(
        st.sampled_from(["append", "drop", "change", "repeat", "number", "other"]),
        st.integers(0, 30),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(edits)
def test_hash_key_and_bytes_do_not_depend_on_what_came_before(changes: list[tuple[str, int, str]]) -> None:
    bodies, store = Bodies(), Store()
    messages: list[Any] = [{"role": "system", "content": "You are " + "very " * 900 + "helpful"}]
    for kind, at, text in changes:
        if kind == "append":
            messages.append({"role": "user", "content": text * 30})
        elif kind == "drop" and len(messages) > 1:
            messages.pop(at % len(messages))
        elif kind == "change":
            messages[at % len(messages)] = {"role": "user", "content": text}
        elif kind == "number":
            messages.append({"n": float(at), "m": [at, at / 7]})
        elif kind == "other":
            messages = [{"role": "user", "content": text}]
        body = json.dumps({"model": "m", "messages": messages, "temperature": 1.0}).encode()
        sha256, key = take(bodies, store, body)
        assert sha256 == blobs.tagged_sha256(body)
        assert key == canon.request_key("POST", PATH, body)
        assert store.get(sha256) == body


def test_the_same_body_is_stored_once_and_counts_for_its_own_path() -> None:
    bodies = Bodies()
    body = b'{"model":"m"}'
    first = bodies.request(("r", None), "POST", PATH, body, body)
    again = bodies.request(("r", None), "POST", PATH, body, body)
    assert first[2] is not None
    assert again == (first[0], first[1], None)
    elsewhere = bodies.request(("r", None), "POST", "/v1/embeddings", body, body)
    assert elsewhere[0] == first[0]
    assert elsewhere[1] != first[1]


def test_two_threads_of_one_conversation_do_not_push_each_other_out() -> None:
    bodies, store = Bodies(), Store()
    source = random.Random(3)
    threads = [f'{{"a":"{source.randbytes(9000).hex()}', f'{{"b":"{source.randbytes(9000).hex()}']
    sizes = []
    for turn in range(12):
        threads[turn % 2] += f"turn {turn} "
        body = (threads[turn % 2] + '"}').encode()
        sha256, _ = take(bodies, store, body)
        sizes.append(len(store.rows[sha256][-1]))
        assert store.get(sha256) == body
    assert max(sizes[2:]) < 100


def test_memory_is_bounded_and_forgetting_costs_only_space() -> None:
    bodies, store = Bodies(limit=100_000), Store()
    source = random.Random(4)
    for number in range(40):
        body = json.dumps({"x": source.randbytes(10_000).hex()}).encode()
        sha256, _ = take(bodies, store, body, str(number))
        assert store.get(sha256) == body
    assert bodies._held <= 100_000


def test_a_session_that_grows_to_400_kb_costs_what_is_new() -> None:
    """200 calls, each with 2 KB more: under 1.3 times what its new content takes when compressed in one go."""
    source = random.Random(5)
    vocabulary = ["".join(source.choices("etaoinshrdlucmfw", k=source.randint(2, 9))) for _ in range(3000)]
    bodies, store = Bodies(), Store()
    messages: list[Any] = []
    pieces = []
    for turn in range(200):
        pieces.append(" ".join(source.choices(vocabulary, k=330))[:2000])
        messages.append({"role": "user" if turn % 2 else "assistant", "content": pieces[-1]})
        body = json.dumps({"model": "m", "messages": messages, "tools": [{"name": "shell"}], "stream": True}).encode()
        sha256, _ = take(bodies, store, body)
        if turn % 40 == 39:
            assert store.get(sha256) == body
    assert len(body) > 400_000
    stored = sum(len(row[-1]) for row in store.rows.values())
    new = len(zlib.compress("".join(pieces).encode(), 6))
    assert stored < 1.3 * new


def test_responses_build_on_the_first_of_their_kind() -> None:
    bodies, store = Bodies(), Store()
    source = random.Random(6)
    skeleton = json.dumps({f"field {n}": source.randbytes(8).hex() for n in range(30)})
    sizes = []
    for number in range(5):
        data = (skeleton + f'{{"id": {number}, "text": "{source.randbytes(20).hex()}"}}').encode()
        sha256, row = bodies.response("r", "application/json", data)
        assert row is not None
        store.rows[sha256] = row
        sizes.append(len(row[-1]))
        assert store.get(sha256) == data
    assert max(sizes[1:]) < sizes[0] / 4


def test_the_first_response_of_its_kind_is_not_stored_again() -> None:
    bodies = Bodies()
    data = b'{"error":{"message":"' + b"too many requests " * 9 + b'"}}'
    sha256, row = bodies.response("r", "application/json", data)
    assert row is not None
    assert bodies.response("r", "application/json", data) == (sha256, None)
    assert bodies.response("other", "application/json", data)[1] is not None


def test_of_a_conversation_only_the_first_body_is_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    real = canon.parse

    def parse(data: bytes) -> Any:
        read.append(data)
        return real(data)

    monkeypatch.setattr(canon, "parse", parse)
    bodies, store = Bodies(), Store()
    messages: list[Any] = [{"role": "system", "content": "You are " + "very " * 900 + "helpful"}]
    for turn in range(6):
        messages.append({"role": "user", "content": f"step {turn} " * 30})
        body = json.dumps({"model": "m", "messages": messages, "stream": True}).encode()
        _, key = take(bodies, store, body)
        assert bodies.parsed(body) == json.loads(body)
        assert len(read) == 1
        assert key == "c1:" + hashlib.sha256(canon.canonical_request("POST", PATH, json.loads(body)) or b"").hexdigest()
