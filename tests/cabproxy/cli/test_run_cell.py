from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cabproxy.cli import cli
from cabproxy.ledger import Ledger
from cabproxy.shell import invoke

TASK = "mutations/python-comparator-swap"
BASE = ["--agent", "mini", "--model", "oracle", "--task", TASK, "--sandbox", "local"]
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CAB_ENDPOINT", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = invoke(cli, list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_json_is_one_line_per_run(say: Say, tmp_path: Path) -> None:
    code, out, err = say("run-cell", *BASE, "--runs", "2", "--json", "--no-score", "--sweep-id", "s")
    rows: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert err == ""
    assert [row["cell_id"] for row in rows] == [f"s/mini/oracle/{TASK}#run{number}" for number in (1, 2)]
    first = rows[0]
    assert (first["status"], first["cause"], first["passed"], first["model_calls"]) == ("ok", None, True, 4)
    assert first["axes"] == {}
    assert first["tokens"]["source"] == "provider"
    assert first["tokens"]["total"] == first["tokens"]["prompt"] + first["tokens"]["completion"]
    with Ledger(tmp_path / "cab.sqlite") as ledger:
        assert sum(run.kind == "cell" for run in ledger.runs()) == 2


def test_people_get_a_table_with_reasons(say: Say) -> None:
    code, out, _ = say("check", *BASE, "--ledger", "x.sqlite")
    assert code == 0
    assert "ok, solved" in out
    assert "pass_rate" in out
    assert "tokens: prompt" in out
    assert "provisional, not for citation" in out


@pytest.mark.slow
def test_an_unscored_run_shows_its_cause_and_ends_with_1(say: Say) -> None:
    code, out, _ = say("run-cell", *BASE, "--endpoint", "http://127.0.0.1:9/v1")
    assert code == 1
    assert "infra_invalid, no verdict: no model call was answered" in out
    assert "pass_rate" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--agent", "nobody"], "nobody: no such agent"),
        (["--task", "mutations/python-comparator-swop"], "did you mean mutations/python-comparator-swap"),
        (["--endpoint", "ftp://x"], "ftp://x"),
        (["--scorer", "nonsense"], "nonsense"),
        (["--tasks-dir", "nowhere"], "not a directory"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(say: Say, arguments: list[str], said: str, tmp_path: Path) -> None:
    code, out, err = say("run-cell", *BASE, *arguments)
    assert code == 2
    assert said in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "cab.sqlite").exists()


SLEEP_S = "61.375"


def _is_asleep() -> bool:
    """Whether the agent runs; a sealed one cannot leave a sign outside, but its process can be seen."""
    wanted = f"sleep\0{SLEEP_S}\0".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cmdline").read_bytes() == wanted:
                return True
    return False


def test_ctrl_c_says_what_is_kept(tmp_path: Path) -> None:
    slow = tmp_path / "slow_agent.py"
    slow.write_text(
        "from cabproxy.agents.mini import Mini\nfrom cabproxy.agents.base import Launch\n"
        "class Slow(Mini):\n    def launch(self, context):\n"
        f"        return Launch(argv=('sleep', '{SLEEP_S}'))\n"
    )
    argv = [sys.executable, "-c", "from cabproxy.cli import main; main()", "run-cell", *BASE]
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "CAB_CACHE": str(tmp_path / "cache"), "CAB_SEAL": "off"}
    process = subprocess.Popen(
        [*argv, "--agent", "slow_agent:Slow"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True
    )
    while not _is_asleep():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "is closed in cab.sqlite with what was recorded so far" in err
    with Ledger(tmp_path / "cab.sqlite") as ledger:
        assert [run.status for run in ledger.runs() if run.kind == "cell"] == ["interrupted"]
