from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cabproxy.harness.sandbox.base import Finished
from cabproxy.harness.terminal import cast

OUT = "grün\n".encode()
DONE = Finished(
    exit_code=3,
    started_ns=0,
    ended_ns=2_500_000_000,
    stdout_size=len(OUT),
    stderr_size=4,
    events=((500_000_000, 1, 3), (700_000_000, 2, 4), (1_000_000_000, 1, 3)),
)


def lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.decode().splitlines()]


def test_version_2_counts_from_the_start() -> None:
    head, *events = lines(cast(DONE, OUT, b"oh!\n", pty=False, title="cell", wall_s=1000))
    assert (head["version"], head["width"], head["height"], head["timestamp"], head["title"]) == (
        2,
        120,
        40,
        1000,
        "cell",
    )
    assert events == [
        [0.5, "o", "gr"],  # the first byte of a character waits for its second
        [0.7, "o", "oh!\r\n"],
        [1.0, "o", "ün\r\n"],
        [2.5, "m", "exit 3"],
    ]


def test_version_3_counts_from_the_event_before() -> None:
    head, *events = lines(cast(DONE, OUT, b"oh!\n", pty=True, title="cell", wall_s=1000, version=3))
    assert head["term"] == {"cols": 120, "rows": 40}
    assert [event[0] for event in events] == [0.5, 0.2, 0.3, 1.5]
    assert events[-1] == [1.5, "x", "3"]
    assert events[1][2] == "oh!\n"


def test_a_cut_output_ends_with_a_marker() -> None:
    done = Finished(exit_code=None, signal=9, ended_ns=9, stdout_size=100, events=((1, 1, 4), (2, 1, 96)))
    _, *events = lines(cast(done, b"headtail", b"", pty=True, title="", wall_s=0))
    assert [event[1:] for event in events] == [
        ["o", "head"],
        ["m", "the rest of the output is not shown"],
        ["m", "exit 137"],
    ]


@given(st.lists(st.integers(0, 10**12), max_size=40), st.integers(0, 10**12))
def test_intervals_add_up_to_the_moments_of_version_2(moments: list[int], end: int) -> None:
    moments.sort()
    done = Finished(exit_code=0, ended_ns=end, stdout_size=len(moments), events=tuple((ns, 1, 1) for ns in moments))
    two, three = (
        lines(cast(done, b"x" * len(moments), b"", pty=True, title="", wall_s=0, version=version))[1:]
        for version in (2, 3)
    )
    assert len(two) == len(three) == len(moments) + 1
    at = 0
    for (moment, _, _), (interval, _, _) in zip(two, three, strict=True):
        assert interval >= 0
        at += round(interval * 1e6)
        assert at == round(moment * 1e6)
