"""Bodies of calls on their way in: hashed, keyed and set off against those before them, at the price of what is new.

Each conversation's last bodies are remembered with the sha256 at marks along them. The next body mostly starts as one
of them does: hashing goes on from the last mark both share, and only the bytes between the shared start and end are
compressed. The same holds for the canonical form, of which only the hash is kept; and where bodies differ within one
list, as those of a conversation do, only what is new in it is read (splice.py).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

from cabproxy.ledger import blobs, canon
from cabproxy.ledger.blobs import BlobRow, Encoded
from cabproxy.ledger.splice import Outline, Spliced, Text, outline_at, splice

_MARK_EVERY = 4096
_LOOK_AT = 16384
_PER_CONVERSATION = 4
_LEAST_LIKENESS, _LARGEST_LIKENESS, _LIKENESSES = 64, 1 << 16, 16
_SLACK = 16  # where one body goes on from another differs by a bracket or two
_NUMBER = 64  # longer than a number is written
_WORTH = 512
"""A shared start and end shorter than this is no reason to build on a body."""
_DENSE = 12  # hardly any text is deflated to a twelfth: what is must resemble its base
_KEPT_PARSED, _PARSED_PARTS = 4 << 20, 3  # objects take more room than the text they were read from
_TRIES = 3
"""A conversation whose bodies differ elsewhere this often in a row is read as a whole from then on."""


class Hashed:
    """Bytes and their sha256, with the hash's state at marks along the way: a longer text can go on from there."""

    __slots__ = ("data", "digest", "marks")
    data: bytes
    marks: list[hashlib._Hash]

    def __init__(self, data: bytes, like: Hashed | None = None, shared: int = 0) -> None:
        marks = [hashlib.sha256()] if like is None else like.marks[: shared // _MARK_EVERY + 1]
        self.data = data
        self.marks = marks
        state = marks[-1].copy()
        at = (len(marks) - 1) * _MARK_EVERY
        for end in range(at + _MARK_EVERY, len(data) + 1, _MARK_EVERY):
            state.update(data[at:end])
            marks.append(state.copy())
            at = end
        state.update(data[at:])
        self.digest = state.hexdigest()


class Body:
    """A request body that was taken in."""

    __slots__ = (
        *("canonical", "depth", "doubles", "failures", "key", "likely", "outline", "parsed", "path", "raw", "sha256"),
        *("tail", "weight"),
    )

    def __init__(self, raw: Hashed, canonical: Hashed | None, parsed: Any, path: str, depth: int) -> None:
        self.raw = raw
        self.sha256 = "sha256:" + raw.digest
        self.canonical = canonical
        self.key = None if canonical is None else "c1:" + canonical.digest
        self.parsed = parsed if len(raw.data) <= _KEPT_PARSED else None
        self.outline: Outline | None = None
        self.failures = 0  # of reading the next one by its difference, in a row
        self.path = path
        self.depth = depth
        self.likely: tuple[int, ...] = ()  # up to where the next body may be the same: this one's news were there
        self.tail = 0  # and how much of its end
        size = len(raw.data)
        parts = 1 if self.parsed is None else 1 + _PARSED_PARTS
        self.weight = parts * size + (len(canonical.data) if canonical else 0)
        self.doubles = False  # whether its JSON holds numbers that the canonical form rewrites


class Bodies:
    """The bodies remembered, by conversation, the oldest forgotten beyond `limit` bytes."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self._limit = limit
        self._held = 0
        self._by: OrderedDict[tuple[str, str | None], list[Body]] = OrderedDict()
        self._first_response: OrderedDict[tuple[str, str], tuple[str, blobs.Likeness]] = OrderedDict()
        self._parsed: tuple[bytes, Any] = (b"", canon.UNREADABLE)

    def parsed(self, data: bytes) -> Any:
        """The JSON of a body; of the last one again without parsing."""
        if data is not self._parsed[0] and data != self._parsed[0]:
            self._parsed = (data, canon.parse(data))
        return self._parsed[1]

    def request(
        self, conversation: tuple[str, str | None], method: str, path: str, data: bytes, decoded: bytes
    ) -> tuple[str, str | None, BlobRow | None]:
        """sha256, request key and the row to store (None: stored before) of a request's body."""
        known = self._by.get(conversation, [])
        if not data:
            return blobs.tagged_sha256(b""), canon.request_key(method, path, b""), None
        place = f"{method} {path}"
        for other in known:
            if other.raw.data == data and other.path == place:
                if decoded is data and other.parsed is not None:
                    self._parsed = (data, other.parsed)
                return other.sha256, other.key, None
        base, shared = _closest(known, data)
        encoded = _encoded(data, base, shared)
        body: Body | None = None
        failures = base.failures if base is not None and encoded.based else 0
        if base is not None and encoded.based and decoded is data and base.path == place:
            body = _by_difference(base, data, encoded)
            failures += 1
            if body is not None and body.parsed is not None:
                self._parsed = (data, body.parsed)
        if body is None:
            parsed = self.parsed(decoded) if decoded else None
            doubles = _doubles(data, decoded, parsed, base, encoded)
            canonical = canon.canonical_request(method, path, parsed, empty=not decoded, doubles=doubles)
            raw = Hashed(data, base.raw if base else None, shared)
            body = Body(raw, _canonical(canonical, base), parsed if decoded is data else None, place, 0)
            body.doubles = doubles
            body.failures = failures
        if base is not None and encoded.based:
            body.depth = base.depth + 1
        body.likely = (len(data) - encoded.suffix - _SLACK, encoded.prefix - _SLACK)
        body.tail = encoded.suffix - _SLACK
        row = blobs.insert_row(body.sha256, len(data), encoded, base.sha256 if base else None, body.depth)
        self._remember(conversation, known, base if encoded.based else None, body)
        return body.sha256, body.key, row

    def response(self, run_id: str, kind: str, data: bytes) -> tuple[str, BlobRow | None]:
        """sha256 and row of a response's body: set off against the run's first of the same content type.

        None where it is that one again, as errors often are.
        """
        sha256 = blobs.tagged_sha256(data)
        first = self._first_response.get((run_id, kind))
        if first is None:
            if _LEAST_LIKENESS <= len(data) <= _LARGEST_LIKENESS:
                self._first_response[run_id, kind] = (sha256, blobs.Likeness(data))
                if len(self._first_response) > _LIKENESSES:
                    self._first_response.popitem(last=False)
            return sha256, blobs.insert_row(sha256, len(data), blobs.encode(data), None, 0)
        if sha256 == first[0]:
            return sha256, None
        return sha256, blobs.insert_row(sha256, len(data), first[1].encode(data), first[0], 1)

    def _remember(self, conversation: tuple[str, str | None], known: list[Body], base: Body | None, body: Body) -> None:
        """The new body takes the place of the one it goes on from; other threads of the conversation stay."""
        kept = [other for other in known if other is not base][-(_PER_CONVERSATION - 1) :]
        self._held += body.weight + sum([other.weight for other in kept]) - sum([other.weight for other in known])
        self._by[conversation] = [*kept, body]
        self._by.move_to_end(conversation)
        while self._held > self._limit and self._by:
            _, dropped = self._by.popitem(last=False)
            self._held -= sum([other.weight for other in dropped])


def _by_difference(base: Body, data: bytes, encoded: Encoded) -> Body | None:
    """The body where it can be read by what it differs in from its base."""
    if base.canonical is None or base.parsed is None or base.failures >= _TRIES:
        return None
    text = Text(base.raw.data, base.parsed, base.canonical.data)
    if base.outline is None:
        base.outline = outline_at(text, encoded.prefix)
    if base.outline is None:
        return None
    found: Spliced | None = splice(text, base.outline, data, encoded.prefix, encoded.suffix)
    if found is None:
        return None
    canonical = Hashed(found.text.canonical, base.canonical, found.shared)
    body = Body(Hashed(data, base.raw, encoded.prefix), canonical, found.text.parsed, base.path, 0)
    body.outline = found.outline
    body.doubles = base.doubles or found.doubles
    return body


def _closest(known: list[Body], data: bytes) -> tuple[Body | None, int]:
    """The remembered body with the longest common start, the newest first; one that shares half is good enough."""
    best: Body | None = None
    longest = -1
    for body in reversed(known):
        if body.depth >= blobs.MAX_DEPTH:
            continue
        shared = blobs.common_prefix(data, body.raw.data, guesses=body.likely)
        if shared > longest:
            best, longest = body, shared
        if shared * 2 > len(data):
            break
    return best, max(longest, 0)


def _canonical(text: bytes | None, base: Body | None) -> Hashed | None:
    if text is None:
        return None
    like = base.canonical if base is not None and len(text) > 2 * _MARK_EVERY else None
    return Hashed(text, like, blobs.common_prefix(text, like.data, _MARK_EVERY) if like is not None else 0)


def _doubles(data: bytes, decoded: bytes, parsed: Any, base: Body | None, encoded: Encoded) -> bool:
    """Whether the body holds numbers to rewrite. What it shares with a base that has none need not be looked at."""
    if base is not None and encoded.based and not base.doubles and decoded is data:
        around = data[max(0, encoded.prefix - _NUMBER) : len(data) - max(0, encoded.suffix - _NUMBER)]
        if len(around) < _LOOK_AT and not canon.may_hold_doubles(around):
            return False
    return canon.has_integral_doubles(parsed)


def _encoded(data: bytes, base: Body | None, shared: int) -> Encoded:
    if base is None:
        return blobs.encode(data)
    suffix = blobs.common_suffix(data, base.raw.data, min(len(data), len(base.raw.data)) - shared, base.tail)
    delta = blobs.encode_gap(data, base.raw.data, shared, suffix)
    if shared + suffix >= min(_WORTH, len(data) // 2) or len(delta.data) * _DENSE < len(data):
        return delta
    alone = blobs.encode(data)
    return alone if len(alone.data) < 2 * len(delta.data) else delta
