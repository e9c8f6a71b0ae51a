"""An HTTP proxy on the way to the endpoint: a small real one, tunnels and absolute form, and whom it is asked for."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from cabproxy.config import Secret
from cabproxy.errors import UserError
from cabproxy.proxy.hop import hop_towards, parse_hop
from cabproxy.proxy.target import parse_upstream

PASSWORD = "pass-of-the-proxy-0123456789"
BASIC = base64.b64encode(f"agent:{PASSWORD}".encode()).decode()


async def test_an_https_endpoint_is_reached_through_a_tunnel(
    bench: Any, wire: Any, forward: Any, secured: Any, certificate: tuple[Path, Path]
) -> None:
    proxy = await bench.proxy(
        upstream=f"https://localhost:{secured.port}/v1",
        ca_file=certificate[0],
        upstream_proxy=Secret(f"http://127.0.0.1:{forward.port}"),
    )
    client = await bench.client(proxy.port)
    for _ in range(2):
        await client.send(wire.request(b'{"a":1}', headers=b"Authorization: Bearer sk-client\r\n"))
        assert (await client.read())[1] == b"{}"
    place = b"localhost:%d" % secured.port
    assert forward.heads == [b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (place, place)]  # once: the tunnel is kept
    assert [got.line for got in secured.received] == [b"POST /v1/chat/completions HTTP/1.1"] * 2
    assert b"Authorization: Bearer sk-client" in secured.received[0].headers
    assert [call.state for call in await bench.calls()] == ["ok", "ok"]


async def test_the_endpoints_certificate_is_verified_through_a_tunnel_too(
    bench: Any, wire: Any, forward: Any, secured: Any
) -> None:
    hop = Secret(f"http://127.0.0.1:{forward.port}")
    proxy = await bench.proxy(upstream=f"https://localhost:{secured.port}/v1", upstream_proxy=hop)
    _, body, _ = await bench.ask(proxy.port, wire.request(b"{}"))
    assert json.loads(body)["error"]["code"] == "cab_upstream_tls"
    assert len(forward.heads) == 1
    assert secured.received == []


async def test_an_http_endpoint_is_asked_in_absolute_form(bench: Any, wire: Any, forward: Any) -> None:
    forward.wanted = BASIC.encode()
    place = f"127.0.0.1:{bench.endpoint.port}"
    proxy = await bench.proxy(upstream_proxy=Secret(f"http://agent:{PASSWORD}@127.0.0.1:{forward.port}/"))
    path = b"/run/r/v1/chat/completions?x=1"
    assert (await bench.ask(proxy.port, wire.request(b'{"a":1}', path=path)))[1] == b"{}"
    assert forward.heads[0].startswith(f"POST http://{place}/v1/chat/completions?x=1 HTTP/1.1\r\n".encode())
    assert b"\r\nHost: %b\r\n" % place.encode() in forward.heads[0]
    (call,) = await bench.calls("r")
    assert (call.state, call.path) == ("ok", "/v1/chat/completions?x=1")


@pytest.mark.parametrize("tls", [True, False])
async def test_its_credentials_are_recorded_nowhere(
    bench: Any, wire: Any, forward: Any, secured: Any, certificate: tuple[Path, Path], tls: bool
) -> None:
    """Not even where the endpoint repeats what it got."""
    forward.wanted = BASIC.encode()
    endpoint = secured if tls else bench.endpoint
    said = f"{BASIC} {PASSWORD}".encode()
    endpoint.script = wire.answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
    proxy = await bench.proxy(
        upstream=f"https://localhost:{secured.port}/v1" if tls else f"http://127.0.0.1:{bench.endpoint.port}/v1",
        ca_file=certificate[0],
        upstream_proxy=Secret(f"http://agent:{PASSWORD}@127.0.0.1:{forward.port}"),
    )
    assert (await bench.ask(proxy.port, wire.request(b"{}")))[1] == said
    assert BASIC.encode() in forward.heads[0]
    assert (BASIC.encode() in endpoint.received[0].head) is not tls  # in a tunnel the endpoint does not see them
    for file in [path for path in bench.folder.rglob("*") if path.is_file()]:
        assert PASSWORD.encode() not in file.read_bytes()
    (call,) = await bench.calls()
    assert call.rewrites == ("redact:response=2",)
    for file in [path for path in bench.folder.rglob("*") if path.is_file()]:
        assert PASSWORD.encode() not in file.read_bytes()
        assert BASIC.encode() not in file.read_bytes()


ANSWERS = [
    (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "refused the tunnel: 407 Proxy Authentication Required"),
    (b"HTTP/1.0 403 Forbidden\r\n\r\n", "refused the tunnel: 403 Forbidden"),
    (b"SSH-2.0-server\r\n\r\n", "refused the tunnel"),
    (b"HTTP/1.1 200 OK\r\n\r\nhello", "spoke before it was spoken to"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000, "has no end"),
    (b"", "closed the connection"),
]


@pytest.mark.parametrize(("answer", "reason"), ANSWERS)
async def test_a_proxy_that_opens_no_tunnel_is_a_502_that_says_so(
    bench: Any, wire: Any, forward: Any, secured: Any, answer: bytes, reason: str
) -> None:
    forward.wanted, forward.refusal = b"something else", answer
    hop = Secret(f"http://agent:{PASSWORD}@127.0.0.1:{forward.port}")
    proxy = await bench.proxy(upstream=f"https://localhost:{secured.port}/v1", upstream_proxy=hop)
    head, body, _ = await bench.ask(proxy.port, wire.request(b"{}"))
    error = json.loads(body)["error"]
    assert head.startswith(b"HTTP/1.1 502 ")
    assert error["code"] == "cab_upstream_proxy"
    assert error["message"].startswith(f"http://127.0.0.1:{forward.port}, the proxy towards https://localhost")
    assert reason in error["message"]
    assert PASSWORD not in error["message"]


async def test_a_proxy_that_is_not_there_is_named(bench: Any, wire: Any, forward: Any) -> None:
    await forward.stop()
    proxy = await bench.proxy(upstream_proxy=Secret(f"http://127.0.0.1:{forward.port}"))
    error = json.loads((await bench.ask(proxy.port, wire.request(b"{}")))[1])["error"]
    assert error["code"] == "cab_upstream_proxy"
    assert f"http://127.0.0.1:{forward.port}, the proxy towards" in error["message"]


def test_a_tunnel_on_the_loop_that_serve_uses(certificate: tuple[Path, Path], forward_proxy: type[Any]) -> None:
    """uvloop's start_tls is another one."""
    uvloop = pytest.importorskip("uvloop")

    async def through() -> bytes:
        import ssl

        from cabproxy.proxy.hop import open_tunnel

        server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server_side.load_cert_chain(*certificate)

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            await writer.drain()
            writer.close()

        class Client(asyncio.Protocol):
            def connection_made(self, transport: Any) -> None:
                self.got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
                transport.write(b"hello\n")

            def data_received(self, data: bytes) -> None:
                self.got.set_result(data)

        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=server_side)
        forward = forward_proxy()
        await forward.start()
        upstream = parse_upstream(f"https://localhost:{server.sockets[0].getsockname()[1]}/v1")
        context = ssl.create_default_context(cafile=str(certificate[0]))
        client = Client()
        transport = await open_tunnel(parse_hop(f"127.0.0.1:{forward.port}", "test"), upstream, client, context)
        got = await asyncio.wait_for(client.got, 10)
        transport.abort()
        await forward.stop()
        server.close()
        await server.wait_closed()
        return got

    assert uvloop.run(through()) == b"hello\n"


HTTPS, HTTP = "https://api.example.com/v1", "http://10.1.2.3:8080/v1"


@pytest.mark.parametrize(
    ("upstream", "environ", "port"),
    [
        (HTTPS, {"HTTPS_PROXY": "http://p:1"}, 1),
        (HTTPS, {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://p:2"}, 2),
        (HTTPS, {"HTTP_PROXY": "http://p:1"}, None),
        (HTTPS, {"ALL_PROXY": "p:3"}, 3),
        (HTTPS, {"https_proxy": "", "HTTPS_PROXY": " "}, None),
        (HTTP, {"http_proxy": "http://p"}, 80),
        (HTTP, {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2"}, 1),
        (HTTP, {"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, None),
        (HTTPS, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        (HTTPS, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "localhost, example.com"}, None),
        (HTTPS, {"HTTPS_PROXY": "http://p:1", "no_proxy": ".example.com"}, None),
        (HTTPS, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*.example.com:443"}, None),
        (HTTPS, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example.com:8443"}, 1),
        (HTTPS, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ample.com,api.example.co"}, 1),
        (HTTP, {"HTTP_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, None),
        (HTTP, {"HTTP_PROXY": "http://p:1", "NO_PROXY": "10.1.2.3:8080"}, None),
        (HTTP, {"HTTP_PROXY": "http://p:1", "NO_PROXY": "10.1.2.4,::1,fe80::/10"}, 1),
        ("http://[::1]:1/v1", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "[::1]:1"}, None),
    ],
)
def test_the_variables_and_their_exceptions(upstream: str, environ: dict[str, str], port: int | None) -> None:
    hop = hop_towards(parse_upstream(upstream), None, environ)
    assert (None if hop is None else hop.port) == port
    assert hop_towards(parse_upstream(upstream), None, None) is None  # nobody asked for them


def test_a_proxy_that_was_named_is_taken_whatever_the_variables_say() -> None:
    environ = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}
    hop = hop_towards(parse_upstream(HTTPS), Secret("http://named:9"), environ)
    assert hop is not None and (hop.host, hop.port) == ("named", 9)


@pytest.mark.parametrize(
    "url", ["https://u:topsecret@p:1", "socks5://u:topsecret@p:1", "http://u:topsecret@p:x", "http://u:topsecret@p:1/x"]
)
def test_what_is_no_proxy_is_said_without_its_password(url: str) -> None:
    with pytest.raises(UserError, match="HTTPS_PROXY: ") as caught:
        parse_hop(url, "HTTPS_PROXY")
    assert "topsecret" not in str(caught.value)
    assert "http://host:port" in str(caught.value)
