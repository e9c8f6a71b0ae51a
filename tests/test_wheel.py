"""What a user gets who has no checkout: the wheel, in an empty directory and with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cabproxy.harness.sandbox.toolchain import ROOTS

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files as pip lays them down; what it depends on is the test environment's."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("codingagentbench-*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", target, wheel], check=True)
    return target


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": str(installed)}
    # Tools of this machine's user that PATH leads to are not below the new home.
    found = {name: Path(os.environ.get(name) or usual).expanduser() for name, usual in ROOTS.items()}
    return env | {name: str(path) for name, path in found.items() if path.is_dir()}


def command(installed: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(installed / "bin" / "cabproxy"), *arguments]


@pytest.fixture
def endpoint(installed: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Somebody's own: an endpoint that wants a key and knows the task."""
    argv = command(installed, "oracle", "--port", "0", "--task", "mutations/python-comparator-swap")
    running = subprocess.Popen(argv, cwd=tmp_path / "home", env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    yield running.stdout.readline().split()[-1]
    running.terminate()
    running.communicate()


def test_a_check_of_ones_own_endpoint(
    installed: Path, environment: dict[str, str], endpoint: str, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    argv = command(installed, "check", "--model", "some-model", "--endpoint", endpoint, "--sandbox", "local", "--json")
    done = subprocess.run(
        argv, cwd=empty, env={**environment, "CAB_KEY": "sk-of-mine-0123456789"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = done.stdout.splitlines()
    result = json.loads(line)
    assert (result["status"], result["passed"], result["provisional"]) == ("ok", True, True)
    assert result["note"] == "provisional, not for citation"
    assert result["tokens"]["source"] == "provider"
    assert result["axes"]["pass_rate"] == 1.0
    assert (empty / result["page"]).is_file()
    assert {path.name.partition("-")[0] for path in empty.iterdir()} <= {"cab.sqlite", "cab"}
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        assert b"sk-of-mine-0123456789" not in path.read_bytes()


def test_it_brings_the_tasks_and_the_agents_recipes_unchanged(installed: Path, environment: dict[str, str]) -> None:
    """Digests of tasks must agree: a cluster's workers compare them."""
    code = (
        "import json, cabproxy; from pathlib import Path; from cabproxy.agents import agent, names;"
        "from cabproxy.agents.install import recipe_digest; from cabproxy.taskkit.load import list_tasks;"
        "print(json.dumps([{task.task_id: task.digest for task in list_tasks()},"
        "{name: recipe_digest(name, agent(name).install) for name in names()},"
        "str(Path(cabproxy.__file__).parents[1])]))"
    )

    def told(env: dict[str, str]) -> list[dict[str, str]]:
        argv = [sys.executable, "-P", "-c", code]
        found: list[dict[str, str]] = json.loads(subprocess.run(argv, env=env, capture_output=True, check=True).stdout)
        return found

    tasks, recipes, place = told(environment)
    own_tasks, own_recipes, own_place = told({**environment, "PYTHONPATH": str(ROOT)})
    assert (place, own_place) == (str(installed), str(ROOT))
    assert tasks == own_tasks
    assert recipes == own_recipes
    images = "cabproxy/agents/images"
    assert {path.relative_to(installed) for path in (installed / images).glob("[!_]*/*")} == {
        path.relative_to(ROOT) for path in (ROOT / images).glob("[!_]*/*")
    }
