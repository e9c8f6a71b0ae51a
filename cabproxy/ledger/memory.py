"""Memory and room on the disk, for processes that take in and let go of bodies all day: what Python has no name for."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
KEPT_BYTES = 32 << 20
LARGE_BYTES = 16 << 20
PAD_BYTES = 1 << 20


def keep_freed() -> None:
    """From now on memory that was freed is kept for the next body, up to KEPT_BYTES of it, and bodies below LARGE_BYTES
    come from it. By default each body's pages are given back when it is let go of, and the next one's have to be
    fetched and zeroed anew, one fault for each: for 20 KB that takes as long as nginx does for half a call.

    For the whole process; does nothing where the C library has no such setting. The collector of cycles, of which
    these processes make next to none, looks for them less often.
    """
    gc.set_threshold(20_000, 20, 20)
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_TOP_PAD, PAD_BYTES)


def reserve(descriptor: int, at: int, size: int) -> None:
    """Room for `size` bytes of a file from `at` on, whose length stays as it is; nothing where that cannot be had."""
    if _fallocate is not None:
        _fallocate(descriptor, _KEEP_SIZE, at, size)


def _find_fallocate() -> Callable[[int, int, int, int], int] | None:
    try:
        found = ctypes.CDLL(None).fallocate
    except (OSError, AttributeError, TypeError):
        return None
    found.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    found.restype = ctypes.c_int
    return found


_KEEP_SIZE = 1
_fallocate = _find_fallocate() if sys.platform == "linux" and sys.maxsize > 1 << 32 else None
