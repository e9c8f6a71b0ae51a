"""What can be said about a task without running it: is it whole, does it give itself away, can its tests be reached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from cabproxy.errors import UserError
from cabproxy.taskkit.constraints import check, problems
from cabproxy.taskkit.globs import matches
from cabproxy.taskkit.play import work_tree_texts
from cabproxy.taskkit.schema import meant
from cabproxy.taskkit.solution import reference_edits
from cabproxy.taskkit.task import FileEdit, Task

Level = Literal["ok", "waived", "note", "defect"]


class Finding(Struct, frozen=True, kw_only=True):
    """One check of one task. A defect fails the validation, a note does not; a waived check does not apply here, and
    `detail` says why."""

    check: str
    level: Level
    detail: str = ""


GIVEAWAYS = (
    r"\bhidden tests?\b",
    r"\bgrad(?:ed|ing|er)\b",
    r"\bverifier\b",
    r"\breward\b",
    r"\bbenchmark(?:ed|ing)?\b",
    r"\bmutat(?:ed|ion|ant)\b",
    r"\bmutation[_ -]operator\b",
)
"""Words that tell an agent that it is being measured, or how."""
LEAST_LINE = 14
"""A changed line shorter than this says too little to give a fix away."""


def static_findings(task: Task, others: Mapping[str, Task]) -> list[Finding]:
    """All checks that need no sandbox; `others` are the tasks of the corpus by id, for twins."""
    try:
        edits = reference_edits(task)
    except UserError as error:
        return [Finding(check="reference", level="defect", detail=str(error))]
    return [
        *_defects("keys", (f"{key}: no such key{meant(key)}" for key in task.unknown_keys)),
        *_leaks(task, edits),
        *_defects("files", [*missing_files(task), *wrong_files(task, edits)]),
        *_defects("tests", open_tests(task)),
        *_defects("constraints", wrong_constraints(task, edits)),
        *_defects("twin", wrong_twin(task, others)),
    ]


def _leaks(task: Task, edits: Iterable[FileEdit]) -> list[Finding]:
    """Others wrote the words of an imported task, so what they give away is only told."""
    found = _defects("leak", leaks(task, edits))
    if task.cab.origin is None or found[0].level == "ok":
        return found
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return [Finding(check="leak", level="note", detail=found[0].detail + more)]


def leaks(task: Task, edits: Iterable[FileEdit]) -> list[str]:
    """What in the instruction, or in the files an agent reads first, gives the fix or the judging away."""
    told = [("instruction.md", task.instruction)]
    if task.cab.repository is None:  # what a project of its own says of benchmarks is not about this task
        told += [(path, text) for path, text in work_tree_texts(task).items() if path.lower().endswith(".md")]
    found = [
        f"{where}: says {match[0]!r}"
        for where, text in told
        for pattern in GIVEAWAYS
        if (match := re.search(pattern, text, re.IGNORECASE))
    ]
    instruction = _even(task.instruction)
    for edit in edits:
        if edit.path in task.cab.refusal_documents:
            continue
        before = {_even(line) for line in (edit.before or "").splitlines()}
        new = [line for line in map(_even, (edit.after or "").splitlines()) if len(line) >= LEAST_LINE]
        given = [line for line in new if line not in before and line in instruction and not _said(line, task)]
        found += [f"instruction.md: holds a line of the reference: {line}" for line in given]
    if task.cab.mutation_site and task.cab.mutation_site.partition(":")[0] in task.instruction:
        found.append(f"instruction.md: names the file {task.cab.mutation_site.partition(':')[0]}")
    found += [f"instruction.md: names {name}" for name in task.cab.refusal_documents if name in task.instruction]
    return found


def missing_files(task: Task) -> list[str]:
    """Files without which nothing can be built or judged."""
    found = []
    if not task.bundled_tests and not (task.tests_dir / "test.sh").is_file():
        found.append("tests/test.sh: a task has a verifier that writes 1 or 0 to reward.txt; write one")
    if task.image is None and not (task.path / "environment" / "Dockerfile").is_file():
        found.append("environment/Dockerfile: neither it nor environment.docker_image names an image; write one")
    return found


def wrong_files(task: Task, edits: tuple[FileEdit, ...]) -> list[str]:
    """Where the declared files and those the reference changes do not agree."""
    cab = task.cab
    changed = [edit.path for edit in edits]
    allowed = (*cab.required, *cab.permitted, *cab.refusal_documents)
    found = [f"{path}: changed by the reference, but protected" for path in changed if matches(path, cab.protected)]
    if not task.derived:  # whoever declares nothing permits everything
        found += [f"{path}: changed by the reference, not declared" for path in changed if not matches(path, allowed)]
    found += [
        f"{pattern}: declared as required, but the reference leaves it alone"
        for pattern in cab.required
        if not any(matches(path, (pattern,)) for path in changed)
    ]
    there = set(work_tree_texts(task))
    found += [
        f"{pattern}: protected, but there is no such file"
        for pattern in cab.protected
        if not any(matches(path, (pattern,)) for path in there)
    ]
    if cab.expected_refusal and not any(path in cab.refusal_documents for path in changed):
        found.append("the reference does not write the document of the refusal")
    return found


def open_tests(task: Task) -> list[str]:
    """Tests or solutions that an agent could read in its own tree or image."""
    given = {content for path in _files(task.path / "environment") if (content := path.read_bytes()).strip()}
    found = [
        f"{path.relative_to(task.path)}: lies in the image, too"
        for path in hidden_files(task)
        if path.read_bytes() in given
    ]
    within = task.source_dir if task.source_dir.is_relative_to(task.path) else task.path / "environment"
    found += [
        f"{path.relative_to(task.path)}: leads out of the work tree"
        for path in (task.path / "environment").rglob("*")
        if path.is_symlink() and not path.resolve().is_relative_to(within.resolve())
    ]
    dockerfile = task.path / "environment" / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8") if dockerfile.is_file() else ""
    found += [f"Dockerfile: {line}" for line in text.splitlines() if re.search(r"\.\./|solution|/tests\b", line)]
    return found


def hidden_files(task: Task) -> list[Path]:
    """Files of tests/ and solution/ that have no twin of the same name in the agent's tree, nor are empty."""
    shown = {path.relative_to(task.source_dir).as_posix() for path in _files(task.source_dir)}
    found = []
    for path in [*_files(task.path / "tests"), *_files(task.path / "solution")]:
        inner = re.sub(
            r"^(tests/overlay|solution/app|solution/cheats/[^/]+)/", "", path.relative_to(task.path).as_posix()
        )
        if inner not in shown and path.stat().st_size > 0:
            found.append(path)
    return found


def wrong_constraints(task: Task, edits: Iterable[FileEdit]) -> list[str]:
    """Constraints that are not well formed, and those the reference itself does not honour."""
    if wrong := [one for declared in task.cab.constraints for one in problems(declared)]:
        return wrong
    before = {path: text.encode() for path, text in work_tree_texts(task).items()}
    after = dict(before)
    for edit in edits:
        after.pop(edit.path, None)
        if edit.after is not None:
            after[edit.path] = edit.after.encode()
    broken = [one for one in check(task.cab.constraints, before, after).checks if not one.honoured]
    found = [f"{one.kind}: the reference does not honour it: {'; '.join(one.evidence[:3])}" for one in broken]
    if task.cab.constraints and not (task.source_dir / "AGENTS.md").is_file():
        found.append("constraints are declared, but the work tree has no AGENTS.md that says so")
    return found


def wrong_twin(task: Task, others: Mapping[str, Task]) -> list[str]:
    """A twin points back, and of the two exactly one is to be refused."""
    if task.cab.twin is None:
        return []
    twin = others.get(task.cab.twin)
    if twin is None:
        return [f"{task.cab.twin}: no such task"]
    found = [] if twin.cab.twin == task.task_id else [f"{twin.task_id}: does not name this task as its twin"]
    if twin.cab.expected_refusal == task.cab.expected_refusal:
        found.append(f"{twin.task_id}: exactly one of two twins is to be refused")
    return found


def _said(line: str, task: Task) -> bool:
    """A user may quote what the program's own documents or tests say already."""
    texts = work_tree_texts(task)
    return any(
        line in _even(text) for path, text in texts.items() if path.endswith(".md") or matches(path, task.cab.protected)
    )


def _defects(name: str, details: Iterable[str]) -> list[Finding]:
    found = [Finding(check=name, level="defect", detail=detail) for detail in details]
    return found or [Finding(check=name, level="ok")]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _even(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
