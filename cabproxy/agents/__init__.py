"""The agents: a table of names, each adapter in one file and loaded only when it is asked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cabproxy.errors import UserError

if TYPE_CHECKING:
    from cabproxy.agents.base import Agent

TABLE = {
    "mini": "cabproxy.agents.mini:Mini",
    "aider": "cabproxy.agents.aider:Aider",
    "opencode": "cabproxy.agents.opencode:Opencode",
    "codex": "cabproxy.agents.codex:Codex",
    "claude-code": "cabproxy.agents.claude_code:ClaudeCode",
    "gemini-cli": "cabproxy.agents.gemini_cli:GeminiCli",
    "qwen-code": "cabproxy.agents.qwen_code:QwenCode",
    "pi": "cabproxy.agents.pi:Pi",
    "copilot": "cabproxy.agents.copilot:Copilot",
    "mini-swe-agent": "cabproxy.agents.mini_swe_agent:MiniSweAgent",
    "goose": "cabproxy.agents.goose:Goose",
    "crush": "cabproxy.agents.crush:Crush",
    "openhands": "cabproxy.agents.openhands:OpenHands",
    "plandex": "cabproxy.agents.plandex:Plandex",
}


def names() -> tuple[str, ...]:
    """The agents known by name, the reference agent first."""
    return tuple(TABLE)


def agent(name: str) -> Agent:
    """The adapter of that name, of `package.module:Class`, or of a TOML file; UserError where there is none.

    `name@messages` is the same agent speaking another wire API than its usual one.
    """
    if name.endswith(".toml"):
        from cabproxy.agents.template import read_agent

        return read_agent(Path(name))
    name, at, wire = name.partition("@")
    found = _found(name)
    if at:
        from cabproxy.agents.common import speak

        speak(found, wire)
    return found


def label(agent: Agent) -> str:
    """What its cells are called: the name, with the wire API where that is not its usual one."""
    spoken = getattr(agent, "spoken", "")
    return f"{agent.name}@{spoken}" if spoken else agent.name


def wires(agent: Agent) -> tuple[str, ...]:
    """The wire APIs it can speak, as they are named behind the @, its usual one first."""
    from cabproxy.agents.common import WIRES

    named = {dialect: name for name, dialect in WIRES.items()}
    return tuple(named[dialect] for dialect in (agent.wire, *getattr(agent, "other_wires", ())) if dialect in named)


def _found(name: str) -> Agent:
    module, colon, attribute = TABLE.get(name, name).partition(":")
    if not colon:
        own = "name yours as package.module:Class or as a TOML file"
        raise UserError(f"{name}: no such agent; known are {', '.join(TABLE)}, or {own}")
    try:
        made = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UserError(
            f"{name}: cannot be loaded ({error}); name it as package.module:Class on the Python path"
        ) from None
    return cast("Agent", made)
