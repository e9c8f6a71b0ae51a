"""How a call enters the sums, and how sure its tokens are."""

from __future__ import annotations

from typing import Any

import pytest

from cabproxy.ledger.record import Call, Usage
from cabscore.usage import by_certainty, certainty, charge, totals


def call(usage: Usage | None, **fields: Any) -> Call:
    base: dict[str, Any] = {
        "call_id": "0" * 32, "run_id": "r", "seq": 1, "state": "ok", "attribution": "path", "method": "POST",
        "path": "/v1/chat/completions", "dialect": "openai_chat", "received_wall_ns": 0, "received_ns": 0,
    }  # fmt: skip
    return Call(**{**base, **fields, "usage": usage})


REPORTED = call(Usage(source="provider", prompt=10, completion=5))
EXACT = call(Usage(source="recount", prompt=1, completion=1, reason="counted again: prompt 1 (exact)"))
BOUNDED = call(Usage(source="recount", prompt=2, completion=1, reason="counted again: prompt 1 to 2 (interval)"))
GUESSED = call(Usage(source="estimate", prompt=3, completion=1))
UNKNOWN = call(Usage(source="missing", reason="not reported"))
REFUSED = call(None, state="http_error", status=429)
LISTED = call(None, dialect=None, method="GET", path="/v1/models")


@pytest.mark.parametrize(
    ("one", "sure"),
    [(REPORTED, "reported"), (EXACT, "exact"), (BOUNDED, "interval"), (GUESSED, "estimate"), (UNKNOWN, "unknown")],
)
def test_certainty(one: Call, sure: str) -> None:
    assert certainty(one) == sure


@pytest.mark.parametrize(("prompt", "completion"), [(-50_000, 5), (10, -1)])
def test_less_than_no_token_is_no_report(prompt: int, completion: int) -> None:
    one = call(Usage(source="provider", prompt=prompt, completion=completion))
    assert (charge(one), certainty(one)) == ("unknown", "unknown")
    assert totals([REPORTED, one]).total is None


def test_what_used_nothing_is_in_no_row() -> None:
    assert by_certainty([REFUSED, LISTED]) == {}
    assert [charge(REFUSED), charge(LISTED)] == ["unanswered", "not_a_model_call"]


def test_rows_add_up_to_what_is_known() -> None:
    calls = [REPORTED, REPORTED, EXACT, BOUNDED, GUESSED, UNKNOWN, REFUSED]
    rows = by_certainty(calls)
    assert rows["reported"] == {"calls": 2, "tokens": 30}
    assert rows["unknown"] == {"calls": 1, "tokens": 0}
    assert sum(row["tokens"] for row in rows.values()) == totals(calls).at_least
    assert sum(row["calls"] for row in rows.values()) == totals(calls).calls - totals(calls).failed
