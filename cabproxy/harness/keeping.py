"""Keeping an agent's tree for a look: what is in it may be anything, so it is copied with bounds."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

FILE_LIMIT = 64 * 1024 * 1024
ENTRIES = 200_000
DEPTH = 200


def keep_tree(source: Path, target: Path) -> int:
    """Copies folders, files up to FILE_LIMIT and links as they are; returns how many entries were left out."""
    target.mkdir(parents=True, exist_ok=True)
    left_out = looked_at = 0
    pending = [("", 0)]
    while pending:
        prefix, depth = pending.pop()
        try:
            with os.scandir(source / prefix) as found:
                entries = list(found)
        except OSError:
            left_out += 1
            continue
        for entry in entries:
            looked_at += 1
            if looked_at > ENTRIES or not _kept(entry, target / prefix / entry.name):
                left_out += 1
            elif entry.is_dir(follow_symlinks=False):
                if depth < DEPTH:
                    pending.append((f"{prefix}{entry.name}/", depth + 1))
                else:
                    left_out += 1
    return left_out


def _kept(entry: os.DirEntry[str], target: Path) -> bool:
    try:
        info = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(info.st_mode):
            target.mkdir()
        elif stat.S_ISLNK(info.st_mode):
            target.symlink_to(os.readlink(entry.path))  # noqa: PTH115 - a raw string, not a Path
        elif stat.S_ISREG(info.st_mode) and info.st_size <= FILE_LIMIT:
            shutil.copy2(entry.path, target, follow_symlinks=False)
        else:
            return False
    except OSError:
        return False
    return True
