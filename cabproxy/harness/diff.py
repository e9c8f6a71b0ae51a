"""What differs between two manifests, as records, and as the text of a patch."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple

from cabproxy.harness import lines
from cabproxy.harness.snapshot import Entry, Manifest
from cabproxy.ledger.record import ChangeKind, FileChange

TEXT_LIMIT = 4 * 1024 * 1024
"""Files above this size are not compared line by line."""
PATCH_LIMIT = 2 * 1024 * 1024


class Change(NamedTuple):
    """One path that differs, before it is classified; paths with surrogateescape."""

    path: str
    change: ChangeKind
    before: Entry | None
    after: Entry | None
    renamed_from: str | None = None


def compare(before: Manifest, after: Manifest) -> list[Change]:
    """All changes in path order; a file that moved unchanged is one rename; folders count only where they are empty."""
    added, changes = [], []
    for path, new in after.entries.items():
        old = before.entries.get(path)
        if old is None:
            added.append(Change(path, "added", None, new))
        elif old is not new and old != new and not old.same(new):  # what has not moved its clocks is soonest told
            changes.append(Change(path, "modified" if old.kind == new.kind else "retyped", old, new))
    gone = before.entries.keys() - after.entries.keys()
    removed = [Change(path, "removed", before.entries[path], None) for path in gone]
    if added or removed:
        changes += _renames(_without_full_folders(added, after), _without_full_folders(removed, before))
    return sorted(changes, key=lambda change: change.path)


def _without_full_folders(changes: list[Change], manifest: Manifest) -> list[Change]:
    parents = {path.rpartition("/")[0] for path in manifest.entries}
    return [
        change
        for change in changes
        if (change.after or change.before).kind != "dir" or change.path not in parents  # type: ignore[union-attr]
    ]


def _renames(added: list[Change], removed: list[Change]) -> list[Change]:
    gone: dict[str, list[Change]] = {}
    for change in sorted(removed, key=lambda change: change.path, reverse=True):
        if change.before and change.before.sha256 and change.before.size:
            gone.setdefault(change.before.sha256, []).append(change)
    out, matched = [], set()
    for change in sorted(added, key=lambda change: change.path):
        candidates = gone.get((change.after.sha256 if change.after else None) or "", [])
        if not candidates:
            out.append(change)
            continue
        source = candidates.pop()
        matched.add(source.path)
        out.append(Change(change.path, "renamed", source.before, change.after, source.path))
    return out + [change for change in removed if change.path not in matched]


def record(change: Change, run_id: str, before_root: Path, after_root: Path) -> FileChange:
    """The change as the ledger keeps it, lines counted; its class is still open."""
    old, new = _contents(change, before_root, after_root)
    text = old is not None and new is not None and not (lines.is_binary(old) or lines.is_binary(new))
    counted = lines.count(old, new) if text and old is not None and new is not None else (None, None)
    before, after = change.before, change.after
    known = old is not None and new is not None
    return FileChange(
        run_id=run_id,
        path=recorded_path(change.path),
        change=change.change,
        renamed_from=recorded_path(change.renamed_from) if change.renamed_from else None,
        before_type=before.kind if before else None,
        after_type=after.kind if after else None,
        before_sha256=before.sha256 if before else None,
        after_sha256=after.sha256 if after else None,
        before_mode=before.mode if before else None,
        after_mode=after.mode if after else None,
        before_size=before.size if before else None,
        after_size=after.size if after else None,
        binary=not text if known else None,
        lines_added=counted[0],
        lines_removed=counted[1],
    )


def recorded_path(path: str) -> str:
    """A path as text: bytes that are not UTF-8 percent-encoded, and then every `%` too."""
    raw = path.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        escaped = path.replace("%", "%25")
        return "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in escaped)


def patch(changes: list[Change], before_root: Path, after_root: Path) -> tuple[bytes, int]:
    """A unified diff in git's form of all changes, bounded to PATCH_LIMIT bytes; with its size before the cut."""
    kept: list[bytes] = []
    size = room = 0
    for change in changes:
        text = _section(change, before_root, after_root)
        size += len(text)
        room += len(text)
        if room <= PATCH_LIMIT:
            kept.append(text)
    return b"".join(kept), size


def _section(change: Change, before_root: Path, after_root: Path) -> bytes:
    name = _quoted(change.path)
    source = _quoted(change.renamed_from) if change.renamed_from else name
    head = b"diff --git a/%s b/%s\n" % (source, name) + _mode_lines(change)
    if change.renamed_from:
        head += b"rename from %s\nrename to %s\n" % (source, name)
    old, new = _contents(change, before_root, after_root)
    if old is None or new is None:
        return head + b"Contents not shown\n"
    if lines.is_binary(old) or lines.is_binary(new):
        return head + (b"" if old == new else b"Binary files a/%s and b/%s differ\n" % (source, name))
    hunks = lines.unified(old, new)
    if not hunks:
        return head
    left = b"/dev/null" if change.before is None else b"a/" + source
    right = b"/dev/null" if change.after is None else b"b/" + name
    return head + b"--- %s\n+++ %s\n" % (left, right) + hunks


def _mode_lines(change: Change) -> bytes:
    if change.before is None:
        return b"new file mode %s\n" % _git_mode(change.after)
    if change.after is None:
        return b"deleted file mode %s\n" % _git_mode(change.before)
    if _git_mode(change.before) == _git_mode(change.after):
        return b""
    return b"old mode %s\nnew mode %s\n" % (_git_mode(change.before), _git_mode(change.after))


def _git_mode(entry: Entry | None) -> bytes:
    if entry is None or entry.kind not in ("file", "symlink"):
        return (entry.kind if entry else "none").encode()
    if entry.kind == "symlink":
        return b"120000"
    return b"100755" if entry.mode & 0o100 else b"100644"


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    return raw.replace(b"\\", b"\\\\").replace(b"\n", b"\\n") if b"\n" in raw else raw


def _contents(change: Change, before_root: Path, after_root: Path) -> tuple[bytes | None, bytes | None]:
    source = change.renamed_from or change.path
    return _content(change.before, before_root / source), _content(change.after, after_root / change.path)


def _content(entry: Entry | None, path: Path) -> bytes | None:
    """The bytes a diff compares: a link's target, a file's content; None where they are too many or not to be had."""
    if entry is None or entry.kind not in ("file", "symlink"):
        return b""
    if entry.kind == "symlink":
        return (entry.target or "").encode("utf-8", "surrogateescape")
    if entry.size > TEXT_LIMIT:
        return None
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        return path.read_bytes()
    except OSError:
        return None
