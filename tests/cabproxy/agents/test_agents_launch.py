"""What holds for the launch of every adapter."""

from __future__ import annotations

import pytest

from cabproxy.agents import agent, names, wires
from cabproxy.agents.base import Launch, LaunchContext
from cabproxy.wire.dialects import DIALECTS


@pytest.fixture(params=names())
def launch(request: pytest.FixtureRequest, launch_context: LaunchContext) -> Launch:
    return agent(request.param).launch(launch_context)


def test_the_key_is_in_the_environment_and_nowhere_else(launch: Launch, key: str) -> None:
    assert not any(key in part for part in launch.argv)
    assert not any(key in text for text in launch.home_files.values())
    assert key in launch.env.values()


def test_the_prompt_arrives_whole_and_is_no_option(launch: Launch, launch_context: LaunchContext) -> None:
    holding = [at for at, part in enumerate(launch.argv) if part.endswith(launch_context.prompt)]
    assert len(holding) == 1
    part = launch.argv[holding[0]]
    alone = part == launch_context.prompt
    assert "--" in launch.argv[: holding[0]] or not alone or launch.argv[0] == "/bin/sh"


def test_it_is_pointed_at_the_runs_own_address(launch: Launch) -> None:
    told = "\n".join([*launch.env.values(), *launch.home_files.values()])
    assert "10.0.0.1:8" in told
    assert "run/r_1" in told


def test_it_starts_what_is_installed_in_the_sandbox(launch: Launch) -> None:
    assert any(part.startswith("/opt/agent/") for part in launch.argv)


def test_config_files_stay_below_home(launch: Launch) -> None:
    assert not any(path.startswith("/") or ".." in path.split("/") for path in launch.home_files)


@pytest.mark.parametrize("name", names())
def test_its_dialect_is_one_the_proxy_reads(name: str) -> None:
    assert {agent(name).wire, *agent(name).extra()["other_wires"]} <= set(DIALECTS)


@pytest.mark.parametrize("name", names())
def test_an_install_recipe_is_pinned(name: str) -> None:
    install = agent(name).install
    assert install.executable
    marks = {"pip": "==", "npm": "@"}
    assert all(package[1:].partition(marks[install.kind])[2][:1].isdigit() for package in install.packages)
    assert bool(install.packages) == (install.kind in marks)


@pytest.mark.parametrize("name", names())
def test_what_is_not_claimed_is_none(name: str) -> None:
    claim = agent(name).claim("r_1", "nothing of the kind\n{}\n[]\n", {})
    assert claim is None or claim.prompt is None


VARIANTS = [f"{name}@{wire}" for name in names() for wire in wires(agent(name))]


@pytest.mark.parametrize("name", VARIANTS)
def test_over_every_wire_the_key_stays_in_the_environment_and_the_address_is_the_runs(
    name: str, launch_context: LaunchContext, key: str
) -> None:
    launch = agent(name).launch(launch_context)
    assert not any(key in text for text in (*launch.argv, *launch.home_files.values()))
    assert key in launch.env.values()
    told = "\n".join([*launch.env.values(), *launch.home_files.values()])
    assert "10.0.0.1:8" in told
    assert "run/r_1" in told


@pytest.mark.parametrize("name", [name for name in names() if len(wires(agent(name))) > 1])
def test_each_wire_is_launched_differently(name: str, launch_context: LaunchContext) -> None:
    launches = [agent(f"{name}@{wire}").launch(launch_context) for wire in wires(agent(name))]
    assert all(a != b for at, a in enumerate(launches) for b in launches[:at])
