"""What must hold of every record whatsoever: random ones, whole and with gaps, through all axes into the composite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cabproxy.ledger.record import (
    Call,
    ConstraintCheck,
    FileChange,
    InstructionFidelity,
    Run,
    Span,
    TaskFacts,
    TestResult,
    Usage,
    Verification,
    VisibleTests,
)
from cabscore.axes import score_axes
from cabscore.axes.base import Document, JoinedRun, Sibling
from cabscore.composite import composite_score
from cabscore.profiles import PROFILES
from cabscore.usage import FAILED_STATES
from cabscore.validity import validity

S = 1_000_000_000
REFERENCE = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,1 +1,1 @@\n-return a - b\n+return a + b\n"
HARD_CODED = 'diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -0,0 +1,1 @@\n+if fruit == "quince": return 3\n'
VISIBLE = VisibleTests(tests=("t",), files={"tests/t.py": 'assert f("quince") == 3\n'}, rest={"a.py": "def f(x): 1\n"})
WORDS = "I cannot complete this task: the tests contradict each other."
maybe = st.sampled_from([None, True, False])


def usually(found: Any, lost: Any = None) -> Any:
    """A record with a gap here and there: one with all gaps at once has no composite to speak of."""
    return st.one_of(*[found] * 11, st.just(lost))


paths = st.sampled_from(["a.py", "tests/t.py", "notes.md", "REFUSAL.md", ".agent/log", "reward.txt", "x/y.js"])
tasks = st.builds(
    TaskFacts,
    task_id=st.just("t"),
    digest=st.just("d"),
    category=st.just("c"),
    required=st.just(("a.py",)),
    protected=st.sampled_from([(), ("tests/**",)]),
    expected_refusal=st.booleans(),
    refusal_documents=st.sampled_from([(), ("REFUSAL.md",)]),
    constraints=st.sampled_from([None, (), ({"kind": "no-comments-added"},)]),
)
usages = usually(
    st.builds(
        Usage,
        source=st.sampled_from([*["provider"] * 8, "recount", "estimate", "missing"]),
        prompt=usually(st.integers(0, 10**6), -(10**5)),
        completion=usually(st.integers(0, 10**5)),
        cost_usd=st.sampled_from([None, "0.25", "free"]),
    )
)
calls = st.builds(
    Call,
    call_id=st.uuids().map(lambda found: found.hex),
    run_id=st.just("r"),
    seq=st.integers(1, 50),
    state=st.sampled_from([*["ok"] * 9, "cut", "http_error", "upstream_error", "unfinished", "refused"]),
    attribution=st.just("path"),
    method=st.just("POST"),
    path=st.just("/v1/chat/completions"),
    dialect=st.sampled_from([None, "openai_chat"]),
    model_served=st.sampled_from([None, "no/such-model"]),
    status=st.sampled_from([None, 200, 429, 500]),
    request_key=st.sampled_from([None, "c1:a", "c1:b"]),
    received_wall_ns=st.just(0),
    received_ns=st.integers(0, 20 * S),
    done_ns=st.one_of(st.none(), st.integers(0, 25 * S)),
    usage=usages,
    finish_reason=st.sampled_from([None, "stop", "content_filter", "refusal"]),
    refusal=st.sampled_from([None, "No."]),
)
changes = st.builds(
    FileChange,
    run_id=st.just("r"),
    path=paths,
    change=st.sampled_from(["added", "removed", "modified", "renamed", "retyped"]),
    class_=st.sampled_from(
        ["required", "permitted", "collateral", "agent_state", "build_product", "test_tampering", "escaped"]
    ),
    renamed_from=st.one_of(st.none(), paths),
)
verdicts = st.builds(
    Verification,
    run_id=st.just("r"),
    phase=st.just("after"),
    passed=st.sampled_from([True, True, True, False, None]),
    reward=st.sampled_from([None, 0.0, 1.0]),
    tests=st.lists(
        st.builds(
            TestResult, name=st.text(max_size=3), outcome=st.sampled_from(["passed", "failed", "skipped"]), hidden=maybe
        ),
        max_size=3,
    ).map(tuple),
)
runs = st.builds(
    Run,
    run_id=st.just("r"),
    kind=st.sampled_from(["cell", "session"]),
    opened_wall_ns=st.just(0),
    opened_ns=st.just(0),
    started_ns=usually(st.integers(0, 10 * S)),
    ended_ns=usually(st.integers(10 * S, 20 * S)),
    closed_ns=usually(st.integers(20 * S, 30 * S)),
    sealed=maybe,
    status=st.sampled_from([*["ok"] * 14, "agent_failed", "timeout", "unsealed", "infra_invalid", "interrupted", None]),
)
records = st.builds(
    JoinedRun,
    run=runs,
    task=usually(tasks),
    calls=usually(st.lists(calls, min_size=1, max_size=4).map(tuple), ()),
    spans=st.lists(
        st.builds(
            Span,
            span_id=st.just("s"),
            run_id=st.just("r"),
            name=st.just("n"),
            kind=st.sampled_from(["prepare", "verify", "container", "score"]),
            start_ns=st.integers(-S, 20 * S),
            end_ns=st.one_of(st.none(), st.integers(0, 30 * S)),
        ),
        max_size=3,
    ).map(tuple),
    changes=st.lists(changes, max_size=4).map(tuple),
    changes_recorded=usually(st.just(True), False),
    verifications=usually(verdicts.map(lambda found: (found,)), ()),
    documents=st.sampled_from([(), (Document(path="REFUSAL.md", text="No change can meet both of the tests."),)]),
    final_text=st.sampled_from([None, "Done.", WORDS]),
    patch=st.sampled_from([None, "", REFERENCE, HARD_CODED]),
    reference=st.sampled_from([None, REFERENCE]),
    visible_tests=st.sampled_from([None, VISIBLE]),
    fidelity=st.sampled_from(
        [
            None,
            InstructionFidelity(declared=1, honoured=1),
            InstructionFidelity(declared=1, honoured=0, checks=(ConstraintCheck(kind="k", honoured=False),)),
        ]
    ),
    siblings=st.lists(
        st.builds(
            Sibling,
            run_id=st.just("s"),
            tokens=usually(st.integers(0, 10**6)),
            correct=maybe,
            valid=st.sampled_from([*[True] * 5, False]),
        ),
        max_size=2,
    ).map(tuple),
).map(
    # as a record is read: where there are changes, they were recorded
    lambda joined: msgspec.structs.replace(joined, changes_recorded=joined.changes_recorded or bool(joined.changes))
)


def composite(joined: JoinedRun) -> float | None:
    state = validity(joined.run, joined.calls)
    return composite_score(PROFILES["cab-1"], score_axes(joined), state.status, state.cause).value


def fails_or_is_invalid(joined: JoinedRun) -> bool:
    after = joined.verification("after")
    return not validity(joined.run, joined.calls).valid or after is None or after.passed is not True


@given(records)
def test_every_record_has_axes_and_they_are_what_the_ledger_gives_back(joined: JoinedRun) -> None:
    for score in score_axes(joined).values():
        assert score.reason
        assert score.evidence == msgspec.json.decode(msgspec.json.encode(score.evidence))
        assert score.value is None or score.value >= 0


@given(records, records, tasks)
def test_no_failed_or_invalid_run_reaches_a_correct_one(low: JoinedRun, high: JoinedRun, task: TaskFacts) -> None:
    correct = Verification(run_id="r", phase="after", passed=True)
    high = msgspec.structs.replace(high, task=task, verifications=(correct,))
    low = msgspec.structs.replace(low, task=task)
    if not fails_or_is_invalid(low):
        low = msgspec.structs.replace(low, verifications=(msgspec.structs.replace(correct, passed=False),))
    first, second = composite(low), composite(high)
    if first is not None and second is not None:
        assert first < second


LOSSES: dict[str, dict[str, Any]] = {
    "the task's facts": {"task": None},
    "the calls": {"calls": ()},
    "the spans": {"spans": ()},
    "the changes": {"changes": (), "changes_recorded": False},
    "the verdict": {"verifications": ()},
    "the documents": {"documents": ()},
    "the last message": {"final_text": None},
    "the diff": {"patch": None},
    "the reference": {"reference": None},
    "the visible tests": {"visible_tests": None},
    "the constraints' outcome": {"fidelity": None},
}
LOST_OF_THE_RUN = ("started_ns", "ended_ns", "closed_ns", "sealed", "status")


def without(joined: JoinedRun) -> Iterator[tuple[str, JoinedRun]]:
    """The record with each kind of measurement lost, one at a time."""
    replace = msgspec.structs.replace
    for loss, fields in LOSSES.items():
        yield loss, replace(joined, **fields)
    for name in LOST_OF_THE_RUN:
        yield name, replace(joined, run=replace(joined.run, **{name: None}))
    for at, call in enumerate(joined.calls):
        # A failed call without usage used nothing: a report lost there cannot be told from one that never was.
        if call.state not in FAILED_STATES:
            lost = replace(call, usage=None)
            yield f"usage {at}", replace(joined, calls=(*joined.calls[:at], lost, *joined.calls[at + 1 :]))
    siblings = tuple(replace(other, tokens=None) for other in joined.siblings)
    yield "tokens of the other runs", replace(joined, siblings=siblings)


@given(records)
def test_missing_data_never_raises_a_score(joined: JoinedRun) -> None:
    before = composite(joined)
    for what, gap in without(joined):
        after = composite(gap)
        assert after is None or (before is not None and after <= before + 1e-12), what


@given(records)
def test_a_failed_run_earns_nothing_but_the_refusal_it_owed(joined: JoinedRun) -> None:
    verdict = Verification(run_id="r", phase="after", passed=False)
    stated = composite(msgspec.structs.replace(joined, verifications=(verdict,)))
    owed = joined.task is None or joined.task.expected_refusal
    assert stated is None or stated <= (0.15 / 1.15 + 1e-12 if owed else 0)


@given(records, calls, st.sampled_from(["http_error", "upstream_error", "refused"]))
def test_a_failed_call_more_never_raises_it(joined: JoinedRun, failed: Call, state: Any) -> None:
    more = msgspec.structs.replace(joined, calls=(*joined.calls, msgspec.structs.replace(failed, state=state)))
    before, after = composite(joined), composite(more)
    assert after is None or (before is not None and after <= before + 1e-12)


@given(records, st.randoms(use_true_random=False))
def test_the_order_of_calls_changes_and_runs_decides_nothing(joined: JoinedRun, chance: Any) -> None:
    def turned(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    other = msgspec.structs.replace(
        joined, calls=turned(joined.calls), changes=turned(joined.changes), siblings=turned(joined.siblings)
    )
    assert composite(other) == composite(joined)
    assert {name: score.value for name, score in score_axes(other).items()} == {
        name: score.value for name, score in score_axes(joined).items()
    }
    assert score_axes(msgspec.structs.replace(joined, calls=other.calls)) == score_axes(joined)  # evidence and all


@given(records, st.text("abc/", min_size=1, max_size=6))
def test_moving_what_was_not_asked_for_never_raises_it(joined: JoinedRun, folder: str) -> None:
    """A stray or tampered file elsewhere, by rename: its class is the recorded one, its old name is not forgotten."""
    moved = tuple(
        msgspec.structs.replace(
            change, change="renamed", path=f"{folder}/{change.path}", renamed_from=change.renamed_from or change.path
        )
        if change.class_ in ("collateral", "test_tampering", "escaped")
        and change.path not in {document.path for document in joined.documents}
        else change
        for change in joined.changes
    )
    before, after = composite(joined), composite(msgspec.structs.replace(joined, changes=moved))
    assert (before is None) == (after is None)
    assert before is None or after is None or after <= before + 1e-12


@given(records)
def test_suspicions_references_and_constraints_move_no_value(joined: JoinedRun) -> None:
    bare = msgspec.structs.replace(joined, reference=None, visible_tests=None, fidelity=None, patch=None)
    assert {name: score.value for name, score in score_axes(bare).items()} == {
        name: score.value for name, score in score_axes(joined).items()
    }
