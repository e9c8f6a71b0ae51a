from __future__ import annotations

import json
from pathlib import Path

import pytest

from cabproxy.agents.base import Endpoint, Launch
from cabproxy.agents.plugin import Plugin, overlay, read_plugin
from cabproxy.errors import UserError

ENDPOINT = Endpoint(root_url="http://127.0.0.1:1/run/r", base_url="http://127.0.0.1:1/run/r/v1", key="cabk_secret")
LAUNCH = Launch(
    argv=("agent", "exec", "--", "the prompt"),
    env={"BASE": ENDPOINT.base_url, "KEY": ENDPOINT.key, "QUIET": "1"},
    home_files={"settings.json": '{"a": {"b": 1}}', "config.toml": "x = 1"},
)


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
    changed = overlay(LAUNCH, [made], ENDPOINT)
    assert changed.argv == ("agent", "exec", "--verbose", "--", "the prompt")
    assert changed.env == LAUNCH.env | {"QUIET": "0", "MORE": "yes"}
    assert changed.home_files["new.md"] == "Be brief."
    assert changed.home_files["config.toml"] == "x = 1\ny = 2\n"
    assert json.loads(changed.home_files["settings.json"]) == {"a": {"b": 1, "c": 2}}


def test_instructions_have_the_agent_told_to_read_them(tmp_path: Path) -> None:
    told, untold = plugin(tmp_path, 'instructions = "Be brief."'), plugin(tmp_path, "")
    assert overlay(LAUNCH, [untold, told], ENDPOINT, ("--read=X.md",)).argv[1:3] == ("exec", "--read=X.md")
    assert overlay(LAUNCH, [untold], ENDPOINT, ("--read=X.md",)).argv == LAUNCH.argv


def test_several_plugins_are_laid_over_one_another_in_order(tmp_path: Path) -> None:
    first, second = (plugin(tmp_path, f'[env]\nQUIET = "{value}"') for value in ("first", "second"))
    assert overlay(LAUNCH, [first, second], ENDPOINT).env["QUIET"] == "second"


@pytest.mark.parametrize("name", ["BASE", "KEY"])
def test_a_plugin_cannot_lead_the_agent_past_the_proxy(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"env {name} carries"):
        overlay(LAUNCH, [plugin(tmp_path, f'[env]\n{name} = "https://elsewhere.example"')], ENDPOINT)


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
        overlay(LAUNCH, [made], ENDPOINT)


def test_the_reference_follows_the_files_bytes(tmp_path: Path) -> None:
    one, other = plugin(tmp_path, "[env]\nA = '1'"), plugin(tmp_path, "[env]\nA = '1'\n")
    assert one.reference.startswith("terse@sha256:")
    assert one.reference != other.reference
