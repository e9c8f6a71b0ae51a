from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from cabproxy.cli import cli
from cabproxy.ledger import Ledger
from cabproxy.proxy.oracle import OracleServer
from cabproxy.shell import invoke
from cabproxy.taskkit.load import find_task
from cabproxy.taskkit.play import script_for

TASK = "mutations/python-comparator-swap"
CELL = ["--agent", "mini", "--model", "m", "--task", TASK, "--endpoint", "http://127.0.0.1:9/v1"]
COMMANDS = [
    ["serve", "--upstream", "http://127.0.0.1:9/v1"],
    ["run-cell", *CELL],
    ["check", *CELL],
    ["replay", "x.sqlite", "--on-miss", "forward", "--upstream", "http://127.0.0.1:9/v1"],
]


@pytest.mark.parametrize("argv", COMMANDS, ids=lambda argv: argv[0])
def test_credentials_in_a_proxys_url_are_refused_without_being_repeated(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.sqlite").touch()
    assert invoke(cli, [*argv, "--upstream-proxy", "http://me:topsecret@p:1"]) == 2
    said = capsys.readouterr().err
    assert "HTTPS_PROXY" in said
    assert "topsecret" not in said


@pytest.mark.parametrize("url", ["socks5://p:1", "http://p:1/path"])
def test_what_is_no_proxy_is_said_before_anything_starts(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke(cli, ["run-cell", *CELL, "--upstream-proxy", url]) == 2
    assert "--upstream-proxy: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
async def test_a_replays_misses_go_through_the_proxy(tmp_path: Path, forward: Any) -> None:
    ledger = tmp_path / "cab.sqlite"
    async with OracleServer(script_for(find_task(TASK), "noop")) as oracle:
        way = ("--upstream-proxy", f"http://127.0.0.1:{forward.port}")
        recorded = await started("serve", "--upstream", oracle.root_url, "--port", "0", "--ledger", str(ledger), *way)
        await ask(recorded, "one")
        await stopped(recorded)
        replay = ("replay", str(ledger), "--port", "0", "--on-miss", "forward", "--upstream", oracle.root_url, *way)
        played = await started(*replay)
        await ask(played, "one")
        assert len(forward.heads) == 1
        await ask(played, "another")
        await stopped(played)
    assert [head.partition(b" ")[0] for head in forward.heads] == [b"POST", b"POST"]
    with Ledger(ledger) as opened:
        assert len(list(opened.calls())) == 2


Started = tuple[asyncio.subprocess.Process, str]


async def started(*argv: str) -> Started:
    program = Path(sys.executable).parent / "cabproxy"
    process = await asyncio.create_subprocess_exec(
        program, *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode().strip()


async def ask(running: Started, text: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    async with (
        ClientSession() as session,
        session.post(f"{running[1]}/chat/completions", json=body, headers={"Authorization": "Bearer any"}) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def stopped(running: Started) -> None:
    running[0].terminate()
    await running[0].communicate()
    assert running[0].returncode == 0
