"""Ways to the endpoint that fail before there is a connection, each said as what it was."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cabproxy.config import Timeouts
from cabproxy.errors import UserError


async def failure(bench: Any, wire: Any, **config: Any) -> tuple[bytes, str, str]:
    """(status line, code, message) of a call that cannot reach its endpoint."""
    proxy = await bench.proxy(**config)
    head, body, _ = await bench.ask(proxy.port, wire.request(b"{}"))
    error = json.loads(body)["error"]
    return head.split(b"\r\n")[0], error["code"], error["message"]


async def test_an_endpoint_behind_tls_is_asked_where_its_authority_is_trusted(
    bench: Any, wire: Any, secured: Any, certificate: tuple[Path, Path]
) -> None:
    proxy = await bench.proxy(upstream=f"https://localhost:{secured.port}/v1", ca_file=certificate[0])
    client = await bench.client(proxy.port)
    for _ in range(3):
        await client.send(wire.request(b"{}"))
        assert (await client.read())[1] == b"{}"
    assert secured.connections == 1
    assert b"Host: localhost:%d" % secured.port in secured.received[0].headers
    assert [call.state for call in await bench.calls()] == ["ok"] * 3


async def test_an_unknown_authority_is_not_trusted(bench: Any, wire: Any, secured: Any) -> None:
    said = await failure(bench, wire, upstream=f"https://localhost:{secured.port}/v1")
    assert said[:2] == (b"HTTP/1.1 502 Bad Gateway", "cab_upstream_tls")
    assert "self-signed certificate" in said[2]
    assert secured.received == []
    assert [call.state for call in await bench.calls()] == ["upstream_error"]


async def test_a_certificate_of_another_name_is_not_taken(
    bench: Any, wire: Any, secured: Any, certificate: tuple[Path, Path]
) -> None:
    upstream = f"https://127.0.0.1:{secured.port}/v1"
    said = await failure(bench, wire, upstream=upstream, ca_file=certificate[0])
    assert said[1] == "cab_upstream_tls"
    assert "127.0.0.1" in said[2]
    assert secured.received == []


def expired(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) of localhost, signed by itself, that ran out yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "old.pem", folder / "old.key"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


async def test_a_certificate_that_ran_out_is_not_taken(bench: Any, wire: Any, tmp_path: Path) -> None:
    paths = expired(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*paths)
    asked: list[int] = []
    server = await asyncio.start_server(lambda reader, writer: asked.append(1), "localhost", 0, ssl=context)
    async with server:
        upstream = f"https://localhost:{server.sockets[0].getsockname()[1]}/v1"
        said = await failure(bench, wire, upstream=upstream, ca_file=paths[0])
    assert said[:2] == (b"HTTP/1.1 502 Bad Gateway", "cab_upstream_tls")
    assert "certificate has expired" in said[2]
    assert asked == []
    (call,) = await bench.calls()
    assert (call.state, "certificate has expired" in str(call.error)) == ("upstream_error", True)


async def test_an_endpoint_that_speaks_no_tls(bench: Any, wire: Any) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert (await failure(bench, wire, upstream=f"https://localhost:{port}/v1"))[1] == "cab_upstream_tls"
    await bench.stop()
    server.close()
    await server.wait_closed()


async def test_an_endpoint_that_hangs_up_in_the_handshake(bench: Any, wire: Any) -> None:
    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.close()

    server = await asyncio.start_server(hangs_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    said = await failure(bench, wire, upstream=f"https://localhost:{port}/v1")
    assert said[0] == b"HTTP/1.1 502 Bad Gateway"
    server.close()
    await server.wait_closed()


async def test_an_endpoint_that_never_answers_the_handshake(bench: Any, wire: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        upstream = f"https://localhost:{silent.getsockname()[1]}/v1"
        said = await failure(bench, wire, upstream=upstream, timeouts=Timeouts(connect_s=0.2))
    assert said[:2] == (b"HTTP/1.1 504 Gateway Timeout", "cab_upstream_timeout")


async def test_a_name_that_does_not_resolve_is_a_502(bench: Any, wire: Any) -> None:
    said = await failure(bench, wire, upstream="http://no-such-host.invalid/v1")
    assert said[:2] == (b"HTTP/1.1 502 Bad Gateway", "cab_upstream_unreachable")
    assert "no-such-host.invalid" in said[2]


async def test_a_ca_file_without_certificates_is_the_users_mistake(bench: Any, tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path):
        (tmp_path / "none.pem").write_text("no certificate")
        with pytest.raises(UserError, match="CA bundle"):
            await bench.proxy(upstream="https://localhost/v1", ca_file=path)
