"""Agent time on one clock; overlapping calls once; the parts of the wall add up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cabproxy.ledger.record import Call, Run, Span
from cabscore.axes.base import JoinedRun
from cabscore.axes.latency import AXIS, split

S = 1_000_000_000
RUN = Run(run_id="r", opened_wall_ns=0, opened_ns=0, started_ns=2 * S, ended_ns=12 * S, closed_ns=15 * S)


def call(start: float, end: float | None, **fields: Any) -> Call:
    return Call(
        call_id="0" * 32, run_id="r", seq=1, attribution="path", method="POST", path="/", received_wall_ns=0,
        state=fields.pop("state", "ok"), dialect="openai_chat", received_ns=int(start * S),
        done_ns=None if end is None else int(end * S), **fields,
    )  # fmt: skip


def joined(*calls: Call, run: Run = RUN, spans: tuple[Span, ...] = ()) -> JoinedRun:
    return JoinedRun(run=run, task=None, calls=calls, spans=spans)


def test_agent_time_without_the_harness() -> None:
    score = AXIS.score(joined(call(3, 5), call(4, 6)))
    assert score.value == 10
    assert score.evidence["wall_clock_ms"] == 15_000
    assert score.evidence["model_call_ms"] == 3_000
    assert score.evidence["model_call_sum_ms"] == 4_000
    assert score.evidence["harness_overhead_ms"] == 5_000


def test_unknown_clocks_are_not_zero() -> None:
    unended = Run(run_id="r", opened_wall_ns=0, opened_ns=0, started_ns=1)
    score = AXIS.score(joined(run=unended))
    assert score.value is None
    assert score.evidence["wall_clock_ms"] is None
    assert split(joined(run=unended)) is None


@pytest.mark.parametrize(
    ("lost", "longest"), [((), 10), (("started_ns",), 12), (("ended_ns",), 15), (("started_ns", "ended_ns"), 15)]
)
def test_a_clock_that_is_missing_never_makes_an_agent_faster(lost: tuple[str, ...], longest: int) -> None:
    run = msgspec.structs.replace(RUN, **dict.fromkeys(lost))
    score = AXIS.score(joined(run=run))
    assert score.value == (10 if not lost else None)
    assert score.evidence["agent_at_most_ms"] == longest * 1_000
    if lost:
        unended = msgspec.structs.replace(run, closed_ns=None)
        shown = AXIS.score(joined(run=unended)).evidence["agent_at_most_ms"]
        assert shown == (12_000 if lost == ("started_ns",) else None)


def test_a_call_without_an_end_is_named() -> None:
    evidence = AXIS.score(joined(call(3, None))).evidence
    assert evidence["calls_without_end"] == 1
    assert evidence["model_call_ms"] == 0


def test_containers() -> None:
    spans = tuple(
        Span(span_id=str(n), run_id="r", name="c", kind="container", start_ns=n * S, end_ns=(n + 2) * S) for n in (1, 2)
    )
    assert AXIS.score(joined(spans=spans)).evidence["container_active_ms"] == 3_000


def test_a_wait_for_another_try_is_told_from_the_agent_s_own_work() -> None:
    limited = call(3, 4, state="http_error", status=429, request_key="c1:a")
    broken = call(8, 8.5, state="upstream_error", request_key="c1:b")
    calls = (limited, call(4.5, 5, request_key="c1:x"), call(6, 7, request_key="c1:a"), broken, call(9, 10))
    again = (*calls[:4], call(9, 10, request_key="c1:b"))
    evidence = AXIS.score(joined(*again)).evidence
    assert evidence["waiting_ms"] == {"rate_limit": 1_500, "error": 500}
    assert evidence["parts_ms"] == {
        "before": 2_000, "model": 4_000, "rate_limit": 1_500, "retry": 500, "tools": 0, "agent": 4_000, "after": 3_000
    }  # fmt: skip
    assert evidence["agent_own_ms"] == 6_000
    given_up = AXIS.score(joined(*calls)).evidence
    assert given_up["waiting_ms"] == {"rate_limit": 1_500, "error": 0}


def test_what_the_proxy_held_back_is_waited_for_a_rate_limit_and_not_the_model() -> None:
    evidence = AXIS.score(joined(call(3, 6, rewrites=("held:ms=2000",)), call(4, 4.5))).evidence
    assert evidence["model_call_ms"] == 3_000
    assert evidence["parts_ms"]["rate_limit"] == 1_500  # the other call was being answered for half a second of it
    assert evidence["parts_ms"]["model"] == 1_500
    assert evidence["waiting_ms"] == {"rate_limit": 1_500, "error": 0}


def test_a_limited_call_is_tried_again_with_the_next_of_its_conversation() -> None:
    limited = call(3, 4, state="http_error", status=429, request_key="c1:a", conversation_id="main")
    shorter = call(7, 8, request_key="c1:b", conversation_id="main")
    beside = call(5, 6, request_key="c1:x", conversation_id="title")
    evidence = AXIS.score(joined(limited, beside, shorter)).evidence
    assert evidence["waiting_ms"] == {"rate_limit": 2_000, "error": 0}


def test_tools_are_at_work_between_an_answer_that_asked_for_them_and_the_next_call() -> None:
    asked = {"finish_reason": "tool_calls"}
    parts = split(joined(call(3, 4, **asked), call(5, 6, finish_reason="stop"), call(7, 8), call(9, 10, **asked)))
    assert parts is not None
    assert (parts["tools"], parts["agent"]) == (3 * S, 3 * S)  # the last one runs until the agent's end
    title = call(4.25, 4.5, finish_reason="stop", conversation_id="title")
    main = [call(a, b, conversation_id="main", **asked) for a, b in ((3, 4), (5, 6))]
    parts = split(joined(main[0], title, main[1]))
    assert parts is not None
    assert parts["tools"] == int(0.75 * S) + 6 * S  # another conversation's call is the model's time
    unsaid = [structs.replace(call(a, a + 1), dialect="gemini", finish_reason="STOP") for a in (3, 5)]
    parts = split(joined(*unsaid))
    assert parts is not None
    assert parts["tools"] == S


def test_spans_written_after_the_seal_change_nothing() -> None:
    steps = tuple(
        Span(span_id=kind, run_id="r", name=kind, kind=kind, start_ns=start * S, end_ns=end * S)
        for kind, start, end in (("prepare", 0, 1), ("proxy", 1, 2), ("diff", 12, 13), ("verify", 13, 14))
    )
    late = tuple(
        Span(span_id=kind, run_id="r", name=kind, kind=kind, start_ns=start * S, end_ns=end * S)
        for kind, start, end in (("run", -1, 20), ("seal", 14, 16), ("score", 16, 19))
    )
    score = AXIS.score(joined(call(3, 5), spans=steps))
    assert AXIS.score(joined(call(3, 5), spans=steps + late)) == score
    shared = {"prepare": 1_000, "proxy": 1_000, "diff": 1_000, "verify": 1_000, "other": 1_000}
    assert score.evidence["harness_ms"] == shared
    assert sum(shared.values()) == score.evidence["harness_overhead_ms"]


def test_failed_calls_and_first_tokens() -> None:
    evidence = AXIS.score(joined(call(3, 4, state="http_error"), call(4, 6, first_token_ns=5 * S))).evidence
    assert evidence["failed_call_ms"] == 1_000
    assert evidence["first_token_ms"] == {"median": 1_000, "max": 1_000, "calls": 1}


state = st.sampled_from(["ok", "http_error", "upstream_error", "cut"])
calls = st.builds(
    call,
    st.integers(0, 20),
    st.integers(0, 20) | st.none(),
    state=state,
    request_key=st.sampled_from("ab") | st.none(),
    conversation_id=st.sampled_from("xy") | st.none(),
    status=st.sampled_from([200, 429, 503]),
    finish_reason=st.sampled_from(["stop", "tool_calls", "tool_use"]) | st.none(),
    rewrites=st.sampled_from([(), ("held:ms=1500",), ("held:ms=99999",), ("held:ms=",)]),
)


@given(st.lists(calls, max_size=7))
def test_the_parts_add_up_to_the_wall(made: list[Call]) -> None:
    parts = split(joined(*made))
    assert parts is not None
    assert list(parts) == ["before", "model", "rate_limit", "retry", "tools", "agent", "after"]
    assert sum(parts.values()) == 15 * S
    assert all(part >= 0 for part in parts.values())
    evidence = AXIS.score(joined(*made)).evidence
    assert sum(evidence["parts_ms"].values()) == evidence["wall_clock_ms"]
    assert parts["model"] / 1e6 <= (evidence["model_call_ms"] or 0)
