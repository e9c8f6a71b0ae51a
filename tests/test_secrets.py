"""A key that was used is nowhere: not in the ledger, pages, logs, arguments or another process's environment."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cabproxy.proxy.oracle import OracleServer
from cabproxy.taskkit.load import find_task
from cabproxy.taskkit.play import script_for

CABPROXY = Path(sys.executable).parent / "cabproxy"
TASK = "mutations/python-comparator-swap"
SENTINEL = "sk-sentinel-4f1d9c27b3a84e0f96d1"
OTHER = "sk-sentinel-of-the-other-test"


@pytest.fixture
def endpoint() -> Iterator[str]:
    """An endpoint of its own, in a thread, as a run against somebody's server would have."""
    started = threading.Event()
    address: list[str] = []
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with OracleServer(script_for(find_task(TASK), "solve"), models=("served-model",)) as oracle:
            address.append(oracle.base_url)
            started.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait()
    yield address[0]
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


def programs_that_show(needle: bytes, holder: bytes) -> set[str]:
    """Programs with the needle among their arguments or in their environment, but for this test and the `holder`.

    The holder is known by its arguments: a child it has forked shows them, and its environment, until it calls exec.
    """
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            arguments, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        # Between fork and exec a process shows its parent's memory, or for a moment nothing at all.
        if arguments and needle in arguments + environment and holder not in arguments:
            found.add(arguments.replace(b"\0", b" ").decode())
    return found


def test_a_planted_key_is_found_nowhere_after_a_run_nor_while_it_lasts(endpoint: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    argv = [str(CABPROXY), "run-cell", "--agent", "mini", "--model", "served-model", "--task", TASK]
    argv += ["--endpoint", endpoint, "--key-env", "PLANTED", "--sandbox", "local", "--json"]
    argv += ["--ledger", str(out / "cab.sqlite"), "--keep", str(out / "kept")]
    env = {**os.environ, "PLANTED": SENTINEL, "TMPDIR": str(tmp_path)}
    shown: set[str] = set()
    with (out / "stdout").open("wb") as stdout, (out / "stderr").open("wb") as stderr:
        running = subprocess.Popen(argv, stdout=stdout, stderr=stderr, env=env)
        while running.poll() is None:
            shown |= programs_that_show(SENTINEL.encode(), b"PLANTED")
    result = json.loads((out / "stdout").read_text())
    assert (result["status"], result["passed"]) == ("ok", True), result
    assert result["model_calls"] >= 3
    assert shown == set()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".html" for path in files)
    assert [path for path in files if SENTINEL.encode() in path.read_bytes()] == []


def test_the_search_itself_finds_a_key_that_is_shown(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "print('there', flush=True); input()"]
    shower = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"SHOWN": OTHER})
    assert shower.stdout is not None
    assert shower.stdout.readline() == b"there\n"  # until it runs, it has no arguments to show
    try:
        assert programs_that_show(OTHER.encode(), b"PLANTED")
    finally:
        shower.communicate(b"\n")
