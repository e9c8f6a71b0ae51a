from __future__ import annotations

from typing import Any

import pytest

from cabproxy.config import Secret, Way
from cabproxy.harness.recording import public_endpoint
from cabproxy.proxy.oracle import OracleServer
from cabproxy.taskkit.play import script_for


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("oracle", "oracle"),
        ("https://user:secret@host.example:8443/api/v1?key=x#y", "https://host.example:8443/api/v1"),
        ("http://[::1]:9/v1", "http://[::1]:9/v1"),
        ("https://api.example/v1", "https://api.example/v1"),
    ],
)
def test_an_endpoint_is_shown_without_secrets(url: str, shown: str) -> None:
    assert public_endpoint(url) == shown


@pytest.mark.parametrize("named", [True, False])
async def test_a_cells_calls_go_through_the_proxy_that_was_named(
    cells: Any, forward: Any, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{forward.port}"
    monkeypatch.setenv("HTTP_PROXY", address)
    monkeypatch.delenv("NO_PROXY", raising=False)
    way = Way(upstream_proxy=Secret(address)) if named else Way(trust_env=True)
    async with OracleServer(script_for(cells.task, "noop")) as oracle:
        result = await cells(endpoint=oracle.root_url, key=Secret("any-key"), way=way)
        assert (result.status, result.passed, result.model_calls) == ("ok", True, 1)
        assert [head.partition(b"\r\n")[0] for head in forward.heads] == [
            f"POST {oracle.root_url}/v1/chat/completions HTTP/1.1".encode()
        ]


async def test_the_built_in_endpoint_is_asked_directly(cells: Any, forward: Any) -> None:
    result = await cells(way=Way(upstream_proxy=Secret(f"http://127.0.0.1:{forward.port}")))
    assert (result.status, forward.heads) == ("ok", [])
