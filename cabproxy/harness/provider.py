"""Where sandboxes come from: one provider per kind, asked for an agent's sandbox and for verifiers'."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import structs

from cabproxy.agents.base import Agent
from cabproxy.errors import SandboxError, UserError
from cabproxy.harness.baseline import cached_secrets
from cabproxy.harness.request import Say
from cabproxy.harness.sandbox.base import Limits, Sandbox
from cabproxy.harness.sandbox.places import Fill
from cabproxy.taskkit.solution import names_container
from cabproxy.taskkit.task import Task

if TYPE_CHECKING:
    from cabproxy.harness.sandbox.docker import Mounts

KINDS = ("auto", "docker", "local")


class Provider(Protocol):
    """Made once per cell; `prepare` comes first and may take long (installs, image builds)."""

    kind: str
    agent_version: str | None  # as the agent itself reports it; known after `prepare`
    engine: str | None  # what runs containers, and its version; known after `prepare`

    @property
    def needs_socket(self) -> bool:
        """Whether the proxy is reached through a Unix socket instead of a loopback port."""
        ...

    async def prepare(self, task: Task, agent: Agent, say: Say, hide: Iterable[Path] = ()) -> Task:
        """The task as it is run here: its work tree may have to be taken out of an image.

        `hide`: folders of the host, beside the task's, that the agent must not see (the ledger's)."""
        ...

    def place(self) -> str:
        """Names what verdicts depend on: kind and image."""
        ...

    def agent_sandbox(self, fill: Fill, socket: Path | None, limits: Limits) -> Sandbox: ...

    def verifier_sandbox(self, fill: Fill) -> Sandbox: ...

    def plain_sandbox(self, fill: Fill) -> Sandbox:
        """The task's own environment without agent and network: for its healthcheck and its solution."""
        ...

    def close(self) -> None:
        """Lets go of what it holds; sandboxes it made are closed by then."""
        ...


class LocalProvider:
    """Processes of this machine, sealed in namespaces where it allows that; agents from the user's cache."""

    kind = "local"

    def __init__(self, scratch: Path | None = None, seal: bool = True, container_paths: bool = False) -> None:
        from cabproxy.harness.sandbox.seal import unsealable

        self._container_paths = container_paths
        self.agent_version: str | None = None
        self.engine: str | None = None
        self._scratch = scratch
        self._unsealed = unsealable() if seal else "not asked for"
        self._prefix = ""
        self._hide: tuple[str, ...] = ()
        self._workdir: str | None = None

    @property
    def needs_socket(self) -> bool:
        return self._unsealed is None

    async def prepare(self, task: Task, agent: Agent, say: Say, hide: Iterable[Path] = ()) -> Task:
        """Sweeps up, and installs the agent where it is not installed."""
        from cabproxy.agents.install import ensure_installed
        from cabproxy.agents.version import installed_version
        from cabproxy.harness.sandbox.scratch import sweep

        await asyncio.to_thread(sweep, self._scratch)
        prefix = await asyncio.to_thread(ensure_installed, agent, say)
        self._prefix = str(prefix)
        self.agent_version = await asyncio.to_thread(installed_version, agent, prefix)
        self._hide = (str(task.path.parent.parent), *(str(path.resolve()) for path in (*hide, *cached_secrets())))

        self._take(task)
        return task

    def _take(self, task: Task) -> None:
        """Scripts that go by a container's paths get the work tree where the task's container would have it."""
        scripts = (task.tests_dir / "test.sh", task.path / "solution" / "solve.sh")
        told = [task.instruction, *task.environment_env.values(), *task.verifier_env.values()]
        told += [task.healthcheck.command] if task.healthcheck else []
        wanted = (
            self._container_paths
            or any(names_container(script, task.workdir) for script in scripts)
            or any(f"{task.workdir}/" in text for text in told)
        )
        self._workdir = task.workdir if wanted else None
        if self._workdir and self._unsealed is not None:
            raise SandboxError(
                f"{task.task_id}: its scripts name the container's paths, and this machine cannot give them any "
                f"({self._unsealed}); use --sandbox docker"
            )
        if task.in_image is not None:
            raise SandboxError(
                f"{task.task_id}: {task.in_image}: puts files of the work tree into the image alone; use --sandbox "
                "docker, or name a folder with the work tree as metadata.cab.source"
            )
        if task.verifier_user is not None:
            raise SandboxError(
                f"{task.task_id}: verifier.user: only a container runs the tests as somebody else; use --sandbox docker"
            )

    def place(self) -> str:
        return "local" if self._unsealed else "local sealed"

    def agent_sandbox(self, fill: Fill, socket: Path | None, limits: Limits) -> Sandbox:
        return self._sandbox(fill, self._prefix, socket)

    def verifier_sandbox(self, fill: Fill) -> Sandbox:
        return self._sandbox(fill, "", None)

    def plain_sandbox(self, fill: Fill) -> Sandbox:
        return self._sandbox(fill, "", None)

    def _sandbox(self, fill: Fill, prefix: str, socket: Path | None) -> Sandbox:
        from cabproxy.harness.sandbox.local import Confinement, LocalSandbox

        if self._unsealed is not None:
            reason = f"processes of this machine share its network and files ({self._unsealed})"
            return LocalSandbox(fill, prefix=prefix, scratch_root=self._scratch, reason=reason)
        confinement = Confinement(socket=socket, hide=self._hide, workdir=self._workdir)
        return LocalSandbox(fill, prefix=prefix, scratch_root=self._scratch, confinement=confinement)

    def close(self) -> None:
        """Holds nothing."""


class DockerProvider:
    """Containers of the local engine; agents from images of ours, mounted as volumes."""

    kind = "docker"
    needs_socket = True

    def __init__(self, scratch: Path | None = None) -> None:
        from cabproxy.harness.sandbox.docker_engine import connect

        self.agent_version: str | None = None
        self.engine: str | None = None
        self._client = connect()
        self._scratch = scratch
        self._mounts: Mounts | None = None
        self._verifier = ""
        self._bundled = False
        self._limits = Limits()

    async def prepare(self, task: Task, agent: Agent, say: Say, hide: Iterable[Path] = ()) -> Task:
        """Sweeps up, then builds or finds the three images."""
        from cabproxy.harness.sandbox.docker_tree import with_tree_of_image

        self._limits = Limits(time_s=task.verifier_timeout_s, memory_mb=task.memory_mb or 4096, cpus=task.cpus or 2.0)
        self._mounts = await asyncio.to_thread(self._prepared, task, agent, say)
        return await asyncio.to_thread(with_tree_of_image, self._client, task, self._mounts.image)

    def _prepared(self, task: Task, agent: Agent, say: Say) -> Mounts:
        from cabproxy.agents.images.build import ensure_image
        from cabproxy.agents.install import prefix_for
        from cabproxy.agents.version import installed_version
        from cabproxy.harness.sandbox.docker import PREFIX, Mounts
        from cabproxy.harness.sandbox.docker_engine import engine_version, sweep
        from cabproxy.harness.sandbox.docker_images import (
            agent_volume,
            gate_image,
            image_version,
            task_image,
            verifier_image,
        )
        from cabproxy.harness.sandbox.scratch import sweep as sweep_folders

        self.engine = engine_version(self._client)
        sweep(self._client)
        sweep_folders(self._scratch)
        image, gate = task_image(self._client, task, say), gate_image(self._client, say)
        self._verifier = verifier_image(self._client, task, say) if task.separate else image
        self._bundled = task.bundled_tests
        if agent.install.kind == "builtin":
            file = agent.install.executable
            mounted, agent_image = {str(prefix_for(agent) / file): f"{PREFIX}/{file}"}, None
            self.agent_version = installed_version(agent, prefix_for(agent))
        else:
            agent_image = ensure_image(self._client, agent, say)
            self.agent_version = image_version(self._client, agent, agent_image, PREFIX)
            mounted = {agent_volume(self._client, agent_image, agent.name): PREFIX}
        return Mounts(image=image, workdir=task.workdir, agent=mounted, agent_image=agent_image, gate_image=gate)

    @property
    def _ready(self) -> Mounts:
        assert self._mounts is not None, "prepare comes first"
        return self._mounts

    def place(self) -> str:
        own = f" verified in {self._verifier}" if self._verifier != self._ready.image else ""
        return f"docker {self._ready.image}{own}"

    def agent_sandbox(self, fill: Fill, socket: Path | None, limits: Limits) -> Sandbox:
        from cabproxy.harness.sandbox.docker import DockerSandbox

        return DockerSandbox(self._client, fill, self._ready, limits, socket=socket, scratch_root=self._scratch)

    def verifier_sandbox(self, fill: Fill) -> Sandbox:
        from cabproxy.harness.sandbox.docker import DockerSandbox

        mounts = structs.replace(self._ready, image=self._verifier, agent={}, gate_image=None, tests=not self._bundled)
        return DockerSandbox(self._client, fill, mounts, self._limits, scratch_root=self._scratch)

    def plain_sandbox(self, fill: Fill) -> Sandbox:
        from cabproxy.harness.sandbox.docker import DockerSandbox

        mounts = structs.replace(self._ready, agent={}, gate_image=None)
        return DockerSandbox(self._client, fill, mounts, self._limits, scratch_root=self._scratch)

    def close(self) -> None:
        """Lets the engine's connection go."""
        self._client.close()


def provider(kind: str, scratch: Path | None = None, *, seal: bool = True) -> Provider:
    """The provider of a kind; `auto` is docker where an engine answers, else local. UserError for an unknown kind.

    `seal` False leaves the local sandbox open also where it could be sealed.
    """
    if kind == "local":
        return LocalProvider(scratch, seal)
    if kind == "docker":
        return DockerProvider(scratch)
    if kind == "auto":
        from cabproxy.harness.sandbox.docker_engine import available

        return DockerProvider(scratch) if available() else LocalProvider(scratch)
    raise UserError(f"{kind}: no such sandbox; use one of {', '.join(KINDS)}")
