"""A sweep over a real Dask scheduler and two real worker processes, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cabproxy.errors import LedgerError, UserError
from cabproxy.harness.cluster import bring_home, order_of, run_order, way_of
from cabproxy.harness.request import CellRequest
from cabproxy.harness.sweep.matrix import Model
from cabproxy.ledger import Ledger
from cabproxy.ledger.verify import verify
from cabproxy.taskkit.load import find_task

pytest.importorskip("distributed", reason="the cluster extra is not installed")
BIN = Path(sys.executable).parent
MATRIX = """
id = "spread"
agents = ["mini"]
tasks = ["mutations/python-comparator-swap", "integrity/unsolvable-refusal"]
runs = 3
sandbox = "local"
jobs = 4
[[models]]
name = "solve"
[[models]]
name = "noop"
behaviour = "noop"
"""


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    argv = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    argv += ["--no-dashboard", "--no-show"]
    running = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    yield address_in(running, r"(tcp://127\.0\.0\.1:\d+)")
    stop(running)


def worker(scheduler: str, folder: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--nthreads", "2", "--resources", "cab=2"]
    argv += ["--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder)]
    running = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, cwd=folder)
    address_in(running, r"Registered to:\s+(tcp://\S+)")
    return running


def address_in(running: subprocess.Popen[str], pattern: str) -> str:
    """Reads what a Dask process says until it says where it is; the rest goes nowhere."""
    assert running.stderr is not None
    for line in running.stderr:
        found = re.search(pattern, line)
        if found:
            os.set_blocking(running.stderr.fileno(), False)
            return found.group(1)
    raise AssertionError("the Dask process ended before it listened")


def stop(running: subprocess.Popen[str]) -> None:
    running.kill()
    running.wait()
    assert running.stderr is not None
    running.stderr.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_sweep_outlives_a_killed_worker_and_every_cell_comes_home_once(scheduler: str, tmp_path: Path) -> None:
    file = tmp_path / "spread.toml"
    file.write_text(MATRIX)
    ledger = tmp_path / "home.sqlite"
    workers = [worker(scheduler, tmp_path) for _ in range(2)]
    argv = [BIN / "cabproxy", "sweep", file, "--ledger", ledger, "--engine", "dask", "--scheduler", scheduler, "--json"]
    running = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline()
    workers[0].send_signal(signal.SIGKILL)
    lines = [json.loads(line) for line in running.stdout]
    running.stdout.close()
    assert running.wait() == 0
    for one in workers:
        stop(one)
    assert lines[-1]["done"] == lines[-1]["planned"] == 12
    with Ledger(ledger) as opened:
        cells = {run.cell_id: run for run in opened.runs() if run.kind == "cell"}
        runs = [run for run in opened.runs() if run.kind == "cell"]
        passes = {
            run.cell_id: next(row.score.value for row in opened.scores(run.run_id) if row.score.axis == "pass_rate")
            for run in runs
        }
    assert len(cells) == len(runs) == 12
    assert passes == {cell: float("/solve/" in str(cell)) for cell in cells}
    assert verify(ledger).ok


def test_an_address_without_a_scheduler_is_a_users_mistake(tmp_path: Path) -> None:
    file = tmp_path / "spread.toml"
    file.write_text(MATRIX)
    argv = [BIN / "cabproxy", "sweep", file, "--ledger", tmp_path / "x.sqlite", "--engine", "dask"]
    alone = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stderr.count("\n")) == (2, 1)
    assert "--scheduler" in alone.stderr


def test_a_worker_with_another_version_of_the_task_refuses(tmp_path: Path) -> None:
    order = {
        "agent": "mini",
        "model": "m",
        "task_id": "mutations/python-comparator-swap",
        "task_digest": "sha256:other",
        "endpoint": "oracle",
        "key_env": "CAB_KEY",
        "behaviour": "solve",
        "sandbox": "local",
        "run_number": 1,
        "sweep_id": "s",
        "timeout_s": None,
        "profile": None,
    }
    with pytest.raises(UserError, match="another version of the task"):
        run_order(json.dumps(order).encode())


def test_what_comes_home_broken_is_not_merged(tmp_path: Path) -> None:
    import zlib

    with pytest.raises(LedgerError):
        bring_home(zlib.compress(b"not a ledger"), tmp_path / "home.sqlite")
    assert not (tmp_path / "home.sqlite").exists()


def test_the_way_to_an_endpoint_travels_with_its_authorities(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    task = find_task("mutations/python-comparator-swap")
    model = Model(name="m", endpoint="https://h/v1", upstream_proxy="http://p:1", trust_env=True, ca_file=str(bundle))
    request = CellRequest(
        agent="pi@messages", model="m", task=task, ledger=tmp_path / "x.sqlite", endpoint=model.endpoint, asciicast=3
    )
    order = order_of(request, model, "local")
    assert (order.agent, order.upstream_proxy, order.trust_env, order.asciicast) == (
        "pi@messages",
        "http://p:1",
        True,
        3,
    )
    (tmp_path / "worker").mkdir()
    there = way_of(order, tmp_path / "worker" / "cell.sqlite")
    assert there.ca_file is not None and there.ca_file.read_text() == bundle.read_text()
    assert there.upstream_proxy is not None and there.upstream_proxy.reveal() == "http://p:1"
    assert there.ca_file.parent == tmp_path / "worker"
