"""With `--fsync call` a client sees the end of its answer when the disk has it; who comes together waits once."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import pytest

AT_ONCE = 8


class SlowDisk:
    """Holds each flush up until it is let go on; counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.flushes = 0
        self.threads: set[str] = set()
        self.go_on = threading.Event()
        self.error: OSError | None = None
        monkeypatch.setattr(os, "fdatasync", self._flush)

    def _flush(self, fd: int) -> None:
        self.flushes += 1
        self.threads.add(threading.current_thread().name)
        assert self.go_on.wait(10)
        if self.error is not None:
            raise self.error


async def test_calls_that_end_while_the_disk_is_busy_share_the_next_flush(
    bench: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    proxy = await bench.proxy(fsync="call")
    asking = [asyncio.create_task(bench.ask(proxy.port, wire.request(b"{}"))) for _ in range(AT_ONCE)]
    while proxy.spool.ended < AT_ONCE:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0)
    assert not any(task.done() for task in asking)
    disk.go_on.set()
    answers = await asyncio.gather(*asking)
    assert [body for _, body, _ in answers] == [b"{}"] * AT_ONCE
    assert 1 <= disk.flushes < AT_ONCE
    assert threading.main_thread().name not in disk.threads
    assert len(await bench.calls()) == AT_ONCE


async def test_what_the_disk_did_not_take_is_not_released(
    bench: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    disk.go_on.set()
    disk.error = OSError(5, "Input/output error")
    proxy = await bench.proxy(fsync="call")
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await bench.ask(proxy.port, wire.request(b"{}"))
    assert "does not reach the disk" in str(proxy.recorder.failure)
    disk.error = None
    assert (await bench.ask(proxy.port, wire.request(b"{}")))[1] == b"{}"


async def test_calls_go_on_where_that_is_wanted(bench: Any, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SlowDisk(monkeypatch)
    disk.go_on.set()
    disk.error = OSError(5, "Input/output error")
    proxy = await bench.proxy(fsync="call", record_failure="allow")
    assert (await bench.ask(proxy.port, wire.request(b"{}")))[1] == b"{}"
