"""Masking: what is secret is starred out, at the same length, before its bytes reach the spool.

Secrets are the run keys by their pattern, the endpoint's key, what the client sent as its own credential, and values
the server was told of. In headers and queries they are masked by place, in bodies by value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cabproxy.proxy.scan import SHORT, holds

RUN_KEY = re.compile(rb"cabk_[A-Za-z0-9_-]{43}")
_RUN_KEY_START = b"cabk_"
_RUN_KEY_SIZE = 48
_KEY_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

CREDENTIAL_HEADERS = frozenset(
    {b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"proxy-authorization", b"cookie", b"set-cookie"}
)
_QUERY_SECRET = re.compile(rb"((?:^|[?&])(?:key|api[_-]?key|access_token|token)=)([^&]+)", re.I)
_SCHEME = re.compile(rb"(?:Bearer|Basic|Token|Digest|ApiKey)\s+", re.I)


def stars(value: bytes) -> bytes:
    """As many stars as there were bytes."""
    return b"*" * len(value)


def looks_secret(value: bytes) -> bool:
    """Whether a client's credential is worth looking for in bodies: people also send `dummy` and `not-needed`."""
    if len(value) >= 20:
        return True
    return len(value) >= 8 and any(byte in b"0123456789" for byte in value)


def mask_header(name: bytes, value: bytes) -> bytes:
    """A header's value as it may be recorded: credentials starred out, the scheme before them kept."""
    if name.lower() not in CREDENTIAL_HEADERS:
        return value
    scheme = _SCHEME.match(value)
    kept = scheme.group() if scheme else b""
    return kept + stars(value[len(kept) :])


def mask_query(target: bytes) -> bytes:
    """A request target with the credentials in its query starred out."""
    if b"=" not in target:
        return target
    return _QUERY_SECRET.sub(lambda match: match[1] + stars(match[2]), target)


class SecretSet:
    """Values to mask, prepared once and used for many bodies."""

    __slots__ = ("_last_bytes", "_needles")

    def __init__(self, values: Iterable[bytes]) -> None:
        # Longest first: one secret may contain another.
        self._needles = tuple(sorted({value for value in values if value}, key=lambda value: (-len(value), value)))
        self._last_bytes = _KEY_BYTES.union(*self._needles) if self._needles else _KEY_BYTES

    def extended(self, value: bytes) -> SecretSet:
        """This set and one value more."""
        return SecretSet((*self._needles, value))

    def mask(self, data: bytes) -> tuple[bytes, int]:
        """(data with every whole secret starred out, how many there were)."""
        count = 0
        for needle in self._needles:
            if holds(data, needle):
                count += data.count(needle)
                data = data.replace(needle, stars(needle))
        if holds(data, _RUN_KEY_START):
            data, more = RUN_KEY.subn(lambda match: stars(match.group()), data)
            count += more
        return data, count

    def clean(self, data: bytes) -> bool:
        """Whether nothing of a secret is in it, at its end neither: it may be recorded as it is."""
        if data and data[-1] in self._last_bytes and self.open_end(data):
            return False
        if len(data) < SHORT:  # an event of a stream: most of what passes
            for needle in self._needles:
                if needle in data:
                    return False
            return data.rfind(_RUN_KEY_START) < 0 or RUN_KEY.search(data) is None
        for needle in self._needles:
            if holds(data, needle):
                return False
        return not holds(data, _RUN_KEY_START) or RUN_KEY.search(data) is None

    def open_end(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret whose rest is still to come."""
        if not data or data[-1] not in self._last_bytes:
            return 0
        longest = _open_run_key(data)
        for needle in self._needles:
            for size in range(min(len(needle) - 1, len(data)), longest, -1):
                if data.endswith(needle[:size]):
                    longest = size
                    break
        return longest


def _open_run_key(data: bytes) -> int:
    at = data.rfind(_RUN_KEY_START, max(0, len(data) - _RUN_KEY_SIZE + 1))
    if at >= 0 and all(byte in _KEY_BYTES for byte in data[at:]):
        return len(data) - at
    for size in range(len(_RUN_KEY_START) - 1, 0, -1):
        if data.endswith(_RUN_KEY_START[:size]):
            return size
    return 0


class MaskStream:
    """Masks a body that comes in pieces; a secret split over them is found too, by holding its beginning back."""

    __slots__ = ("_held", "_set", "count")

    def __init__(self, secrets: SecretSet) -> None:
        self._set = secrets
        self._held = b""
        self.count = 0

    def feed(self, data: bytes) -> bytes:
        """What of the body may be recorded now; may be shorter than what came, the rest follows."""
        if self._held:
            data = self._held + data
            self._held = b""
        data, found = self._set.mask(data)
        self.count += found
        open_end = self._set.open_end(data)
        if open_end:
            self._held = data[-open_end:]
            data = data[:-open_end]
        return data

    def close(self) -> bytes:
        """The body ended: what was held back was no secret after all."""
        rest, self._held = self._held, b""
        return rest
