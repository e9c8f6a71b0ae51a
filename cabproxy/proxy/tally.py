"""An account that the workers of one server share: what each has spent and under way, in a file that all have mapped.

A file is made for each account. Its first row holds what was spent before, each other row belongs to one worker, which
alone writes it. The file's lock is held while a row is written, and from the look at all of them until a call that they
allow is let through: so no two workers let one through where only one may.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from cabproxy.config import Share
from cabproxy.errors import CabError

_ROW = struct.Struct("<6q")
_BILLION = 1_000_000_000
_MOST = (1 << 63) - 1


class Row(NamedTuple):
    """What came of one worker's calls; tokens and cost with what is under way."""

    calls: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)  # to a billionth
    under_way: int = 0
    unpriced: bool = False  # something whose cost is not known


class Tally:
    """One account as one worker sees it. Raises CabError where the file cannot be made."""

    def __init__(self, share: Share, account: str) -> None:
        name = hashlib.sha256(account.encode()).hexdigest()[:32]
        size = _ROW.size * (share.workers + 1)
        try:
            self._fd = os.open(share.folder / f"{name}.tally", os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(self._fd, size)
            self._rows = mmap.mmap(self._fd, size)
        except OSError as error:
            raise CabError(f"{share.folder}: what workers share cannot be kept there: {error.strerror}") from error
        self._own = share.worker + 1
        self._count = share.workers + 1

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """No other worker reads or writes meanwhile."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def begin(self, spent: Row) -> None:
        """What was spent before any worker served it; only the first one's word counts."""
        with self.locked():
            if not _ROW.unpack_from(self._rows, 0)[0]:
                self._put(0, spent)

    def put(self, row: Row) -> None:
        """This worker's row; under the lock."""
        self._put(self._own, row)

    def others(self) -> Row:
        """What was spent before, and by the others, together."""
        rows = [_ROW.unpack_from(self._rows, at * _ROW.size) for at in range(self._count) if at != self._own]
        _, calls, tokens, billionths, under_way, unpriced = map(sum, zip(*rows, strict=True))
        return Row(calls, tokens, Decimal(billionths) / _BILLION, under_way, bool(unpriced))

    def _put(self, at: int, row: Row) -> None:
        billionths = int(row.cost_usd * _BILLION)
        values = (1, row.calls, row.tokens, billionths, row.under_way, row.unpriced)
        # an endpoint may report any number: what has no place here is beyond every limit as it is
        _ROW.pack_into(self._rows, at * _ROW.size, *(min(value, _MOST) for value in values))

    def close(self) -> None:
        """Lets the file go."""
        self._rows.close()
        os.close(self._fd)
