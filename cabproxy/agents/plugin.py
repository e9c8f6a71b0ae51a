"""Plugins: a TOML overlay on an agent. A run with one is no longer the factory agent, and its record says so.

name = "terse"
instructions = "Be brief."             # in the file the agent reads by itself: AGENTS.md, CLAUDE.md, GEMINI.md …

[env]                                  # variables added to the agent's
SOME_FLAG = "1"

[args]
append = ["--verbose"]                 # before the `--` of the agent's command line, else at its end

[home_files]                           # files below HOME: whole, or laid over what the adapter writes
".config/agent/rules.md" = "Be brief."
".codex/notes.md" = { append = "Be brief.\\n" }
".gemini/settings.json" = { merge = { ui = { hideTips = true } } }

[mcp_servers.docs]                     # where and how the agent wants them written
command = "docs-server"
args = ["--stdio"]

[work_files]                           # in the work tree, there before the agent starts
"HINTS.md" = "Change as little as you can."
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from cabproxy.agents.base import Agent, Endpoint, Launch
from cabproxy.agents.mcp import Form, Server, as_json, as_toml
from cabproxy.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Overlay(Struct, frozen=True, forbid_unknown_fields=True):
    """How a file of the adapter's is changed: text at its end, or a table merged into its JSON."""

    append: str = ""
    merge: dict[str, Any] = {}


class Args(Struct, frozen=True, forbid_unknown_fields=True):
    append: tuple[str, ...] = ()


class Plugin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One overlay. `text` is the file as it was read; `digest` its sha256."""

    name: str
    instructions: str = ""
    mcp_servers: dict[str, Server] = {}
    env: dict[str, str] = {}
    args: Args = Args()
    home_files: dict[str, str | Overlay] = {}
    work_files: dict[str, str] = {}
    text: str = ""

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.text.encode()).hexdigest()}"

    @property
    def reference(self) -> str:
        """As it stands in the record: name@sha256:…"""
        return f"{self.name}@{self.digest}"


def read_plugin(path: Path) -> Plugin:
    """The plugin in a TOML file. UserError names the key and the mend."""
    try:
        text = path.read_text(encoding="utf-8")
        plugin = msgspec.convert(tomllib.loads(text), Plugin)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: a plugin is a readable TOML file ({error}); name one that exists") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {error}; docs/agents.md shows a plugin") from None
    if not _NAME.fullmatch(plugin.name):
        raise UserError(f"{path}: name {plugin.name!r}: letters, digits, dot, dash and underscore; mend the name")
    for name in (*plugin.home_files, *plugin.work_files):
        if not name or name.startswith("/") or posixpath.normpath(name).split("/")[0] in ("..", "."):
            raise UserError(f"{path}: {name!r} is not a relative path inside; mend it")
    return structs.replace(plugin, text=text)


def check_fit(plugin: Plugin, agent: Agent) -> None:
    """UserError where the agent has no place for what the plugin wants to give it."""
    for asked, place, what in (
        (plugin.instructions, "instructions_file", "instructions: {} reads no file of instructions by itself"),
        (plugin.mcp_servers, "mcp_file", "mcp_servers: {} starts none"),
    ):
        if asked and getattr(agent, place, None) is None:
            raise UserError(f"plugin {plugin.name}: {what.format(agent.name)}; tell it with args, env or files")


def overlay(launch: Launch, plugins: Sequence[Plugin], endpoint: Endpoint, agent: Agent) -> Launch:
    """The launch with every plugin laid over it, in order. UserError where one would lead past the proxy."""
    if any(plugin.instructions for plugin in plugins):
        launch = structs.replace(launch, argv=_with_args(launch.argv, getattr(agent, "instructions_args", ())))
    for plugin in plugins:
        _guard(launch, plugin, endpoint)
        launch = structs.replace(
            launch,
            argv=_with_args(launch.argv, plugin.args.append),
            env={**launch.env, **plugin.env},
            home_files=_with_files(_with_servers(launch.home_files, plugin, agent), plugin),
        )
    return launch


def _guard(launch: Launch, plugin: Plugin, endpoint: Endpoint) -> None:
    for name in plugin.env:
        value = launch.env.get(name, "")
        if endpoint.root_url in value or (endpoint.key and endpoint.key in value):
            raise UserError(f"plugin {plugin.name}: env {name} carries the proxy's address or key; leave it alone")


def _with_args(argv: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    at = argv.index("--") if "--" in argv else len(argv)
    return (*argv[:at], *more, *argv[at:])


def _with_servers(files: Mapping[str, str], plugin: Plugin, agent: Agent) -> dict[str, str]:
    """The agent's own file with the plugin's servers in it."""
    place: str | None = getattr(agent, "mcp_file", None)
    if not plugin.mcp_servers or place is None:
        return dict(files)
    form: Form = getattr(agent, "mcp_form", "json")
    if form == "codex":
        change = Overlay(append="\n" + as_toml(plugin.mcp_servers))
    else:
        change = Overlay(merge=as_json(form, plugin.mcp_servers))
    return {**files, place: _changed(files.get(place, ""), change, place, plugin)}


def _with_files(files: Mapping[str, str], plugin: Plugin) -> dict[str, str]:
    out = dict(files)
    for name, change in plugin.home_files.items():
        out[name] = change if isinstance(change, str) else _changed(out.get(name, ""), change, name, plugin)
    return out


def _changed(text: str, change: Overlay, name: str, plugin: Plugin) -> str:
    if change.merge:
        try:
            merged = _merged(json.loads(text or "{}"), change.merge)
        except ValueError:
            raise UserError(f"plugin {plugin.name}: {name} is not JSON, so nothing can be merged; append") from None
        text = json.dumps(merged, indent=1)
    if change.append:
        text += ("" if not text or text.endswith("\n") else "\n") + change.append
    return text


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    return new
