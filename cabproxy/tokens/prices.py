"""What tokens cost, offline: the price list of the installed genai-prices package, and the user's own prices before it.

The package's updater is never called. Money is Decimal throughout. A model that no list knows has no price, and the
answer says which name was looked for.
"""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from cabproxy.errors import UserError
from cabproxy.ledger.record import Usage

MILLION = Decimal(1_000_000)
MOST_USD = Decimal(10) ** 12
_RATES = ("input", "cache_read", "cache_write", "output")


class Price(Struct, frozen=True, kw_only=True):
    """`usd` is None where there is no price, `reason` says why. `listed_as` is the entry used, `source` the list."""

    usd: Decimal | None = None
    input_usd: Decimal | None = None
    output_usd: Decimal | None = None
    looked_for: str = ""
    listed_as: str | None = None
    provider: str | None = None
    source: str | None = None
    reason: str | None = None


class Tier(Struct, frozen=True, kw_only=True):
    """Rates in USD per million tokens that hold for prompts above a size."""

    above: int
    rates: Mapping[str, Decimal]


class Entry(Struct, frozen=True, kw_only=True):
    """One `[[model]]` of a user's price file."""

    match: str
    host: str | None = None
    since: date | None = None
    until: date | None = None
    tiers: tuple[Tier, ...]


class Overrides(Struct, frozen=True, kw_only=True):
    """A user's own prices; the first entry that matches counts."""

    path: str
    entries: tuple[Entry, ...]

    def find(self, model: str, host: str, when: date) -> Entry | None:
        bare = model.lower().rpartition("/")[2]
        for entry in self.entries:
            named = any(fnmatch.fnmatchcase(name, entry.match.lower()) for name in (model.lower(), bare))
            placed = entry.host is None or entry.host == host
            dated = (entry.since is None or entry.since <= when) and (entry.until is None or when < entry.until)
            if named and placed and dated:
                return entry
        return None


@cache
def version() -> str:
    """The price list's name and version, to be recorded beside every price."""
    return f"genai-prices {metadata.version('genai-prices')}"


def price(
    usage: Usage, model: str, *, host: str = "", when: datetime | None = None, overrides: Overrides | None = None
) -> Price:
    """The price of one call at the time it was made. `host` tells providers of one model apart, where it is known."""
    if usage.prompt is None or usage.completion is None:
        return Price(looked_for=model, reason=usage.reason or "the call's tokens are not known")
    moment = when or datetime.now(UTC)
    entry = overrides.find(model, host, moment.date()) if overrides else None
    if entry is not None and overrides is not None:
        return _own(usage, model, entry, overrides)
    return _listed(usage, model, host, moment)


def _own(usage: Usage, model: str, entry: Entry, overrides: Overrides) -> Price:
    prompt, completion = usage.prompt or 0, usage.completion or 0
    rates = next(tier.rates for tier in reversed(entry.tiers) if prompt > tier.above or tier.above == 0)
    read, write = usage.cache_read or 0, usage.cache_write or 0
    if read + write > prompt or min(read, write, completion) < 0:
        text = f"the usage contradicts itself: cached {read} + {write}, prompt {prompt}, completion {completion}"
        return Price(looked_for=model, reason=text)
    input_usd = (
        (prompt - read - write) * rates["input"]
        + read * rates.get("cache_read", rates["input"])
        + write * rates.get("cache_write", rates["input"])
    ) / MILLION
    output_usd = completion * rates["output"] / MILLION
    return Price(
        usd=input_usd + output_usd,
        input_usd=input_usd,
        output_usd=output_usd,
        looked_for=model,
        listed_as=entry.match,
        provider=entry.host,
        source=overrides.path,
    )


def _listed(usage: Usage, model: str, host: str, moment: datetime) -> Price:
    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    counted = {
        "input_tokens": usage.prompt,
        "output_tokens": usage.completion,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "cache_write_1h_tokens": _kept_an_hour(usage),
    }
    try:
        tokens = Tokens(**{name: value for name, value in counted.items() if value})
    except ValueError as error:
        return Price(looked_for=model, source=version(), reason=f"the usage contradicts itself: {error}")
    reason = None
    for name, url in _names(model, host):
        try:
            found = calc_price(tokens, name, provider_api_url=url, genai_request_timestamp=moment)
        except LookupError:
            continue
        except ValueError as error:
            reason = f"the usage contradicts itself: {error}"
            continue
        return Price(
            usd=found.total_price,
            input_usd=found.input_price,
            output_usd=found.output_price,
            looked_for=model,
            listed_as=found.model.id,
            provider=found.provider.id,
            source=version(),
        )
    return Price(looked_for=model, source=version(), reason=reason or f"no price for {model!r} in {version()}")


def _names(model: str, host: str) -> list[tuple[str, str | None]]:
    """Where to look: at the host's provider by the full and the bare name, then at whichever provider has the name."""
    bare = model.rpartition("/")[2]
    names = [model] if bare == model else [model, bare]
    url = f"https://{host}" if host else None
    return [*((name, url) for name in names if url), *((name, None) for name in names)]


def _kept_an_hour(usage: Usage) -> int | None:
    """Anthropic's cache writes that are kept for an hour cost more; they stand only in the provider's own object."""
    if not usage.raw or "ephemeral_1h" not in usage.raw:
        return None
    try:
        raw = orjson.loads(usage.raw)
        value = raw["cache_creation"]["ephemeral_1h_input_tokens"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return value if isinstance(value, int) else None


def load_overrides(path: Path) -> Overrides:
    """Reads a user's price file; UserError names the entry and the rule that it breaks.

    [[model]]
    match = "my-model*"      # shell pattern; host, from and until are optional
    input = "2.50"           # USD per million tokens; cache_read and cache_write default to it
    output = "10.00"
    tiers = [{ above = 200000, input = "5.00", output = "15.00" }]
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name an existing price file") from None
    except (ValueError, RecursionError, InvalidOperation) as error:  # what is no TOML, or no text, is a ValueError
        raise UserError(f"{path}: not TOML ({error}); mend that place") from None
    models = document.get("model")
    if not isinstance(models, list) or not models:
        raise UserError(f"{path}: no [[model]] in it; give each model an entry with match, input and output")
    entries = tuple(_entry(path, number, raw) for number, raw in enumerate(models, 1))
    return Overrides(path=str(path), entries=entries)


def _entry(path: Path, number: int, raw: Any) -> Entry:
    where = f"{path}: [[model]] {number}"
    if not isinstance(raw, dict) or not isinstance(raw.get("match"), str):
        raise UserError(f"{where}: needs match, a model's name or pattern; add it")
    tiers = [Tier(above=0, rates=_rates(where, raw))]
    listed = raw.get("tiers", [])
    if not isinstance(listed, list) or not isinstance(raw.get("host", ""), str):
        raise UserError(f"{where}: host is a name and tiers are a list; mend them")
    for tier in listed:
        if not isinstance(tier, dict) or not isinstance(tier.get("above"), int):
            raise UserError(f"{where}: a tier needs above, a number of prompt tokens; add it")
        tiers.append(Tier(above=tier["above"], rates={**tiers[0].rates, **_rates(where, tier, partial=True)}))
    since, until = _day(where, raw, "from"), _day(where, raw, "until")
    return Entry(
        match=raw["match"],
        host=raw.get("host"),
        since=since,
        until=until,
        tiers=tuple(sorted(tiers, key=lambda tier: tier.above)),
    )


def _day(where: str, raw: Mapping[str, Any], name: str) -> date | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, date):
        raise UserError(f"{where}: {name} is no date; write it as 2026-01-31, without quotes")
    return value.date() if isinstance(value, datetime) else value


def _rates(where: str, raw: Mapping[str, Any], *, partial: bool = False) -> dict[str, Decimal]:
    rates: dict[str, Decimal] = {}
    for name in _RATES:
        if name not in raw:
            continue
        try:
            text = str(raw[name])
            rates[name] = Decimal(text)
        except (InvalidOperation, ValueError):  # a whole number of very many digits is a ValueError
            raise UserError(f"{where}: {name} is no number; write USD per million tokens") from None
        if not rates[name].is_finite() or not 0 <= rates[name] <= MOST_USD:
            raise UserError(f"{where}: {name} = {text[:40]} is no price; write USD per million tokens")
    if not partial and not {"input", "output"} <= rates.keys():
        raise UserError(f"{where}: needs input and output, in USD per million tokens; add them")
    return rates
