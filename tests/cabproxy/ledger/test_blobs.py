from __future__ import annotations

import random
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabproxy.errors import LedgerError
from cabproxy.ledger import blobs
from cabproxy.ledger.blobs import BlobReader, Encoded
from cabproxy.ledger.connect import open_for_writing

pieces = st.lists(st.binary(max_size=40) | st.just(b"the same again and again " * 40), max_size=8)


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_for_writing(path)
    yield connection
    connection.close()


def rebuilt(encoded: Encoded, size: int, base: bytes) -> bytes:
    middle = blobs.decode(encoded, size, base)
    return base[: encoded.prefix] + middle + (base[len(base) - encoded.suffix :] if encoded.suffix else b"")


@given(pieces, pieces)
def test_a_delta_gives_back_every_byte(one: list[bytes], other: list[bytes]) -> None:
    base, data = b"".join(one), b"".join(other)
    assert rebuilt(blobs.encode_delta(data, base), len(data), base) == data


@given(st.binary(max_size=3000), st.binary(max_size=3000), st.integers(0, 3000))
def test_common_start_and_end(a: bytes, b: bytes, shared: int) -> None:
    b = a[:shared] + b
    expected = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    assert blobs.common_prefix(a, b) == expected
    for guess in (expected, max(expected - 20, 0), expected + 3):
        assert blobs.common_prefix(a, b, guesses=(guess + 9, guess)) == expected
    low = blobs.common_prefix(a, b, 256)
    assert expected - 256 < low <= expected
    limit = min(len(a), len(b))
    back = next((i for i, (x, y) in enumerate(zip(a[::-1], b[::-1], strict=False)) if x != y), limit)
    assert blobs.common_suffix(a, b, limit) == back
    assert blobs.common_suffix(a, b, min(limit, 5)) == min(back, 5)
    for guess in (back, back - 20, back + 3):
        assert blobs.common_suffix(a, b, limit, guess) == back


def test_bodies_changed_in_many_places_are_small_deltas() -> None:
    source = random.Random(1)
    words = [source.randbytes(6).hex() for _ in range(8000)]
    base = " ".join(words).encode()
    for at in range(0, len(words), 100):
        words[at] = "changed"
    data = " ".join(words).encode()
    delta = blobs.encode_delta(data, base)
    assert delta.encoding == "zstd"
    assert len(delta.data) < len(data) / 50
    assert rebuilt(delta, len(data), base) == data


def test_what_does_not_compress_is_kept_raw() -> None:
    noise = random.Random(2).randbytes(500)
    assert blobs.encode(noise) == Encoded("raw", noise)
    assert blobs.encode(b"").data == b""


def test_a_blob_is_stored_once_and_read_back(connection: sqlite3.Connection) -> None:
    first = blobs.put(connection, b"a body " * 100)
    assert first == blobs.put(connection, b"a body " * 100, first)
    second = blobs.put(connection, b"a body " * 100 + b"and more", first)
    reader = BlobReader(connection)
    assert reader.get(second) == b"a body " * 100 + b"and more"
    assert reader.get(first) == b"a body " * 100
    assert connection.execute("select encoding, depth, base_id from blob").fetchall() == [
        ("deflate", 0, None),
        ("raw", 1, 1),
    ]


def test_a_base_that_is_not_there_does_no_harm(connection: sqlite3.Connection) -> None:
    assert BlobReader(connection).get(blobs.put(connection, b"x" * 50, "sha256:none")) == b"x" * 50


def test_a_long_chain_reads_back_from_any_end_and_is_bounded(connection: sqlite3.Connection) -> None:
    body, sha256, bodies = b"start " * 100, None, []
    connection.execute("begin")
    reader = BlobReader(connection)
    for number in range(blobs.MAX_DEPTH + 20):
        body += b"turn %d " % number
        sha256 = blobs.put(connection, body, sha256, reader)
        bodies.append((sha256, body))
    connection.execute("commit")
    assert connection.execute("select max(depth) from blob").fetchone() == (blobs.MAX_DEPTH,)
    for sha256, body in (bodies[blobs.MAX_DEPTH], bodies[-1], bodies[0], bodies[500]):
        assert BlobReader(connection).get(sha256) == body


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data = x'00' where id = 2", "cannot be decoded"),
        ("base_prefix = 99999 where id = 2", "does not fit"),
        ("encoding = 'lzma' where id = 2", "unknown encoding"),
        ("size = 3 where id = 2", "cannot be decoded"),
        ("size = 'x' where id = 2", "its row cannot be read"),
        ("base_id = 7 where id = 2", "builds on a later one"),
        ("base_id = 2 where id = 2", "builds on a later one"),
        ("encoding = 'raw', data = 'nonsense' where id = 1", "its row cannot be read"),
        ("base_prefix = base_prefix - 1 where id = 2", "not what they were|cannot be decoded"),
    ],
)
def test_damage_is_a_clear_error(connection: sqlite3.Connection, change: str, words: str) -> None:
    first = blobs.put(connection, b"a body " * 100)
    second = blobs.put(connection, b"a body " * 100 + b"and more", first)
    connection.execute(f"update blob set {change}")
    with pytest.raises(LedgerError, match=words):
        BlobReader(connection).get(second)


def test_a_missing_blob_is_a_clear_error(connection: sqlite3.Connection) -> None:
    with pytest.raises(LedgerError, match="not in the ledger"):
        BlobReader(connection).get("sha256:00")


def test_what_is_kept_while_reading_is_bounded(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "_KEEP_BYTES", 5000)
    reader = BlobReader(connection)
    names = [blobs.put(connection, bytes([n]) * 2000) for n in range(9)]
    assert [reader.get(name)[0] for name in names] == list(range(9))
    assert reader._kept_bytes <= 5000


def test_a_deflated_blob_can_be_read_with_zlib_alone() -> None:
    assert zlib.decompress(blobs.encode(b"plain " * 50).data, wbits=-15) == b"plain " * 50
