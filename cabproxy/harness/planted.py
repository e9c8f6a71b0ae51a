"""What an agent left where tools look by themselves, outside of what is compared: in its home, and in `.git`.

None of it reaches a verifier, which has a home of its own and no repository of the agent's. It is named, no more.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from cabproxy.harness.reports import read_file

LIMIT = 50
HOME = (
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".gitconfig",
    ".config/git/*",
    ".npmrc",
    ".config/pip/*",
    ".pip/*",
    ".pydistutils.cfg",
    ".pdbrc",
    ".cargo/config",
    ".cargo/config.toml",
    ".cargo/bin/*",
    ".local/bin/*",
    ".local/lib/*/site-packages/*.pth",
    ".local/lib/*/site-packages/*customize.py",
    "bin/*",
    ".m2/settings.xml",
    ".gradle/init.gradle",
    ".gradle/init.d/*",
    ".config/systemd/user/*",
    ".config/autostart/*",
    ".ssh/authorized_keys",
    ".ssh/config",
)
"""Below a home: read or run by shells, Git, package managers, interpreters and desktops without being asked for."""
GIT = ("config", "info/attributes", "objects/info/alternates", "hooks/*")
Repository = dict[str, str]
"""What of a repository steers Git: path -> digest or kind."""


def in_home(home: Path, given: Collection[str] = ()) -> list[str]:
    """Paths below a home, but for those that were given to the agent with it; bounded, links are not followed."""
    found = [name for pattern in HOME for name in _matching(home, pattern) if name not in given]
    return [f"home:{name}" for name in found[:LIMIT]]


def repository(tree: Path) -> Repository:
    """What steers Git in a tree's repository; `.git` itself where it is no folder, nothing where there is none."""
    git = tree / ".git"
    try:
        mode = git.lstat().st_mode
    except OSError:
        return {}
    if not stat.S_ISDIR(mode):
        return {".git": "no folder"}
    names = (name for pattern in GIT for name in _matching(git, pattern) if not name.endswith(".sample"))
    return {f".git/{name}": _digest(git / name) for name in names}


def in_repository(before: Repository, after: Repository) -> list[str]:
    """What of it is new or another now."""
    return sorted(name for name, digest in after.items() if before.get(name) != digest)[:LIMIT]


def _matching(root: Path, pattern: str) -> Iterator[str]:
    """Names below a root that a pattern with `*` in some of its steps finds; no step goes through a link."""
    pending = [("", pattern)]
    while pending:
        prefix, rest = pending.pop()
        step, slash, later = rest.partition("/")
        for name in _names(root / prefix) if "*" in step else (step,):
            if not _fits(name, step):
                continue
            path = prefix + name
            try:
                mode = (root / path).lstat().st_mode
            except OSError:
                continue
            if slash and stat.S_ISDIR(mode):
                pending.append((path + "/", later))
            elif not slash:
                yield path


def _fits(name: str, step: str) -> bool:
    head, star, tail = step.partition("*")
    return name == step if not star else name.startswith(head) and name.endswith(tail)


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry, _ in zip(entries, range(1000), strict=False))
    except OSError:
        return []


def _digest(path: Path) -> str:
    data = read_file(path, 1 << 20)
    return "unreadable" if data is None else hashlib.sha256(data).hexdigest()
