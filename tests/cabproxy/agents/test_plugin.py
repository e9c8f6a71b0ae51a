from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from cabproxy.agents import agent, names
from cabproxy.agents.base import Endpoint, Launch, LaunchContext
from cabproxy.agents.common import Cli
from cabproxy.agents.plugin import Plugin, check_fit, overlay, read_plugin
from cabproxy.errors import UserError

ENDPOINT = Endpoint(root_url="http://127.0.0.1:1/run/r", base_url="http://127.0.0.1:1/run/r/v1", key="cabk_secret")
LAUNCH = Launch(
    argv=("agent", "exec", "--", "the prompt"),
    env={"BASE": ENDPOINT.base_url, "KEY": ENDPOINT.key, "QUIET": "1"},
    home_files={"settings.json": '{"a": {"b": 1}}', "config.toml": "x = 1"},
)


class Told(Cli):
    """An agent that has to be told to read its instructions, and has a file for servers."""

    name = "told"
    instructions_file, instructions_args = "X.md", ("--read=X.md",)
    mcp_file = "settings.json"

    def launch(self, context: LaunchContext) -> Launch:
        return LAUNCH


def plugin(tmp_path: Path, text: str) -> Plugin:
    path = tmp_path / "plugin.toml"
    path.write_text('name = "terse"\n' + text)
    return read_plugin(path)


def test_every_part_is_laid_over_the_launch(tmp_path: Path) -> None:
    made = plugin(
        tmp_path,
        '[env]\nQUIET = "0"\nMORE = "yes"\n[args]\nappend = ["--verbose"]\n[home_files]\n"new.md" = "Be brief."\n'
        '"config.toml" = { append = "y = 2\\n" }\n"settings.json" = { merge = { a = { c = 2 } } }\n',
    )
    changed = overlay(LAUNCH, [made], ENDPOINT, Told())
    assert changed.argv == ("agent", "exec", "--verbose", "--", "the prompt")
    assert changed.env == LAUNCH.env | {"QUIET": "0", "MORE": "yes"}
    assert changed.home_files["new.md"] == "Be brief."
    assert changed.home_files["config.toml"] == "x = 1\ny = 2\n"
    assert json.loads(changed.home_files["settings.json"]) == {"a": {"b": 1, "c": 2}}


def test_instructions_have_the_agent_told_to_read_them(tmp_path: Path) -> None:
    told, untold = plugin(tmp_path, 'instructions = "Be brief."'), plugin(tmp_path, "")
    assert overlay(LAUNCH, [untold, told], ENDPOINT, Told()).argv[1:3] == ("exec", "--read=X.md")
    assert overlay(LAUNCH, [untold], ENDPOINT, Told()).argv == LAUNCH.argv


SERVERS = '[mcp_servers.docs]\ncommand = "docs"\nargs = ["-x", "a \\"b\\""]\nenv = { A = "1" }\n'


def test_servers_are_merged_into_the_agents_own_file(tmp_path: Path) -> None:
    changed = overlay(LAUNCH, [plugin(tmp_path, SERVERS)], ENDPOINT, Told())
    wanted = {"docs": {"command": "docs", "args": ["-x", 'a "b"'], "env": {"A": "1"}}}
    assert json.loads(changed.home_files["settings.json"]) == {"a": {"b": 1}, "mcpServers": wanted}


@pytest.mark.parametrize("name", [name for name in names() if agent(name).extra()["mcp_file"]])
def test_every_agent_that_starts_servers_gets_a_file_that_can_be_read(
    name: str, tmp_path: Path, launch_context: LaunchContext
) -> None:
    adapter = agent(name)
    file = adapter.extra()["mcp_file"]
    launch = overlay(adapter.launch(launch_context), [plugin(tmp_path, SERVERS)], launch_context.endpoint, adapter)
    text = launch.home_files[file]
    told = tomllib.loads(text)["mcp_servers"] if file.endswith(".toml") else json.loads(text)
    assert 'a "b"' in json.dumps(told["docs"]["args"] if "docs" in told else told).replace('\\"', '"')


def test_an_agent_without_a_place_for_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="plugin terse: mcp_servers: mini starts none"):
        check_fit(plugin(tmp_path, SERVERS), agent("mini"))
    with pytest.raises(UserError, match="plugin terse: instructions: aider-less reads no file"):
        check_fit(plugin(tmp_path, 'instructions = "x"'), type("Less", (Cli,), {"name": "aider-less"})())


def test_several_plugins_are_laid_over_one_another_in_order(tmp_path: Path) -> None:
    first, second = (plugin(tmp_path, f'[env]\nQUIET = "{value}"') for value in ("first", "second"))
    assert overlay(LAUNCH, [first, second], ENDPOINT, Told()).env["QUIET"] == "second"


@pytest.mark.parametrize("name", ["BASE", "KEY"])
def test_a_plugin_cannot_lead_the_agent_past_the_proxy(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"env {name} carries"):
        overlay(LAUNCH, [plugin(tmp_path, f'[env]\n{name} = "https://elsewhere.example"')], ENDPOINT, Told())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[evn]\nA = '1'", "evn"),
        ("[work_files]\n'../out' = 'x'", "'../out'"),
        ("[home_files]\n'/etc/x' = 'x'", "'/etc/x'"),
        ("env = [", "not TOML"),
        ("[env]\nA = 1", "env"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UserError) as caught:
        plugin(tmp_path, text)
    assert named in str(caught.value)


def test_merging_into_what_is_not_json_is_a_mistake(tmp_path: Path) -> None:
    made = plugin(tmp_path, "[home_files]\n'config.toml' = { merge = { a = 1 } }")
    with pytest.raises(UserError, match=r"config\.toml is not JSON"):
        overlay(LAUNCH, [made], ENDPOINT, Told())


def test_the_reference_follows_the_files_bytes(tmp_path: Path) -> None:
    one, other = plugin(tmp_path, "[env]\nA = '1'"), plugin(tmp_path, "[env]\nA = '1'\n")
    assert one.reference.startswith("terse@sha256:")
    assert one.reference != other.reference
