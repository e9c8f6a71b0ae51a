"""Which files of a task an agent may change."""

from __future__ import annotations

import contextlib

from cabproxy.errors import UserError
from cabproxy.taskkit.solution import has_solution, reference_edits
from cabproxy.taskkit.task import Task


def allowed(task: Task) -> tuple[str, ...]:
    """Patterns: what the task declares; for one that declares nothing, the files its reference changes, literally."""
    declared = (*task.cab.required, *task.cab.permitted, *task.cab.refusal_documents)
    if declared or not task.derived or not has_solution(task):
        return declared
    with contextlib.suppress(UserError):
        return tuple(edit.path for edit in reference_edits(task))
    return ()
