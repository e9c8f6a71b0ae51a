"""The canonical form of a body that differs from one before it within one list: only what is new there is read.

An agent sends its whole conversation with every call. Reading 200 KB of JSON and writing it again, to hash it, costs
more than all else that is done for a call, and nearly all of it was read and written a call before. So where the
elements of a top-level list lie is remembered, in the body and in its canonical form; of the next body only the
elements between the start and the end that both share are read.

That is exact, not a guess. Behind a shared start a JSON reader stands between two elements of the list, whatever
follows. What lies between is read with `null` in place of the elements beside it: only whole elements with their commas
are JSON then, and nothing of them reaches into what follows, so that the shared end means what it meant before.
Whatever is not so gives None here, and is read as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import Any

import msgspec
import orjson
from msgspec import Struct

from cabproxy.ledger import canon

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_NAME = re.compile(rb'[ \t\n\r]*("(?:[^"\\]|\\.)*")[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_COMMA = re.compile(rb"[ \t\n\r]*,?[ \t\n\r]*")


class Outline(Struct, frozen=True):
    """Where the elements of one top-level list lie in a body, and where each ends in its canonical form."""

    name: str
    start: int  # behind the opening bracket
    starts: list[int]
    ends: list[int]
    stop: int  # of the closing bracket
    canonical_start: int
    canonical_ends: list[int]


class Text(Struct, frozen=True):
    """A body that was read: its bytes, what they say, and its canonical form with the line before it."""

    raw: bytes
    parsed: Any
    canonical: bytes


class Spliced(Struct, frozen=True):
    """A body read by its difference; `shared` first bytes of its canonical form are those of the one before."""

    text: Text
    outline: Outline
    shared: int
    doubles: bool  # whether something that is new had to be written in another way


def outline_at(text: Text, offset: int) -> Outline | None:
    """The outline of the top-level list that holds an offset of a body; None where there is none, or a field twice."""
    try:
        found = _field_at(text.raw, offset)
        if found is None or found[0] in canon.CALLER_FIELDS or not isinstance(text.parsed[found[0]], list):
            return None
        name, start, stop = found
        starts, ends = _places(text.raw, start + 1, [len(piece) for piece in _elements(text.raw[start:stop])])
        line = text.canonical.index(b"\n") + 1
        at = _canonical_place(text.canonical, line, name)
        written = _elements(_fields(text.canonical[line:])[name])
    except (ValueError, TypeError, KeyError, RecursionError, msgspec.MsgspecError):
        return None
    canonical_ends: list[int] = []
    end = at
    for piece in written:
        end += 1 + len(piece)
        canonical_ends.append(end)
    return Outline(name, start + 1, starts, ends, stop - 1, at + 1, canonical_ends)


def _field_at(raw: bytes, offset: int) -> tuple[str, int, int] | None:
    """Name, start and end of the top-level value that holds an offset."""
    found: tuple[str, int, int] | None = None
    at = raw.index(b"{") + 1
    for name, value in _fields(raw).items():
        spelled = _NAME.match(raw, at)
        data = bytes(value)
        if spelled is None or orjson.loads(spelled[1]) != name or not raw.startswith(data, spelled.end()):
            return None  # the name comes twice
        start, end = spelled.end(), spelled.end() + len(data)
        if start < offset < end:
            found = name, start, end
        at = _after(raw, end)
    return found if raw[at:].strip() == b"}" else None


def _after(raw: bytes, end: int) -> int:
    """Behind the comma that follows, and the blanks around it."""
    found = _COMMA.match(raw, end)
    return found.end() if found else end


def _places(raw: bytes, at: int, sizes: list[int]) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    for size in sizes:
        at = _after(raw, at)
        starts.append(at)
        at += size
        ends.append(at)
    return starts, ends


def _canonical_place(canonical: bytes, at: int, wanted: str) -> int:
    """Where the value of a field starts. Raises KeyError where it is not there."""
    for name, value in _fields(canonical[at:]).items():
        at += 1 + len(orjson.dumps(name)) + 1
        if name == wanted:
            return at
        at += len(value)
    raise KeyError(wanted)


def splice(base: Text, outline: Outline, raw: bytes, prefix: int, suffix: int) -> Spliced | None:
    """A body that shares `prefix` first and `suffix` last bytes with another; None: it has to be read as a whole."""
    starts, ends, name = outline.starts, outline.ends, outline.name
    until = len(base.raw) - suffix
    if prefix < outline.start or until > outline.stop:
        return None
    first = bisect_right(ends, prefix)  # elements before it are wholly in the shared start, from `after` on in the end
    after = max(first, bisect_left(starts, until))
    count, more = len(starts), len(raw) - len(base.raw)
    at = ends[first - 1] if first else outline.start
    stop = starts[after] if after < count else outline.stop
    read = _read(raw[at : stop + more], first > 0, after < count)
    if read is None:
        return None
    new, sizes, written, doubles = read
    new_starts, new_ends = _places(raw, at, sizes)
    shared, canonical, canonical_ends = _joined(base.canonical, outline, first, after, written)
    listed = base.parsed[name]
    return Spliced(
        Text(raw, {**base.parsed, name: [*listed[:first], *new, *listed[after:]]}, canonical),
        Outline(
            name,
            outline.start,
            [*starts[:first], *new_starts, *_moved(starts[after:], more)],
            [*ends[:first], *new_ends, *_moved(ends[after:], more)],
            outline.stop + more,
            outline.canonical_start,
            canonical_ends,
        ),
        shared,
        doubles,
    )


def _read(middle: bytes, before: bool, behind: bool) -> tuple[list[Any], list[int], list[bytes], bool] | None:
    """The elements between others: what they are, their sizes, how they are written, whether a number was rewritten."""
    text = (b"[null" if before else b"[") + middle + (b"null]" if behind else b"]")
    first, last = 1 if before else 0, -1 if behind else None
    try:
        new = orjson.loads(text)[first:last]
        sizes = [len(piece) for piece in _elements(text)[first:last]]
        doubles = canon.has_integral_doubles(new)
        # as deep as they lie in the body: what is too deep for that has no canonical form
        written = [
            orjson.dumps([[element]], option=orjson.OPT_SORT_KEYS)[2:-2]
            for element in (canon.plain_numbers(new) if doubles else new)
        ]
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError, msgspec.MsgspecError):
        return None
    return new, sizes, written, doubles


def _joined(
    base: bytes, outline: Outline, first: int, after: int, written: list[bytes]
) -> tuple[int, bytes, list[int]]:
    """How much is the base's, the new canonical form, and where the elements end in it."""
    ends, start = outline.canonical_ends, outline.canonical_start
    at = ends[first - 1] if first else start
    behind = after < len(ends)
    stop = (ends[after - 1] + 1 if after else start) if behind else (ends[-1] if ends else start)
    pieces = [b"", *written] if first else [*written]
    if behind and (first or written):
        pieces.append(b"")
    between = b",".join(pieces)
    new_ends: list[int] = []
    end = at if first else at - 1
    for piece in written:
        end += 1 + len(piece)
        new_ends.append(end)
    moved = _moved(ends[after:], at + len(between) - stop)
    return at, b"".join((base[:at], between, base[stop:])), [*ends[:first], *new_ends, *moved]


def _moved(places: list[int], by: int) -> list[int]:
    return [place + by for place in places] if by else places
