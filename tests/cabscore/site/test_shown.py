"""Text as a page may show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from cabscore.site.shown import clean, clip, finalize, number, pretty, rank, seconds, short, without_host_paths


@given(st.text())
def test_nothing_invisible_is_left_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert all(char >= " " or char in "\n\t" for char in cleaned)
    cleaned.encode("utf-8")


def test_pictures() -> None:
    assert clean("\x1b[31m\x7f\u202e\ud800") == "␛[31m␡⟨U+202E⟩⟨U+D800⟩"
    assert clean("a\r\nb\tc") == "a\nb\tc"


def test_finalize_leaves_markup_and_numbers_alone() -> None:
    assert finalize(None) == ""
    assert finalize(3) == 3
    assert finalize(Markup("<b>\x1b</b>")) == Markup("<b>\x1b</b>")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (None, None, "–"),
        (0, None, "0"),
        (12345, None, "12\u202f345"),
        (0.5, None, "0.500"),
        (3.0, None, "3"),
        (2, 3, "2.000"),
    ],
)
def test_numbers(value: float | None, digits: int | None, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [(None, "–"), (0, "0 µs"), (5_000_000, "5 ms"), (1_500_000_000, "1.50 s"), (250_000_000_000, "250.0 s")],
)
def test_durations(ns: int | None, text: str) -> None:
    assert seconds(ns) == text


def test_clip_and_digests() -> None:
    assert clip("abc", 2) == "[1 characters left out]\nbc"
    assert short("sha256:" + "a" * 64) == "sha256:aaaaaaaaaaaa…"
    assert short(None) == "–"
    assert pretty({"a": "ü\x1b"}) == '{\n  "a": "ü\\u001b"\n}'


def test_home_folders_are_not_named() -> None:
    operator = "/ro" + "ot"
    said = f'File "/home/alice/x.py", {operator}/.cache and /Users/bob; not {operator}ed, ~{operator}/x or src/home/x'
    assert finalize(said) == f'File "~/x.py", ~/.cache and ~; not {operator}ed, ~{operator}/x or src/home/x'


def test_host_paths_are_cut_to_their_last_name() -> None:
    assert without_host_paths({"argv": ["/opt/x/bin/python3", "-m", "a/b", "/not a path"]}) == {
        "argv": ["…/python3", "-m", "a/b", "/not a path"]
    }


def test_what_a_column_is_sorted_by_is_short_and_keeps_the_order() -> None:
    values = [0, 0.000123456789, 1 / 3, 1, 12_345.678912345, 1_234_567]
    assert rank(None) == ""
    assert [rank(value) for value in values][2:] == ["0.33333333", "1", "12345.679", "1234567"]
    assert sorted(values, key=lambda value: float(rank(value))) == values
