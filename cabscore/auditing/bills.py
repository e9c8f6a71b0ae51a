"""A provider's bill as CSV: the usage exports of OpenAI and Anthropic, and any table whose columns are named.

A generic bill needs a column for the model and one for input or output tokens; `column_map` tells what they are called.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from msgspec import Struct

from cabproxy.errors import UserError

Row = Mapping[str, str]
_GENERIC = {
    "model": ("model", "model_name", "model_version"),
    "input": ("input_tokens", "prompt_tokens", "input", "prompt"),
    "output": ("output_tokens", "completion_tokens", "output", "completion"),
    "cached": ("cached_tokens", "input_cached_tokens", "cache_read_tokens"),
    "requests": ("requests", "num_model_requests", "num_requests", "calls"),
    "cost": ("cost_usd", "cost", "amount_usd", "amount_value", "usd"),
    "date": ("date", "usage_date_utc", "start_time_iso", "day"),
}
FIELDS = tuple(_GENERIC)
MOST = Decimal(10) ** 15
MOST_DIGITS = 40


class BillLine(Struct, frozen=True, kw_only=True):
    """A bill's figures for one model: prompt tokens include what was read from or written to a cache."""

    model: str
    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    requests: int | None = None
    usd: Decimal | None = None
    days: tuple[date, ...] = ()


class Bill(Struct, frozen=True, kw_only=True):
    path: str
    form: str  # openai | anthropic | generic
    lines: tuple[BillLine, ...]


def read_bill(path: Path, column_map: Mapping[str, str] | None = None) -> Bill:
    """Reads a bill, summed by model. Raises UserError where it is no such table or a figure cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [name.strip() for name in reader.fieldnames or []]
            rows = [
                {(key or "").strip(): (value or "").strip() for key, value in row.items() if isinstance(value, str)}
                for row in reader
            ]
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); name an existing CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not CSV ({error}); export it again") from None
    if "usage_input_tokens_no_cache" in columns:
        return _summed(path, "anthropic", [_anthropic(path, number, row) for number, row in enumerate(rows, 2)])
    form = "openai" if "num_model_requests" in columns and "input_tokens" in columns else "generic"
    names = _columns(path, columns, column_map or {})
    return _summed(path, form, [_generic(path, number, row, names) for number, row in enumerate(rows, 2)])


def _columns(path: Path, columns: Sequence[str], mapped: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): name for name in columns}
    names: dict[str, str] = {}
    for field, known in _GENERIC.items():
        wanted = (mapped[field],) if field in mapped else known
        found = next((lower[name.lower()] for name in wanted if name.lower() in lower), None)
        if found is None and field in mapped:
            raise UserError(f"{path}: no column {mapped[field]!r}; it has {', '.join(columns)}")
        if found is not None:
            names[field] = found
    if "model" not in names or not ({"input", "output"} & names.keys()):
        raise UserError(
            f"{path}: no columns for the model and its tokens among {', '.join(columns) or 'none'}; "
            "name them with --bill-columns model=NAME,input=NAME,output=NAME"
        )
    return names


def _generic(path: Path, number: int, row: Row, names: Mapping[str, str]) -> BillLine:
    def whole(field: str) -> int | None:
        return _whole(path, number, row.get(names[field], "")) if field in names else None

    moment = _day(row.get(names["date"], "")) if "date" in names else _day(row.get("start_time", ""))
    return BillLine(
        model=row.get(names["model"], ""),
        prompt=whole("input"),
        completion=whole("output"),
        cached=whole("cached"),
        requests=whole("requests"),
        usd=_money(path, number, row.get(names["cost"], "")) if "cost" in names else None,
        days=(moment,) if moment else (),
    )


def _anthropic(path: Path, number: int, row: Row) -> BillLine:
    """Anthropic counts what was not cached, what was read and what was written apart."""
    read = _whole(path, number, row.get("usage_input_tokens_cache_read", "")) or 0
    names = ("usage_input_tokens_no_cache", "usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h")
    fresh = sum(_whole(path, number, row.get(name, "")) or 0 for name in names)
    moment = _day(row.get("usage_date_utc", ""))
    return BillLine(
        model=row.get("model_version", "") or row.get("model", ""),
        prompt=fresh + read,
        completion=_whole(path, number, row.get("usage_output_tokens", "")),
        cached=read,
        usd=_money(path, number, row.get("cost_usd", "")),
        days=(moment,) if moment else (),
    )


def _summed(path: Path, form: str, lines: Sequence[BillLine]) -> Bill:
    by_model: dict[str, BillLine] = {}
    for line in lines:
        if not line.model:
            continue
        held = by_model.get(line.model)
        by_model[line.model] = line if held is None else _added(held, line)
    if not by_model:
        raise UserError(f"{path}: no line of it names a model; export the usage by model")
    return Bill(path=str(path), form=form, lines=tuple(by_model.values()))


def _added(one: BillLine, other: BillLine) -> BillLine:
    return BillLine(
        model=one.model,
        prompt=_plus(one.prompt, other.prompt),
        completion=_plus(one.completion, other.completion),
        cached=_plus(one.cached, other.cached),
        requests=_plus(one.requests, other.requests),
        usd=one.usd + other.usd if one.usd is not None and other.usd is not None else one.usd or other.usd,
        days=tuple(sorted({*one.days, *other.days})),
    )


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)


def _whole(path: Path, number: int, text: str) -> int | None:
    found = _figure(text)
    if found is None and text:
        raise UserError(f"{path}: line {number}: {text[:40]!r} is no number of tokens; mend that line")
    if found is not None and (found < 0 or found != int(found)):
        raise UserError(f"{path}: line {number}: {text[:40]!r} tokens cannot be; mend that line")
    return None if found is None else int(found)


def _money(path: Path, number: int, text: str) -> Decimal | None:
    found = _figure(text.lstrip("$"))
    if found is None and text:
        raise UserError(f"{path}: line {number}: {text[:40]!r} is no amount; mend that line")
    return found


def _figure(text: str) -> Decimal | None:
    """A figure a bill can hold: with or without commas, finite, and of a size that can be added up exactly."""
    try:
        found = Decimal(text.replace(",", "")) if len(text) <= MOST_DIGITS else None
    except InvalidOperation:
        return None
    return (
        found if found is not None and found.is_finite() and abs(found) < MOST and found == round(found, 12) else None
    )


def _day(text: str) -> date | None:
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text[:MOST_DIGITS]), UTC).date()
        return datetime.fromisoformat(text).date()
    except (ValueError, OverflowError, OSError):
        return None
