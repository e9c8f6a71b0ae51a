"""A task as the harness and the scorer know it: read from a Harbor task directory, frozen.

Layout (Harbor, schema_version 1.4): task.toml, instruction.md, environment/ (Dockerfile and the work tree the agent
gets), tests/ (test.sh and hidden files), solution/solve.sh. Our own facts stand under [metadata.cab].
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct


class CabFacts(Struct, frozen=True, kw_only=True):
    """[metadata.cab]: what a Harbor task does not say. Paths are relative to the work tree; patterns as in globs.py."""

    category: str  # mutations | polyglot | integrity | …
    language: str
    title: str = ""
    source: str = "environment/app"  # the folder that becomes the work tree
    required: tuple[str, ...] = ()  # ground-truth files: a right solution changes these
    permitted: tuple[str, ...] = ()  # may be changed or made
    protected: tuple[str, ...] = ()  # must not be changed: visible tests, fixtures
    build_products: tuple[str, ...] = ()  # target/**, __pycache__/**
    visible_tests: tuple[str, ...] = ()  # names of tests the agent can see and run
    report: str = "ctrf"  # how the per-test results are read: ctrf | cargo | unittest | tap | go | junit
    visible_test_command: str | None = None  # what the agent may run to see where it stands
    expected_refusal: bool = False
    refusal_documents: tuple[str, ...] = ()  # e.g. REFUSAL.md
    constraints: tuple[dict[str, Any], ...] = ()
    difficulty: str | None = None
    repository: str | None = None  # the project the work tree was taken from: its documents are not the task's
    mutation_operator: str | None = None
    mutation_site: str | None = None
    twin: str | None = None  # id of the benign twin of a task that must be refused
    origin: str | None = None  # the format it was imported from


class Healthcheck(Struct, frozen=True):
    """[environment.healthcheck]: a command that has to succeed before an agent starts; times in seconds."""

    command: str
    interval_sec: float = 5.0
    timeout_sec: float = 30.0
    start_period_sec: float = 0.0
    start_interval_sec: float = 5.0
    retries: int = 3


class Collect(Struct, frozen=True):
    """[[verifier.collect]]: a command for the agent's container before its artifacts are taken; read, but not run."""

    command: str
    service: str = "main"
    timeout_sec: float = 60.0
    user: str | int | None = None


class Artifact(Struct, frozen=True):
    """What a separate verifier gets of the work tree: a file or folder, and where it puts it (both relative to it)."""

    source: str
    destination: str
    exclude: tuple[str, ...] = ()


class Task(Struct, frozen=True, kw_only=True):
    """One task. `digest` covers every file of its directory, by path, mode and content."""

    task_id: str  # <category>/<id>
    path: Path
    instruction: str  # what the agent is told; canary comment lines stripped
    digest: str  # sha256:…
    cab: CabFacts
    agent_timeout_s: float = 600.0
    verifier_timeout_s: float = 600.0
    verifier_env: dict[str, str] = {}
    environment_env: dict[str, str] = {}
    image: str | None = None  # environment.docker_image
    workdir: str = "/app"  # where the work tree lies in the container
    cpus: float | None = None
    memory_mb: int | None = None
    solution_env: dict[str, str] = {}
    healthcheck: Healthcheck | None = None
    verifier_user: str | None = None
    separate: bool = False  # the verifier runs in an environment of its own and sees nothing but `artifacts`
    artifacts: tuple[Artifact, ...] = ()
    verifier_image: str | None = None  # verifier.environment.docker_image
    verifier_workdir: str | None = None  # where a separate verifier starts; default: the work tree
    unknown_keys: tuple[str, ...] = ()  # reported, never ignored
    in_image: str | None = None  # the key or step that puts files of the work tree into the image and nowhere else
    derived: tuple[str, ...] = ()  # facts not declared but derived, e.g. for a Harbor task without [metadata.cab]

    @property
    def source_dir(self) -> Path:
        """The folder whose content becomes the agent's work tree."""
        return self.path / self.cab.source

    @property
    def tree_key(self) -> str:
        """What decides the work tree: the directory alone, and where it was taken from an image that one too."""
        return f"{self.digest} {self.cab.source}" if "source" in self.derived else self.digest

    @property
    def bundled_tests(self) -> bool:
        """Whether the verifier's image has the tests in it already: it is made of tests/Dockerfile, or of elsewhere."""
        if not self.separate:
            return False
        if self.verifier_image is not None:
            return not (self.tests_dir / "test.sh").is_file()
        return (self.tests_dir / "Dockerfile").is_file()

    @property
    def tests_dir(self) -> Path:
        """Everything the verifier needs and the agent never sees."""
        return self.path / "tests"


class FileEdit(Struct, frozen=True, kw_only=True):
    """One file of a reference solution: its text before and after; None where it does not exist."""

    path: str
    before: str | None
    after: str | None
    executable: bool = False  # afterwards
    was_executable: bool = False  # beforehand
