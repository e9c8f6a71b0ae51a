from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cabproxy.cli import cli
from cabproxy.harness.sandbox.docker_engine import LABEL, available, connect
from cabproxy.ledger import Ledger
from cabproxy.shell import invoke

TASK = "mutations/python-comparator-swap"


def test_the_doctor_says_what_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = str(tmp_path / "cab.sqlite")
    assert invoke(cli, ["agents", "doctor", "mini", "--task", TASK, "--ledger", ledger, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["works"], told["status"], told["passed"]) == (True, "ok", True)
    assert told["ledger"] == told["served"]


def test_the_doctor_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(cli, ["agents", "doctor", "mini", "--task", TASK]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"mini in the local sandbox on {TASK}: works\n")
    assert "equal call by call" in out


def test_an_unknown_task_is_the_users_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(cli, ["agents", "doctor", "mini", "--task", "no/such"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


SLOW = """
from cabproxy.agents.base import Launch
from cabproxy.agents.mini import Mini
class Slow(Mini):
    def launch(self, context):
        return Launch(argv=("sh", "-c", "echo x > started; exec sleep 300"))
"""


@pytest.mark.docker
@pytest.mark.skipif(not available(), reason="no Docker engine")
def test_what_a_killed_harness_left_in_docker_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "slow_agent.py").write_text(SLOW)
    (tmp_path / "tmp").mkdir()
    for name, value in (("TMPDIR", tmp_path / "tmp"), ("PYTHONPATH", tmp_path), ("CAB_CACHE", tmp_path / "cache")):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("tempfile.tempdir", None)
    argv = ["run-cell", "--agent", "slow_agent:Slow", "--model", "oracle", "--task", TASK, "--sandbox", "docker"]
    code = "from cabproxy.cli import main; main()"
    harness = subprocess.Popen([sys.executable, "-c", code, *argv, "--ledger", str(tmp_path / "cab.sqlite")])
    client = connect()
    try:
        while not list(tmp_path.glob("tmp/cab-run-*/app/started")):
            assert harness.poll() is None
            time.sleep(0.05)
        assert len(_of(client, harness.pid)) == 2  # the agent's and its gate
        os.kill(harness.pid, signal.SIGKILL)
        harness.wait()
        assert list((tmp_path / "tmp").glob("cab-run-*"))
        assert invoke(cli, ["agents", "doctor", "mini", "--task", TASK]) == 0
        told = capsys.readouterr().err  # of the containers another harness that started just now may have told
        assert f"removed {tmp_path}/tmp/cab-run-{harness.pid}-" in told
        assert _of(client, harness.pid) == []
        assert list((tmp_path / "tmp").glob("cab-run-*")) == []
        assert client.networks.list(filters={"label": LABEL}) == []
        assert all("cab.agent" in volume.attrs["Labels"] for volume in client.volumes.list(filters={"label": LABEL}))
    finally:
        for box in _of(client, harness.pid):
            box.remove(force=True)
        client.close()
    with Ledger(tmp_path / "cab.sqlite") as ledger:
        assert [run.status for run in ledger.runs() if run.kind == "cell"] == [None]


def _of(client: Any, pid: int) -> list[Any]:
    found = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    return [box for box in found if box.labels.get("cab.owner", "").startswith(f"{pid}-")]
