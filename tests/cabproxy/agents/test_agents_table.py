from __future__ import annotations

import subprocess
import sys

import pytest

from cabproxy.agents import agent, label, names
from cabproxy.agents.aider import Aider
from cabproxy.agents.install import prefix_for
from cabproxy.errors import UserError


def test_every_name_loads_and_is_the_adapters_own() -> None:
    assert [agent(name).name for name in names()] == list(names())


def test_an_adapter_of_ones_own_is_named_by_its_path() -> None:
    assert isinstance(agent("cabproxy.agents.aider:Aider"), Aider)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"^aidr: no such agent; known are mini, .*package\.module:Class or as a"):
        agent("aidr")


@pytest.mark.parametrize("name", ["no.such.module:Class", "cabproxy.agents.aider:Missing", "cabproxy.errors:EXIT_DONE"])
def test_a_path_that_leads_nowhere_is_said_in_one_line(name: str) -> None:
    with pytest.raises(UserError, match="cannot be loaded") as caught:
        agent(name)
    assert "\n" not in str(caught.value)


def test_the_table_loads_no_adapter() -> None:
    code = "import sys, cabproxy.agents; print([name for name in sys.modules if name.startswith('cabproxy.agents.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_wire_is_another_name_and_the_same_installation() -> None:
    usual, other = agent("pi"), agent("pi@messages")
    assert (other.wire, label(other), label(usual)) == ("anthropic_messages", "pi@messages", "pi")
    assert prefix_for(other) == prefix_for(usual)
    assert label(agent("pi@chat")) == "pi"


@pytest.mark.parametrize("name", ["codex@chat", "pi@", "mini@messages"])
def test_a_wire_it_does_not_speak_is_the_users_mistake(name: str) -> None:
    with pytest.raises(UserError, match=rf"^{name}: \w+ speaks "):
        agent(name)
