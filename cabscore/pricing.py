"""What calls cost: as the provider reports, else by the installed price list at the time of the call, else unknown.

Offline and exact: money is Decimal. A model that no list knows has no price, and the reason names it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

from cabproxy.ledger.record import Call, Run, Usage
from cabproxy.ledger.recounted import host_of
from cabscore.usage import charge

MILLION = 1_000_000
HUGE = 1_000 * MILLION
"""More tokens than any tier begins at: a price that is proportional up to here has no tiers."""
QUARTER_NS = 15 * 60 * 1_000_000_000
"""Lists know prices by date and by time of day, none finer than a quarter of an hour."""
_KINDS = ("input", "output", "cache_read", "cache_write")


class Cost(Struct, frozen=True, kw_only=True):
    """`usd` is None as soon as one charged call has no price; `by_source` has calls and dollars of those that have."""

    usd: str | None
    reason: str
    charged: int = 0
    by_source: dict[str, dict[str, Any]] = {}
    priced_as: dict[str, str] = {}


class _Priced(Struct, frozen=True):
    usd: Decimal | None
    source: str
    listed_as: str | None
    reason: str | None


@cache
def price_list() -> str:
    """Name and version of the installed price list: scores depend on it."""
    from cabproxy.tokens.prices import version

    return version()


def load_prices() -> None:
    """Reads the price list now: otherwise it is read when something is priced for the first time."""
    importlib.import_module("genai_prices")


def money(dollars: Decimal) -> str:
    """Exact, in plain digits, without trailing zeros."""
    return format(dollars.normalize(), "f")


def cost_of(run: Run, calls: Iterable[Call]) -> Cost:
    """The cost of a run's calls. What was never answered used nothing and costs nothing."""
    total, charged, missing = Decimal(0), 0, []
    sums: dict[str, tuple[int, Decimal]] = {}
    priced_as: dict[str, str] = {}
    host = host_of(run)
    for call in calls:
        kind = charge(call)
        if kind in ("unanswered", "not_a_model_call"):
            continue
        charged += 1
        found = _call(call, host, known=kind == "known")
        if found.usd is None:
            missing.append(found.reason or "not known")
            continue
        total += found.usd
        count, dollars = sums.get(found.source, (0, Decimal(0)))
        sums[found.source] = (count + 1, dollars + found.usd)
        if found.listed_as is not None:
            priced_as[call.model_served or call.model_asked or ""] = found.listed_as
    known = charged > 0 and not missing
    return Cost(
        usd=money(total) if known else None,
        reason=_reason(charged, missing, list(sums)),
        charged=charged,
        by_source={name: {"calls": count, "usd": money(dollars)} for name, (count, dollars) in sorted(sums.items())},
        priced_as=dict(sorted(priced_as.items())),
    )


def _reason(charged: int, missing: list[str], sources: list[str]) -> str:
    if not charged:
        return "no call was charged"
    if missing:
        told = max(sorted(set(missing)), key=missing.count)  # whatever the order of the calls
        return f"{len(missing)} of {charged} calls have no price: {told}"
    return "by " + " and ".join("the provider's own report" if name == "provider" else name for name in sorted(sources))


def _call(call: Call, host: str, *, known: bool) -> _Priced:
    usage = call.usage
    if usage is not None and usage.cost_usd is not None:
        try:
            reported = Decimal(usage.cost_usd)
        except InvalidOperation:
            reported = Decimal("NaN")
        if reported.is_finite() and reported >= 0:
            return _Priced(reported, "provider", None, None)
    if not known or usage is None:
        return _Priced(None, "", None, "the call's tokens are not known")
    first: _Priced | None = None
    for name in dict.fromkeys(filter(None, (call.model_served, call.model_asked))):
        found = _listed(usage, name, host, call.received_wall_ns)
        if found.usd is not None:
            return found
        first = first or found
    return first or _Priced(None, "", None, "the call names no model")


def _listed(usage: Usage, model: str, host: str, wall_ns: int) -> _Priced:
    """By rates where the price is proportional to every kind of token, else asked of the list call by call."""
    if (unknown := _unlisted(model, host)) is not None:
        return unknown
    rates = _rates(model, host, wall_ns // QUARTER_NS)
    if isinstance(rates, _Priced):
        return rates
    read, write = usage.cache_read or 0, usage.cache_write or 0
    plain = (usage.prompt or 0) - read - write
    if rates.proportional and min(plain, read, write) >= 0 and not (usage.raw and "ephemeral_1h" in usage.raw):
        counts = (plain, usage.completion or 0, read, write)
        usd = sum((rate * count for rate, count in zip(rates.per_million, counts, strict=True) if count), Decimal(0))
        return _Priced(usd / MILLION, price_list(), rates.listed_as, None)
    return _asked(usage, model, host, _moment(wall_ns))


def _asked(usage: Usage, model: str, host: str, moment: datetime) -> _Priced:
    from cabproxy.tokens.prices import price  # the list is loaded only where something is priced

    found = price(usage, model, host=host, when=moment)
    return _Priced(found.usd, found.source or price_list(), found.listed_as, found.reason)


class _Rates(Struct, frozen=True):
    per_million: tuple[Decimal, ...]
    proportional: bool
    listed_as: str | None


@lru_cache(maxsize=4096)
def _unlisted(model: str, host: str) -> _Priced | None:
    """Why there is no price for a model at any time; None where the list knows it."""
    found = _asked(_one_kind("input", MILLION), model, host, datetime(2026, 1, 1, tzinfo=UTC))
    return found if found.usd is None else None


@lru_cache(maxsize=1024)
def _rates(model: str, host: str, quarter: int) -> _Rates | _Priced:
    """Dollars per million tokens of each kind in a quarter of an hour since 1970; why there are none where the list
    does not know the model."""
    moment = _moment(quarter * QUARTER_NS)
    per_million = []
    proportional = True
    listed_as = None
    for kind in _KINDS:
        large, small = (_asked(_one_kind(kind, amount), model, host, moment) for amount in (HUGE, MILLION // 1000))
        if large.usd is None or small.usd is None:
            return large if large.usd is None else small
        listed_as = large.listed_as
        proportional = proportional and large.usd / HUGE == small.usd / (MILLION // 1000)
        per_million.append(large.usd * MILLION / HUGE)
    return _Rates(tuple(per_million), proportional, listed_as)


def _moment(wall_ns: int) -> datetime:
    return datetime.fromtimestamp(wall_ns / 1e9, UTC)


def _one_kind(kind: str, amount: int) -> Usage:
    """Tokens of one kind alone; a cached prompt is a prompt, too."""
    if kind == "output":
        return Usage(source="provider", prompt=0, completion=amount)
    read, write = (amount if kind == name else None for name in ("cache_read", "cache_write"))
    return Usage(source="provider", prompt=amount, completion=0, cache_read=read, cache_write=write)
