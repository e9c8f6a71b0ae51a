"""Dollars: the provider's own report first, the list's price exactly, nothing where neither knows."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabproxy.ledger.record import Call, Run, Usage
from cabproxy.tokens.prices import price
from cabscore.pricing import cost_of, money, price_list

RUN = Run(run_id="r", opened_wall_ns=0, opened_ns=0, endpoint="https://api.openai.com/v1")
WALL = int(datetime(2026, 3, 1, 12, 7, tzinfo=UTC).timestamp()) * 10**9


def call(usage: Usage | None, model: str | None = "gpt-4o", **fields: Any) -> Call:
    base: dict[str, Any] = {
        "call_id": "0" * 32, "run_id": "r", "seq": 1, "state": "ok", "attribution": "path", "method": "POST",
        "path": "/v1/chat/completions", "dialect": "openai_chat", "received_wall_ns": WALL, "received_ns": 0,
    }  # fmt: skip
    return Call(**{**base, "model_served": model, **fields, "usage": usage})


def usage(prompt: int = 1000, completion: int = 100, **fields: Any) -> Usage:
    return Usage(source="provider", prompt=prompt, completion=completion, **fields)


def test_by_the_list_where_the_provider_says_nothing() -> None:
    found = cost_of(RUN, [call(usage()), call(usage(), state="http_error")])
    assert found.usd == "0.007"  # both answered with usage: charged
    assert found.reason == f"by {price_list()}"
    assert found.priced_as == {"gpt-4o": "gpt-4o"}


def test_the_provider_s_own_report_comes_first_and_sources_stand_apart() -> None:
    found = cost_of(RUN, [call(usage(cost_usd="0.5")), call(usage())])
    assert found.usd == "0.5035"
    assert found.by_source == {"provider": {"calls": 1, "usd": "0.5"}, price_list(): {"calls": 1, "usd": "0.0035"}}


@pytest.mark.parametrize("odd", ["", "free", "NaN", "-1", "Infinity"])
def test_a_report_that_is_no_amount_is_none(odd: str) -> None:
    assert cost_of(RUN, [call(usage(cost_usd=odd))]).usd == "0.0035"


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([], "no call was charged"),
        ([call(None, state="http_error")], "no call was charged"),
        (
            [call(usage()), call(usage(), model="no/such-model")],
            "1 of 2 calls have no price: no price for 'no/such-model'",
        ),
        ([call(None)], "tokens are not known"),
        ([call(usage(), model=None)], "names no model"),
        ([call(usage(prompt=1, cache_read=5))], "contradicts itself"),
        ([call(usage(prompt=1, cache_read=-5))], "contradicts itself"),
    ],
)
def test_no_price_is_not_free(calls: list[Call], said: str) -> None:
    found = cost_of(RUN, calls)
    assert found.usd is None
    assert said in found.reason


@given(
    st.sampled_from(["gpt-4o", "claude-sonnet-4-5", "gemini-2.5-pro", "deepseek-chat"]),
    st.integers(1, 500_000),
    st.integers(0, 50_000),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_it_is_what_the_list_says_call_by_call(
    model: str, prompt: int, completion: int, read: float, write: float
) -> None:
    cached = int(prompt * read)
    one = usage(prompt, completion, cache_read=cached, cache_write=int((prompt - cached) * write))
    listed = price(one, model, host="api.openai.com", when=datetime.fromtimestamp(WALL / 1e9, UTC))
    found = cost_of(RUN, [call(one, model)])
    assert listed.usd is not None
    assert found.usd == money(listed.usd)


def test_plain_digits() -> None:
    assert [money(Decimal(text)) for text in ("1E+2", "0.10", "1E-9", "0")] == ["100", "0.1", "0.000000001", "0"]


def test_the_list_is_read_only_where_something_is_priced() -> None:
    code = (
        "import sys; from cabscore.profiles import find_profile; from cabscore.rescoring import rescore;"
        "from cabscore.scoring import rules_digest; rules_digest(find_profile('cab-1'));"
        "print(*({'genai_prices', 'scipy', 'tiktoken', 'aiohttp', 'docker'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
