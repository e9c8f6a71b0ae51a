"""An agent described in a TOML file: a command template, for agents that need no code of their own.

    name = "my-agent"
    wire = "openai_chat"
    argv = ["{agent}", "run", "--model", "{model}", "--", "{prompt}"]
    state_paths = [".my-agent/**"]
    pty = false                        # true: it wants a terminal

    [install]
    kind = "npm"                       # npm | pip | path (found on PATH)
    packages = ["my-agent@1.2.3"]
    executable = "bin/my-agent"
    version = "1.2.3"

    [env]
    OPENAI_BASE_URL = "{base_url}"     # …/v1; {root_url} is without it
    OPENAI_API_KEY = "{key}"

    [home_files]
    ".my-agent/config.json" = '{{"model": "{model}"}}'

Braces that are not placeholders are doubled, as in Python's format. `{key}` may stand anywhere but in `argv`.
"""

from __future__ import annotations

import string
import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli
from cabproxy.errors import UserError

PLACES = ("agent", "prompt", "model", "base_url", "root_url", "key", "workdir", "home", "prefix", "python")
"""What may stand between braces."""


class InstallTable(Struct, frozen=True, forbid_unknown_fields=True):
    """[install], as in `cabproxy agents show`."""

    kind: str
    executable: str
    packages: tuple[str, ...] = ()
    version: str = ""
    node: str | None = None
    entry: str = ""


class AgentFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    name: str
    argv: tuple[str, ...]
    install: InstallTable
    wire: str = "openai_chat"
    env: dict[str, str] = {}
    home_files: dict[str, str] = {}
    state_paths: tuple[str, ...] = ()
    exits: dict[str, str] = {}
    pty: bool = False
    instructions_file: str | None = None


class TemplateAgent(Cli):
    """The adapter of a TOML file. It claims no tokens: nobody knows how it would say them."""

    def __init__(self, file: AgentFile) -> None:
        self._file = file
        self.name = file.name
        self.wire = file.wire
        self.state_paths = file.state_paths
        self.instructions_file = file.instructions_file
        self.install = Install(**msgspec.structs.asdict(file.install))
        self.exits = {int(code): meaning for code, meaning in file.exits.items()}

    def launch(self, context: LaunchContext) -> Launch:
        values = {
            "agent": self.command(context),
            "prompt": context.prompt,
            "model": context.model,
            "base_url": context.endpoint.base_url,
            "root_url": context.endpoint.root_url,
            "key": context.endpoint.key,
            "workdir": context.workdir,
            "home": context.home,
            "prefix": context.prefix,
            "python": context.python,
        }
        return Launch(
            argv=tuple(part.format_map(values) for part in self._file.argv),
            env=QUIET | {name: text.format_map(values) for name, text in self._file.env.items()},
            home_files={name: text.format_map(values) for name, text in self._file.home_files.items()},
            pty=self._file.pty,
        )


def read_agent(path: Path) -> TemplateAgent:
    """The agent in a TOML file. UserError names the key and the mend."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), AgentFile)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: an agent is a readable TOML file ({error}); name one that exists") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {error}; docs/agents.md shows such a file") from None
    _check(path, file)
    return TemplateAgent(file)


def _check(path: Path, file: AgentFile) -> None:
    if not file.name or "/" in file.name or "+" in file.name:
        raise UserError(f"{path}: name {file.name!r}: not empty, without slash and plus; mend the name")
    if not file.argv:
        raise UserError(f"{path}: argv: at least the command is needed, `{{agent}}`; add it")
    if not all(code.lstrip("-").isdigit() for code in file.exits):
        raise UserError(f"{path}: exits: keys are exit codes; mend {', '.join(file.exits)}")
    for part in file.argv:
        if "key" in _places(path, "argv", part):
            raise UserError(f"{path}: argv: {{key}} would show the key to every process; put it in [env]")
    for table in ("env", "home_files"):
        for name, text in getattr(file, table).items():
            _places(path, f"{table}.{name}", text)


def _places(path: Path, where: str, text: str) -> set[str]:
    try:
        found = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise UserError(f"{path}: {where}: {error}; double a brace that is meant as one") from None
    unknown = found - set(PLACES)
    if unknown:
        raise UserError(f"{path}: {where}: {{{sorted(unknown)[0]}}} is not known; there are {', '.join(PLACES)}")
    return found
