"""What the readers share: forgiving access to JSON that somebody else wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cabproxy.tokens.request import Format, Tool

_CAPITAL = re.compile(r"([A-Z])")


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def as_index(value: Any) -> int:
    """A place in a list; the first where none is given."""
    return value if isinstance(value, int) else 0


def as_text(value: Any) -> str:
    """A string as it is; None as nothing; anything else as compact JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else compact(value)


def compact(value: Any) -> str:
    """JSON without spaces, letters kept as they are, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_tool(raw: Any) -> Tool | None:
    """A function tool, nested under `function` (chat) or flat (Responses, legacy `functions`)."""
    body = as_dict(as_dict(raw).get("function") or raw)
    name = body.get("name")
    if not isinstance(name, str):
        return None
    parameters = body.get("parameters")
    return Tool(
        name=name,
        description=as_text(body.get("description")),
        parameters=parameters if isinstance(parameters, dict) else None,
        strict=bool(body.get("strict")),
    )


def read_tools(raw: list[Any]) -> tuple[Tool, ...]:
    """Those of a list that are function tools."""
    return tuple(tool for tool in map(read_tool, raw) if tool)


def read_format(raw: Any) -> Format | None:
    """`response_format` (chat, schema nested) or `text.format` (Responses, flat); None for plain text."""
    body = as_dict(raw)
    kind = body.get("type")
    if kind not in ("json_schema", "json_object"):
        return None
    inner = as_dict(body.get("json_schema") or body)
    schema = inner.get("schema")
    return Format(
        kind=kind,
        name=as_text(inner.get("name")),
        description=as_text(inner.get("description")),
        schema=schema if isinstance(schema, dict) else None,
        strict=bool(inner.get("strict")),
    )


def read_choice(raw: Any) -> str:
    """`tool_choice` or `function_call` in any of its spellings."""
    if isinstance(raw, str):
        return raw
    body = as_dict(raw)
    name = body.get("name") or as_dict(body.get("function")).get("name")
    return f"function:{name}" if isinstance(name, str) else as_text(body.get("type")) or "auto"


def either(holder: Mapping[str, Any], name: str) -> Any:
    """What stands under a camelCase name, else under its snake_case: JSON of protocol buffers may have both."""
    found = holder.get(name)
    return found if found is not None else holder.get(_CAPITAL.sub(r"_\1", name).lower())
