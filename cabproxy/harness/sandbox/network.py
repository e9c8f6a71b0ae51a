"""Whether a sealed command's network was what it was promised to be: by its own namespace's counters, a probe of where
packets could go, and the gate's bytes laid beside the proxy's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from cabproxy.ledger.record import Call
from cabproxy.proxy.traffic import Traffic

LOOPBACK = "lo"
INJECTED = "inject:"
Look = dict[str, Any]
"""What `gate.look` tells: `links` (name -> [bytes, up]), `ways` (addresses elsewhere with a route) and `unrouted`."""


class Seal(NamedTuple):
    """Whether it held (None: cannot be told), why, and the figures for the record."""

    sealed: bool | None
    reason: str
    attrs: dict[str, Any]


def seal_of_network(before: Look | None, after: Look | None, gate: dict[str, int] | None, *, gated: bool) -> Seal:
    """The seal by what was seen before and after the command; `gate` holds its counters where there was one (`gated`).

    An interface that is down and carried nothing is no way out; one that is up or counted a byte is.
    """
    attrs: dict[str, Any] = {f"gate_{name}": value for name, value in (gate or {}).items()}
    if after is not None:
        attrs["interfaces"] = ",".join(sorted(after["links"]))
        attrs["loopback_bytes"] = after["links"].get(LOOPBACK, [None])[0]
        attrs["other_bytes"] = sum(link[0] for name, link in after["links"].items() if name != LOOPBACK)
    if before is not None and after is not None and "unrouted" in before and "unrouted" in after:
        attrs["turned_back"] = after["unrouted"][0] - before["unrouted"][1]
    looks = [look for look in (before, after) if look is not None]
    used = sorted({name for look in looks for name, link in look["links"].items() if name != LOOPBACK and any(link)})
    if used:
        told = f", which carried {attrs['other_bytes']} bytes" if attrs.get("other_bytes") else ""
        return Seal(False, f"network interfaces besides the loopback: {', '.join(used)}{told}", attrs)
    ways = sorted({way for look in looks for way in look["ways"]})
    if ways:
        return Seal(False, f"the probe found a way to {', '.join(ways)}", attrs)
    if after is None:
        return Seal(None, "the sandbox did not report what its network was like at the end", attrs)
    if gated and gate is None:
        return Seal(None, "the gate did not report at the end", attrs)
    if not gated:
        return Seal(True, "no network at all", attrs)
    return Seal(True, "the only network interface was the loopback, where only the proxy listens", attrs)


def reconciled(seal: Seal, proxied: Traffic, calls: Iterable[Call]) -> Seal:
    """The same with the gate's bytes laid beside those the proxy saw, and those beside the ledger's.

    A byte the gate took and the proxy never had, one that came out of the gate and not from the proxy, or a call in the
    ledger that did not come through: each breaks the seal. What a client no longer took may be missing at the gate.
    """
    taken, given = seal.attrs.get("gate_bytes_in"), seal.attrs.get("gate_bytes_out")
    body_bytes = sum(call.request_bytes for call in calls if not _injected(call))
    attrs = seal.attrs | {
        "proxy_connections": proxied.connections,
        "proxy_bytes_in": proxied.bytes_in,
        "proxy_bytes_out": proxied.bytes_out,
        "ledger_request_bytes": body_bytes,
    }
    if taken is None or given is None or seal.sealed is not True:
        return seal._replace(attrs=attrs)
    seen = proxied.bytes_in + proxied.unread
    if taken != seen:
        return Seal(False, f"{taken} bytes went through the gate, and the proxy had {seen}", attrs)
    if given > proxied.bytes_out:
        return Seal(False, f"{given} bytes came through the gate, and the proxy gave {proxied.bytes_out}", attrs)
    if body_bytes > taken:
        return Seal(False, f"the ledger has requests of {body_bytes} bytes, and {taken} went through the gate", attrs)
    reason = f"{seal.reason}; {taken} bytes in and {given} out went through its gate, all of them the proxy's"
    return Seal(True, reason, attrs)


def _injected(call: Call) -> bool:
    """Whether the recorded request is longer than what the agent sent."""
    return any(rewrite.startswith(INJECTED) for rewrite in call.rewrites)
