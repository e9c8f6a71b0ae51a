"""What tests of several rooms need."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest


class ForwardProxy:
    """CONNECT and absolute form; wants Basic credentials where it has some."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.wanted: bytes | None = None
        self.refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        self.port = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._forward(reader, writer)
        writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if self.wanted is not None and b"Proxy-Authorization: Basic " + self.wanted not in head:
            writer.write(self.refusal)
            await writer.drain()
            return
        method, target, _ = head.split(b" ", 2)
        if method == b"CONNECT":
            place, first = target, b""
            writer.write(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 here\r\n\r\n")
        else:
            place, _, path = target.removeprefix(b"http://").partition(b"/")
            first = head.replace(target, b"/" + path, 1)
        host, _, port = place.rpartition(b":")
        there, up = await asyncio.open_connection(host.decode(), int(port))
        up.write(first)
        ways = [asyncio.create_task(pour(reader, up)), asyncio.create_task(pour(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            up.close()


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@pytest.fixture
async def forward() -> AsyncIterator[ForwardProxy]:
    """A forward proxy; `heads` is what it was asked, `wanted` the Basic credentials it insists on."""
    proxy = ForwardProxy()
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
def forward_proxy() -> type[ForwardProxy]:
    """The same, for a loop of the test's own."""
    return ForwardProxy
