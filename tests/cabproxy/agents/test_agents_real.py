"""The real command lines, installed from their packages, each through the proxy.

By default four agents, over every wire API between them. CAB_AGENTS names others (`pi@messages codex`), or says `all`:
each over every wire API it can speak; what it names is run in both sandboxes on both tasks.
"""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cabproxy.agents import agent, label, names, wires
from cabproxy.harness.examine import examine
from cabproxy.harness.provider import provider
from cabproxy.taskkit.load import find_task

RUST, PYTHON = "mutations/rust-error-negated", "mutations/python-comparator-swap"
DEFAULT = (
    ("aider", "local", RUST),
    ("codex", "docker", PYTHON),
    ("opencode", "docker", RUST),
    ("pi@responses", "local", PYTHON),
    ("pi@messages", "local", PYTHON),
    ("pi@gemini", "local", PYTHON),
)


def chosen() -> list[Any]:
    wanted = os.environ.get("CAB_AGENTS")
    if wanted == "all":
        tested = [name for name in names() if agent(name).extra()["tested"]]
        wanted = " ".join(f"{name}@{wire}" for name in tested for wire in wires(agent(name)))
    cells = product(wanted.split(), ("local", "docker"), (RUST, PYTHON)) if wanted else DEFAULT
    return [pytest.param(*cell, marks=[pytest.mark.docker] * (cell[1] == "docker")) for cell in cells]


@pytest.mark.agents
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "kind", "task"), chosen())
async def test_an_agent_solves_a_task_and_every_token_is_accounted_for(
    name: str, kind: str, task: str, tmp_path: Path
) -> None:
    where = provider(kind)
    try:
        found = await examine(name, find_task(task), where, tmp_path / "cab.sqlite")
    finally:
        where.close()
    assert (found.result.status, found.result.cause, found.result.passed) == ("ok", None, True)
    assert found.agent == label(agent(name))
    assert found.differences == ()
    assert found.ledger == found.served
    assert found.served.calls == found.result.model_calls
    assert agent(name).wire in found.dialects
    assert found.claim is not None or found.agent == "mini"
