"""Each way a cell can end, brought about for real: its status and cause come from the ledger and the sandbox."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec import structs

from cabproxy.errors import LedgerError
from cabproxy.harness import recording
from cabproxy.harness.sandbox import disk
from cabproxy.harness.sandbox.disk import Room
from cabproxy.harness.sandbox.docker_engine import available
from cabproxy.ledger import Ledger
from cabproxy.proxy.server import ProxyServer

DONE, TOOL, REFUSED, CUT, SILENT = "stop", "tool_calls", "content_filter", "cut", "silent"
Answer = int | str
"""An HTTP status, or the finish reason of a whole answer; CUT breaks off, SILENT never comes."""


class Endpoint(BaseHTTPRequestHandler):
    """Answers as it is told, one call after the other; the last answer is given again and again."""

    answers: list[Answer]
    over: threading.Event

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == SILENT:
            self.over.wait()
            return
        choice = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": answer}
        body = json.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]}).encode()
        self.send_response(answer if isinstance(answer, int) else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) + (50 if answer == CUT else 0)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Any]:
    """Starts an endpoint with these answers and returns its URL."""
    started: list[tuple[ThreadingHTTPServer, threading.Thread, threading.Event]] = []

    def start(answers: tuple[Answer, ...]) -> str:
        over = threading.Event()
        handler = type("Told", (Endpoint,), {"answers": list(answers), "over": over})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        started.append((server, thread, over))
        return f"http://127.0.0.1:{server.server_address[1]}/v1"

    yield start
    for server, thread, over in started:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Way(NamedTuple):
    """What the endpoint answers, what the agent does after its first call (None: it makes none), and how that ends."""

    answers: tuple[Answer, ...]
    script: str | None
    status: str
    cause: str | None
    passed: bool | None = None


ASK_OF = """
def ask_of(text):
    body = json.dumps({"model": "oracle", "messages": [{"role": "user", "content": text}]}).encode()
    head = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, head)
    try:
        urllib.request.urlopen(request).read()
    except OSError as error:
        print(error)
"""
AGAIN = "import urllib.error\nfor _ in range({}):\n    try: ask()\n    except urllib.error.HTTPError: pass\n"
WAYS = {
    "401": Way((401,), "fix()", "infra_invalid", "no model call was answered: 1 × HTTP 401"),
    "403": Way((403,), "fix()", "infra_invalid", "no model call was answered: 1 × HTTP 403"),
    "429 to the end": Way((TOOL, 429), AGAIN.format(3), "infra_invalid", "stopped answering: 3 × HTTP 429 to the end"),
    "503 to the end": Way((TOOL, 503), "ask()", "infra_invalid", "stopped answering: 1 × HTTP 503 to the end"),
    "429, then well": Way((TOOL, 429, DONE), AGAIN.format(2) + "fix()", "ok", None, True),
    "400 is the agent's": Way((TOOL, 400), "ask()", "agent_failed", "the agent ended with 1", False),
    "cut off": Way((CUT,), "fix()", "infra_invalid", "no model call was answered: 1 × cut"),
    "silence": Way((SILENT,), "fix()", "infra_invalid", "no model call was answered: 1 × "),
    "no call": Way((DONE,), None, "infra_invalid", "no model call reached the proxy; the agent ended with 7 (the sev"),
    "a crash": Way((DONE,), "fix(); raise SystemExit(7)", "agent_failed", "ended with 7 (the seventh way)", True),
    "a signal": Way((DONE,), "os.kill(os.getpid(), 11)", "agent_failed", "ended by signal 11", False),
    "a time limit": Way((DONE,), "fix(); import time; time.sleep(60)", "timeout", "still at work after 1 s", True),
    "a refusal": Way((REFUSED,), "print('I cannot help')", "ok", None, False),
    "words about a limit": Way((DONE,), "print('rate limit 429 Too Many Requests'); fix()", "ok", None, True),
    "words and a failure": Way((DONE,), "raise SystemExit('429: quota')", "agent_failed", "ended with 1", False),
}


QUICK = ("429 to the end", "no call", "a crash", "a time limit", "words about a limit")
EACH = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in WAYS]


@pytest.mark.parametrize("name", EACH)
async def test_how_a_cell_ends(cells: Any, endpoint: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    way = WAYS[name]
    if way.script is None:
        monkeypatch.setattr("rogue_agent.ASK", "")
    timeout_s = 1 if name in ("silence", "a time limit") else None
    monkeypatch.setattr(recording, "DRAIN_S", 0.1)
    script = "raise SystemExit(7)" if way.script is None else way.script
    result = await cells(script, endpoint=endpoint(way.answers), timeout_s=timeout_s)
    assert (result.status, result.passed) == (way.status, way.passed), result.cause
    assert (way.cause or "") in (result.cause or "")
    assert (way.cause is None) == (result.cause is None)
    with cells.open() as ledger:
        run = ledger.run(result.run_id)
        assert (run.status, run.cause) == (result.status, result.cause)
        assert run.timed_out is (timeout_s is not None)
        assert run.seal


async def test_a_refused_connection_is_infra_invalid(cells: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = await cells(endpoint=f"http://127.0.0.1:{port}/v1")
    assert result.status == "infra_invalid"
    assert result.cause.startswith("no model call was answered: 1 × upstream error")
    assert (result.passed, result.tokens.total) == (None, None)


async def test_a_proxy_that_ends_in_the_middle_is_infra_invalid(cells: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Frail(ProxyServer):
        """Listens no more once its first call is over, and breaks every connection off."""

        async def start(self) -> None:
            await super().start()
            self.relay.on_over = self.die

        def die(self) -> None:
            for server in self._servers:
                server.close()
            for down in list(self.relay.downs):
                down.abort()

    monkeypatch.setattr(recording, "ProxyServer", Frail)
    result = await cells("ask(); fix()")
    assert (result.status, result.cause) == ("infra_invalid", "the proxy failed: it no longer listens")
    assert (result.passed, result.model_calls) == (None, 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


FILL = (
    ASK_OF
    + """
filler = open("PATH", "wb", 0)
try:
    while filler.write(b"x" * 4096): pass
except OSError:
    pass
ask_of("word " * 9000)
"""
)


@pytest.mark.slow
async def test_a_ledger_without_room_is_infra_invalid_and_nothing_went_unrecorded(cells: Any, small_disk: Path) -> None:
    cells.ledger = small_disk / "cab.sqlite"
    path = str(small_disk / "filler")
    result = await cells(FILL.replace("PATH", path) + f"os.remove({path!r})\nfix()")
    assert result.status == "infra_invalid"
    assert result.cause.startswith("the proxy failed: 1 calls could not be recorded, so were not let through: ")
    assert "No space left" in result.cause
    assert (result.passed, result.model_calls) == (None, 1)
    with cells.open() as ledger:
        assert ledger.run(result.run_id).status == "infra_invalid"
        (settle,) = [span for span in ledger.spans(result.run_id) if span.name == "settle"]
        assert settle.attrs["turned_away"] == {"cab_ledger_unwritable": 1}


@pytest.mark.slow
async def test_a_ledger_that_stays_full_is_told_and_nothing_is_left(cells: Any, small_disk: Path) -> None:
    cells.ledger = small_disk / "cab.sqlite"
    with pytest.raises(LedgerError, match="the disk is full; make room"):
        await cells(FILL.replace("PATH", str(small_disk / "filler")))
    (small_disk / "filler").unlink()
    with Ledger(cells.ledger) as ledger:
        (run,) = [run for run in ledger.runs() if run.kind == "cell"]
        assert (run.status, [call.state for call in ledger.calls(run.run_id)]) == (None, ["ok"])


async def test_a_sandbox_that_cannot_be_made_is_infra_invalid(cells: Any) -> None:
    assert (await cells()).passed is True
    (cells.folder / "scratch").rmdir()
    (cells.folder / "scratch").touch()
    result = await cells()
    (cells.folder / "scratch").unlink()
    assert result.status == "infra_invalid"
    assert result.cause.startswith("sandbox: the local sandbox cannot be made: ")


async def test_a_disk_that_others_fill_is_not_the_agents_failure(cells: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.monotonic()
    monkeypatch.setattr(disk, "room", lambda path: Room(9000 if time.monotonic() - start < 0.3 else 90, None))
    result = await cells("import time; time.sleep(60)")
    assert result.status == "infra_invalid"
    assert result.cause.startswith("sandbox: the disk was nearly full: 90 MB left")


async def test_what_breaks_after_an_agent_was_stopped_is_its_failure(
    cells: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cells.folder / "asked"
    made: list[Any] = []

    async def verify(*args: Any, **fields: Any) -> None:
        made.append(args)
        raise OSError(28, "No space left on device")

    assert (await cells()).passed is True  # the baselines are kept
    monkeypatch.setattr(disk, "usage", lambda root: (9000, 1))
    monkeypatch.setattr(disk, "room", lambda path: Room(9000 if asked.exists() else 90_000, None))
    monkeypatch.setattr("cabproxy.harness.cell.verify", verify)
    result = await cells(f"open({str(asked)!r}, 'w'); import time; time.sleep(60)")
    assert result.status == "agent_failed", result
    assert result.cause.startswith(
        "the agent was stopped: its files took 9000 MB of disk, more than 8192; no verdict: "
    )
    assert (result.passed, len(made)) == (None, 1)


@pytest.mark.docker
@pytest.mark.skipif(not available(), reason="no Docker engine")
async def test_an_image_that_is_missing_is_infra_invalid(cells: Any) -> None:
    cells.task = structs.replace(cells.task, image="127.0.0.1:9/none/such:1")
    result = await cells(sandbox="docker")
    assert result.status == "infra_invalid"
    assert result.cause.startswith("sandbox: 127.0.0.1:9/none/such:1: cannot be pulled: ")
