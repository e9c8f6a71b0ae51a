"""The hash chain over a run's finished calls and the seal over the whole run.

Every hash is sha256 over JSON with sorted keys and no blanks (UTF-8), fields that are null or an empty list or object
left out, so that anyone can derive it again from the ledger with a JSON encoder, and a field that a later FORMAT adds
does not change it:

- a call's `row_hash`: over the record with its `chain_seq` and `prev_hash` (the row_hash before it in the run, absent
  for the first), without `row_hash` itself. Bodies are in it through their own sha256.
- a sealed row's hash: over the record of a span, file change, verification (with its tests), claim or artifact; listed
  in the table `sealed_row`, so that the one that was changed can be named.
- a run's `seal`: over `{"run": the record without seal, "rows": [[table, row, hash], …]}`, the rows sorted; the run
  holds the head of the chain and the number of its calls.

Spans of the kinds in OUTLIVING end after the seal is set and are not covered. Scores are not covered either: they can
be derived again. Nothing here keeps someone who can write the file from deriving every hash anew; a seal that was
published elsewhere does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from cabproxy.ledger.record import Artifact, Call, Claim, FileChange, Run, Span, Verification

_SAYING_WHEN_EMPTY = frozenset({int, bool, float, str})
OUTLIVING = frozenset({"run", "seal", "score"})
_encode = msgspec.json.Encoder(order="sorted").encode

Evidence = tuple[list[Span], list[FileChange], list[Verification], list[Claim], list[Artifact]]
SealedRow = tuple[str, str, str]
"""Table, the row's name in it, hash."""


def record_hash(record: Struct, *without: str) -> str:
    """sha256 of a record's canonical JSON, some fields left out."""
    return _hash(_told(record, without))


def _told(record: Struct, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields that say something. Nested records leave out what is null by themselves."""
    return {
        name: value
        for name, value in structs.asdict(record).items()
        if (value or type(value) in _SAYING_WHEN_EMPTY) and name not in without
    }


def _hash(value: object) -> str:
    return "sha256:" + hashlib.sha256(_encode(value)).hexdigest()


def row_hash(call: Call) -> str:
    """The hash of a finished call that already carries its chain_seq and prev_hash."""
    if call.row_hash is None and call.request_bytes and call.response_bytes:
        return _hash(call)  # written by itself it leaves out the same fields, and is written in half the time
    return record_hash(call, "row_hash")


def sealed_rows(evidence: Evidence) -> list[SealedRow]:
    """The rows a seal covers beside the run and its calls, sorted. A claim is named by its place among the run's."""
    spans, changes, verifications, claims, artifacts = evidence
    named: list[tuple[str, str, Struct]] = [
        *(("span", span.span_id, span) for span in spans if span.kind not in OUTLIVING),
        *(("file_change", change.path, change) for change in changes),
        *(("verification", verification.phase, verification) for verification in verifications),
        *(("claim", str(number), claim) for number, claim in enumerate(claims, 1)),
        *(("artifact", artifact.name, artifact) for artifact in artifacts),
    ]
    return sorted((table, name, record_hash(record)) for table, name, record in named)


def seal(run: Run, covered: Sequence[SealedRow]) -> str:
    """The seal of a closed run that already carries its chain head and call count."""
    return _hash({"run": _told(run, ("seal",)), "rows": covered})
