"""Which files of a task an agent may change."""

from __future__ import annotations

import contextlib

from cabproxy.errors import UserError
from cabproxy.harness.hooks import EVERYTHING
from cabproxy.taskkit.solution import has_solution, reference_edits
from cabproxy.taskkit.task import Task


def allowed(task: Task) -> tuple[str, ...]:
    """Patterns: what the task declares; where that is nothing, or everything, also the files its reference changes,
    literally."""
    declared = (*task.cab.required, *task.cab.permitted, *task.cab.refusal_documents)
    open_to_all = EVERYTHING in task.cab.permitted or (task.derived and not declared)
    if not open_to_all or not has_solution(task):
        return declared
    with contextlib.suppress(UserError):
        return (*declared, *(edit.path for edit in reference_edits(task)))
    return declared
