"""Frames to calls: what is known of each call that is open, and the whole of one that ended."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import msgspec

from cabproxy.ledger.frames import Frame, SpoolReader
from cabproxy.ledger.spool import ANSWERED, ASKED, CHUNK, END, HEAD, OPEN, REQUEST, CallEnd, CallOpen, ResponseHead

_decode_open = msgspec.msgpack.Decoder(CallOpen).decode
_decode_head = msgspec.msgpack.Decoder(ResponseHead).decode
_decode_end = msgspec.msgpack.Decoder(CallEnd).decode


class OpenCall:
    """One call as far as it has been seen. Bodies stay in the spool: only where their pieces lie is kept."""

    __slots__ = ("at", "chunks", "head", "listed", "open", "request", "request_done_ns")

    def __init__(self, at: int, call: CallOpen) -> None:
        self.at = at
        self.open = call
        self.request: array[int] = array("Q")  # position, size, …
        self.chunks: array[int] = array("Q")  # position, size, ns, …
        self.head: ResponseHead | None = None
        self.request_done_ns: int | None = None
        self.listed = False  # stands in the ledger as in flight

    def request_body(self, spool: SpoolReader) -> bytes:
        """The request's pieces joined."""
        pieces = self.request
        return spool.fetch(list(zip(pieces[::2], pieces[1::2], strict=True)))

    def response_body(self, spool: SpoolReader) -> bytes:
        """The response's chunks joined."""
        chunks = self.chunks
        return spool.fetch(list(zip(chunks[::3], chunks[1::3], strict=True)))

    def chunk_clocks(self) -> list[tuple[int, int]]:
        """(end offset, ns) of each chunk."""
        pairs: list[tuple[int, int]] = []
        end = 0
        for size, ns in zip(self.chunks[1::3], self.chunks[2::3], strict=True):
            end += size
            pairs.append((end, ns))
        return pairs


class Assembler:
    """Takes frames in order; keeps the calls that are open and hands out those that ended."""

    def __init__(self) -> None:
        self.open: dict[bytes, OpenCall] = {}

    def take(self, frames: Iterable[Frame], done_upto: int) -> list[tuple[OpenCall, CallEnd]]:
        """The calls that ended, in that order, without those that ended before `done_upto`: they are recorded."""
        ended: list[tuple[OpenCall, CallEnd]] = []
        calls = self.open
        for frame in frames:
            kind = frame.kind
            if kind in (OPEN, ASKED):
                calls[frame.call_id] = call = OpenCall(frame.at, _decode_open(frame.payload))
                call.listed = frame.at < done_upto
                if kind == ASKED:
                    call.request_done_ns = frame.ns
                    if frame.size:
                        call.request.extend((frame.data_at, frame.size))
                continue
            found = calls.get(frame.call_id)
            if found is None:  # its first frame was lost or it ended before: there is nothing to add to
                continue
            if kind == CHUNK:
                found.chunks.extend((frame.data_at, frame.size, frame.ns))
            elif kind == REQUEST:
                found.request.extend((frame.data_at, frame.size))
            elif kind == HEAD:
                found.head = _decode_head(frame.payload)
            elif kind == END:
                del calls[frame.call_id]
                if frame.at >= done_upto:
                    ended.append((found, _decode_end(frame.payload)))
            elif kind == ANSWERED:
                del calls[frame.call_id]
                if frame.at >= done_upto:
                    found.head = _decode_head(frame.payload)
                    if frame.size:
                        found.chunks.extend((frame.data_at, frame.size, frame.ns))
                    ended.append((found, _decode_end(frame.rest)))
            else:
                found.request_done_ns = frame.ns
        return ended

    def earliest(self, otherwise: int) -> int:
        """Where reading must start again so that no open call is lost."""
        return min((call.at for call in self.open.values()), default=otherwise)

    def abandon(self) -> list[OpenCall]:
        """The calls that are open, in the order they began; none is open after."""
        calls = list(self.open.values())
        self.open.clear()
        return calls
