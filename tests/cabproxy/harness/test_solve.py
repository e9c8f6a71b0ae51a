"""Task directories as Harbor has them: absolute paths of a container, a healthcheck, a verifier of its own."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from cabproxy.errors import SandboxError, UserError
from cabproxy.harness.provider import LocalProvider, provider
from cabproxy.harness.request import CellRequest
from cabproxy.harness.sandbox.docker_engine import connect
from cabproxy.harness.sandbox.seal import unsealable
from cabproxy.harness.trial import try_task
from cabproxy.ledger import Ledger
from cabproxy.taskkit.load import load_task
from cabproxy.taskkit.solution import reference_edits
from cabproxy.taskkit.task import Task

TOML = """
schema_version = "1.4"
artifacts = [{ source = "/app/out", exclude = ["*.tmp"] }, "app.conf"]

[task]
name = "org/greeting"

[metadata]
difficulty = "easy"
category = "demo"

[agent]
timeout_sec = 60

[verifier]
timeout_sec = 60
environment_mode = "separate"
env = { WANTED = "${CAB_TEST_WANTED:-hello world}" }

[environment]
env = { GREETED = "world" }
cpus = 1
memory_mb = 512

[environment.healthcheck]
command = "test -f /app/app.conf && test $GREETED = world"
interval_sec = 0.1
timeout_sec = 5
retries = 2

[solution]
env = { PUNCTUATION = "!" }
"""
SOLVE = """#!/bin/bash
set -eu
. /app/app.conf
mkdir -p /app/out
echo "$greeting $GREETED" >/app/out/greeting.txt
echo "$PUNCTUATION" >/app/out/noise.tmp
"""
TEST = """#!/bin/bash
# A verifier sees the artifacts and nothing else of the work tree.
ok=1
[ "$(cat /app/out/greeting.txt)" = "$WANTED" ] || ok=0
[ -e /app/src/main.sh ] && ok=0
[ -e /app/out/noise.tmp ] && ok=0
[ -e /tests/data/expected.txt ] || ok=0
mkdir -p /logs/verifier
if [ "$ok" = 1 ]; then status=passed; else status=failed; fi
echo '{"results": {"tests": [{"name": "greets", "status": "'$status'"}]}}' >/logs/verifier/ctrf.json
echo "{\\"reward\\": $ok}" >/logs/verifier/reward.json
"""
IMAGE = "FROM debian:bookworm-slim\nWORKDIR /app\n"


@pytest.fixture
def harbor(tmp_path: Path) -> Callable[..., Path]:
    """Writes a Harbor task of several files and returns its folder."""

    def make(toml: str = TOML, **files: str) -> Path:
        folder = tmp_path / "tasks" / "demo" / "greeting"
        given = {
            "task.toml": toml,
            "instruction.md": "# harbor-canary\nWrite the greeting of app.conf to /app/out/greeting.txt.\n",
            "environment/Dockerfile": IMAGE + "COPY files/ /app/\nRUN chmod -R a+rwX /app\n",
            "environment/files/app.conf": "greeting=hello\n",
            "environment/files/src/main.sh": "echo hello\n",
            "tests/Dockerfile": "FROM debian:bookworm-slim\nCOPY . /tests/\n",
            "tests/test.sh": TEST,
            "tests/data/expected.txt": "hello world\n",
            "solution/solve.sh": SOLVE,
        }
        for path, text in {**given, **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return folder

    return make


@pytest.fixture
def sealed() -> None:
    if why := unsealable():
        pytest.skip(f"cannot seal here: {why}")


def trial(task: Task, kind: str) -> dict[str, tuple[str, str]]:
    sandboxes = provider(kind)
    try:
        done = asyncio.run(try_task(task, sandboxes, {task.task_id: task}, 1))
    finally:
        sandboxes.close()
    return {one.check: (one.level, one.detail) for one in done.findings if one.level == "defect"}


@pytest.mark.usefixtures("sealed")
def test_what_a_harbor_directory_says_is_known(harbor: Callable[..., Path]) -> None:
    task = load_task(harbor())
    assert task.task_id == "demo/greeting"
    assert (task.separate, task.bundled_tests, task.workdir) == (True, True, "/app")
    assert task.cab.source == "environment/files"
    assert [artifact.source for artifact in task.artifacts] == ["out", "app.conf"]
    assert task.healthcheck is not None and task.healthcheck.retries == 2
    assert task.instruction.startswith("Write the greeting")
    assert task.unknown_keys == ()


@pytest.mark.usefixtures("sealed")
def test_a_solution_for_a_container_runs_in_a_sandbox(harbor: Callable[..., Path]) -> None:
    there = Path("/app").exists()
    edits = reference_edits(load_task(harbor()))
    assert {edit.path: edit.after for edit in edits} == {"out/greeting.txt": "hello world\n", "out/noise.tmp": "!\n"}
    assert Path("/app").exists() == there


@pytest.mark.usefixtures("sealed")
def test_a_solution_that_fails_is_told_with_its_words(harbor: Callable[..., Path]) -> None:
    task = load_task(harbor(**{"solution/solve.sh": "echo nowhere to go >&2; exit 4\n"}))
    with pytest.raises(UserError, match="ended with 4: nowhere to go"):
        reference_edits(task)


@pytest.mark.usefixtures("sealed")
def test_a_harbor_directory_is_put_on_trial_locally(harbor: Callable[..., Path]) -> None:
    assert trial(load_task(harbor()), "local") == {}


@pytest.mark.docker
def test_a_harbor_directory_is_put_on_trial_in_containers(harbor: Callable[..., Path]) -> None:
    assert trial(load_task(harbor()), "docker") == {}


IN_IMAGE = (
    IMAGE + "RUN mkdir -p /app/src /app/.git && echo 'greeting=hello' >/app/app.conf && echo fix >/app/.git/next\n"
    "RUN echo 'echo hello' >/app/src/main.sh && ln -s src/main.sh /app/main && chmod -R a+rwX /app\n"
)


@pytest.mark.docker
def test_files_that_only_the_image_has_are_the_work_tree(harbor: Callable[..., Path], tmp_path: Path) -> None:
    """The agent works on them, and what becomes of them is seen and verified."""
    from cabproxy.harness.cell import run_cell

    python = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends python3\n"
    image = IN_IMAGE.replace("FROM debian:bookworm-slim\n", python)
    task = load_task(harbor(**{"environment/Dockerfile": image}))
    assert task.in_image is not None and task.in_image.startswith("environment/Dockerfile: RUN ")
    request = CellRequest(
        agent="mini",
        model="oracle",
        task=task,
        ledger=tmp_path / "cab.sqlite",
        scorer=None,
        keep=tmp_path / "kept",
    )
    where = provider("docker")
    result = asyncio.run(run_cell(request, where))
    where.close()
    assert (result.status, result.passed) == ("ok", True), result.cause
    (kept,) = (tmp_path / "kept").glob("*/app")
    assert (kept / "src" / "main.sh").read_text() == "echo hello\n"
    assert not (kept / ".git" / "next").exists()
    with Ledger(request.ledger) as ledger:
        changed = {one.path for one in ledger.changes(result.run_id)}
    assert changed == {"out/greeting.txt", "out/noise.tmp"}


@pytest.mark.docker
def test_an_image_whose_work_tree_lies_elsewhere_is_told_with_the_key(harbor: Callable[..., Path]) -> None:
    client = connect()
    tag = "cab-test-elsewhere:1"
    dockerfile = io.BytesIO(b"FROM debian:bookworm-slim\nWORKDIR /testbed\nRUN echo x >/testbed/a.py\n")
    client.images.build(fileobj=dockerfile, tag=tag)
    folder = harbor(TOML.replace("[environment]\n", f'[environment]\ndocker_image = "{tag}"\n'))
    (folder / "environment" / "Dockerfile").unlink()
    told = trial(load_task(folder), "docker")["sandbox"][1]
    assert told == "demo/greeting: environment.workdir: /app is not in its image, which has /testbed; name that one"
    client.images.remove(tag, force=True)
    client.close()


@pytest.mark.usefixtures("sealed")
def test_files_that_only_the_image_has_need_a_container(harbor: Callable[..., Path]) -> None:
    told = trial(load_task(harbor(**{"environment/Dockerfile": IN_IMAGE})), "local")
    assert "RUN echo 'greeting=hello' >/app/app.conf" in told["sandbox"][1]
    assert "use --sandbox docker" in told["sandbox"][1]


@pytest.mark.docker
def test_tests_run_as_another_user_in_a_container(harbor: Callable[..., Path]) -> None:
    toml = TOML.replace("[verifier]\n", '[verifier]\nuser = "nobody"\n')
    told = TEST.replace("ok=1\n", 'ok=1\n[ "$(id -un)" = nobody ] || ok=0\n', 1)
    assert trial(load_task(harbor(toml, **{"tests/test.sh": told})), "docker") == {}


@pytest.mark.usefixtures("sealed")
def test_another_user_needs_a_container(harbor: Callable[..., Path]) -> None:
    task = load_task(harbor(TOML.replace("[verifier]\n", '[verifier]\nuser = "nobody"\n')))
    assert "verifier.user: only a container" in trial(task, "local")["sandbox"][1]


def test_without_a_seal_a_containers_paths_cannot_be_given(
    harbor: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task(harbor())
    local = LocalProvider(seal=False)
    with pytest.raises(SandboxError, match="use --sandbox docker"):
        local._take(task)


@pytest.mark.slow
@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("behaviour", ["solve", "noop"])
def test_a_cell_on_a_harbor_directory(harbor: Callable[..., Path], tmp_path: Path, behaviour: str) -> None:
    from cabproxy.harness.cell import run_cell

    request = CellRequest(
        agent="mini",
        model="oracle",
        task=load_task(harbor()),
        ledger=tmp_path / "cab.sqlite",
        endpoint="oracle",
        behaviour=behaviour,  # type: ignore[arg-type]
        scorer=None,
    )
    result = asyncio.run(run_cell(request, LocalProvider()))
    assert (result.status, result.passed) == ("ok", behaviour == "solve"), result.cause
