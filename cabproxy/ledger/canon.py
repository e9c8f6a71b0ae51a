"""The request key `c1:<sha256>`: the same for two requests that ask the same, however they are spelled.

It is the sha256 of the line `METHOD path` and the canonical body, where

- the path starts after its version segment (`/v1/`, `/api/v1/`, `/v1beta/` fall away), its query parameters are sorted
  and those in SECRET_PARAMETERS left out;
- the body is parsed as JSON and written again: keys sorted by code point, no blanks, the shortest escapes, UTF-8; of
  keys given twice the last counts;
- numbers are compared by value: 1, 1.0, 1e0 are one number, -0.0 is 0; beyond 64 bits integers are doubles;
- the top-level fields in CALLER_FIELDS, which name who asks and not what is asked, are left out;
- everything else counts: `stream`, null against absent, the order of lists, blanks within strings, Unicode as it is.

A body that is not JSON (NaN, lone surrogates, a byte order mark, deeper than 250 levels) has no key; its raw sha256
stands beside it in any case. An empty body counts as such.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson

CALLER_FIELDS = frozenset({"user", "metadata", "client_metadata", "prompt_cache_key", "safety_identifier"})
SECRET_PARAMETERS = frozenset({"key", "api_key", "api-key", "apikey", "access_token", "token"})
_DOUBLE = re.compile(rb"\d(?:\.0|[eE])")
_VERSION = re.compile(r"^.*?/v\d+[a-z0-9]*/")


def request_key(method: str, path: str, body: bytes) -> str | None:
    """The key of a request as it came, or None where its body is not canonical JSON."""
    canonical = canonical_request(method, path, parse(body) if body else None, empty=not body)
    return None if canonical is None else "c1:" + hashlib.sha256(canonical).hexdigest()


def parse(body: bytes) -> Any:
    """JSON to objects; UNREADABLE where it is none."""
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        return UNREADABLE


class _Unreadable:
    """Not a JSON value, so that it cannot be taken for null."""


UNREADABLE = _Unreadable()


def canonical_request(
    method: str, path: str, parsed: Any, *, empty: bool = False, doubles: bool | None = None
) -> bytes | None:
    """The bytes the key is the sha256 of; None where there is no key. `parsed` is not changed.

    `doubles` says whether `has_integral_doubles(parsed)`, where the caller knows.
    """
    line = f"{method.upper()} {canonical_path(path)}\n".encode("utf-8", "backslashreplace")
    if empty:
        return line
    if isinstance(parsed, _Unreadable):
        return None
    if isinstance(parsed, dict):
        parsed = {
            name: _plain_number(value) if type(value) is float else value
            for name, value in parsed.items()
            if name not in CALLER_FIELDS
        }
    try:
        if has_integral_doubles(parsed) if doubles is None else doubles:
            parsed = plain_numbers(parsed)
        text = orjson.dumps(parsed, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, RecursionError):
        return None
    return line + text


def canonical_path(path: str) -> str:
    """A path and query as the key sees them."""
    path, _, query = path.partition("?")
    found = _VERSION.match(path)
    path = path[found.end() :] if found else path.lstrip("/")
    if not query:
        return path
    kept = sorted(part for part in query.split("&") if part and part.partition("=")[0].lower() not in SECRET_PARAMETERS)
    return f"{path}?{'&'.join(kept)}" if kept else path


def may_hold_doubles(text: bytes) -> bool:
    """Whether JSON text, or a part of it, could hold an integral number with a fraction or exponent; False is sure."""
    return _DOUBLE.search(text) is not None


def has_integral_doubles(value: Any) -> bool:
    """Whether some number must be rewritten: rare, and looking is cheaper than building everything anew."""
    queue = [value]
    for item in queue:
        kind = type(item)
        if kind is dict:
            queue.extend(item.values())
        elif kind is list:
            queue.extend(item)
        elif kind is float and type(_plain_number(item)) is int:
            return True
    return False


def _plain_number(value: float) -> float | int:
    """An integral double of 64 bits as an integer, so that it is written like one."""
    return int(value) if value.is_integer() and -(2**63) <= value < 2**64 else value


def plain_numbers(value: Any) -> Any:
    """The same with such numbers rewritten."""
    if isinstance(value, float):
        return _plain_number(value)
    if isinstance(value, dict):
        return {name: plain_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain_numbers(item) for item in value]
    return value
