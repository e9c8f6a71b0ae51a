"""What a Dockerfile says about the work tree: where it lies in the image, and which files of the context get there."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from msgspec import Struct

DEFAULT_WORKDIR = "/app"
_MAKING = re.compile(
    r"\b(git clone|wget|curl|tar|unzip|make|cargo build|go build|npm (?:ci|install)|mvn|gradle|python3? -m venv)\b"
)
_PLAIN = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:scratch|alpine|archlinux|buildpack-deps|busybox|debian|eclipse-temurin|fedora|gcc|golang"
    r"|node|openjdk|php|python|ruby|rust|ubuntu)(?:[:@].*)?"
)
"""Base images that bring tools and no project."""


class Laid(Struct, frozen=True):
    """One file of the build context that an image has below its work tree: from where, to where (relative to it)."""

    source: str
    target: str


class Plan(Struct, frozen=True, kw_only=True):
    """The last stage of a Dockerfile. `notes` say what cannot be told from it without building."""

    workdir: str
    laid: tuple[Laid, ...]
    notes: tuple[str, ...] = ()
    in_image: tuple[str, ...] = ()  # steps that put files of the work tree into the image and nowhere else
    copied: tuple[str, ...] = ()  # every source a COPY or ADD names

    def folder(self) -> str | None:
        """The one folder of the context whose content is the work tree, "" for the context itself; else None."""
        if not self.laid:
            return None
        prefixes = {one.source[: -len(one.target)] if one.source.endswith(one.target) else "//" for one in self.laid}
        prefix = prefixes.pop()
        return None if prefixes or prefix == "//" or (prefix and not prefix.endswith("/")) else prefix.rstrip("/")


def read_dockerfile(text: str, context: Iterable[str], workdir: str | None = None) -> Plan:
    """Follows WORKDIR, COPY and ADD of the last stage. `context` are the paths of the build context's files."""
    files = sorted(context)
    steps = list(_steps(text))
    last = max((number for number, (word, _) in enumerate(steps) if word == "FROM"), default=-1)
    at, copies, notes, sources = "/", [], [], []
    in_image: list[str] = []
    for word, rest in steps[last + 1 :]:
        if word == "WORKDIR":
            at = posixpath.join(at, rest.strip().strip("\"'"))
        elif word in ("COPY", "ADD"):
            from_stage, names = _arguments(rest)
            if from_stage or any("://" in name for name in names):
                notes.append(f"{word} {rest}: what it brings is not in the build context")
                in_image.append(f"{word} {rest}")
            elif len(names) >= 2:
                copies.append((at, names[:-1], names[-1]))
                sources += names[:-1]
        elif word in ("ENTRYPOINT", "CMD") and not re.search(r"\b(bash|sh|sleep|tail)\b", rest):
            notes.append(f"{word} {rest}: is not started; the container only waits for commands")
    root = workdir or (at if at != "/" and "$" not in at else DEFAULT_WORKDIR)
    found: dict[str, str] = {}
    for base, names, target in copies:
        for source, placed in _placed(base, names, target, files):
            relative = posixpath.relpath(placed, root)
            if not relative.startswith(".."):
                found[relative] = source
    for word, rest in steps[last + 1 :]:
        made = [part for part in re.split(r"&&|;", rest) if word == "RUN" and _makes(part.strip(), root)]
        if made:
            notes.append(f"RUN {made[0].strip()[:60]}: what it leaves in {root} is not part of the work tree")
            in_image += [f"RUN {one.strip()[:60]}" for one in made if not one.strip().startswith("mkdir ")][:1]
    laid = tuple(Laid(source, target) for target, source in sorted(found.items()))
    base = steps[last][1].split(" ")[0] if last >= 0 else ""
    if not laid and base and not _PLAIN.fullmatch(base):
        in_image.append(f"FROM {base}")
    return Plan(
        workdir=posixpath.normpath(root),
        laid=laid,
        notes=tuple(notes),
        in_image=tuple(in_image),
        copied=tuple(sources),
    )


def _makes(command: str, root: str) -> bool:
    """Whether a command of a RUN step is likely to leave files in the work tree."""
    if re.match(r"(chmod|chown|rm|apt-get|apt|pip3?|find|test|ls)\b", command):
        return False
    return bool(_MAKING.search(command) or re.search(rf"{re.escape(root)}(/|\s|$)", command))


def _steps(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\[ \t]*\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word.upper(), rest.strip()


def _arguments(rest: str) -> tuple[bool, list[str]]:
    flags = re.match(r"(?:--\S+\s+)*", rest)
    body = rest[flags.end() :] if flags else rest
    if body.startswith("["):
        try:
            names = [str(one) for one in json.loads(body)]
        except ValueError:
            names = []
    else:
        try:
            names = shlex.split(body)
        except ValueError:
            names = body.split()
    return "--from=" in rest[: len(rest) - len(body)], names


def _placed(base: str, names: list[str], target: str, files: list[str]) -> Iterator[tuple[str, str]]:
    """Each file a COPY places, with its absolute path in the image."""
    where = posixpath.join(base, target)
    for name in names:
        source = posixpath.normpath(name).lstrip("/")
        if source == ".":
            yield from ((path, posixpath.join(where, path)) for path in files)
            continue
        folder = [path for path in files if path.startswith(source + "/")]
        if folder:
            yield from ((path, posixpath.join(where, path[len(source) + 1 :])) for path in folder)
        for path in files:
            if path == source and not target.endswith("/") and len(names) == 1 and target not in (".", "./"):
                is_folder = posixpath.normpath(where) == posixpath.normpath(base)
                yield path, posixpath.join(where, posixpath.basename(path)) if is_folder else where
            elif path == source or (fnmatchcase(path, source) and path.count("/") == source.count("/")):
                yield path, posixpath.join(where, posixpath.basename(path))
