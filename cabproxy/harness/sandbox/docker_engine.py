"""The Docker engine: whether there is one, whose containers are whose, and removing what a killed harness left."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING, Any

from cabproxy.errors import SandboxError
from cabproxy.harness.sandbox.scratch import started

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.images import Image

LABEL = "cab"
OWNER = "cab.owner"
HOST = "cab.host"


def connect() -> DockerClient:
    """A client of the engine the environment names. SandboxError in one line where none answers."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=600)
    except DockerException as error:
        raise SandboxError(f"no Docker engine answers ({_short(error)}); start one, or use --sandbox local") from None
    return client


def available() -> bool:
    """Whether an engine answers."""
    try:
        connect().close()
    except SandboxError:
        return False
    return True


def engine_version(client: DockerClient) -> str | None:
    """`Docker 27.3.1`; None where the engine does not tell."""
    from docker.errors import DockerException

    try:
        told = client.version()
    except DockerException:
        return None
    return f"Docker {told.get('Version')}"


def labels(**more: str) -> dict[str, str]:
    """What marks everything this process makes."""
    pid = os.getpid()
    return {LABEL: "1", HOST: socket.gethostname(), OWNER: f"{pid}-{started(pid)}", **more}


def sweep(client: DockerClient) -> list[str]:
    """Removes containers whose harness is gone, and volumes of their own; returns their names. No network is made."""
    from docker.errors import APIError

    removed = []
    for container in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
        if _orphan(container.labels):
            with contextlib.suppress(APIError):
                container.remove(force=True, v=True)
                removed.append(str(container.name))
    return removed


def _orphan(marked: dict[str, str]) -> bool:
    """Whether the process that made it is gone. What another machine made through a shared engine is left alone."""
    pid, _, born = marked.get(OWNER, "").partition("-")
    if marked.get(HOST) != socket.gethostname() or not pid.isdigit():
        return False
    return str(started(int(pid))) != born


def reference(tag: str, image: Image) -> str:
    """`name:tag@sha256:…` with one prefix: the registry's digest where it has one, else the engine's image id."""
    digests: list[str] = image.attrs.get("RepoDigests") or []
    digest = digests[0].partition("@")[2] if digests else str(image.id)
    return f"{tag.partition('@')[0]}@sha256:{digest.removeprefix('sha256:')}"


def explained(error: Any) -> str:
    """An engine's error in one line."""
    return _short(getattr(error, "explanation", None) or error)


def _short(error: Any) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]


def retry_conflict(action: Any, attempts: int = 5) -> Any:
    """Repeats an action the engine refused because another one on the same thing is under way."""
    from docker.errors import APIError

    for attempt in range(attempts):
        try:
            return action()
        except APIError as error:
            if error.status_code != 409 or attempt == attempts - 1:
                raise
            time.sleep(0.2 * (attempt + 1))
    return None
