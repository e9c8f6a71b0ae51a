"""Endpoints that break off, and clients that leave."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

import pytest

USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}\n\n'
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'


def reset(writer: asyncio.StreamWriter) -> None:
    """A connection ended by RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def breaking(pieces: list[bytes], *, hard: bool) -> Any:
    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        if hard:
            reset(writer)
        writer.close()

    return script


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize(
    "pieces", [[], [b"HTTP/1.1 2"], [b"HTTP/1.1 200 OK\r\nContent-"]], ids=["none", "line", "head"]
)
async def test_an_endpoint_lost_before_its_head_is_a_502(
    bench: Any, wire: Any, pieces: list[bytes], hard: bool
) -> None:
    bench.endpoint.script = breaking(pieces, hard=hard)
    head, body, _ = await bench.ask((await bench.proxy()).port, wire.request(b'{"model":"m"}'))
    assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"X-Cab-Error: cab_upstream_closed" in head
    assert json.loads(body)["error"]["code"] == "cab_upstream_closed"
    (call,) = await bench.calls()
    assert (call.state, call.status, call.usage.source) == ("upstream_error", 502, "missing")


@pytest.mark.parametrize("hard", [False, True])
async def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(bench: Any, wire: Any, hard: bool) -> None:
    head, first, second, _ = wire.chunked(EVENT, EVENT)
    bench.endpoint.script = breaking([head + first, second], hard=hard)
    client = await bench.client((await bench.proxy()).port)
    await client.send(wire.request(b'{"model":"m"}'))
    assert await client.rest() == head + first + second
    (call,) = await bench.calls()
    assert (call.state, call.response_bytes, call.last_byte_ns) == ("cut", 2 * len(EVENT), None)
    assert "in mid-answer" in (call.error or "")


@pytest.mark.parametrize("hard", [False, True])
async def test_an_endpoint_lost_between_head_and_body_is_a_cut(bench: Any, wire: Any, hard: bool) -> None:
    bench.endpoint.script = breaking([wire.chunked()[0]], hard=hard)
    client = await bench.client((await bench.proxy()).port)
    await client.send(wire.request(b"{}"))
    assert await client.rest() == wire.chunked()[0]
    assert [(call.state, call.response_bytes) for call in await bench.calls()] == [("cut", 0)]


async def test_an_endpoint_that_resets_in_mid_request_is_a_502(bench: Any, wire: Any) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        reset(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = await bench.client((await bench.proxy(upstream=f"http://127.0.0.1:{port}/v1")).port)
    await client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
    head, body, _ = await client.read()
    assert head.startswith(b"HTTP/1.1 502 ")
    assert json.loads(body)["error"]["code"] == "cab_upstream_closed"
    (call,) = await bench.calls()
    assert (call.state, call.request_bytes) == ("upstream_error", 1000)
    server.close()
    await server.wait_closed()


async def test_a_connection_that_is_reset_while_idle_is_not_used_again(bench: Any, wire: Any) -> None:
    async def then_reset(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        await asyncio.sleep(0.02)
        reset(writer)

    bench.endpoint.script = then_reset
    proxy = await bench.proxy()
    client = await bench.client(proxy.port)
    for _ in range(3):
        await client.send(wire.request(b"{}"))
        assert (await client.read())[1] == b"{}"
        while proxy.relay.pool._idle:
            await asyncio.sleep(0.005)
    assert bench.endpoint.connections == 3
    assert [call.state for call in await bench.calls()] == ["ok"] * 3


async def test_an_endpoint_that_resets_while_it_is_drained_keeps_what_came(bench: Any, wire: Any) -> None:
    gone = asyncio.Event()

    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        head, first, *_ = wire.chunked(EVENT)
        writer.write(head + first)
        await gone.wait()
        reset(writer)

    bench.endpoint.script = script
    proxy = await bench.proxy()
    client = await bench.client(proxy.port)
    await client.send(wire.request(b'{"model":"m"}'))
    await client.reader.readuntil(EVENT)
    await client.close()
    while not all(call.gone for call in proxy.relay.calls):
        await asyncio.sleep(0.005)
    gone.set()
    (call,) = await bench.calls()
    assert (call.state, call.response_bytes) == ("client_gone", len(EVENT))


TWO_READINGS = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "a list of lengths": b"Content-Length: 2, 40\r\n\r\n{}",
    "a head without end": b"X: " + b"y" * 1_000_000,
    "too many headers": b"X: y\r\n" * 20_000 + b"\r\n",
}


@pytest.mark.parametrize("name", TWO_READINGS)
async def test_an_answer_that_two_could_read_differently_poisons_no_connection(
    bench: Any, wire: Any, name: str
) -> None:
    """Refused; the connection to the endpoint serves no other call."""
    bench.endpoint.script = wire.answer_with(b"HTTP/1.1 200 OK\r\n" + TWO_READINGS[name])
    proxy = await bench.proxy()
    head, _, _ = await bench.ask(proxy.port, wire.request(b"{}"))
    assert head.startswith(b"HTTP/1.1 502 ")
    assert b"\r\ncontent-length" in head.lower()
    bench.endpoint.script = wire.answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    assert (await bench.ask(proxy.port, wire.request(b"{}")))[1] == b"[]"
    assert bench.endpoint.connections == 2


@pytest.mark.parametrize("length", [b"2", b"4000"])
async def test_of_a_length_and_a_coding_the_client_sees_the_coding(bench: Any, wire: Any, length: bytes) -> None:
    """A client that counted by the length would wait for ever, or take what follows for its next answer."""
    coded = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    bench.endpoint.script = wire.answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n" + coded)
    proxy = await bench.proxy()
    head, body, _ = await bench.ask(proxy.port, wire.request(b"{}"))
    assert (body, b"content-length" in head.lower(), b"\r\nConnection: close" in head) == (b"hello", False, True)
    bench.endpoint.script = wire.answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    assert (await bench.ask(proxy.port, wire.request(b"{}")))[1] == b"[]"
    assert bench.endpoint.connections == 2
    first = (await bench.calls())[0]
    assert dict(first.response_headers)["Content-Length"] == length.decode()


async def test_a_length_that_is_not_reached_is_a_cut(bench: Any, wire: Any) -> None:
    bench.endpoint.script = breaking([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"], hard=False)
    client = await bench.client((await bench.proxy()).port)
    await client.send(wire.request(b"{}"))
    assert (await client.rest()).endswith(b"short")
    assert (await bench.calls())[0].state == "cut"


@pytest.mark.parametrize(
    "answer",
    [b"NONSENSE\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"],
)
async def test_an_answer_that_is_none_is_a_502(bench: Any, wire: Any, answer: bytes) -> None:
    bench.endpoint.script = wire.answer_with(answer)
    assert (await bench.ask((await bench.proxy()).port, wire.request(b"{}")))[0].startswith(b"HTTP/1.1 502 ")
    assert (await bench.calls())[0].state == "upstream_error"


async def test_a_chunk_that_lies_about_its_size_is_a_cut(bench: Any, wire: Any) -> None:
    head = wire.chunked()[0]
    bench.endpoint.script = wire.answer_with(head + b"3\r\nabc\r\n", b"zz\r\nabc\r\n", gap_s=0.02)
    client = await bench.client((await bench.proxy()).port)
    await client.send(wire.request(b"{}"))
    assert await client.rest() == head + b"3\r\nabc\r\n"
    assert (await bench.calls())[0].state == "cut"


async def test_nobody_listening_is_a_502_that_says_where(bench: Any, wire: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    proxy = await bench.proxy(upstream=f"http://127.0.0.1:{port}/v1")
    body = json.loads((await bench.ask(proxy.port, wire.request(b"{}", path=b"/v1/messages")))[1])
    assert body["type"] == "error"
    assert body["error"]["code"] == "cab_upstream_unreachable"
    (call,) = await bench.calls()
    assert (call.state, call.connected_ns, call.dialect) == ("upstream_error", None, "anthropic_messages")


async def test_a_connection_that_idled_away_is_not_used_again(bench: Any, wire: Any) -> None:
    bench.endpoint.script = wire.answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", then_close=True)
    client = await bench.client((await bench.proxy()).port)
    for _ in range(3):
        await client.send(wire.request(b"{}"))
        assert (await client.read())[1] == b"{}"
        await bench.endpoint.closed.wait()
        bench.endpoint.closed.clear()
    assert bench.endpoint.connections == 3


async def test_a_client_that_leaves_does_not_lose_its_usage(bench: Any, wire: Any) -> None:
    go_on = asyncio.Event()
    head, first, second, last = wire.chunked(EVENT, USAGE)

    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(head + first)
        await go_on.wait()
        writer.write(second + last)

    bench.endpoint.script = script
    proxy = await bench.proxy()
    client = await bench.client(proxy.port)
    await client.send(wire.request(b'{"stream":true}'))
    await client.reader.readuntil(b"}\n\n\r\n")
    client.writer.transport.abort()
    (call,) = proxy.relay.calls
    while not call.gone:
        await asyncio.sleep(0.005)
    go_on.set()
    (row,) = await bench.calls()
    assert (row.state, row.usage.total, row.last_byte_ns is not None) == ("client_gone", 4, True)


async def test_draining_for_a_client_that_left_is_bounded(bench: Any, wire: Any) -> None:
    head, first, *_ = wire.chunked(EVENT)

    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(head + first)
        await asyncio.sleep(60)

    bench.endpoint.script = script
    proxy = await bench.proxy(drain_s=0.1)
    client = await bench.client(proxy.port)
    await client.send(wire.request(b'{"stream":true}'))
    await client.reader.readuntil(b"}\n\n\r\n")
    await client.close()
    while proxy.relay.calls:
        await asyncio.sleep(0.02)
    (row,) = await bench.calls()
    assert (row.state, row.last_byte_ns) == ("client_gone", None)


async def test_a_client_that_left_before_its_request_was_whole(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy()
    client = await bench.client(proxy.port)
    await client.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf")
    while not proxy.relay.calls:
        await asyncio.sleep(0.005)
    await client.close()
    while proxy.relay.calls:
        await asyncio.sleep(0.005)
    (row,) = await bench.calls()
    assert (row.state, row.request_bytes, bench.endpoint.received) == ("client_gone", 4, [])


async def test_an_endpoint_that_answers_before_the_request_is_whole(bench: Any, wire: Any) -> None:
    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig"

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(refusal)
        await reader.read()
        writer.close()

    raw = await asyncio.start_server(refuse, "127.0.0.1", 0)
    proxy = await bench.proxy(upstream=f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}")
    client = await bench.client(proxy.port)
    await client.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + b"x" * 1000)
    assert await client.rest() == refusal
    assert (await bench.calls())[0].state == "http_error"
    raw.close()
    await raw.wait_closed()
