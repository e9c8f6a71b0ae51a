"""Wrong values of a task.toml in words: the key, what is wrong with it, and the mend."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "a text in quotes",
    "bool": "true or false",
    "object": "a table",
    "array": "a list",
    "null": "nothing",
}
_MEANT = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}


def told(error: msgspec.ValidationError, data: Any, kind: type[Any], where: str) -> str:
    """`key: what is wrong; the mend` for what msgspec found; `where` stands before each key."""
    message, _, place = str(error).partition(" - at `$")
    parts = re.findall(r"\.{3}|[^.\[\]`]+", place)
    parts, value = _found(parts, data, message)
    key = (where + ".".join(parts)).strip(".") or "the file"
    if missing := re.search(r"missing required field `(\w+)`", message):
        return f"{key}.{missing[1]}: it is missing; add this key".removeprefix("the file.")
    if message.startswith("Invalid enum value"):
        allowed = _allowed(kind, parts)
        return f"{key}: {value!r} is not known; use one of {', '.join(map(str, allowed))}"
    if wanted := re.match(r"Expected `([^`]+)`, got `([^`]+)`", message):
        names = [_KINDS.get(name, name) for name in wanted[1].split(" | ") if name != "null"]
        was = _MEANT.get(type(value), _KINDS.get(wanted[2], wanted[2]))
        return f"{key}: {was} where {' or '.join(names)} belongs; mend this key"
    return f"{key}: {message.replace('`', '')}; mend this key"


def _found(parts: list[str], data: Any, message: str) -> tuple[list[str], Any]:
    """The key with its places in tables made known, which msgspec leaves out (`...`), and its value."""
    found: list[str] = []
    for number, part in enumerate(parts):
        if part == "..." and isinstance(data, dict):
            rest = parts[number + 1 :]
            kind = re.search(r"got `(\w+)`", message)
            wrong = [name for name, one in data.items() if rest or kind is None or _type_name(one) == kind[1]]
            part = wrong[0] if wrong else part
        found.append(part)
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list):
            data = data[int(part)] if part.isdigit() and int(part) < len(data) else None
    return found, data


def _type_name(value: Any) -> str:
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    return type(value).__name__


def _allowed(kind: Any, parts: Iterable[str]) -> tuple[Any, ...]:
    """The values a key may have."""
    for part in parts:
        table = _struct(kind)
        if table is not None:
            kind = next((field.type for field in msgspec.structs.fields(table) if field.name == part), None)
        elif get_args(kind):
            kind = get_args(kind)[-1]
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next((get_args(one) for one in get_args(kind) if get_origin(one) is Literal), ())


def _struct(kind: Any) -> type[Struct] | None:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind
    return next((one for part in get_args(kind) if (one := _struct(part)) is not None), None)


def nearest(key: str, known: Iterable[str]) -> str:
    """A guess at what an unknown key was meant to be, as the end of a line; nothing where none is near."""
    near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else ""


def bad_values(root: Any) -> Iterator[tuple[str, str]]:
    """Values of the right kind that nothing can be run with, each with its mend; `root` is a TaskToml."""
    tables = [("environment", root.environment)]
    if root.verifier.environment is not None:
        tables.append(("verifier.environment", root.verifier.environment))
    for name, table in tables:
        for key in ("cpus", "memory_mb", "storage_mb", "build_timeout_sec"):
            value = getattr(table, key)
            if value is not None and value <= 0:
                yield f"{name}.{key}", f"{value:g} is too little; give more than 0 or take the key out"
        if table.workdir is not None and not table.workdir.startswith("/"):
            yield f"{name}.workdir", f"{table.workdir!r} is not a path from the root; write /{table.workdir}"
        if table.healthcheck is not None:
            yield from _bad_healthcheck(f"{name}.healthcheck", table.healthcheck)


def _bad_healthcheck(name: str, check: Any) -> Iterator[tuple[str, str]]:
    if not check.command.strip():
        yield f"{name}.command", "it is empty; write a command that succeeds once all is ready"
    if check.retries < 1:
        yield f"{name}.retries", f"{check.retries} is too few; give 1 or more"
    if check.timeout_sec <= 0:
        yield f"{name}.timeout_sec", f"{check.timeout_sec:g} is no time; give more than 0 seconds"
    for key in ("interval_sec", "start_period_sec", "start_interval_sec"):
        if getattr(check, key) < 0:
            yield f"{name}.{key}", f"{getattr(check, key):g} is before the start; give 0 seconds or more"
