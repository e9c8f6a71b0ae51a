"""The replay's steps: in order, within the scale, gaps where no call was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Run, Span
from cabscore.axes.base import JoinedRun
from cabscore.join import join
from cabscore.site.bodies import conversation
from cabscore.site.trace import WIDTH, trace

S = 1_000_000_000
instants = st.integers(-(2**40), 2**40)


def test_calls_spans_and_gaps_in_order(cells: Any) -> None:
    with Ledger(cells.path) as ledger:
        joined = join(ledger, cells.make(calls=2))
        found = trace(joined, conversation(ledger, joined))
    assert found.length_ns == 16 * S
    assert [step.from_ns for step in found.steps] == sorted(step.from_ns for step in found.steps)
    assert [step.seq for step in found.steps if step.lane == "calls"] == [1, 2]
    gaps = [(step.from_ns, step.to_ns, step.name) for step in found.steps if step.lane == "tools"]
    assert gaps == [
        (2 * S, 3 * S, "the agent starts"),
        (3 * S + S // 2, 4 * S, "the agent, after call 1"),
        (4 * S + S // 2, 12 * S, "the agent ends, after call 2"),
    ]
    covered = sum(to - start for start, to, _ in gaps) + 2 * S // 2
    assert covered == 10 * S


@pytest.mark.parametrize(
    ("status", "name"), [(429, "waiting for the rate limit, after call 1"), (500, "waiting to try again, after call 1")]
)
def test_a_wait_for_another_try_says_so(cells: Any, status: int, name: str) -> None:
    with Ledger(cells.path) as ledger:
        joined = join(ledger, cells.make(calls=2))
    first, second = joined.calls
    refused = structs.replace(first, state="http_error", status=status, request_key="c1:a")
    found = trace(structs.replace(joined, calls=(refused, structs.replace(second, request_key="c1:a"))))
    gaps = [(step.kind, step.name) for step in found.steps if step.lane == "tools"]
    assert gaps[1] == ("wait", name)


def test_spans_that_end_after_the_seal_are_no_part_of_it(cells: Any) -> None:
    with Ledger(cells.path) as ledger:
        found = trace(join(ledger, cells.make()))
    assert "run" not in {step.kind for step in found.steps}
    assert {step.kind for step in found.steps} >= {"prepare", "agent", "verify"}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "a", "b", "x"]), instants, instants), max_size=6)
)
def test_any_spans_stay_within_the_scale(rows: list[Any]) -> None:
    spans = tuple(
        Span(span_id=f"{name}", parent_id=parent, run_id="r", name=name, kind="x", start_ns=start, end_ns=end)
        for name, parent, start, end in rows
    )
    found = trace(JoinedRun(run=Run(run_id="r", opened_wall_ns=0, opened_ns=0, closed_ns=5), task=None, spans=spans))
    for step in found.steps:
        assert 0 <= found.x(step.from_ns) <= WIDTH
        assert found.width(step.from_ns, step.to_ns) > 0
    assert 1 <= len(found.ticks) <= 12
