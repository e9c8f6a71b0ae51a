from __future__ import annotations

from typing import Any

import pytest

from cabproxy.harness.sandbox.network import Seal, reconciled, seal_of_network
from cabproxy.ledger.record import Call
from cabproxy.proxy.traffic import Traffic

QUIET: dict[str, Any] = {"links": {"lo": [0, True]}, "ways": []}
GATE = {"connections": 2, "bytes_in": 100, "bytes_out": 900}


def look(**links: list[Any]) -> dict[str, Any]:
    return {"links": {"lo": [1500, True], **links}, "ways": []}


def seal(before: Any = QUIET, after: Any = None, gate: Any = GATE) -> Seal:
    return seal_of_network(before, after or look(), gate, gated=True)


def call(request_bytes: int, *rewrites: str) -> Call:
    return Call(
        call_id="c",
        run_id="r",
        seq=1,
        state="ok",
        attribution="path",
        method="POST",
        path="/v1",
        received_wall_ns=0,
        received_ns=0,
        request_bytes=request_bytes,
        rewrites=rewrites,
    )


def test_a_loopback_alone_is_sealed_and_its_figures_are_kept() -> None:
    found = seal()
    assert found.sealed is True
    assert found.attrs == {
        "gate_connections": 2,
        "gate_bytes_in": 100,
        "gate_bytes_out": 900,
        "interfaces": "lo",
        "loopback_bytes": 1500,
        "other_bytes": 0,
    }


def test_what_the_kernel_turned_back_is_counted_without_the_probes_own_tries() -> None:
    found = seal({**QUIET, "unrouted": [3, 10]}, {**look(), "unrouted": [12, 19]})
    assert (found.sealed, found.attrs["turned_back"]) == (True, 2)


@pytest.mark.parametrize(
    ("before", "after", "gate", "sealed", "reason"),
    [
        (QUIET, look(eth0=[42, True]), GATE, False, "eth0, which carried 42 bytes"),
        (QUIET, look(eth0=[42, False]), GATE, False, "eth0, which carried 42 bytes"),
        (look(eth0=[0, True]), look(), GATE, False, "besides the loopback: eth0"),
        (QUIET, look(tunl0=[0, False]), GATE, True, "the only network interface"),  # a kernel's idle default
        (QUIET, {**look(), "ways": ["1.1.1.1"]}, GATE, False, "a way to 1.1.1.1"),
        ({**QUIET, "ways": ["10.0.0.1"]}, None, None, False, "a way to 10.0.0.1"),
        (QUIET, None, GATE, None, "did not report what its network was like"),
        (QUIET, look(), None, None, "the gate did not report"),
    ],
)
def test_what_breaks_a_seal(before: Any, after: Any, gate: Any, sealed: bool | None, reason: str) -> None:
    found = seal_of_network(before, after, gate, gated=True)
    assert found.sealed is sealed
    assert reason in found.reason


def test_without_a_gate_there_is_no_network_at_all() -> None:
    assert seal_of_network(QUIET, look(), None, gated=False)[:2] == (True, "no network at all")


@pytest.mark.parametrize(
    ("proxied", "calls", "sealed", "reason"),
    [
        (Traffic(2, 100, 900), [call(80)], True, "100 bytes in and 900 out went through its gate"),
        (Traffic(2, 90, 900, unread=10), [], True, "all of them the proxy's"),  # it had answered already
        (Traffic(2, 100, 950), [], True, "all of them"),  # the client was gone before the last of it
        (Traffic(2, 99, 900), [], False, "100 bytes went through the gate, and the proxy had 99"),
        (Traffic(2, 101, 900), [], False, "the proxy had 101"),  # somebody else spoke to the proxy
        (Traffic(2, 100, 899), [], False, "900 bytes came through the gate, and the proxy gave 899"),
        (Traffic(2, 100, 900), [call(60), call(60)], False, "the ledger has requests of 120 bytes"),
        (Traffic(2, 100, 900), [call(120, "inject:stream_options.include_usage")], True, "all of them"),
    ],
)
def test_the_gates_bytes_must_be_the_proxys(proxied: Traffic, calls: list[Call], sealed: bool, reason: str) -> None:
    found = reconciled(seal(), proxied, calls)
    assert found.sealed is sealed
    assert reason in found.reason
    assert found.attrs["proxy_bytes_in"] == proxied.bytes_in


def test_a_seal_that_was_broken_before_stays_broken() -> None:
    broken = seal(after=look(eth0=[42, True]))
    assert reconciled(broken, Traffic(2, 100, 900), [])[:2] == broken[:2]
