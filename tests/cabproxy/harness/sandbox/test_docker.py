from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cabproxy.harness.request import silent
from cabproxy.harness.sandbox.base import Command, Limits
from cabproxy.harness.sandbox.docker import DockerSandbox, Mounts
from cabproxy.harness.sandbox.docker_engine import LABEL, available, connect, engine_version, sweep
from cabproxy.harness.sandbox.docker_images import gate_image
from cabproxy.harness.sandbox.places import Places

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(not available(), reason="no Docker engine"),
]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    made = connect()
    yield made
    made.close()


@pytest.fixture(scope="module")
def gate(client: Any) -> str:
    return gate_image(client, silent)


def fill(places: Places) -> None:
    places.app.mkdir()
    (places.app / "given").write_text("x")


@pytest.fixture
def make(client: Any, gate: str, tmp_path: Path) -> Callable[..., DockerSandbox]:
    """A sandbox of the gate's own image, which has a Python; with a gate unless told otherwise."""

    def made(*, open_gate: bool = True, **limits: Any) -> DockerSandbox:
        mounts = Mounts(image=gate, workdir="/app", gate_image=gate if open_gate else None)
        bounds = Limits(**{"memory_mb": 256, "pids": 64, "time_s": 30, **limits})
        return DockerSandbox(client, fill, mounts, bounds, socket=tmp_path / "proxy.sock", scratch_root=tmp_path / "s")

    return made


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[list[bytes]]:
    """Something on the proxy's socket that answers every request; what it got."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmeow")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, tmp_path / "proxy.sock")
    yield heard
    server.close()
    await server.wait_closed()


async def run(sandbox: DockerSandbox, script: str, **limits: Any) -> Any:
    async with sandbox:
        return await sandbox.run(Command(argv=("/bin/sh", "-c", script), env={"GIVEN": "1"}), Limits(**limits))


async def test_a_terminal_has_the_size_that_is_recorded(make: Any) -> None:
    script = 'test -t 0 && for _ in $(seq 400); do [ "$(stty size)" = "40 120" ] && exit 7; done; stty size'
    async with make() as sandbox:
        done = await sandbox.run(Command(argv=("/bin/sh", "-c", script), pty=True), Limits(time_s=20))
    assert (done.exit_code, done.stdout, done.stderr) == (7, b"", b"")


FETCH = """
import sys; sys.path.remove("") if "" in sys.path else None
import socket
s = socket.create_connection(("127.0.0.1", 31415)); s.sendall(b"GET /x HTTP/1.1\\r\\nHost: p\\r\\n\\r\\n")
data = b""
while part := s.recv(99): data += part
print(data.decode())
"""


async def test_the_proxy_is_reachable_and_nothing_else(make: Callable[..., DockerSandbox], proxy: list[bytes]) -> None:
    script = f"""
python3 -c '{FETCH}'
cat /proc/net/route | wc -l; ls /sys/class/net
python3 -c '
import socket
for host in ("172.17.0.1", "169.254.169.254", "1.1.1.1", "host.docker.internal"):
    try:
        socket.create_connection((host, 80), 2); print("REACHED", host)
    except OSError as error:
        print("no way to", host)
'
"""
    sandbox = make()
    done = await run(sandbox, script)
    text = done.stdout.decode()
    assert "meow" in text
    assert proxy[0].startswith(b"GET /x ")
    assert "REACHED" not in text
    assert text.count("no way to") == 4
    facts = sandbox.facts()
    assert facts.sealed is True
    assert facts.attrs["interfaces"] == "lo"
    assert facts.attrs["gate_connections"] == 1
    assert facts.image is not None
    assert facts.image.count("sha256:") == 1


async def test_who_it_runs_as_and_what_it_may_not(make: Callable[..., DockerSandbox]) -> None:
    script = (
        "id -u; pwd; echo $HOME; echo $GIVEN; touch /app/new $HOME/h /tmp/t && echo written;"
        "touch /etc/x 2>/dev/null || echo root is read-only; grep -E 'CapEff|NoNewPrivs' /proc/self/status;"
        "mount -t tmpfs x /mnt 2>/dev/null || echo no mount; ls /run/cab 2>/dev/null || echo no socket"
    )
    sandbox = make()
    async with sandbox:
        done = await sandbox.run(Command(argv=("sh", "-c", script), env={"GIVEN": "1"}), Limits())
        assert (sandbox.host_workdir / "new").is_file()
    lines = done.stdout.decode().splitlines()
    assert lines[0] != "0"
    assert lines[1:5] == ["/app", "/home/agent", "1", "written"]
    assert lines[5] == "root is read-only"
    assert "CapEff:\t0000000000000000" in lines
    assert "NoNewPrivs:\t1" in lines
    assert lines[-2:] == ["no mount", "no socket"]


async def test_daemons_end_with_the_command(make: Callable[..., DockerSandbox]) -> None:
    done = await run(make(open_gate=False), "(setsid tail -f /dev/null &) ; exit 3", time_s=20)
    assert (done.exit_code, done.timed_out) == (3, False)
    assert "tail" in done.killed


async def test_a_time_limit(make: Callable[..., DockerSandbox]) -> None:
    done = await run(make(open_gate=False), "echo on; trap '' TERM; while :; do sleep 1; done", time_s=0.5)
    assert done.timed_out
    assert done.exit_code is None
    assert done.stdout == b"on\n"


async def test_output_is_bounded(make: Callable[..., DockerSandbox]) -> None:
    done = await run(make(open_gate=False), "yes filling | head -c 3000000; echo err >&2", output_bytes=1000)
    assert done.stdout_size == 3000000
    assert len(done.stdout) <= 1000
    assert done.stderr == b"err\n"


async def test_a_fork_bomb_stays_in_its_box(make: Callable[..., DockerSandbox]) -> None:
    bomb = "python3 -c 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass'"
    done = await run(make(open_gate=False, pids=16), bomb, time_s=0.3)
    assert done.timed_out


async def test_memory_is_bounded(make: Callable[..., DockerSandbox]) -> None:
    done = await run(make(open_gate=False, memory_mb=64), "python3 -c 'x = bytearray(300_000_000)'", time_s=20)
    assert done.exit_code != 0


async def test_a_verifier_has_no_network_and_reads_its_tests(
    make: Callable[..., DockerSandbox], client: Any, gate: str, tmp_path: Path
) -> None:
    def with_tests(places: Places) -> None:
        fill(places)
        places.tests.mkdir()
        (places.tests / "t").write_text("hidden")

    mounts = Mounts(image=gate, workdir="/app", gate_image=None)
    sandbox = DockerSandbox(client, with_tests, mounts, Limits(time_s=30), scratch_root=tmp_path)
    async with sandbox:
        script = "cat /tests/t; touch /tests/x 2>/dev/null || echo read-only; echo 1 > /logs/verifier/reward.txt"
        done = await sandbox.run(Command(argv=("sh", "-c", script)), Limits())
        assert done.stdout == b"hiddenread-only\n"
        assert (sandbox.places.logs / "reward.txt").read_text() == "1\n"
    assert sandbox.facts().network_policy == "none"


async def test_nothing_is_left_behind(make: Callable[..., DockerSandbox], client: Any, tmp_path: Path) -> None:
    await run(make(), "true")
    task = asyncio.create_task(run(make(), "sleep 60"))
    while not [box for box in _mine(client) if "sleep" in str(box.attrs["Config"]["Entrypoint"])]:
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _mine(client) == []
    assert list((tmp_path / "s").iterdir()) == []


def _mine(client: Any) -> list[Any]:
    found = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    return [box for box in found if box.labels.get("cab.owner", "").startswith(f"{os.getpid()}-")]


def test_the_engine_tells_its_version(client: Any) -> None:
    assert re.fullmatch(r"Docker \d+\.\S+", engine_version(client) or "")


def test_what_a_dead_harness_left_is_swept(client: Any, gate: str) -> None:
    labels = {LABEL: "1", "cab.host": socket.gethostname(), "cab.owner": "999999999-1"}
    dead = client.containers.create(gate.partition("@")[2], labels=labels, entrypoint=["sleep"], command=["60"])
    foreign = client.containers.create(
        gate.partition("@")[2], labels={**labels, "cab.host": "elsewhere"}, entrypoint=["sleep"], command=["60"]
    )
    try:
        removed = sweep(client)
        assert dead.name in removed
        assert foreign.name not in removed
    finally:
        foreign.remove(force=True)
