"""Prices: cache reads and writes, tiers, dates, own prices, names that no list has."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cabproxy.errors import UserError
from cabproxy.ledger.record import Usage
from cabproxy.tokens.prices import load_overrides, price, version


def used(prompt: int, completion: int, **more: int) -> Usage:
    return Usage(source="provider", prompt=prompt, completion=completion, **more)  # type: ignore[arg-type]


def test_cache_reads_are_cheaper_and_within_the_prompt() -> None:
    found = price(used(10_000, 100, cache_read=4_000), "gpt-4o-2024-08-06", host="api.openai.com")
    assert found.usd == Decimal("0.0210")  # 6,000 × 2.50 + 4,000 × 1.25 + 100 × 10.00, per million
    assert (found.listed_as, found.provider, found.source) == ("gpt-4o", "openai", version())


def test_cache_writes_cost_more_and_most_when_kept_for_an_hour() -> None:
    raw = '{"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":1000}}'
    short = price(used(2_000, 0, cache_write=1_000), "claude-sonnet-4-5", host="api.anthropic.com")
    long = price(
        Usage(source="provider", prompt=2_000, completion=0, cache_write=1_000, raw=raw),
        "claude-sonnet-4-5",
        host="api.anthropic.com",
    )
    assert short.usd == Decimal("0.00675")
    assert long.usd == Decimal("0.009")


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-5"])
def test_less_than_no_token_has_no_price(model: str) -> None:
    for more in ({"cache_write": -(2**63)}, {"cache_read": -1}):
        found = price(used(100, 5, **more), model)
        assert found.usd is None
        assert "contradicts itself" in (found.reason or "")


def test_tiers_and_vendor_prefixes() -> None:
    small = price(used(100_000, 0), "google/gemini-2.5-pro").usd
    large = price(used(300_000, 0), "google/gemini-2.5-pro").usd
    assert small == Decimal("0.125")
    assert large == Decimal("0.75")


def test_the_date_of_the_call_decides() -> None:
    dated = {
        when: price(used(1_000_000, 0), "o3", when=datetime(*when, tzinfo=UTC)).usd
        for when in ((2025, 5, 1), (2025, 8, 1))
    }
    assert dated == {(2025, 5, 1): Decimal(10), (2025, 8, 1): Decimal(2)}


def test_a_model_that_no_list_has() -> None:
    found = price(used(1, 1), "acme/thinker-9")
    assert found.usd is None
    assert found.looked_for == "acme/thinker-9"
    assert "acme/thinker-9" in (found.reason or "")


def test_usage_that_contradicts_itself_or_is_missing_has_no_price() -> None:
    assert "contradicts" in (price(used(10, 1, cache_read=20), "gpt-4o").reason or "")
    assert price(Usage(source="missing", reason="it broke off"), "gpt-4o").reason == "it broke off"


def test_own_prices_come_first(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        '[[model]]\nmatch = "gpt-4o*"\nfrom = 2026-01-01\ninput = 0.1\ncache_read = "0.01"\noutput = "0.3"\n'
        'tiers = [{ above = 1000, input = "0.2" }]\n'
    )
    own = load_overrides(file)
    when = datetime(2026, 5, 1, tzinfo=UTC)
    small = price(used(1_000, 10, cache_read=500), "gpt-4o", when=when, overrides=own)
    assert small.usd == Decimal("0.000058")
    assert small.source == str(file)
    assert price(used(2_000, 0), "gpt-4o", when=when, overrides=own).usd == Decimal("0.0004")
    before = price(used(1_000, 10), "gpt-4o", when=datetime(2025, 12, 31, tzinfo=UTC), overrides=own)
    assert before.source == version()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model = 3", r"no \[\[model\]\]"),
        ('[[model]]\ninput = "1"', "needs match"),
        ('[[model]]\nmatch = "a"\ninput = "dear"\noutput = "1"', "is no number"),
        ('[[model]]\nmatch = "a"\ninput = "-1"\noutput = "1"', "is no price"),
        ('[[model]]\nmatch = "a"\ninput = "1"\noutput = "1"\nfrom = "2026-01-31"', "from is no date"),
        ('[[model]]\nmatch = "a"\ninput = "1"\noutput = "1"\ntiers = 3', "tiers are a list"),
        ('[[model]]\nmatch = "a"\ninput = "1"', "needs input and output"),
        ('[[model]]\nmatch = "a"\ninput = "1"\noutput = "1"\ntiers = [{ input = "2" }]', "a tier needs above"),
        ("[[", "not TOML"),
    ],
)
def test_a_wrong_price_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(UserError, match=says):
        load_overrides(file)


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", cut)
    monkeypatch.setattr(socket, "getaddrinfo", cut)
    assert price(used(1_000, 10), "gpt-4o-mini").usd is not None
