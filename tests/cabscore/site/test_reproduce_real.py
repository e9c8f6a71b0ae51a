"""The commands of a built page, copied from it and run: they repeat the cell, check its record, record a session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Run
from cabscore.site.report import write_report

TASK = "mutations/python-comparator-swap"
KEY = "sk-" + "typed-by-hand-" * 3
ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
PLUGIN = """name = "terse"

[env]
SOME_FLAG = "1"
"""


def cabproxy(folder: Path, *words: str) -> None:
    done = subprocess.run(
        ["cabproxy", *words], cwd=folder, env=ENV, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]


def shell(folder: Path, script: str, said: str = "") -> str:
    folder.mkdir()
    command = ["/bin/sh", "-c", script]
    done = subprocess.run(
        command, cwd=folder, env=ENV, input=said, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def page_blocks(ledger: Path, parse: Any) -> dict[str, str]:
    """Commands by title, as somebody would copy them from the only page of a ledger's site."""
    done = write_report(ledger, ledger.with_name("built"), jobs=1)
    (page,) = done.pages.values()
    parsed = parse(page.read_text(encoding="utf-8"))
    return parsed.blocks


def only_run(ledger: Path) -> tuple[Run, dict[str, Any]]:
    with Ledger(ledger) as opened:
        (run,) = opened.runs()
        return run, {stored.score.axis: stored.score.value for stored in opened.scores(run.run_id)}


def repeats(tmp_path: Path, parse: Any, title: str, *flags: str) -> dict[str, str]:
    """Runs a cell, copies the commands under `title` from its page, runs them elsewhere, and compares the two runs."""
    cabproxy(tmp_path, *("run-cell", "--agent", "mini", "--model", "oracle/x", "--task", TASK), *flags)
    blocks = page_blocks(tmp_path / "cab.sqlite", parse)
    install, _, rest = blocks["The same cell, local sandbox"].partition("\n")
    assert install.startswith("python3 -m pip install codingagentbench==")  # what is installed here is what is tested
    script = rest if "local" in title else blocks[title]
    said = shell(tmp_path / "again", script)
    (first, scores), (again, new) = only_run(tmp_path / "cab.sqlite"), only_run(tmp_path / "again" / "cab.sqlite")
    same = ("agent", "model", "task_id", "task_digest", "sandbox", "image", "agent_image", "time_limit_s", "plugins")
    assert {name: getattr(first, name) for name in same} == {name: getattr(again, name) for name in same}
    assert again.status == "ok"
    for axis in ("pass_rate", "integrity", "blast_radius", "refusal"):
        assert scores[axis] == new[axis], axis
    assert first.image is None or first.image.rpartition("@")[2] in said
    return blocks


@pytest.mark.slow
def test_a_local_cell_is_repeated_checked_and_replayed(tmp_path: Path, parse: Any) -> None:
    (tmp_path / "terse.toml").write_text(PLUGIN)
    flags = ("--sandbox", "local", "--behaviour", "overreach", "--plugin", "terse.toml")
    blocks = repeats(tmp_path, parse, "The same cell, local sandbox", *flags)
    checks, _, replay = blocks["Check this record"].rpartition("\n")
    (tmp_path / "with").mkdir()
    os.link(tmp_path / "cab.sqlite", tmp_path / "with" / "cab.sqlite")
    done = subprocess.run(
        ["/bin/sh", "-ec", checks], cwd=tmp_path / "with", env=ENV, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    with serving(tmp_path / "with", replay.partition("#")[0] + " --port 0") as told:
        assert told.startswith("http://127.0.0.1:")
    quick = shell(tmp_path / "quick", blocks["A quick look"])
    assert "provisional" in quick


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_docker_cell_is_repeated_in_the_same_images(tmp_path: Path, parse: Any) -> None:
    repeats(tmp_path, parse, "The same cell, docker sandbox", "--sandbox", "docker")


@pytest.mark.slow
def test_a_session_of_ones_own_is_recorded_as_the_page_says(tmp_path: Path, parse: Any, unused_tcp_port: int) -> None:
    cabproxy(tmp_path, *("run-cell", "--agent", "mini", "--model", "oracle/x", "--task", TASK, "--sandbox", "local"))
    script = page_blocks(tmp_path / "cab.sqlite", parse)["Your own endpoint, your own hands"]
    with serving(tmp_path, f"cabproxy oracle --task {TASK} --port 0 --json") as told:
        script = script.replace("https://your.endpoint/v1", json.loads(told)["base_url"]).replace(
            "31415", str(unused_tcp_port)
        )
        shell(tmp_path / "mine", script, KEY + "\n")
    with Ledger(tmp_path / "mine" / "mine.sqlite") as ledger:
        assert sum(call.state == "ok" for call in ledger.calls()) > 1
    assert (tmp_path / "mine" / "site" / "index.html").exists()
    kept = [path for path in (tmp_path / "mine").glob("**/*") if path.is_file()]
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]


@contextmanager
def serving(folder: Path, command: str) -> Iterator[str]:
    """What a server said of itself in its first line, while it serves; it ends well when it is told to."""
    with subprocess.Popen(
        ["/bin/sh", "-c", "exec " + command], cwd=folder, env=ENV, stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        yield one.stdout.readline()
        one.send_signal(signal.SIGINT)
        assert one.wait(timeout=30) in (0, 130)
