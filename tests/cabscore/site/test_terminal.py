"""Recorded terminals: both versions of asciicast, anything else as nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cabproxy.harness.sandbox.base import Finished
from cabproxy.harness.terminal import cast
from cabproxy.ledger import Ledger
from cabscore.join import join
from cabscore.site.terminal import terminal


def read(cells: Any, *lines: Any) -> Any:
    run_id = cells.make(close=False)
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    cells.writer.add_artifact(run_id, "terminal.cast", "application/x-asciicast", text.encode())
    with Ledger(cells.path) as ledger:
        return terminal(ledger, join(ledger, run_id))


def test_version_2_has_moments_and_version_3_has_intervals(cells: Any) -> None:
    events = [[1.5, "o", "a"], [0.5, "i", "typed"], [2.0, "o", "b"]]
    two = read(cells, {"version": 2, "width": 100, "height": 30}, *events)
    assert two == {"width": 100, "height": 30, "events": [[1.5, "a"], [2.0, "b"]], "marks": [], "cut": False}
    three = read(cells, {"version": 3, "term": {"cols": 90, "rows": 20}}, *events)
    assert (three["width"], three["height"]) == (90, 20)
    assert three["events"] == [[1.5, "a"], [4.0, "b"]]


def test_what_the_harness_records_plays_the_same_in_both_versions(cells: Any) -> None:
    moments = [n * 333_333_333 for n in range(1, 40)]
    done = Finished(
        exit_code=3, ended_ns=20 * 10**9, stdout_size=len(moments), events=tuple((ns, 1, 1) for ns in moments)
    )
    out = bytes(65 + n % 26 for n in range(len(moments)))
    casts = [cast(done, out, b"", pty=True, title="t", wall_s=0, version=version).decode() for version in (2, 3)]
    two, three = (read(cells, *text.splitlines()) for text in casts)
    assert two == three
    assert [text for _, text in two["events"]] == list(out.decode())
    assert (two["width"], two["height"]) == (120, 40)
    last = [json.loads(text.splitlines()[-1]) for text in casts]
    assert last[0] == [20.0, "m", "exit 3"]
    assert last[1][1:] == ["x", "3"]
    assert two["marks"] == [[20.0, "exit 3"]]


@pytest.mark.parametrize(
    "lines", [("",), ("not json",), ("[]", "{}"), ({"width": "x", "height": -3}, [1], [None, "o", "x"])]
)
def test_odd_recordings_are_empty(cells: Any, lines: Any) -> None:
    found = read(cells, *lines)
    assert found["events"] == []
    assert found["height"] >= 1


def test_without_a_recording_there_is_none(cells: Any) -> None:
    with Ledger(cells.path) as ledger:
        assert terminal(ledger, join(ledger, cells.make())) is None
