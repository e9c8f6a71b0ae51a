"""Which files of a task an agent may change."""

from __future__ import annotations

import contextlib

from cabproxy.errors import UserError
from cabproxy.harness.hooks import EVERYTHING
from cabproxy.taskkit.solution import has_solution, reference_edits
from cabproxy.taskkit.task import Task


def allowed(task: Task) -> tuple[str, ...]:
    """Patterns: what the task declares. One that declares nothing permits everything; there the files its reference
    changes are named too, literally."""
    declared = (*task.cab.required, *task.cab.permitted, *task.cab.refusal_documents)
    if task.derived and not declared:
        declared = (EVERYTHING,)
    if EVERYTHING not in declared or not has_solution(task):
        return declared
    with contextlib.suppress(UserError):
        return (*declared, *(edit.path for edit in reference_edits(task)))
    return declared
