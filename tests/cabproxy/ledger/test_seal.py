from __future__ import annotations

import hashlib
import json
from typing import Any

from msgspec import structs

from cabproxy.ledger import seal
from cabproxy.ledger.record import Call, Claim, FileChange, Run, Span, Usage, Verification

CALL = Call(
    call_id="0" * 32,
    run_id="r",
    seq=1,
    state="ok",
    attribution="path",
    method="POST",
    path="/é",
    received_wall_ns=1,
    received_ns=2,
    request_headers=(("a", "b"),),
    usage=Usage(source="provider", prompt=3),
    sampling={"top_p": 0.25, "stop": None},
    chain_seq=1,
)


def derived(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_a_row_hash_can_be_derived_with_any_json_encoder() -> None:
    assert seal.row_hash(CALL) == derived(
        {
            "attribution": "path",
            "call_id": "0" * 32,
            "chain_seq": 1,
            "method": "POST",
            "path": "/é",
            "received_ns": 2,
            "received_wall_ns": 1,
            "request_bytes": 0,
            "request_headers": [["a", "b"]],
            "response_bytes": 0,
            "run_id": "r",
            "sampling": {"stop": None, "top_p": 0.25},
            "seq": 1,
            "state": "ok",
            "usage": {"prompt": 3, "source": "provider"},
        }
    )
    assert seal.row_hash(structs.replace(CALL, row_hash="sha256:x")) == seal.row_hash(CALL)


def test_equal_records_hash_alike_whatever_objects_their_fields_are() -> None:
    again = structs.replace(CALL, attribution="".join(["pa", "th"]), request_bytes=int("0"), usage=Usage(
        source="".join(["prov", "ider"]), prompt=3))  # fmt: skip
    assert seal.row_hash(again) == seal.row_hash(CALL)
    run = Run(run_id="r", opened_wall_ns=1, opened_ns=2)
    assert seal.seal(structs.replace(run, kind="".join(["ses", "sion"])), []) == seal.seal(run, [])


def test_every_field_of_a_call_counts() -> None:
    hashes = {seal.row_hash(CALL)}
    others = {"usage": Usage(source="provider", prompt=4), "sampling": {"top_p": 0.5}, "request_headers": (("a", "c"),)}
    for name in CALL.__struct_fields__:
        if name != "row_hash":
            value = getattr(CALL, name)
            other = others.get(name, (value or 0) + 7 if isinstance(value, int) else f"{value}'")
            hashes.add(seal.row_hash(structs.replace(CALL, **{name: other})))
    assert len(hashes) == len(CALL.__struct_fields__)


def test_a_seal_covers_run_and_evidence_but_not_what_outlives_it() -> None:
    run = Run(run_id="r", opened_wall_ns=1, opened_ns=2, call_count=3, chain_head="sha256:h")
    spans = [
        Span(span_id=kind, run_id="r", name=kind, kind=kind, start_ns=1) for kind in ("agent", "run", "score", "seal")
    ]
    changes = [FileChange(run_id="r", path=path, change="added") for path in ("b", "a")]
    claims = [Claim(run_id="r", source="x"), Claim(run_id="r", source="x")]
    covered = seal.sealed_rows((spans, changes, [Verification(run_id="r", phase="after")], claims, []))
    assert [row[:2] for row in covered] == [
        ("claim", "1"),
        ("claim", "2"),
        ("file_change", "a"),
        ("file_change", "b"),
        ("span", "agent"),
        ("verification", "after"),
    ]
    assert seal.seal(run, covered) == seal.seal(structs.replace(run, seal="sha256:x"), covered)
    assert seal.seal(run, covered) != seal.seal(run, covered[1:])
    assert seal.seal(run, covered) != seal.seal(structs.replace(run, chain_head="sha256:i"), covered)


def test_a_call_written_by_itself_leaves_out_what_its_fields_would() -> None:
    bodies = {"request_bytes": 5, "response_bytes": 7}
    for more in (
        {},
        {"streaming": False, "rewrites": (), "sampling": {}, "error": "", "status": 0},
        {"streaming": True, "sampling": {"z": 1, "a": [1.5, None]}, "usage": None, "response_headers": (("B", "é"),)},
        {"usage": Usage(source="missing", reason="", raw="{}", contradictions=("a > b",)), "first_token_ns": 0},
    ):
        call = structs.replace(CALL, **bodies, **more)
        assert seal.row_hash(call) == seal.record_hash(call, "row_hash")
        assert seal.row_hash(structs.replace(call, row_hash="sha256:x")) == seal.row_hash(call)
