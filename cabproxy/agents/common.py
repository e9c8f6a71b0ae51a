"""What every adapter of a command line shares: defaults of the protocol, a quiet environment, what exit codes mean."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from cabproxy.agents.base import Agent, Install, LaunchContext
from cabproxy.agents.mcp import Form
from cabproxy.errors import UserError
from cabproxy.ledger.record import Claim

QUIET = {
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
    "NO_UPDATE_NOTIFIER": "1",
}
"""What several agents heed: no telemetry, no colours, no look for a newer release."""

KEY_ENV = "CAB_KEY"
"""The variable that carries the run's key where an agent lets its name be chosen."""

PROVIDER = "cab"
"""The provider's name where an agent's configuration wants one."""

WIRES = {
    "chat": "openai_chat",
    "responses": "openai_responses",
    "messages": "anthropic_messages",
    "gemini": "gemini",
}
"""What a wire API is called behind the @ of an agent's name, and the dialect it is."""


class Cli:
    """Defaults for an agent that is one command line. A subclass sets the attributes and writes `launch`."""

    name = ""
    wire = "openai_chat"
    install = Install(kind="builtin")
    state_paths: tuple[str, ...] = ()
    tested = False
    """Whether the adapter has driven the real agent; False means written from its documentation alone."""
    homepage = ""
    report_files: tuple[str, ...] = ()
    """Files below HOME that `claim` reads; the harness hands over these and no others."""
    instructions_file: str | None = None
    """The file of the work tree that it reads by itself for its user's instructions; None: it reads none."""
    instructions_args: tuple[str, ...] = ()
    """What it has to be told besides to read it."""
    mcp_file: str | None = None
    """The file below HOME where it looks for MCP servers; None: it starts none."""
    mcp_form: Form = "json"
    """How they are written there."""
    other_wires: tuple[str, ...] = ()
    """Dialects it can be told to speak; `launch` goes by `wire`."""
    spoken = ""
    """The name of the wire API where it is not the usual one; see `speak`."""
    exits: Mapping[int, str] = {}
    notes: tuple[str, ...] = ()

    def command(self, context: LaunchContext) -> str:
        """The executable's path inside the sandbox."""
        return f"{context.prefix}/{self.install.executable}"

    def version_argv(self, prefix: str) -> tuple[str, ...]:
        """The command that prints the installed version."""
        return (f"{prefix}/{self.install.executable}", "--version")

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """Nothing, unless an adapter knows better."""
        return None

    def explain_exit(self, code: int) -> str | None:
        """The agent's own meaning of a code, else what a shell or the kernel means by it."""
        return self.exits.get(code) or common_exit(code)

    def extra(self) -> dict[str, Any]:
        """Facts for `cabproxy agents show`."""
        return {
            "tested": self.tested,
            "homepage": self.homepage,
            "other_wires": list(self.other_wires),
            "instructions_file": self.instructions_file,
            "mcp_file": self.mcp_file,
            "exit_codes": {str(code): text for code, text in self.exits.items()},
            "notes": list(self.notes),
        }


def speak(agent: Agent, wire: str) -> None:
    """Has the agent speak another wire API, by the name in WIRES. UserError where it cannot."""
    usual = agent.wire
    able = {name: dialect for name, dialect in WIRES.items() if dialect in (usual, *getattr(agent, "other_wires", ()))}
    if wire not in able:
        raise UserError(f"{agent.name}@{wire}: {agent.name} speaks {', '.join(able)}; name one of them")
    if able[wire] != usual:
        agent.wire = able[wire]
        agent.spoken = wire  # type: ignore[attr-defined]  # whoever has other wires is a Cli


def common_exit(code: int) -> str | None:
    """126, 127 and 128+n as a POSIX shell means them; -n as Python's subprocess does. None for all others."""
    if code == 126:
        return "found, but not executable"
    if code == 127:
        return "command not found"
    number = -code if code < 0 else code - 128
    try:
        return f"ended by {signal.Signals(number).name}" if code != number else None
    except ValueError:
        return None
