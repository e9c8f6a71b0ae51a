"""MCP servers of a plugin, as each agent wants them written down: every one has a file and a form of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Form = Literal["json", "codex", "copilot", "opencode"]


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One server that the agent starts and speaks to over its standard streams."""

    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}


def as_json(form: Form, servers: Mapping[str, Server]) -> dict[str, Any]:
    """What is merged into an agent's JSON."""
    if form == "opencode":
        return {"mcp": {name: _opencode(one) for name, one in servers.items()}}
    more = {"type": "local", "tools": ["*"]} if form == "copilot" else {}
    return {"mcpServers": {name: {**more, **_usual(one)} for name, one in servers.items()}}


def as_toml(servers: Mapping[str, Server]) -> str:
    """What is appended to codex's TOML. JSON's strings and lists are TOML's, too."""
    lines = []
    for name, one in servers.items():
        lines += [f"[mcp_servers.{json.dumps(name)}]", f"command = {json.dumps(one.command)}"]
        lines += [f"args = {json.dumps(list(one.args))}"]
        lines += [f"env.{json.dumps(key)} = {json.dumps(value)}" for key, value in one.env.items()]
        lines.append("")
    return "\n".join(lines)


def _usual(server: Server) -> dict[str, Any]:
    return {
        "command": server.command,
        "args": list(server.args),
        **({"env": dict(server.env)} if server.env else {}),
    }


def _opencode(server: Server) -> dict[str, Any]:
    more = {"environment": dict(server.env)} if server.env else {}
    return {"type": "local", "command": [server.command, *server.args], "enabled": True, **more}
