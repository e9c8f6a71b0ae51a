from __future__ import annotations

from pathlib import Path

import pytest

from cabproxy.agents import agent
from cabproxy.agents.base import Endpoint, LaunchContext
from cabproxy.errors import UserError

GOOD = """
name = "own"
argv = ["{agent}", "--model", "{model}", "--", "{prompt}"]
state_paths = [".own/**"]
[install]
kind = "path"
executable = "bin/own"
[env]
BASE = "{base_url}"
KEY = "{key}"
[home_files]
".own.json" = '{{"root": "{root_url}"}}'
[exits]
"3" = "gave up"
"""
CONTEXT = LaunchContext(
    prompt="Mend {it} --now",
    model="m",
    endpoint=Endpoint(root_url="http://h/run/r", base_url="http://h/run/r/v1", key="cabk_x"),
    workdir="/app",
    home="/home/agent",
    prefix="/opt/agent",
    python="python3",
)


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return str(path)


def test_the_template_is_filled_and_what_is_filled_in_is_not_read_again(tmp_path: Path) -> None:
    made = agent(write(tmp_path, GOOD))
    launch = made.launch(CONTEXT)
    assert (made.name, made.state_paths, made.install.kind) == ("own", (".own/**",), "path")
    assert launch.argv == ("/opt/agent/bin/own", "--model", "m", "--", "Mend {it} --now")
    assert launch.env["BASE"] == "http://h/run/r/v1"
    assert launch.env["KEY"] == "cabk_x"
    assert launch.home_files == {".own.json": '{"root": "http://h/run/r"}'}
    assert (launch.pty, agent(write(tmp_path, f"pty = true\n{GOOD}")).launch(CONTEXT).pty) == (False, True)
    assert made.explain_exit(3) == "gave up"
    assert made.claim("r", "anything", {}) is None


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"{model}"', '"{key}"', "would show the key"),
        ("{base_url}", "{base}", "{base} is not known"),
        ("{base_url}", "{base_url", "double a brace"),
        ('name = "own"', 'name = "ow/n"', "name 'ow/n'"),
        ('name = "own"', "", "name"),
        ('kind = "path"', 'kin = "path"', "kin"),
        ('"3"', '"three"', "exit codes"),
        ("[install]", "[install", "not TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(UserError) as caught:
        agent(write(tmp_path, GOOD.replace(old, new, 1)))
    assert named in str(caught.value)


def test_a_file_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(UserError, match="name one that exists"):
        agent("nowhere/own.toml")
