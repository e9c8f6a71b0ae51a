from __future__ import annotations

import tomllib

from cabproxy.agents.mcp import Server, as_json, as_toml

SERVERS = {"docs": Server(command="docs", args=("-x",), env={"A": "1"}), "bare.name": Server(command="bare")}


def test_the_usual_form() -> None:
    assert as_json("json", SERVERS)["mcpServers"] == {
        "docs": {"command": "docs", "args": ["-x"], "env": {"A": "1"}},
        "bare.name": {"command": "bare", "args": []},
    }


def test_the_forms_of_single_agents() -> None:
    assert as_json("opencode", SERVERS)["mcp"]["docs"] == {
        "type": "local",
        "command": ["docs", "-x"],
        "enabled": True,
        "environment": {"A": "1"},
    }
    copilot = as_json("copilot", SERVERS)["mcpServers"]["bare.name"]
    assert copilot == {"type": "local", "tools": ["*"], "command": "bare", "args": []}


def test_toml_is_read_back() -> None:
    assert tomllib.loads(as_toml(SERVERS)) == {
        "mcp_servers": {
            "docs": {"command": "docs", "args": ["-x"], "env": {"A": "1"}},
            "bare.name": {"command": "bare", "args": []},
        }
    }
