from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabproxy.proxy import scan


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=6), st.binary(max_size=40), st.booleans())
def test_the_same_as_python_says(start: bytes, needle: bytes, end: bytes, there: bool) -> None:
    filler = bytes(range(1, 256)) * 2
    data = start + filler + (needle if there else b"") + filler + end
    assert scan.holds(data, needle) == (needle in data)
    assert scan.first(data, needle) == data.find(needle)


def test_behind_a_zero_byte() -> None:
    assert scan.holds(b"a" * 500 + b"\0" + b"secret", b"secret")
    assert scan.holds(b"a" * 500 + b"x\0y", b"x\0y")


def test_without_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_search", None)
    assert scan.holds(b"a" * 500 + b"secret", b"secret")
    assert not scan.holds(b"a" * 500, b"secret")
    assert scan.first(b"a" * 500 + b"secret", b"secret") == 500
    assert scan.first(b"a" * 500, b"secret") == -1
