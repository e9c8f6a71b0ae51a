"""One ended call to its record and blobs: what the bytes say, hashes, the request key, clocks."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from cabproxy.ledger import blobs
from cabproxy.ledger.assemble import OpenCall
from cabproxy.ledger.blobs import BlobRow
from cabproxy.ledger.bodies import Bodies
from cabproxy.ledger.chunks import encode_chunks
from cabproxy.ledger.frames import SpoolReader
from cabproxy.ledger.record import Call, Usage
from cabproxy.ledger.rows import decode_json, encode_json, storable
from cabproxy.ledger.spool import CallEnd
from cabproxy.wire.dialects import interpret
from cabproxy.wire.dialects.base import Exchange, Interpretation
from cabproxy.wire.encodings import decode

_ENTIRE = frozenset({"ok", "http_error", "injected", "refused"})


class Deriver:
    """Derives calls of one ingester, one after the other."""

    def __init__(self) -> None:
        self.bodies = Bodies()

    def ended(self, call: OpenCall, end: CallEnd, spool: SpoolReader) -> tuple[Call, list[BlobRow]]:
        """The record of a finished call (seq and chain still to be set) and the blobs it needs, in order."""
        opened, head = call.open, call.head
        request, response = call.request_body(spool), call.response_body(spool)
        request_headers = {name.lower(): value for name, value in opened.headers}
        response_headers = {name.lower(): value for name, value in head.headers} if head else {}
        sent = decode(request_headers.get("content-encoding"), request)
        coding = response_headers.get("content-encoding")
        received = decode(coding, response)
        path, _, query = opened.path.partition("?")
        rows: list[BlobRow] = []
        request_sha256, key, row = self.bodies.request(
            (opened.run_id, opened.conversation_id), opened.method, opened.path, request, sent
        )
        said = _interpreted(
            Exchange(
                method=opened.method,
                path=path,
                query=query,
                request_headers=request_headers,
                request=sent,
                status=head.status if head else None,
                response_headers=response_headers,
                response=received,
                complete=end.state in _ENTIRE or (end.state == "client_gone" and end.last_byte_ns is not None),
                request_object=self.bodies.parsed(sent) if sent else None,
            )
        )
        if row is not None:
            rows.append(row)
        response_sha256, chunks_sha256 = None, None
        clocks = call.chunk_clocks()
        if response:
            kind = response_headers.get("content-type", "").partition(";")[0]
            response_sha256, row = self.bodies.response(opened.run_id, f"{kind} {coding}", response)
            if row is not None:
                rows.append(row)
            last = end.last_byte_ns if end.last_byte_ns is not None else head.ns if head else None
            if len(clocks) > 1 or clocks[0][1] != last:
                packed = encode_chunks(clocks)
                chunks_sha256 = blobs.tagged_sha256(packed)
                rows.append(blobs.insert_row(chunks_sha256, len(packed), blobs.Encoded("raw", packed), None, 0))
        first_token = _clock_at(said.first_content, clocks, coding, response)
        record = Call(
            **_of_open(call),
            state=end.state,
            dialect=said.dialect,
            model_asked=said.model_asked,
            model_served=said.model_served,
            response_id=said.response_id,
            streaming=said.streaming if said.dialect else None,
            request_key=key,
            request_sha256=request_sha256 if request else None,
            response_sha256=response_sha256,
            request_bytes=len(request),
            response_bytes=len(response),
            response_headers=head.headers if head else (),
            status=head.status if head else None,
            reason_phrase=head.reason if head else None,
            rewrites=end.rewrites,
            connected_ns=head.connected_ns if head else None,
            first_byte_ns=head.ns if head else None,
            first_token_ns=first_token,
            last_byte_ns=end.last_byte_ns,
            done_ns=end.done_ns or None,
            chunks_sha256=chunks_sha256,
            usage=said.usage,
            finish_reason=said.finish_reason,
            refusal=said.refusal,
            error=end.error or said.error,
            sampling=_plain(said.sampling),
        )
        return record, rows


def _interpreted(exchange: Exchange) -> Interpretation:
    try:
        return interpret(exchange)
    except Exception as error:  # noqa: BLE001 - one call nobody can read must not keep all others out of the ledger
        reason = f"the answer could not be read: {type(error).__name__}"
        return Interpretation(dialect=None, usage=Usage(source="missing", reason=reason))


def in_flight(call: OpenCall) -> Call:
    """The record of a call that has only begun."""
    return Call(**_of_open(call), state="in_flight")


def _of_open(call: OpenCall) -> dict[str, Any]:
    opened = call.open
    return {
        "call_id": opened.call_id.hex(),
        "run_id": opened.run_id,
        "seq": 0,
        "attribution": opened.attribution,
        "conversation_id": opened.conversation_id,
        "method": opened.method,
        "path": opened.path,
        "request_headers": opened.headers,
        "received_wall_ns": opened.received_wall_ns,
        "received_ns": opened.received_ns,
        "request_done_ns": call.request_done_ns,
    }


def _plain(sampling: dict[str, Any]) -> dict[str, Any]:
    """As it will be read back, so that the row's hash can be derived again."""
    if not sampling:
        return sampling
    try:
        plain: dict[str, Any] = decode_json(encode_json(sampling))
    except (UnicodeEncodeError, ValueError, TypeError):
        plain = decode_json(encode_json(storable(sampling)))
    return plain


def _clock_at(offset: int | None, clocks: list[tuple[int, int]], coding: str | None, response: bytes) -> int | None:
    """When the byte at an offset of the decoded response was there: the clock of the chunk that brought it."""
    if offset is None or not clocks:
        return None
    if not coding:
        at = bisect_right(clocks, offset, key=lambda pair: pair[0])
    else:
        at = bisect_right(clocks, offset, key=lambda pair: len(decode(coding, response[: pair[0]])))
    return clocks[min(at, len(clocks) - 1)][1]
