from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cabproxy.harness.sandbox.docker_engine import available
from cabproxy.harness.sweep.contenders import Contender
from cabproxy.harness.sweep.journal import Attempt, Journal
from cabproxy.harness.sweep.lacks import lacks
from cabproxy.harness.sweep.matrix import Matrix, Model, Stop
from cabproxy.harness.sweep.plan import make_plan
from cabproxy.harness.sweep.preflight import Preflight, Preparation, look
from cabproxy.taskkit.task import CabFacts, Task

TASK = Task(
    task_id="mutations/a",
    path=Path("a"),
    instruction="Mend it.",
    digest="sha256:0",
    cab=CabFacts(category="mutations", language="python"),
    agent_timeout_s=100,
)


def dry_run(model: Model, ledger: Path, journal: Journal | None = None, **more: Any) -> Preflight:
    fields = {"agents": ("mini",), "tasks": ("mutations/a",), "runs": 4, "jobs": 2, "sandbox": "local", **more}
    matrix = Matrix(id="s", models=(model,), **fields)
    ready = Preparation(
        matrix=matrix,
        plan=make_plan(matrix, [TASK]),
        tasks={TASK.task_id: TASK},
        contenders={label: Contender(label=label, spec=label, name=label) for label in matrix.agents},
        ledger=ledger,
    )
    return asyncio.run(look(ready, journal or Journal()))


def test_the_plan_is_counted_and_done_cells_are_not_due(tmp_path: Path) -> None:
    done = Attempt(run_id="r", status="ok", cause=None, tokens=0, scored=True)
    found = dry_run(Model(name="m"), tmp_path / "x", journal=Journal(attempts={"s/mini/m/mutations/a#run1": (done,)}))
    assert (found.cells, found.due, found.longest_s, found.problems) == (4, 3, 150.0, ())


def test_a_missing_key_and_a_dead_endpoint_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, never listening: refused
        endpoint = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        monkeypatch.delenv("NO_SUCH_KEY", raising=False)
        (missing,) = dry_run(Model(name="m", endpoint=endpoint, key_env="NO_SUCH_KEY"), tmp_path / "x").problems
        monkeypatch.setenv("SOME_KEY", "x")
        (dead,) = dry_run(Model(name="m", endpoint=endpoint, key_env="SOME_KEY"), tmp_path / "x").problems
        monkeypatch.setenv("SOME_KEY", "x")
        behind = Model(name="m", endpoint="http://models.invalid/v1", key_env="SOME_KEY", upstream_proxy=endpoint[:-3])
        (hop,) = dry_run(behind, tmp_path / "x").problems
    assert "NO_SUCH_KEY is not set" in missing
    assert "cannot be reached" in dead
    assert "the proxy towards http://models.invalid/v1, cannot be reached" in hop
    assert "SOME_KEY" not in os.environ  # no child of this process inherits it


def test_a_budget_in_dollars_over_a_model_without_a_price_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("SOME_KEY", "x")
    model = Model(name="nobody-s-model", endpoint="http://127.0.0.1:9/v1", key_env="SOME_KEY")
    found = dry_run(model, tmp_path / "x", stop=Stop(max_usd=5))
    assert any("no price is known for nobody-s-model" in problem for problem in found.problems)
    assert dry_run(Model(name="m"), tmp_path / "x", stop=Stop(max_usd=5)).problems == ()


def test_agents_that_are_not_there_yet_are_named(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("CAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = dry_run(Model(name="m"), tmp_path / "x", agents=("codex", "goose"))
    assert [line.split(":")[0].split()[0] for line in found.missing] == ["codex"]
    assert "not installed" in found.missing[0]
    assert any("goose" in problem for problem in found.problems)


@pytest.mark.docker
@pytest.mark.skipif(not available(), reason="no Docker engine")
def test_images_that_are_not_there_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "environment"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM scratch\nLABEL x={tmp_path}\n")
    built = structs.replace(TASK, path=tmp_path / "a")
    pulled = structs.replace(TASK, image="no.such.host/image:1")
    (tmp_path / "b").mkdir()
    neither = structs.replace(TASK, path=tmp_path / "b")
    goose = Contender(label="goose", spec="goose", name="goose")
    found = lacks("docker", (built, pulled, neither), (goose,))
    assert ["builds it" in found.missing[0], "pulls it" in found.missing[1]] == [True, True]
    assert ["neither environment/Dockerfile" in found.problems[0], "goose" in found.problems[1]] == [True, True]
