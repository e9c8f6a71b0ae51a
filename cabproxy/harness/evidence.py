"""What the scorer needs of a task and cannot look up later: its reference as a patch, and the tests an agent can see.

Both are facts of the task alone: the same bytes for every run of it, so a ledger keeps them once. They are made once
per task and kept in the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

import cabproxy
from cabproxy.agents.cache import cache_dir
from cabproxy.errors import UserError
from cabproxy.harness import lines
from cabproxy.ledger.record import VisibleTests
from cabproxy.taskkit.globs import matches
from cabproxy.taskkit.play import work_tree_texts
from cabproxy.taskkit.solution import reference_edits
from cabproxy.taskkit.task import FileEdit, Task

CACHE_FORMAT = 2
REFERENCE = "reference.diff"
VISIBLE = "visible_tests.json"
REFERENCE_LIMIT = 1024 * 1024
VISIBLE_LIMIT = 512 * 1024
REST_LIMIT = 256 * 1024
_WORD = re.compile(r"\w+")
_TESTISH = re.compile(r"test|spec|golden|expect|snap|fixture|cases", re.IGNORECASE)


class TaskEvidence(Struct, frozen=True, kw_only=True):
    """`reference` is the reference solution as a unified diff, `visible` the encoded VisibleTests; None where there is
    none."""

    reference: bytes | None = None
    visible: bytes | None = None

    def artifacts(self) -> dict[str, tuple[str, bytes]]:
        """Media type and bytes by artifact name, as a run keeps them."""
        found = {REFERENCE: ("text/x-diff", self.reference), VISIBLE: ("application/json", self.visible)}
        return {name: (media, data) for name, (media, data) in found.items() if data is not None}


def task_evidence(task: Task) -> TaskEvidence:
    """The evidence of one task, from the cache where it was made before."""
    stated = repr((CACHE_FORMAT, cabproxy.__version__, task.tree_key)).encode()
    path = cache_dir() / "evidence" / f"{hashlib.sha256(stated).hexdigest()}.json"
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=TaskEvidence)
    made = TaskEvidence(reference=_reference(task), visible=_visible(task))
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.json.encode(made))
        part.replace(path)
    return made


def _reference(task: Task) -> bytes | None:
    try:
        return reference_patch(reference_edits(task))
    except UserError:
        return None  # a task without a solution has no verdict either; the run says so


def reference_patch(edits: Iterable[FileEdit]) -> bytes | None:
    """The edits as a unified diff in git's form; None above REFERENCE_LIMIT: a part of it would measure wrongly."""
    text = b"".join(_section(edit) for edit in edits)
    return text if len(text) <= REFERENCE_LIMIT else None


def _section(edit: FileEdit) -> bytes:
    name = edit.path.encode("utf-8", "surrogateescape").replace(b"\n", b"\\n")
    head = b"diff --git a/%s b/%s\n" % (name, name)
    if edit.before is None:
        head += b"new file mode %s\n" % (b"100755" if edit.executable else b"100644")
    elif edit.after is None:
        head += b"deleted file mode %s\n" % (b"100755" if edit.was_executable else b"100644")
    hunks = lines.unified((edit.before or "").encode(), (edit.after or "").encode())
    left = b"/dev/null" if edit.before is None else b"a/" + name
    right = b"/dev/null" if edit.after is None else b"b/" + name
    return head + (b"--- %s\n+++ %s\n" % (left, right) + hunks if hunks else b"")


def _visible(task: Task) -> bytes | None:
    """None where the task does not say which tests can be seen."""
    if not task.cab.visible_tests:
        return None
    texts = work_tree_texts(task)
    shown = {path: text for path, text in texts.items() if is_visible_test(path, text, task)}
    rest = {path: text for path, text in texts.items() if path not in shown}
    kept, cut = _bounded(shown)
    small = sum(map(len, rest.values())) <= REST_LIMIT
    return msgspec.json.encode(
        VisibleTests(
            tests=task.cab.visible_tests,
            files=kept,
            rest=rest if small else None,
            elsewhere=() if small else _shared_words(kept, rest),
            cut=cut,
        )
    )


def is_visible_test(path: str, text: str, task: Task) -> bool:
    """Whether a file of the work tree is what the visible tests are made of: protected, and either named like a test or
    its data, or naming one of the visible tests."""
    if not matches(path, task.cab.protected):
        return False
    return bool(_TESTISH.search(path)) or any(
        name in text for name in map(_last, task.cab.visible_tests) if len(name) > 3
    )


def _last(name: str) -> str:
    """`test_x` of `module.Class.test_x` or `module::test_x`."""
    words = _WORD.findall(name)
    return words[-1] if words else name


def _bounded(shown: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    kept: dict[str, str] = {}
    room = VISIBLE_LIMIT
    for path, text in sorted(shown.items(), key=lambda item: (len(item[1]), item[0])):
        if len(text) <= room:
            kept[path] = text
            room -= len(text)
    return dict(sorted(kept.items())), len(kept) < len(shown)


def _shared_words(shown: Mapping[str, str], rest: Mapping[str, str]) -> tuple[str, ...]:
    wanted = {word for text in shown.values() for word in _WORD.findall(text)}
    found = {word for text in rest.values() for word in _WORD.findall(text)}
    return tuple(sorted(wanted & found))
