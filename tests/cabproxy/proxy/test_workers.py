from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

from cabproxy.ledger import Ledger

SERVE = [sys.executable, "-c", "from cabproxy.cli import main; main()", "serve", "--port", "0", "--workers", "3"]


async def test_workers_share_a_port_a_ledger_and_their_runs(bench: Any, wire: Any) -> None:
    process = await asyncio.create_subprocess_exec(
        *SERVE,
        *("--upstream", f"http://127.0.0.1:{bench.endpoint.port}/v1", "--ledger", str(bench.ledger)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    port = int((await process.stdout.readline()).decode().rpartition(":")[2].partition("/")[0])
    opened = json.loads((await bench.ask(port, wire.request(b"{}", path=b"/_cab/runs")))[1])
    key = b"Authorization: Bearer " + opened["key"].encode() + b"\r\n"
    answers = await asyncio.gather(
        *(bench.ask(port, wire.request(b"{}", headers=key)) for _ in range(30)),
        *(bench.ask(port, wire.request(b"{}")) for _ in range(10)),
    )
    assert all(body == b"{}" for _, body, _ in answers)
    health = json.loads((await bench.ask(port, wire.request(method=b"GET", path=b"/_cab/health")))[1])
    assert health["recorded"] == 40
    path = f"/_cab/runs/{opened['run_id']}/close".encode()
    closed = json.loads((await bench.ask(port, wire.request(path=path)))[1])
    assert closed.get("model_calls") == 30, closed
    refused = await asyncio.gather(*(bench.ask(port, wire.request(b"{}", headers=key)) for _ in range(6)))
    assert {head.split(b" ")[1] for head, _, _ in refused} == {b"401"}
    limited = wire.request(b'{"limits":{"max_calls":4}}', path=b"/_cab/runs")
    key = json.loads((await bench.ask(port, limited))[1])["key"].encode()
    asked = wire.request(b"{}", headers=b"Authorization: Bearer " + key + b"\r\n")
    answers = await asyncio.gather(*(bench.ask(port, asked) for _ in range(12)))
    assert sorted(head.split(b" ")[1] for head, _, _ in answers) == [b"200"] * 4 + [b"429"] * 8
    process.send_signal(signal.SIGTERM)
    assert (await process.communicate())[1] == b""
    assert process.returncode == 0
    with Ledger(bench.ledger) as ledger:
        counts = [(run.kind, run.call_count) for run in ledger.runs() if not run.limits]
        assert sorted(counts) == [("server", 10), ("session", 30)]


async def test_workers_that_are_told_to_end_while_they_start_end_well(bench: Any) -> None:
    process = await asyncio.create_subprocess_exec(
        *SERVE,
        *("--upstream", "http://127.0.0.1:9", "--ledger", str(bench.ledger)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()  # the parent has the port; its workers have hardly begun
    process.send_signal(signal.SIGTERM)
    assert await process.communicate() == (b"", b"")
    assert process.returncode == 0
