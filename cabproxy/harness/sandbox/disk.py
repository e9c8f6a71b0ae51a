"""Ending a command that fills the disk: the scratch folders lie on the host's.

Looked at ten times a second, since room can be taken without a byte being written. What a command unlinked and holds
open counts too. What it took beyond its limit is given back at once: the host, the verifier and other cells need room.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from cabproxy.errors import SandboxError
from cabproxy.harness.sandbox.places import Places

POLL_S = 0.1
SPARE_MB = 256
"""So much is left free on the file system in any case."""
FILES = 1_000_000
"""Files and folders a command may make."""
SMALL = 1 << 20
"""Files below this size are left whole when room is given back."""
PUNCH_HOLE, KEEP_SIZE = 2, 1
Pids = Callable[[], Iterable[int]]


class Room(NamedTuple):
    """Room left on a file system for those who are not root; files None where it does not count them."""

    mb: int
    files: int | None


class Watch:
    """What the watch found: why the command was ended, and which of its files were emptied then.

    `elsewhere`: the disk ran full, and what this command took is not why.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self.elsewhere = False
        self.emptied: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises SandboxError where the command was ended for what others did."""
        if self.reason and self.elsewhere:
            raise SandboxError(self.reason)


@contextlib.asynccontextmanager
async def disk_watch(
    places: Places, limit_mb: int | None, stop: asyncio.Event | Callable[[], None], pids: Pids = tuple
) -> AsyncIterator[Watch]:
    """While open, sets (or calls) `stop` once the scratch folders hold more than the limit or the disk is nearly full.

    `pids` are the command's processes on this machine. The folders are only measured when the file system has lost room
    worth measuring; what is above the limit is given back when this is left.
    """
    watch = Watch()
    task = asyncio.create_task(_look(places.root, limit_mb, watch, stop, pids)) if limit_mb else None
    try:
        yield watch
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if watch.reason and limit_mb and not watch.elsewhere:
            watch.emptied = await asyncio.to_thread(give_back, places.root, limit_mb)


async def _look(root: Path, limit_mb: int, watch: Watch, stop: asyncio.Event | Callable[[], None], pids: Pids) -> None:
    measured_at = room(root)
    step = max(16, limit_mb // 8)
    while True:
        await asyncio.sleep(POLL_S)
        left = room(root)
        if left.mb < SPARE_MB < measured_at.mb:
            used = await asyncio.to_thread(taken_mb, root, pids)
            watch.elsewhere = used < limit_mb // 2
            watch.reason = f"the disk was nearly full: {left.mb} MB left, and its files took {used} MB"
        elif measured_at.mb - left.mb >= step or (measured_at.files or 0) - (left.files or 0) >= FILES // 8:
            measured_at = left
            watch.reason = await asyncio.to_thread(_excess, root, limit_mb, pids)
        if watch.reason:
            stop.set() if isinstance(stop, asyncio.Event) else stop()
            return


def _excess(root: Path, limit_mb: int, pids: Pids) -> str | None:
    used, count = usage(root)
    if used <= limit_mb:
        used += unlinked_mb(pids(), root)
    if used > limit_mb:
        return f"its files took {used} MB of disk, more than {limit_mb}"
    return f"it made {count} files, more than {FILES}" if count > FILES else None


def taken_mb(root: Path, pids: Pids) -> int:
    """What a tree and the files its processes unlinked take."""
    return usage(root)[0] + unlinked_mb(pids(), root)


def room(path: Path) -> Room:
    """What is left on the file system of a path."""
    info = os.statvfs(path)
    return Room(info.f_bavail * info.f_frsize >> 20, info.f_favail if info.f_files else None)


def usage(root: Path) -> tuple[int, int]:
    """(MB a tree takes on disk, entries in it); holes in files take nothing, links are not followed."""
    total = count = 0
    for info, _ in _below(root):
        total += info.st_blocks * 512
        count += 1
    return total >> 20, count


def unlinked_mb(pids: Iterable[int], root: Path) -> int:
    """What processes hold open on a tree's file system that has no name any more."""
    device = root.stat().st_dev
    found: dict[int, int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names alone
                with contextlib.suppress(OSError):
                    info = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116 - follows, without asking twice
                    if info.st_nlink == 0 and info.st_dev == device and stat.S_ISREG(info.st_mode):
                        found[info.st_ino] = info.st_blocks * 512
    return sum(found.values()) >> 20


def give_back(root: Path, limit_mb: int) -> tuple[str, ...]:
    """Makes holes of the largest files until the tree takes half its limit; their names and sizes stay as they are.

    Returns their paths below the root.
    """
    files = sorted(
        ((info.st_blocks * 512, path) for info, path in _below(root) if stat.S_ISREG(info.st_mode)), reverse=True
    )
    over = sum(size for size, _ in files) - (limit_mb << 20) // 2
    emptied = []
    for size, path in files:
        if over <= 0 or size < SMALL:
            break
        if _emptied(path):
            over -= size
            emptied.append(os.fsdecode(os.path.relpath(path, root)))
    return tuple(emptied)


def _emptied(path: str) -> bool:
    """Whether a file's content could be given back to the disk."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_nlink != 1:
            return False
        libc = ctypes.CDLL(None, use_errno=True)
        size = ctypes.c_int64(max(info.st_size, info.st_blocks * 512))
        if libc.fallocate(descriptor, PUNCH_HOLE | KEEP_SIZE, ctypes.c_int64(0), size) != 0:
            os.ftruncate(descriptor, 0)
            os.ftruncate(descriptor, info.st_size)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _below(root: Path) -> Iterable[tuple[os.stat_result, str]]:
    """Everything in a tree, as (stat, path)."""
    pending = [os.fspath(root)]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    yield entry.stat(follow_symlinks=False), entry.path
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
