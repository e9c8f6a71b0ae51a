"""Tasks from disk: one by path, one by id, all of them."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import structs

import cabproxy
from cabproxy.errors import UserError
from cabproxy.taskkit.digest import directory_digest
from cabproxy.taskkit.dockerfile import Plan, read_dockerfile
from cabproxy.taskkit.schema import TaskToml, read_toml, unsupported
from cabproxy.taskkit.separate import is_separate, read_artifacts
from cabproxy.taskkit.task import CabFacts, Task
from cabproxy.taskkit.worktree import derived_source

REPORTS = ("ctrf", "cargo", "unittest", "tap", "go", "junit")
DIFFICULTIES = ("easy", "medium", "hard")
_CANARY = re.compile(r"^\s*(<!--.*-->|#.*)\s*$")


def load_task(path: Path | str) -> Task:
    """The task in the directory `path`. UserError where a key is missing or wrong, naming the key and the mend."""
    folder = Path(path).resolve()
    toml = folder / "task.toml"
    root, declared, unknown = read_toml(toml)
    for key, why in unsupported(root, _Below(folder)):
        raise UserError(f"{toml}: {key}: {why}")
    plan = _plan(folder, root)
    digest = directory_digest(folder)
    cab, derived = (declared, ()) if declared is not None else _derived_facts(folder, root, plan, digest)
    _check(toml, cab if declared is not None else structs.replace(cab, source="environment"))
    _check_verifier(toml, folder, root)
    return Task(
        task_id=f"{cab.category}/{folder.name}",
        path=folder,
        instruction=_instruction(folder),
        digest=digest,
        cab=cab,
        agent_timeout_s=root.agent.timeout_sec or 600.0,
        verifier_timeout_s=root.verifier.timeout_sec,
        verifier_env={**(root.verifier.environment.env if root.verifier.environment else {}), **root.verifier.env},
        environment_env=root.environment.env,
        image=root.environment.docker_image,
        workdir=plan.workdir,
        cpus=root.environment.cpus,
        memory_mb=root.environment.memory_mb,
        solution_env=root.solution.env,
        healthcheck=root.environment.healthcheck,
        verifier_user=None if root.verifier.user is None else str(root.verifier.user),
        separate=is_separate(root),
        artifacts=read_artifacts(root.artifacts, plan.workdir, toml) if is_separate(root) else (),
        verifier_image=root.verifier.environment.docker_image if root.verifier.environment else None,
        verifier_workdir=root.verifier.environment.workdir if root.verifier.environment else None,
        unknown_keys=unknown,
        in_image=_in_image(root, plan) if derived else None,
        derived=derived,
    )


def find_task(task_id: str, roots: Iterable[Path] | None = None) -> Task:
    """The task with this id, or the task directory of this name. UserError with the nearest ids where there is none."""
    searched = list(task_roots() if roots is None else roots)
    for folder in (Path(task_id), *(root / task_id for root in searched)):
        if (folder / "task.toml").is_file():
            return load_task(folder)
    if "/" in task_id and Path(task_id).is_dir():  # meant as a task directory, and none
        return load_task(task_id)
    known = [_id(folder) for root in searched for folder in _folders(root)]
    near = difflib.get_close_matches(task_id, known, n=3, cutoff=0.4)
    mend = f"did you mean {' or '.join(near)}?" if near else "`cabproxy tasks list` shows what there is"
    raise UserError(f"{task_id}: no such task; {mend}")


def list_tasks(roots: Iterable[Path] | None = None) -> list[Task]:
    """All tasks of all roots by id; of two with one id the earlier root's."""
    found: dict[str, Task] = {}
    for root in task_roots() if roots is None else roots:
        for folder in _folders(root):
            task = load_task(folder)
            found.setdefault(task.task_id, task)
    return [found[key] for key in sorted(found)]


def task_roots(first: Path | str | None = None) -> list[Path]:
    """Where tasks are looked for: `first` (--tasks-dir), $CAB_TASKS (`:` between several), wheel, checkout."""
    package = Path(cabproxy.__file__).parent
    named = [Path(part) for part in os.environ.get("CAB_TASKS", "").split(os.pathsep) if part]
    if first is not None:
        named.insert(0, Path(first))
    for folder in named:
        if not folder.is_dir():
            raise UserError(f"{folder}: not a directory; --tasks-dir and CAB_TASKS name directories of tasks")
    own = [package / "corpus", package.parent / "tasks"]
    return named + [folder for folder in own if folder.is_dir()]


def _folders(root: Path) -> Iterator[Path]:
    for toml in sorted(root.glob("*/*/task.toml")):
        yield toml.parent


def _id(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _instruction(folder: Path) -> str:
    """What the agent is told, without the leading comment lines that carry a canary."""
    path = folder / "instruction.md"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: a task has an instruction.md in UTF-8 ({type(error).__name__}); write it") from None
    while lines and (not lines[0].strip() or (_CANARY.match(lines[0]) and "canary" in lines[0].lower())):
        lines.pop(0)
    text = "\n".join(lines).strip()
    if not text:
        raise UserError(f"{path}: the instruction is empty; say what the agent is to do")
    return text


class _Below:
    """The paths below a folder, asked one by one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __contains__(self, path: object) -> bool:
        return (self.folder / str(path)).exists()


def _plan(folder: Path, root: TaskToml) -> Plan:
    """Where the work tree lies in the image: as declared, else as the Dockerfile says."""
    environment = folder / "environment"
    dockerfile = environment / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8", errors="replace") if dockerfile.is_file() else ""
    files = () if root.environment.workdir and not text else _context(environment)
    return read_dockerfile(text, files, root.environment.workdir)


def _in_image(root: TaskToml, plan: Plan) -> str | None:
    """What of a task without facts of ours puts files of its work tree into its image alone."""
    if root.environment.docker_image is not None:
        return "environment.docker_image"
    return f"environment/Dockerfile: {plan.in_image[0]}" if plan.in_image else None


def _context(environment: Path) -> Iterator[str]:
    for path in environment.rglob("*"):
        if path.is_file():
            yield path.relative_to(environment).as_posix()


def _derived_facts(folder: Path, root: TaskToml, plan: Plan, digest: str) -> tuple[CabFacts, tuple[str, ...]]:
    """Facts for a Harbor task that has no [metadata.cab]."""
    category = root.metadata.get("category")
    facts = CabFacts(
        category=category if isinstance(category, str) and category else folder.parent.name,
        language=str(root.metadata.get("language", "")),
        title=root.task.description,
        source=derived_source(folder, plan, digest),
    )
    return facts, ("category", "language", "title", "source", "report")


def _check_verifier(toml: Path, folder: Path, root: TaskToml) -> None:
    if not (folder / "tests" / "test.sh").is_file() and (folder / "tests" / "test.bat").is_file():
        raise UserError(f"{toml}: tests/test.bat: Windows is not run here; write tests/test.sh")
    for key, value in (("agent", root.agent.timeout_sec), ("verifier", root.verifier.timeout_sec)):
        if value is not None and value <= 0:
            raise UserError(f"{toml}: {key}.timeout_sec: {value:g} is no time; give more than 0 seconds")


def _check(toml: Path, cab: CabFacts) -> None:
    if not cab.category or "/" in cab.category:
        raise UserError(f"{toml}: metadata.cab.category {cab.category!r}: one name without a slash; mend this key")
    if cab.report not in REPORTS:
        raise UserError(f"{toml}: metadata.cab.report {cab.report!r}: use one of {', '.join(REPORTS)}")
    if cab.difficulty not in (None, *DIFFICULTIES):
        raise UserError(f"{toml}: metadata.cab.difficulty {cab.difficulty!r}: use one of {', '.join(DIFFICULTIES)}")
    if cab.expected_refusal and not cab.refusal_documents:
        raise UserError(f"{toml}: metadata.cab.refusal_documents: a task to refuse names its documents; add the key")
    for key, value in msgspec.structs.asdict(cab).items():
        paths = value if key in ("required", "permitted", "protected", "build_products", "refusal_documents") else ()
        for path in (*paths, *((value,) if key == "source" else ())):
            if not path or path.startswith("/") or ".." in path.split("/"):
                raise UserError(
                    f"{toml}: metadata.cab.{key}: {path!r} is not relative to the work tree; mend this path"
                )
