"""The reference solution of a task as edits: solution/solve.sh run on a scratch copy of the work tree."""

from __future__ import annotations

import functools
import importlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from cabproxy.errors import UserError
from cabproxy.taskkit.globs import matches
from cabproxy.taskkit.task import FileEdit, Task

SOLVE_LIMIT_S = 120.0
_COPY = 'cp -R "$here/app/." .\n'
_COPY_IF_THERE = 'if [ -d "$here/app" ]; then cp -R "$here/app/." .; fi\n'
_HEAD = (Path(__file__).parent / "template" / "solve.sh").read_text(encoding="utf-8").removesuffix(_COPY)
_REMOVAL = re.compile(r"rm -f -- (?:\./[\w@%+=:,./-]+|'\./[^'\n]*')")
ISOLATED = "cabproxy.harness.solve:solve"
"""What runs a script in a sandbox, as (task, tree) -> None: its absolute paths mean a container's, and others may have
written it. Named by its path, since this room lies below the harness."""


def reference_edits(task: Task) -> tuple[FileEdit, ...]:
    """What solution/solve.sh changes, file by file in path order. UserError where it is missing or fails.

    A script of one's own runs with the scratch copy as its current directory and as $CAB_WORKDIR; that of an imported
    task runs in a sandbox, where the copy lies at the task's workdir, unless it only lays files over the tree. Build
    products are left out.
    """
    if not has_solution(task):
        raise UserError(f"{task.path / 'solution' / 'solve.sh'}: the task has no reference solution; write one")
    if task.in_image is not None:
        raise UserError(
            f"{task.task_id}: {task.in_image}: puts files of the work tree into the image alone; run it with --sandbox "
            "docker, which takes them out"
        )
    return _edits(_Known(task))


def has_solution(task: Task) -> bool:
    """Whether there is a reference solution."""
    return (task.path / "solution" / "solve.sh").is_file()


def is_portable(script: Path) -> bool:
    """Whether a script of a task knows where the work tree lies: it is written for any place, not for one container."""
    try:
        return b"CAB_WORKDIR" in script.read_bytes()
    except OSError:
        return False


def _may_run_here(task: Task, script: Path) -> bool:
    """Whether a script runs as this user: one that only lays files over the tree, or one of a task of one's own."""
    if _lays_files(script):
        return True
    foreign = task.cab.origin is not None or bool(task.derived)
    return is_portable(script) and not foreign


def _lays_files(script: Path) -> bool:
    """Whether it is the script of our template: it copies, and then at most removes files of the tree by name."""
    text = script.read_text(encoding="utf-8", errors="replace")
    for copies in (_COPY, _COPY_IF_THERE):
        if text.startswith(_HEAD + copies):
            rest = text[len(_HEAD + copies) :].splitlines()
            return all(_REMOVAL.fullmatch(line) and ".." not in line.split("/") for line in rest)
    return False


def names_container(script: Path, workdir: str) -> bool:
    """Whether a script goes by a container's own paths, which a sandbox then has to have."""
    if is_portable(script) or not script.is_file():
        return False
    text = script.read_text(encoding="utf-8", errors="replace")
    return any(place in text for place in (workdir, "/tests", "/logs", "/solution"))


class _Known:
    """A task as a key: the same directory with the same content has the same edits."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.key = (task.path, task.digest, task.cab.source, task.cab.build_products)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@functools.lru_cache(maxsize=64)
def _edits(known: _Known) -> tuple[FileEdit, ...]:
    task = known.task
    script = task.path / "solution" / "solve.sh"
    with tempfile.TemporaryDirectory(prefix="cab-solve-") as scratch:
        tree = Path(scratch) / "app"
        copy_tree(task.source_dir, tree)
        before = _texts(tree, task)
        if _may_run_here(task, script):
            _solve(script, tree, Path(scratch))
        else:
            module, _, name = ISOLATED.partition(":")
            getattr(importlib.import_module(module), name)(task, tree)
        after = _texts(tree, task)
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    return tuple(_edit(path, before.get(path), after.get(path)) for path in changed)


def copy_tree(source: Path, target: Path) -> None:
    """The work tree as the agent gets it: links kept as links, no leftovers of tools."""
    if not source.is_dir():
        raise UserError(f"{source}: the task's work tree is not there; metadata.cab.source names its folder")
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))


def _solve(script: Path, tree: Path, scratch: Path) -> None:
    home = scratch / "home"
    home.mkdir()
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8", "CAB_WORKDIR": str(tree)}
    try:
        done = subprocess.run(
            ["bash", str(script)],
            cwd=tree,
            env=env,
            capture_output=True,
            timeout=SOLVE_LIMIT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{script}: not done after {SOLVE_LIMIT_S:.0f} s; a solution only writes its edits") from None
    if done.returncode != 0:
        tail = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise UserError(f"{script}: ended with {done.returncode} ({tail}); mend the reference solution")


def _texts(tree: Path, task: Task) -> dict[str, tuple[bytes, bool]]:
    found = {}
    for folder, _, names in os.walk(tree):
        for name in names:
            path = Path(folder) / name
            relative = path.relative_to(tree).as_posix()
            if (
                path.is_file()
                and not path.is_symlink()
                and not matches(relative, (*task.cab.build_products, "__pycache__"), anywhere=True)
            ):
                found[relative] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def _edit(path: str, before: tuple[bytes, bool] | None, after: tuple[bytes, bool] | None) -> FileEdit:
    return FileEdit(
        path=path,
        before=_text(path, before),
        after=_text(path, after),
        executable=after is not None and after[1],
        was_executable=before is not None and before[1],
    )


def _text(path: str, entry: tuple[bytes, bool] | None) -> str | None:
    if entry is None:
        return None
    try:
        return entry[0].decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path}: the reference solution changes a file that is not UTF-8; keep to text") from None
