"""A manifest of a work tree: what is there, by path, kind, mode, size, digest and link target.

Made by os.scandir without following a link, opening a device or running a program of the tree: an agent may have left
loops, FIFOs, deep or unreadable folders, names that are not UTF-8, or sparse giants. `.git` at the root is left out.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

HASH_LIMIT = 256 * 1024 * 1024
"""Files above this apparent size are compared by size and clocks, and their digest is unknown."""
ENTRY_LIMIT = 1_000_000
DEPTH_LIMIT = 200
CLOCK_GRAIN_NS = 20_000_000
"""Coarsest step of a file system's change clock; what changed later than this before a snapshot is hashed again."""

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFLNK: "symlink",
    stat.S_IFDIR: "dir",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


class Entry(NamedTuple):
    """One path. `sha256` is tagged and None for what is not a file, unreadable or above HASH_LIMIT."""

    kind: str  # file | symlink | dir | fifo | device | socket
    mode: int
    size: int
    sha256: str | None
    target: str | None
    identity: tuple[int, int, int]  # inode, mtime_ns, ctime_ns

    def same(self, other: Entry) -> bool:
        """Whether nothing a record shows differs; folders are compared by mode alone."""
        if (self.kind, self.mode, self.target) != (other.kind, other.mode, other.target):
            return False
        if self.kind != "file":
            return True
        if self.sha256 is None or other.sha256 is None:
            return self.size == other.size and self.identity == other.identity
        return self.sha256 == other.sha256


class Manifest(NamedTuple):
    """All entries by relative posix path (surrogateescape), and what could not be looked at."""

    entries: dict[str, Entry]
    taken_wall_ns: int
    problems: tuple[str, ...]


def take(root: Path, earlier: Manifest | None = None) -> Manifest:
    """The manifest of `root`. With `earlier`, a file whose inode, size and clocks have not moved keeps its digest.

    Only the kernel sets the change clock, so a process in the tree cannot hide an edit behind an old mtime.
    """
    taken = time.time_ns()
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    trusted = earlier.taken_wall_ns - CLOCK_GRAIN_NS if earlier else 0
    known = earlier.entries if earlier else {}
    if root.is_symlink() or not root.is_dir():
        return Manifest({}, taken, ("the work tree is no folder any more",))
    pending = [("", os.fspath(root), 0)]
    while pending:
        prefix, folder, depth = pending.pop()
        for found in _scan(folder, prefix, problems):
            path = prefix + found.name
            if path == ".git":
                continue
            entry = _entry(found, path, known.get(path), trusted, problems)
            if entry is None:
                continue
            if len(entries) >= ENTRY_LIMIT:
                problems.append(f"more than {ENTRY_LIMIT} entries: the rest is not looked at")
                return Manifest(entries, taken, tuple(problems))
            entries[path] = entry
            if entry.kind == "dir" and depth < DEPTH_LIMIT:
                pending.append((path + "/", found.path, depth + 1))
            elif entry.kind == "dir":
                problems.append(f"{path[:80]}…: deeper than {DEPTH_LIMIT} folders")
    return Manifest(entries, taken, tuple(problems[:100]))


def _scan(folder: str, prefix: str, problems: list[str]) -> list[os.DirEntry[str]]:
    """The entries of a folder; one whose owner took away its own right to read gets it back for the look."""
    for attempt in (1, 2):
        try:
            with os.scandir(folder) as found:
                return list(found)
        except PermissionError:
            if attempt == 2 or not _open_up(folder):
                problems.append(f"{prefix or '.'}: not readable")
                return []
        except OSError as error:
            problems.append(f"{prefix[:80] or '.'}: {error.strerror}")
            return []
    return []


def _open_up(folder: str) -> bool:
    try:
        Path(folder).chmod(0o700)
    except OSError:
        return False
    return True


def _entry(found: os.DirEntry[str], path: str, known: Entry | None, trusted: int, problems: list[str]) -> Entry | None:
    try:
        info = found.stat(follow_symlinks=False)
        identity = (info.st_ino, info.st_mtime_ns, info.st_ctime_ns)
        if known is not None and known.identity == identity and info.st_ctime_ns < trusted and known.sha256 is not None:
            return known  # whatever changes mode, size or content moves that clock
        kind = _KINDS.get(stat.S_IFMT(info.st_mode), "device")
        mode = stat.S_IMODE(info.st_mode)
        if kind == "file":
            digest = _digest(found.path, info, path, problems)
            return Entry(kind, mode, info.st_size, digest, None, identity)
        target = os.readlink(found.path) if kind == "symlink" else None  # noqa: PTH115 - a raw string, not a Path
        return Entry(kind, mode, info.st_size if kind == "symlink" else 0, None, target, identity)
    except OSError as error:
        problems.append(f"{path[:200]}: {error.strerror}")
        return None


def _digest(path: str, info: os.stat_result, name: str, problems: list[str]) -> str | None:
    if info.st_size > HASH_LIMIT:
        problems.append(f"{name[:200]}: {info.st_size} bytes, not hashed")
        return None
    try:
        descriptor = _open(path)
        try:
            if info.st_size <= 1 << 20:
                return "sha256:" + hashlib.sha256(_whole(descriptor, info.st_size)).hexdigest()
            with os.fdopen(os.dup(descriptor), "rb", buffering=0) as stream:
                return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
        finally:
            os.close(descriptor)
    except OSError as error:
        problems.append(f"{name[:200]}: {error.strerror}")
        return None


def _open(path: str) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except PermissionError:
        before = os.lstat(path).st_mode
        os.chmod(path, 0o600, follow_symlinks=True)  # noqa: PTH101 - its kind was looked at just before
        try:
            return os.open(path, flags)
        finally:
            os.chmod(path, stat.S_IMODE(before))  # noqa: PTH101


def _whole(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size + 1)
    if len(data) <= size:
        return data  # a regular file gives less than it is asked for only at its end
    while more := os.read(descriptor, 1 << 20):
        data += more
    return data
