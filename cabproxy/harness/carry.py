"""The tree the verifier gets: the clean task tree plus the agent's changes that may count."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cabproxy.harness.allowed import allowed
from cabproxy.harness.diff import Change, recorded_path
from cabproxy.harness.hooks import EVERYTHING, is_hook, shadows_standard_library, steers
from cabproxy.ledger.record import ChangeClass
from cabproxy.taskkit.globs import matches
from cabproxy.taskkit.solution import copy_tree
from cabproxy.taskkit.task import Task

FILE_LIMIT = 64 * 1024 * 1024
TOTAL_LIMIT = 512 * 1024 * 1024


class Carried(NamedTuple):
    """What was laid onto the clean tree, and what was left behind and why; paths as recorded."""

    applied: tuple[str, ...]
    dropped: dict[str, str]


def carry(
    task: Task,
    changes: Iterable[tuple[Change, ChangeClass]],
    agent_tree: Path,
    target: Path,
    exempt: Iterable[str] = (),
) -> Carried:
    """Makes `target`: the task's own tree with the countable changes from `agent_tree`.

    Left behind are protected files, planted hooks, changed project files the task does not name, agent state, build
    products, links out of the tree, special files and giants. `exempt` are patterns carried in any case.
    """
    copy_tree(task.source_dir, target)
    applied: list[str] = []
    dropped: dict[str, str] = {}
    room = TOTAL_LIMIT
    wanted = []
    for change, class_ in changes:
        reason = refusal(change, class_, task, exempt)
        if reason is None and (size := change.after.size if change.after else 0) > room:
            reason = f"more than {TOTAL_LIMIT} bytes in all"
        elif reason is None:
            room -= size
        if reason is None:
            wanted.append(change)
        else:
            dropped[recorded_path(change.path)] = reason
    for change in sorted(wanted, key=lambda change: change.path, reverse=True):
        _remove(target, change)
    inside = _Inside(target)
    for change in sorted(wanted, key=lambda change: change.path):
        error = _lay(agent_tree, target, change, inside)
        if error is None:
            applied.append(recorded_path(change.path))
        else:
            dropped[recorded_path(change.path)] = error
    return Carried(tuple(applied), dropped)


def refusal(change: Change, class_: ChangeClass, task: Task, exempt: Iterable[str] = ()) -> str | None:
    """Why a change must not reach the verifier; None where it may."""
    kind = change.after.kind if change.after else "none"
    if kind not in ("none", "file", "symlink", "dir"):
        return f"a {kind}"
    if change.before and change.before.kind == "dir" and kind not in ("none", "dir"):
        return "replaces a folder"
    if change.after and change.after.size > FILE_LIMIT:
        return f"more than {FILE_LIMIT} bytes"
    if matches(change.path, exempt):
        return None
    if class_ in ("test_tampering", "escaped", "agent_state", "build_product"):
        return class_.replace("_", " ")
    if is_hook(change.path) and steers(change.path, allowed(task)):
        return "steers how tests are run"
    if change.before is None and shadows_standard_library(change.path):
        may = [pattern for pattern in allowed(task) if pattern != EVERYTHING]
        return None if change.path in may or matches(change.path, may) else "shadows the standard library"
    return None


def _remove(target: Path, change: Change) -> None:
    """Takes away what the change replaces, so that nothing is ever written through a link of the clean tree."""
    for name in (change.path, change.renamed_from):
        if name is None or (name == change.path and change.before is None):
            continue
        path = target / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir() and change.after is None and not any(path.iterdir()):
            path.rmdir()


class _Inside:
    """Whether folders of a tree lie in it, links followed; each is looked at once, after what replaces it was laid."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree.resolve()
        self._known: dict[Path, bool] = {}

    def has(self, folder: Path) -> bool:
        """Makes the folder where it lies inside."""
        if folder not in self._known:
            self._known[folder] = folder.resolve().is_relative_to(self._tree)
            if self._known[folder]:
                folder.mkdir(parents=True, exist_ok=True)
        return self._known[folder]


def _lay(source: Path, target: Path, change: Change, inside: _Inside) -> str | None:
    entry = change.after
    if entry is None:
        return None
    path = target / change.path
    try:
        if not inside.has(path.parent):
            return "below a link out of the tree"
        if entry.kind == "dir":
            path.mkdir(exist_ok=True)
        elif entry.kind == "symlink":
            path.unlink(missing_ok=True)
            path.symlink_to(entry.target or "")
        else:
            path.unlink(missing_ok=True)
            _copy(source / change.path, path)
            path.chmod(0o755 if entry.mode & 0o100 else 0o644)
    except OSError as error:
        return f"cannot be carried: {error.strerror}"
    return None


def _copy(source: Path, target: Path) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(source, flags), "rb") as reader, target.open("xb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
