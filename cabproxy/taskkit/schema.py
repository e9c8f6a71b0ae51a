"""The keys of a Harbor task.toml (schema_version 1.x) that are known here, and how a wrong one is told to the user."""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import msgspec
from msgspec import Struct

from cabproxy.errors import UserError
from cabproxy.taskkit.task import CabFacts, Collect, Healthcheck
from cabproxy.taskkit.wrong import bad_values, nearest, told

T = TypeVar("T")

SCHEMA_VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")
Network = Literal["public", "no-network", "allowlist"]


class TaskTable(Struct, frozen=True):
    name: str | None = None
    version: str | None = None
    description: str = ""
    authors: list[dict[str, Any]] = []
    keywords: list[str] = []


class AgentTable(Struct, frozen=True):
    timeout_sec: float | None = None
    user: str | int | None = None
    network_mode: Network | None = None
    allowed_hosts: list[str] = []


class EnvironmentTable(Struct, frozen=True):
    build_timeout_sec: float = 600.0
    docker_image: str | None = None
    os: Literal["linux", "windows"] = "linux"
    cpus: float | None = None
    memory_mb: int | None = None
    storage_mb: int | None = None
    gpus: int | None = None
    gpu_types: list[str] = []
    tpu: dict[str, Any] = {}
    env: dict[str, str] = {}
    workdir: str | None = None
    skills_dir: str | None = None
    mcp_servers: list[dict[str, Any]] = []
    healthcheck: Healthcheck | None = None
    network_mode: Network = "public"
    allowed_hosts: list[str] = []
    allow_internet: bool | None = None
    memory: str | None = None
    storage: str | None = None


class VerifierTable(Struct, frozen=True):
    timeout_sec: float = 600.0
    env: dict[str, str] = {}
    user: str | int | None = None
    environment_mode: Literal["shared", "separate"] | None = None
    environment: EnvironmentTable | None = None
    collect: list[Collect] = []
    network_mode: Network | None = None
    allowed_hosts: list[str] = []


class SolutionTable(Struct, frozen=True):
    env: dict[str, str] = {}


class TaskToml(Struct, frozen=True):
    """The root of a task.toml."""

    schema_version: str = "1.4"
    version: str | None = None  # the legacy name of schema_version
    source: str | None = None
    multi_step_reward_strategy: Literal["mean", "final"] | None = None
    artifacts: list[str | dict[str, Any]] = []
    task: TaskTable = TaskTable()
    metadata: dict[str, Any] = {}
    agent: AgentTable = AgentTable()
    verifier: VerifierTable = VerifierTable()
    environment: EnvironmentTable = EnvironmentTable()
    solution: SolutionTable = SolutionTable()
    steps: list[dict[str, Any]] = []


def read_toml(path: Path) -> tuple[TaskToml, CabFacts | None, tuple[str, ...]]:
    """A task.toml as records: the root, [metadata.cab] where it stands, and the keys nobody knows, dotted."""
    try:
        return parse_toml(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise UserError(f"{path}: a task has a task.toml; name a task directory or write one") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}; save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; a task.toml is a file") from None


def parse_toml(text: str, path: Path) -> tuple[TaskToml, CabFacts | None, tuple[str, ...]]:
    """The same from a text; `path` names it to the user."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}; mend the file") from None
    root = convert(data, TaskToml, path, "")
    version = root.version or root.schema_version
    if version not in SCHEMA_VERSIONS:
        raise UserError(f"{path}: schema_version {version!r} is not known; use one of {', '.join(SCHEMA_VERSIONS)}")
    for key, why in bad_values(root):
        raise UserError(f"{path}: {key}: {why}")
    cab = data.get("metadata", {}).get("cab")
    unknown = list(unknown_keys(data, TaskToml))
    if cab is None:
        return root, None, tuple(unknown)
    facts = convert(cab, CabFacts, path, "metadata.cab.")
    unknown += [f"metadata.cab.{key}" for key in cab if key not in CabFacts.__struct_fields__]
    return root, facts, tuple(unknown)


def convert(data: Any, kind: type[T], path: Path, where: str) -> T:
    """`data` as a record, or a UserError that names file, key, rule and mend."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {told(error, data, kind, where)}") from None


def unknown_keys(data: dict[str, Any], kind: type[Struct], where: str = "") -> list[str]:
    """The dotted keys of `data` that the record does not have, tables and lists of tables included."""
    found = []
    known = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in data.items():
        if key not in known:
            found.append(where + key)
            continue
        table = _table_of(known[key])
        if table is None:
            continue
        for one in value if isinstance(value, list) else [value]:
            found += unknown_keys(one, table, f"{where}{key}.") if isinstance(one, dict) else []
    return list(dict.fromkeys(found))


def meant(key: str) -> str:
    """A guess at what an unknown dotted key was meant to be, as the end of a line."""
    *tables, last = key.split(".")
    kind: type[Struct] | None = CabFacts if tables == ["metadata", "cab"] else TaskToml
    for name in tables if kind is TaskToml else ():
        types = {field.name: field.type for field in msgspec.structs.fields(kind)} if kind else {}
        kind = _table_of(types.get(name))
    return nearest(last, kind.__struct_fields__) if kind else ""


def _table_of(kind: Any) -> type[Struct] | None:
    """The record behind a type: itself, or what a union or a list holds."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind
    return next((table for part in get_args(kind) if (table := _table_of(part)) is not None), None)


def unsupported(root: TaskToml, files: Container[str]) -> Iterator[tuple[str, str]]:
    """Keys and files of a task that can be read but not run here, each with what to do instead."""
    for place in ("environment", "tests"):
        if f"{place}/docker-compose.yaml" in files:
            yield f"{place}/docker-compose.yaml", "several containers are not run here; put it all into one Dockerfile"
    if root.steps:
        yield "steps", "tasks of several steps are not run here; make a task of each step"
    for name, table in (("environment", root.environment), ("verifier.environment", root.verifier.environment)):
        if table is None:
            continue
        if table.os != "linux":
            yield f"{name}.os", f"{table.os!r} is not run here; use linux"
        if table.gpus or table.gpu_types or table.tpu:
            yield f"{name}.gpus", "sandboxes have none; take the key out, or run the task elsewhere"
        if table.mcp_servers:
            yield f"{name}.mcp_servers", "agents are run without further servers; give them their files instead"
    if root.verifier.collect:
        yield "verifier.collect", "the agent's container is gone by then; have tests/test.sh do it"
