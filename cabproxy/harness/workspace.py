"""The agent's work tree and home before and after it runs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cabproxy.agents.base import Agent
from cabproxy.agents.cache import cache_dir
from cabproxy.agents.plugin import Plugin, check_fit
from cabproxy.errors import SandboxError, UserError
from cabproxy.harness import repository
from cabproxy.harness.reports import read_file
from cabproxy.taskkit.globs import matches
from cabproxy.taskkit.solution import copy_tree
from cabproxy.taskkit.task import Task

HOME_FILES = 2000
HOME_DEPTH = 64
HOME_FILE_LIMIT = 4 * 1024 * 1024
HOME_TOTAL_LIMIT = 48 * 1024 * 1024
_GIT_ENV = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "CodingAgentBench",
    "GIT_AUTHOR_EMAIL": "task@codingagentbench.invalid",
    "GIT_COMMITTER_NAME": "CodingAgentBench",
    "GIT_COMMITTER_EMAIL": "task@codingagentbench.invalid",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


def prepare(task: Task, target: Path, more: Mapping[str, str] | None = None) -> bool:
    """Makes the agent's tree: the task's files as the one commit of a fresh repository. Returns whether git was there.

    `more` are instructions laid into the tree beforehand (path -> text), appended where the task has such a file.
    Author and date are fixed, so that the same task gives the same commit; its history holds nothing but the task.
    """
    copy_tree(task.source_dir, target)
    for name, text in (more or {}).items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(("\n" if path.stat().st_size else "") + text)
    git = shutil.which("git")
    if git is None:
        return False
    kept = cache_dir() / "git" / repository_key(git, task.tree_key, more or {})
    if not repository.lay(kept, target / ".git"):
        _commit(git, target)
        repository.keep(target / ".git", kept)
    return True


def repository_key(git: str, tree: str, more: Mapping[str, str]) -> str:
    """What decides a fresh repository's bytes: the git that makes it, and what is committed."""
    info = Path(git).stat()
    parts = (repository.FORMAT, git, info.st_size, info.st_mtime_ns, tree, sorted(more.items()))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _commit(git: str, target: Path) -> None:
    steps = (("init", "-q", "-b", "main"), ("add", "-A", "-f"), ("commit", "-q", "--no-verify", "-m", "The task"))
    for step in steps:
        env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(target), **_GIT_ENV}
        done = subprocess.run([git, *step], cwd=target, env=env, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()[-200:]
            raise SandboxError(f"git {step[0]} in the work tree ended with {done.returncode}: {said}")


def instructions(task: Task, plugins: Sequence[Plugin], agent: Agent) -> dict[str, str]:
    """What plugins lay into the work tree. UserError where that would change what the task asks for or protects, or the
    agent has no place for what a plugin gives it."""
    found: dict[str, str] = {}
    for plugin in plugins:
        files = dict(plugin.work_files)
        check_fit(plugin, agent)
        if plugin.instructions:
            own: str = agent.instructions_file  # type: ignore[attr-defined]  # it fits, so there is one
            files[own] = files.get(own, "") + plugin.instructions
        for name, text in files.items():
            if matches(name, (*task.cab.required, *task.cab.protected, *task.cab.refusal_documents)):
                raise UserError(f"plugin {plugin.name}: {name} belongs to {task.task_id} itself; use another file")
            found[name] = found.get(name, "") + text
    return found


def write_home(home: Path, files: Mapping[str, str]) -> None:
    """Puts an agent's configuration files below its home. They may hold the run's key: readable to their owner only,
    who is the owner of the home."""
    owner = home.stat()
    for name, text in files.items():
        path = home / name
        if not path.resolve().is_relative_to(home.resolve()):
            raise SandboxError(f"{name}: a home file leads out of the home")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if os.getuid() == 0:
            for made in (path, *(part for part in path.parents if part.is_relative_to(home))):
                os.chown(made, owner.st_uid, owner.st_gid)


def read_home(home: Path, wanted: Sequence[str] | None = None) -> dict[str, bytes]:
    """The regular files an agent left below its home, by relative path; bounded, and links are not followed.

    `wanted`: only these; some agents unpack themselves into their home, which tells nothing. None: all there are.
    """
    found: dict[str, bytes] = {}
    if wanted is not None:
        for name in wanted:
            data = read_file(home / name, HOME_FILE_LIMIT)
            if data is not None and (home / name).resolve().is_relative_to(home.resolve()):
                found[name] = data
        return found
    room = HOME_TOTAL_LIMIT
    for folder, folders, names in os.walk(home):
        folders.sort()
        if len(Path(folder).relative_to(home).parts) >= HOME_DEPTH:  # a deeper one would exhaust the walk's recursion
            folders.clear()
        for name in sorted(names):
            path = Path(folder) / name
            with contextlib.suppress(OSError):
                info = path.lstat()
                if stat.S_ISREG(info.st_mode) and info.st_size <= min(HOME_FILE_LIMIT, room):
                    found[path.relative_to(home).as_posix()] = path.read_bytes()
                    room -= info.st_size
            if len(found) >= HOME_FILES:
                return found
    return found


def named_files(task: Task) -> tuple[str, ...]:
    """Files of the work tree that the instruction names by their path, in the order it names them."""
    words = set(re.findall(r"[\w./+-]+", task.instruction))
    words |= {word.rstrip(".") for word in words}
    found = []
    for folder, _, names in os.walk(task.source_dir):
        for name in names:
            relative = (Path(folder) / name).relative_to(task.source_dir).as_posix()
            if relative in words:
                found.append(relative)
    return tuple(sorted(found, key=task.instruction.index))
