"""Runs, keys, access, and the server's own life."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from cabproxy.config import Secret, ServeConfig
from cabproxy.errors import UserError
from cabproxy.ledger import Ledger, new_run_id
from cabproxy.ledger.record import Run
from cabproxy.proxy.server import ProxyServer, is_loopback

CHAT = b'{"model":"m","messages":[]}'
NAMES = (b"X-Claude-Code-Session-Id", b"session-id", b"session_id", b"thread-id", b"conversation_id", b"x-session-id")


def new_run(**fields: Any) -> Run:
    return Run(run_id=new_run_id(), opened_wall_ns=time.time_ns(), opened_ns=time.monotonic_ns(), **fields)


def bearer(key: str) -> bytes:
    return b"Authorization: Bearer " + key.encode() + b"\r\n"


async def test_calls_belong_to_the_run_their_path_key_or_header_names(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy()
    run_id, key = await proxy.open_run(new_run(label="mine"))
    port = proxy.port
    await bench.ask(port, wire.request(CHAT, path=b"/run/%b/v1/chat/completions" % run_id.encode()))
    await bench.ask(port, wire.request(CHAT, headers=bearer(key)))
    await bench.ask(port, wire.request(CHAT, headers=b"x-api-key: " + key.encode() + b"\r\n", path=b"/v1/messages"))
    await bench.ask(port, wire.request(CHAT, headers=b"X-Cab-Run: " + run_id.encode() + b"\r\n"))
    await bench.ask(port, wire.request(b"", path=b"/v1beta/models/m:generateContent?key=" + key.encode()))
    await bench.ask(port, wire.request(CHAT))
    assert all(key.encode() not in got.head for got in bench.endpoint.received)
    calls = await bench.calls()
    mine = [call for call in calls if call.run_id == run_id]
    assert [call.attribution for call in mine] == ["path", "key", "key", "header", "key"]
    assert [call.path for call in mine[:3]] == ["/v1/chat/completions", "/v1/chat/completions", "/v1/messages"]
    (other,) = [call for call in calls if call.run_id != run_id]
    assert other.attribution == "default"
    with Ledger(bench.ledger) as ledger:
        assert ledger.run(other.run_id).kind == "server"


async def test_a_path_may_name_a_run_that_nobody_opened(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy()
    await asyncio.gather(*(bench.ask(proxy.port, wire.request(CHAT, path=b"/run/my-try/v1/x")) for _ in range(5)))
    assert {call.run_id for call in await bench.calls()} == {"my-try"}


async def test_a_named_run_goes_on_after_a_restart_until_it_is_closed(bench: Any, wire: Any) -> None:
    path = b"/run/my-try/v1/x"
    for _ in range(2):
        proxy = await bench.proxy()
        assert (await bench.ask(proxy.port, wire.request(CHAT, path=path)))[0].startswith(b"HTTP/1.1 200 ")
        await proxy.stop()
    proxy = await bench.proxy()
    await bench.ask(proxy.port, wire.request(CHAT, path=path))
    assert (await proxy.close_run("my-try")).call_count == 3
    proxy = await bench.proxy()
    assert (await bench.ask(proxy.port, wire.request(CHAT, path=path)))[0].startswith(b"HTTP/1.1 409 ")


async def test_a_key_minted_by_another_server_on_the_ledger_is_known(bench: Any, wire: Any) -> None:
    minting, other = await bench.proxy(), await bench.proxy()
    run_id, key = await minting.open_run(new_run())
    await bench.ask(other.port, wire.request(CHAT, headers=bearer(key)))
    await other.settle(run_id)
    await minting.close_run(run_id)
    later = await bench.proxy()
    assert (await bench.ask(later.port, wire.request(CHAT, headers=bearer(key))))[0].startswith(b"HTTP/1.1 401 ")
    assert [call.attribution for call in await bench.calls(run_id)] == ["key"]


async def test_closing_a_run_seals_it_and_lets_nothing_more_in(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy()
    run_id, key = await proxy.open_run(new_run())
    await bench.ask(proxy.port, wire.request(CHAT, headers=bearer(key)))
    run = await proxy.close_run(run_id, status="ok")
    assert (run.call_count, run.status, bool(run.seal)) == (1, "ok", True)
    assert (await bench.ask(proxy.port, wire.request(CHAT, headers=bearer(key))))[0].startswith(b"HTTP/1.1 401 ")
    path = b"/run/%b/v1/x" % run_id.encode()
    assert (await bench.ask(proxy.port, wire.request(CHAT, path=path)))[0].startswith(b"HTTP/1.1 409 ")
    assert len(await bench.calls(run_id)) == 1


async def test_closing_a_run_waits_for_what_is_in_flight(bench: Any, wire: Any) -> None:
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await go_on.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    bench.endpoint.script = script
    proxy = await bench.proxy()
    run_id, key = await proxy.open_run(new_run())
    asked = asyncio.create_task(bench.ask(proxy.port, wire.request(CHAT, headers=bearer(key))))
    await begun.wait()
    closing = asyncio.create_task(proxy.close_run(run_id))
    await asyncio.sleep(0)
    assert not closing.done()
    go_on.set()
    assert (await closing).call_count == 1
    assert (await asked)[1] == b"{}"


async def test_settled_calls_can_be_read_while_the_server_runs(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy()
    run_id, key = await proxy.open_run(new_run())
    for count in (1, 2):
        await bench.ask(proxy.port, wire.request(CHAT, headers=bearer(key)))
        await proxy.settle(run_id)
        with Ledger(bench.ledger) as ledger:
            assert [call.state for call in ledger.calls(run_id)] == ["ok"] * count


async def test_a_wrong_key_is_answered_in_the_dialects_shape(bench: Any, wire: Any) -> None:
    port = (await bench.proxy()).port
    wrong = b"x-api-key: cabk_" + b"A" * 43 + b"\r\n"
    head, body, _ = await bench.ask(port, wire.request(CHAT, path=b"/v1/messages", headers=wrong))
    assert head.startswith(b"HTTP/1.1 401 ")
    assert json.loads(body)["error"]["type"] == "authentication_error"
    assert bench.endpoint.received == []


async def test_a_key_does_not_open_another_run(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy()
    _, key = await proxy.open_run(new_run())
    other, _ = await proxy.open_run(new_run())
    path = b"/run/%b/v1/x" % other.encode()
    assert (await bench.ask(proxy.port, wire.request(CHAT, path=path, headers=bearer(key))))[0].startswith(
        b"HTTP/1.1 403 "
    )


async def test_the_real_key_takes_the_place_of_the_clients(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy(key=Secret("sk-real-key"))
    _, key = await proxy.open_run(new_run())
    port = proxy.port
    await bench.ask(port, wire.request(CHAT, headers=bearer(key)))
    await bench.ask(port, wire.request(CHAT, headers=b"x-api-key: sk-own\r\n", path=b"/v1/messages"))
    await bench.ask(port, wire.request(CHAT))
    await bench.ask(port, wire.request(CHAT, path=b"/v1beta/models/m:generateContent?key=abc&alt=sse"))
    sent = [got.head for got in bench.endpoint.received]
    assert b"\r\nAuthorization: Bearer sk-real-key\r\n" in sent[0]
    assert b"\r\nx-api-key: sk-real-key\r\n" in sent[1]
    assert b"\r\nAuthorization: Bearer sk-real-key\r\n" in sent[2]
    assert sent[3].startswith(b"POST /v1beta/models/m:generateContent?key=sk-real-key&alt=sse ")
    assert all(head.count(b"sk-real-key") == 1 for head in sent)


async def test_session_headers_of_agents_are_conversations(bench: Any, wire: Any) -> None:
    port = (await bench.proxy()).port
    for name in NAMES:
        await bench.ask(port, wire.request(CHAT, headers=name + b": s1\r\n"))
    assert [call.conversation_id for call in await bench.calls()] == ["s1"] * len(NAMES)


def test_an_address_others_can_reach_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="token"):
        ProxyServer(ServeConfig(upstream="http://x", ledger=tmp_path / "l", host="0.0.0.0"))
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.org")] == [
        True,
        True,
        True,
        False,
        False,
    ]


async def test_on_such_an_address_every_request_needs_a_key(bench: Any, wire: Any) -> None:
    proxy = await bench.proxy(host="0.0.0.0", token=Secret("server-token-1234567890"))
    _, key = await proxy.open_run(new_run())
    port = proxy.port
    for headers, status in (
        (b"", 401),
        (bearer("sk-any"), 401),
        (bearer(key), 200),
        (bearer("server-token-1234567890"), 200),
    ):
        head, _, _ = await bench.ask(port, wire.request(CHAT, headers=headers))
        assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"server-token" not in b"".join(got.head for got in bench.endpoint.received)
    for headers, status in ((b"", 401), (bearer(key), 401), (bearer("server-token-1234567890"), 200)):
        head, _, _ = await bench.ask(port, wire.request(method=b"GET", path=b"/_cab/health", headers=headers))
        assert head.startswith(b"HTTP/1.1 %d " % status)


async def test_it_listens_on_a_unix_socket_too(bench: Any, wire: Any) -> None:
    path = bench.folder / "cab.sock"
    await bench.proxy(unix_socket=path)
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(wire.request(CHAT))
    assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200 ")
    writer.close()
    await writer.wait_closed()
    await bench.stop()
    assert not path.exists()


async def test_stopping_finishes_what_is_in_flight(bench: Any, wire: Any) -> None:
    begun = asyncio.Event()

    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await wire.answer_with(*wire.chunked(b"data: a\n\n", b"data: [DONE]\n\n"), gap_s=0.05)(request, writer)

    bench.endpoint.script = script
    proxy = await bench.proxy()
    asked = asyncio.create_task(bench.ask(proxy.port, wire.request(CHAT)))
    await begun.wait()
    await proxy.stop()
    assert (await asked)[1] == b"data: a\n\ndata: [DONE]\n\n"
    with pytest.raises(OSError):
        await bench.client(proxy.port)
    assert [call.state for call in await bench.calls()] == ["ok"]


async def test_stopping_does_not_wait_for_ever(bench: Any, wire: Any) -> None:
    begun = asyncio.Event()

    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await asyncio.sleep(60)

    bench.endpoint.script = script
    proxy = await bench.proxy(drain_s=0.1)
    asked = asyncio.create_task(bench.ask(proxy.port, wire.request(CHAT)))
    await begun.wait()
    await proxy.stop()
    assert (await asked)[0].startswith(b"HTTP/1.1 503 ")
    assert [call.state for call in await bench.calls()] == ["upstream_error"]


async def test_two_servers_may_write_one_ledger(bench: Any, wire: Any) -> None:
    first, second = await bench.proxy(), await bench.proxy()
    await asyncio.gather(*(bench.ask(proxy.port, wire.request(CHAT)) for proxy in (first, second) * 5))
    calls = await bench.calls()
    assert len(calls) == 10
    assert len({call.run_id for call in calls}) == 2


def test_a_configuration_never_shows_its_key(tmp_path: Path) -> None:
    config = ServeConfig(upstream="http://x", ledger=tmp_path / "l", key=Secret("sk-real"), token=Secret("tok"))
    assert "sk-real" not in repr(config)
    assert "sk-real" not in str(config.key)


async def test_where_one_run_is_served_every_call_is_its_own_or_nobodys(bench: Any, wire: Any) -> None:
    run = new_run()
    minting = await bench.proxy()
    other_run, other = await minting.open_run(new_run())
    proxy = await bench.proxy(only_run=run.run_id, token=Secret("the-token-of-the-server"))
    run_id, key = await proxy.open_run(run)
    for headers in (b"", b"Authorization: Bearer sk-mine-alone\r\n", f"x-api-key: {key}\r\n".encode()):
        head, _, _ = await bench.ask(proxy.port, wire.request(b"{}", headers=headers))
        assert head.startswith(b"HTTP/1.1 200")
    for path, headers in (
        (b"/run/elsewhere/v1/chat/completions", b""),
        (f"/run/{other_run}/v1/chat/completions".encode(), b""),
        (b"/v1/chat/completions", b"X-Cab-Run: elsewhere\r\n"),
        (b"/v1/chat/completions", f"x-api-key: {other}\r\n".encode()),
        (f"/run/{run_id}/v1/chat/completions".encode(), f"x-api-key: {other}\r\n".encode()),
    ):
        head, _, _ = await bench.ask(proxy.port, wire.request(b"{}", path=path, headers=headers))
        assert head.startswith(b"HTTP/1.1 403")
    head, _, _ = await bench.ask(proxy.port, wire.request(method=b"GET", path=b"/_cab/health"))
    assert head.startswith(b"HTTP/1.1 401")
    assert proxy.turned_away == {"cab_run_mismatch": 5, "cab_control": 1}
    assert [call.attribution for call in await bench.calls(run_id)] == ["default", "default", "key"]
    with Ledger(bench.ledger) as ledger:
        assert {run.run_id: len(list(ledger.calls(run.run_id))) for run in ledger.runs()} == {run_id: 3, other_run: 0}
