from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cabproxy.harness.sandbox.base import Command, Finished, Limits
from cabproxy.harness.sandbox.local import Confinement, LocalSandbox
from cabproxy.harness.sandbox.places import Places
from cabproxy.harness.sandbox.seal import APP, TESTS, seal_of, tools, unsealable

pytestmark = pytest.mark.skipif(unsealable() is not None, reason="no user namespaces here")


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """A folder like a task's, with a solution in it."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "solve.sh").write_text("the solution")
    return folder


def make(tmp_path: Path, hidden: Path, socket: Path | None = None) -> LocalSandbox:
    confinement = Confinement(socket=socket, hide=(str(hidden),))
    return LocalSandbox(lambda places: places.app.mkdir(), scratch_root=tmp_path / "s", confinement=confinement)


async def run(sandbox: LocalSandbox, script: str, **limits: Any) -> Finished:
    async with sandbox:
        return await sandbox.run(Command(argv=("/bin/sh", "-c", script)), Limits(**{"time_s": 20, **limits}))


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[Path]:
    """Something on a Unix socket that answers every request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmeow")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, tmp_path / "proxy.sock")
    yield tmp_path / "proxy.sock"
    server.close()
    await server.wait_closed()


NETWORK = """
python3 - <<'END'
import socket, urllib.request
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open("http://127.0.0.1:31415/x").read())
for host in ("1.1.1.1", "10.0.0.1", "169.254.169.254", "localhost"):
    try:
        socket.create_connection((host, 80), 2)
        print("REACHED", host)
    except OSError as error:
        print("no way", host)
END
"""


async def test_the_proxy_is_reachable_and_nothing_else(tmp_path: Path, hidden: Path, proxy: Path) -> None:
    sandbox = make(tmp_path, hidden, proxy)
    done = await run(sandbox, NETWORK)
    text = done.stdout.decode()
    assert "meow" in text, done.stderr.decode()
    assert text.count("no way") == 4
    facts = sandbox.facts()
    assert (facts.sealed, facts.network_policy) == (True, "proxy only")
    assert facts.attrs["interfaces"] == "lo"
    assert facts.attrs["turned_back"] == 3  # localhost is refused, not turned back
    assert facts.attrs["gate_connections"] == 1
    assert facts.attrs["gate_bytes_out"] == len("HTTP/1.1 200 OK  Content-Length: 4  Connection: close    meow")


async def test_a_service_of_the_host_is_out_of_reach(tmp_path: Path, hidden: Path) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    script = f"python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 2)' && echo REACHED"
    done = await run(make(tmp_path, hidden), script)
    server.close()
    await server.wait_closed()
    assert b"refused" in done.stderr
    assert b"REACHED" not in done.stdout


async def test_what_it_sees_and_may_write(tmp_path: Path, hidden: Path) -> None:
    sandbox = make(tmp_path, hidden)
    script = f"""
pwd
for place in x "$HOME/x" /tmp/x /var/tmp/x /dev/shm/x; do touch $place && echo may $place; done
for place in /etc/x /usr/x /x; do touch $place 2>/dev/null && echo MAY $place; done
ls -A {tmp_path} {hidden} /run 2>/dev/null
cat {hidden}/solve.sh 2>/dev/null
ls /dev
"""
    async with sandbox:
        done = await sandbox.run(Command(argv=("sh", "-c", script)), Limits(time_s=20))
        assert (sandbox.host_workdir / "x").is_file()
        assert (sandbox.host_home / "x").is_file()
    text = done.stdout.decode()
    assert text.splitlines()[0] == APP
    assert text.count("may ") == 5
    assert "MAY" not in text
    assert "solve.sh" not in text
    assert "the solution" not in text
    assert "sda" not in text


async def test_a_verifiers_tests_can_be_read_only_whoever_owns_them(tmp_path: Path) -> None:
    def fill(places: Places) -> None:
        places.app.mkdir()
        places.tests.mkdir(mode=0o777)
        (places.tests / "test.sh").write_text("hidden")
        places.tests.chmod(0o777)
        (places.tests / "test.sh").chmod(0o666)

    sandbox = LocalSandbox(fill, scratch_root=tmp_path / "s", confinement=Confinement())
    done = await run(
        sandbox, f"cat {TESTS}/test.sh; echo x >> {TESTS}/test.sh || touch {TESTS}/new || echo no; touch x"
    )
    assert (done.stdout, done.exit_code) == (b"hiddenno\n", 0)


async def test_it_sees_no_process_but_its_own_and_cannot_end_its_init(tmp_path: Path, hidden: Path) -> None:
    script = "ls /proc | grep -c '^[0-9]'; kill -9 1; kill -9 $PPID; kill -9 -1; echo alive; cat /proc/1/environ"
    done = await run(make(tmp_path, hidden), f"trap '' TERM; {script}")
    lines = done.stdout.decode().splitlines()
    assert int(lines[0]) <= 5
    assert "alive" in lines


async def test_the_init_cannot_be_looked_into(tmp_path: Path, hidden: Path) -> None:
    done = await run(make(tmp_path, hidden), "cat /proc/1/maps; head -c 1 /proc/1/mem; ls -l /proc/1/fd")
    assert done.stderr.count(b"ermission denied") >= 2


async def test_daemons_end_with_it_and_are_named(tmp_path: Path, hidden: Path) -> None:
    done = await run(make(tmp_path, hidden), "(setsid sleep 300 &); (setsid sleep 300 &); sleep 0.1; exit 4")
    assert done.exit_code == 4
    assert done.killed == ("sleep", "sleep")


async def test_a_time_limit(tmp_path: Path, hidden: Path) -> None:
    done = await run(make(tmp_path, hidden), "trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done", time_s=0.5)
    assert (done.timed_out, done.stdout) == (True, b"bye\n")
    deaf = await run(make(tmp_path, hidden), "trap '' TERM; while :; do sleep 1; done", time_s=0.3)
    assert (deaf.timed_out, deaf.exit_code, deaf.signal) == (True, None, 9)


async def test_a_fork_bomb_stays_in_its_box(tmp_path: Path, hidden: Path) -> None:
    bomb = (
        "python3 -c 'import os,time\nn=0\ntry:\n  while True:\n    if os.fork()==0: time.sleep(60)\n    n+=1\n"
        "except OSError: print(n)'"
    )
    done = await run(make(tmp_path, hidden), bomb, pids=40)
    assert 10 < int(done.stdout) < 60


async def test_a_command_that_does_not_exist(tmp_path: Path, hidden: Path) -> None:
    async with make(tmp_path, hidden) as sandbox:
        done = await sandbox.run(Command(argv=("no-such-thing",)), Limits(time_s=5))
    assert (done.exit_code, b"cannot start no-such-thing" in done.stderr) == (127, True)


async def test_cancelling_ends_it(tmp_path: Path, hidden: Path) -> None:
    async with make(tmp_path, hidden) as sandbox:
        command = Command(argv=("/bin/sh", "-c", "touch on; exec sleep 300"))
        task = asyncio.create_task(sandbox.run(command, Limits(time_s=60)))
        while not (sandbox.host_workdir / "on").exists():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list((tmp_path / "s").iterdir()) == []


async def test_a_terminal(tmp_path: Path, hidden: Path) -> None:
    async with make(tmp_path, hidden) as sandbox:
        done = await sandbox.run(Command(argv=("sh", "-c", "test -t 0 && stty size"), pty=True), Limits(time_s=10))
    assert done.stdout.strip() == b"40 120", done


def test_system_folders_are_never_hidden(tmp_path: Path) -> None:
    spec = seal_of(None, None, (), ("/", "/usr", "/etc", tmp_path), 10)
    assert "/usr" not in spec["hide"]
    assert str(tmp_path) in spec["hide"]
    assert json.dumps(spec)


def test_an_environment_on_the_path_is_kept_with_its_packages_and_its_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, programs = tmp_path / "python" / "bin", tmp_path / "env" / "bin"
    base.mkdir(parents=True)
    programs.mkdir(parents=True)
    (base / "python3").touch()
    (programs / "python3").symlink_to(base / "python3")
    (programs.parent / "pyvenv.cfg").touch()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{tmp_path / 'bin'}:{os.environ['PATH']}")
    kept = tools()
    assert {str(programs.parent), str(base.parent), str(tmp_path / "bin")} <= kept
    assert str(tmp_path) not in kept
