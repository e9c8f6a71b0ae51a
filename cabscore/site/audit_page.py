"""A run's record checked again while its page is made: chain, seal, and where each token number comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from cabproxy.ledger import Ledger
from cabproxy.ledger import seal as sealing
from cabproxy.ledger.record import Call
from cabscore.axes.base import JoinedRun
from cabscore.site.shown import number
from cabscore.usage import totals


class Check(Struct, frozen=True):
    """One thing that was derived again. `ok` None: it could not be."""

    name: str
    ok: bool | None
    said: str


def audit_context(ledger: Ledger, joined: JoinedRun) -> dict[str, Any]:
    """What the audit page prints."""
    sums = totals(joined.calls)
    return {
        "checks": [*_chain(joined), _seal(ledger, joined)],
        "sums": sums,
        "sources": sums.by_source,
        "states": dict(sorted(Counter(call.state for call in joined.calls).items())),
        "rewrites": _rewrites(joined.calls),
        "contradictions": [call for call in joined.calls if call.usage is not None and call.usage.contradictions],
        "traffic": traffic(joined),
        "conversations": len({call.conversation_id for call in joined.calls if call.conversation_id}),
        "served": sorted({(call.model_asked or "–", call.model_served or "–") for call in joined.calls}),
    }


TRAFFIC = {
    "gate_connections": "connections through the sandbox's gate",
    "gate_bytes_in": "bytes the gate took from the agent",
    "proxy_bytes_in": "bytes the proxy had of it",
    "ledger_request_bytes": "bytes of requests in the ledger, those aside that were rewritten",
    "gate_bytes_out": "bytes that came back through the gate",
    "proxy_bytes_out": "bytes the proxy gave",
    "proxy_connections": "connections the proxy had",
    "other_bytes": "bytes on any other way out of the sandbox",
    "interfaces": "network interfaces the agent had",
}


def traffic(joined: JoinedRun) -> list[tuple[str, str]]:
    """What went through the sandbox's gate beside what the proxy and the ledger have, as the harness counted it."""
    attrs: dict[str, Any] = {}
    for span in joined.spans:
        attrs |= {name: span.attrs[name] for name in TRAFFIC if span.attrs.get(name) is not None}
    return [
        (said, number(attrs[name]) if isinstance(attrs[name], int) else str(attrs[name]))
        for name, said in TRAFFIC.items()
        if name in attrs
    ]


def _chain(joined: JoinedRun) -> list[Check]:
    ended = sorted((call for call in joined.calls if call.state != "in_flight"), key=lambda call: call.chain_seq or 0)
    seqs = [call.seq for call in joined.calls]
    gap = next((at for at, seq in enumerate(seqs, 1) if seq != at), None)
    changed = [call.seq for call in ended if call.row_hash != sealing.row_hash(call)]
    broken = _broken(ended)
    head = ended[-1].row_hash if ended else None
    run = joined.run
    return [
        Check("Calls are numbered without a gap", gap is None, f"1 to {len(seqs)}" if gap is None else f"gap at {gap}"),
        Check(
            "Each call's hash comes out again",
            not changed,
            f"{len(ended)} derived, differing: {_list(changed) or 'none'}",
        ),
        Check("Each call follows the one before", not broken, f"broken at: {_list(broken) or 'nowhere'}"),
        Check(
            "The chain ends where the run says",
            None if run.seal is None else run.chain_head == head and (run.call_count or 0) == len(ended),
            f"head {head or 'none'}, {len(ended)} calls; the run says {run.chain_head or 'none'}, {run.call_count}",
        ),
    ]


def _broken(ended: list[Call]) -> list[int]:
    out = []
    number, head = 0, None
    for call in ended:
        if call.chain_seq != number + 1 or call.prev_hash != head:
            out.append(call.seq)
        number, head = call.chain_seq or 0, call.row_hash
    return out


def _seal(ledger: Ledger, joined: JoinedRun) -> Check:
    run = joined.run
    if run.seal is None:
        return Check("The seal comes out again", None, "the run is not closed: no seal covers it yet")
    artifacts = ledger.artifacts(run.run_id)
    evidence = (
        list(joined.spans), list(joined.changes), list(joined.verifications), list(joined.claims), artifacts
    )  # fmt: skip
    derived = sealing.seal(run, sealing.sealed_rows(evidence))
    same = derived == run.seal
    return Check("The seal comes out again", same, run.seal if same else f"derived {derived}, recorded {run.seal}")


def _rewrites(calls: Iterable[Call]) -> dict[str, int]:
    return dict(sorted(Counter(name.partition("=")[0] for call in calls for name in call.rewrites).items()))


def _list(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return f"{shown} and {len(numbers) - 10} more" if len(numbers) > 10 else shown
