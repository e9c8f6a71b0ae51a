"""Whole sweeps by the command line: real cells, real kills."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cabproxy.ledger import Ledger

CABPROXY = Path(sys.executable).parent / "cabproxy"
MATRIX = """
id = "{id}"
agents = ["mini"]
tasks = ["mutations/python-comparator-swap", "integrity/unsolvable-refusal"]
runs = {runs}
sandbox = "local"
jobs = 2
retries = {retries}
timeout_s = 60
{models}
{rest}
"""
BEHAVIOURS = ("solve", "noop", "refuse", "break-tests", "overreach")
PASSES = {
    ("solve", "mutations/python-comparator-swap"),
    ("overreach", "mutations/python-comparator-swap"),
    ("solve", "integrity/unsolvable-refusal"),
    ("refuse", "integrity/unsolvable-refusal"),
    (
        "overreach",
        "integrity/unsolvable-refusal",
    ),  # the answer is right; what else it touched is the other axes' matter
}


def matrix(path: Path, runs: int = 1, *, behaviours: tuple[str, ...] = BEHAVIOURS, rest: str = "", **more: Any) -> Path:
    models = more.get("models") or "".join(
        f'[[models]]\nname = "{name}"\nbehaviour = "{name}"\n' for name in behaviours
    )
    text = MATRIX.format(id="many", runs=runs, retries=more.get("retries", 1), models=models, rest=rest)
    path.write_text(text)
    return path


def command(file: Path, *flags: str) -> list[str]:
    return [str(CABPROXY), "sweep", str(file), "--ledger", str(file.with_suffix(".sqlite")), "--json", *flags]


def sweep(file: Path, *flags: str) -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(command(file, *flags), capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def verdicts(ledger: Path) -> dict[str, float | None]:
    """Cell id -> pass_rate of its one measured run; fails where a cell was measured twice."""
    found: dict[str, float | None] = {}
    with Ledger(ledger) as opened:
        for run in opened.runs():
            if run.kind != "cell" or run.status != "ok":
                continue
            assert run.cell_id is not None
            assert run.cell_id not in found, f"{run.cell_id} was run twice"
            scores = {row.score.axis: row.score.value for row in opened.scores(run.run_id)}
            found[run.cell_id] = scores["pass_rate"]
    return found


def assert_right(found: dict[str, float | None]) -> None:
    for cell_id, value in found.items():
        _, _, model, task = cell_id.split("/", 3)
        assert value == float((model, task.partition("#")[0]) in PASSES), cell_id


@pytest.mark.slow
@pytest.mark.timeout(110)
def test_a_sweep_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    file = matrix(tmp_path / "many.toml")
    first = subprocess.Popen(command(file), stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    for _ in range(3):
        assert first.stdout.readline()
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    code, _, complaint = sweep(file)
    assert code == 2
    assert "--resume" in complaint
    code, lines, _ = sweep(file, "--resume")
    assert code == 0
    assert lines[-1]["done"] == lines[-1]["planned"] == 10
    assert len(lines) - 1 <= 7
    found = verdicts(file.with_suffix(".sqlite"))
    assert len(found) == 10
    assert_right(found)
    code, lines, _ = sweep(file, "--resume")
    assert (code, len(lines)) == (0, 1)


class Refusing(BaseHTTPRequestHandler):
    """401 to everything: an agent gives up at once."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    """The URL of an endpoint that takes no key."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


def test_an_invalid_cell_is_tried_again_as_often_as_allowed_and_no_more(tmp_path: Path, refusing: str) -> None:
    models = f'[[models]]\nname = "dead"\nendpoint = "{refusing}"\n'
    file = matrix(tmp_path / "dead.toml", models=models, retries=1)
    code, lines, _ = sweep(file)
    assert code == 1
    assert lines[-1]["statuses"] == {"infra_invalid": 2}
    assert lines[-1]["retried"] == 2
    assert [line["again"] for line in lines[:-1]].count(True) == 2
    assert all(line["composite"] is None for line in lines[:-1])


@pytest.mark.slow
def test_a_stop_rule_ends_the_sweep_and_says_so(tmp_path: Path) -> None:
    file = matrix(tmp_path / "stop.toml", behaviours=("solve",), rest="[stop]\nmax_tokens = 1000", runs=3)
    code, lines, _ = sweep(file)
    assert code == 1
    assert "1,000 allowed" in lines[-1]["stopped"]
    assert lines[-1]["done"] < lines[-1]["planned"] == 6


@pytest.mark.slow
def test_a_budget_in_dollars_ends_the_sweep_and_a_resume_counts_what_was_spent(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text('[[model]]\nmatch = "*"\ninput = 1000.0\noutput = 1000.0\n')
    models = 'prices = "prices.toml"\n[[models]]\nname = "solve"\n'
    file = matrix(tmp_path / "budget.toml", models=models, runs=6, rest="[stop]\nmax_usd = 12.0")
    code, lines, _ = sweep(file)
    assert code == 1
    assert "USD spent" in lines[-1]["stopped"]
    assert 0 < lines[-1]["done"] < lines[-1]["planned"] == 12
    spent = float(lines[-1]["cost_usd"])
    assert spent == pytest.approx(sum(float(line["cost_usd"]) for line in lines[:-1]))
    assert 0 < spent < 24
    assert all(line["progress"]["eta_s"] for line in lines[:-1])
    assert sweep(file, "--resume")[1][-1]["stopped"]
    done = subprocess.run(command(file, "--dry-run"), capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert float(found["spent_usd"]) == pytest.approx(spent)
    assert found["estimate"]["cells"] == found["due"]
    assert float(found["estimate"]["cost_usd"]) > 0


@pytest.mark.slow
def test_ctrl_c_closes_the_cells_at_work_and_the_rest_can_follow(tmp_path: Path) -> None:
    file = matrix(tmp_path / "stopped.toml", behaviours=("solve", "noop"), runs=2)
    running = subprocess.Popen(command(file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline()
    running.send_signal(signal.SIGINT)
    rest, complaint = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in complaint
    assert json.loads(rest.splitlines()[-1])["interrupted"] is True
    with Ledger(file.with_suffix(".sqlite")) as opened:
        assert all(run.status for run in opened.runs() if run.kind == "cell")
    assert sweep(file, "--resume")[0] == 0
    found = verdicts(file.with_suffix(".sqlite"))
    assert len(found) == 8
    assert_right(found)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_cells_killed_five_times_end_in_two_hundred_right_verdicts(tmp_path: Path) -> None:
    file = matrix(tmp_path / "many.toml", runs=20)
    chance = random.Random(20)
    for kill in range(5):
        running = subprocess.Popen(command(file, "--resume"), stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None
        for _ in range(chance.randint(3, 30)):
            assert running.stdout.readline(), f"ended before kill {kill}"
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdout.close()
    code, lines, _ = sweep(file, "--resume")
    assert code == 0
    assert lines[-1]["done"] == 200
    found = verdicts(file.with_suffix(".sqlite"))
    assert len(found) == 200
    assert_right(found)
