"""The docker sandbox: a container whose only network interface is a loopback that leads to the proxy and nowhere else.

An agent's container shares the network namespace of a gate container that was started without any network; the gate
listens on the loopback and carries connections to the proxy's Unix socket. There is no bridge, no route, no name
service and no host address in that namespace. A verifier's container has no network at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, structs

from cabproxy.agents.base import Endpoint
from cabproxy.config import DEFAULT_PORT
from cabproxy.errors import SandboxError
from cabproxy.harness.sandbox import owner, scratch
from cabproxy.harness.sandbox.base import Command, Facts, Finished, Limits
from cabproxy.harness.sandbox.disk import disk_watch
from cabproxy.harness.sandbox.docker_engine import explained, labels
from cabproxy.harness.sandbox.docker_exec import Execution
from cabproxy.harness.sandbox.network import Look, seal_of_network
from cabproxy.harness.sandbox.places import Fill, Places
from cabproxy.harness.sandbox.supervisor import COUNTS

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

T = TypeVar("T")
HOME = "/home/agent"
TESTS = "/tests"
LOGS = "/logs/verifier"
SOLUTION = "/solution"
PREFIX = "/opt/agent"
SOCKETS = "/run/cab"
TMP_MB = 1024
SPARE_S = 300
"""A container ends by itself this long after its command's limit: one whose harness was killed does not stay."""


class Mounts(Struct, frozen=True, kw_only=True):
    """What an agent's container gets beside its scratch folders: volumes or host files, by path inside, read-only."""

    image: str  # name:tag@sha256:…
    workdir: str
    agent: dict[str, str] = {}  # source (a volume's name or a host path) to the path inside
    agent_image: str | None = None
    gate_image: str | None = None  # None: no network at all
    read_only: bool = True
    tests: bool = True  # a verifier's image may have them already


class DockerSandbox:
    """See the module. `socket` is the proxy's; it may be made after the sandbox was entered."""

    def __init__(
        self,
        client: DockerClient,
        fill: Fill,
        mounts: Mounts,
        limits: Limits,
        *,
        socket: Path | None = None,
        scratch_root: Path | None = None,
    ) -> None:
        self._client = client
        self._fill = fill
        self._mounts = mounts
        self._limits = limits
        self._socket = socket
        self._scratch_root = scratch_root
        self._root: Path | None = None
        self._name = f"cab-{secrets.token_hex(6)}"
        self._gate: Container | None = None
        self._network: Look | None = None
        self._container: Container | None = None
        self._facts = Facts(
            kind="docker",
            sealed=None,
            seal_reason="not looked at yet",
            network_policy="proxy only" if mounts.gate_image else "none",
            image=mounts.image,
            agent_image=mounts.agent_image,
        )

    @property
    def places(self) -> Places:
        """The folders on the host. SandboxError where it is not open."""
        if self._root is None:
            raise SandboxError("the docker sandbox is not open")
        return Places(self._root)

    @property
    def workdir(self) -> str:
        return self._mounts.workdir

    @property
    def home(self) -> str:
        return HOME

    @property
    def tests(self) -> str:
        return TESTS

    @property
    def logs(self) -> str:
        return LOGS

    @property
    def host_workdir(self) -> Path:
        return self.places.app

    @property
    def host_home(self) -> Path:
        return self.places.home

    @property
    def prefix(self) -> str:
        return PREFIX

    @property
    def python(self) -> str:
        return "python3"

    def endpoint(self, run_path: str, port: int, key: str) -> Endpoint:
        """The gate, on the loopback of the container's namespace."""
        root = f"http://127.0.0.1:{DEFAULT_PORT}{run_path}"
        return Endpoint(root_url=root, base_url=root + "/v1", key=key)

    def facts(self) -> Facts:
        """Whether it was sealed is known once a command has run."""
        return self._facts

    async def __aenter__(self) -> DockerSandbox:
        try:
            await asyncio.to_thread(self._open)
        except BaseException:
            await asyncio.shield(self.__aexit__())
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self._close)

    async def run(self, command: Command, limits: Limits) -> Finished:
        """Runs one command; when it is over the container is stopped, so nothing of it lives on."""
        container = self._running()
        env = {"HOME": HOME, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "dumb", **command.env}
        execution = Execution(container, command, limits, command.user or owner.user(), env)
        task = asyncio.ensure_future(asyncio.to_thread(_spoken, lambda: execution.run(self.workdir)))
        try:
            async with disk_watch(self.places, limits.disk_mb, execution.stop, execution.pids) as watch:
                done = await asyncio.shield(task)
        except asyncio.CancelledError:
            execution.stop()
            with contextlib.suppress(SandboxError):
                await task
            raise
        watch.check()
        await asyncio.to_thread(self._take_seal)
        if watch.emptied:
            self._facts = structs.replace(self._facts, attrs={**self._facts.attrs, "emptied": watch.emptied[:50]})
        return structs.replace(done, stopped=watch.reason, exit_code=None if watch.reason else done.exit_code)

    # -- blocking, in threads

    def _open(self) -> None:
        try:
            self._root = scratch.make(self._scratch_root)
            for folder in (self.places.home, self.places.tests, self.places.logs):
                folder.mkdir(parents=True)
            self.places.tests.rmdir()
            self._fill(self.places)
            self.places.tests.mkdir(exist_ok=True)
            owner.hand_over(self.places)
        except OSError as error:
            raise SandboxError(f"the docker sandbox cannot be filled: {error}") from None
        _spoken(self._start)

    def _start(self) -> None:
        mounts = self._mounts
        network = "none"
        if mounts.gate_image:
            self._gate = self._start_gate(mounts.gate_image)
            network = f"container:{self._gate.id}"
        self._container = self._client.containers.create(
            mounts.image.partition("@")[2],
            name=self._name,
            entrypoint=["sleep"],
            command=[str(int(self._limits.time_s) + SPARE_S)],
            user=owner.user(),
            working_dir=mounts.workdir,
            network_mode=network,
            volumes=self._volumes(),
            tmpfs=dict.fromkeys(("/tmp", "/var/tmp"), f"rw,exec,nosuid,nodev,size={TMP_MB}m,mode=1777"),  # noqa: S108
            read_only=mounts.read_only,
            **self._bounds(),
        )
        self._container.start()

    def _start_gate(self, image: str) -> Container:
        from docker.types import LogConfig

        assert self._socket is not None
        gate = self._client.containers.create(
            image.partition("@")[2],
            name=f"{self._name}-gate",
            command=[f"{SOCKETS}/{self._socket.name}", str(DEFAULT_PORT)],
            user=f"{os.getuid()}:{os.getgid()}",  # the socket's owner: nobody else may connect to it
            network_mode="none",
            volumes={str(self._socket.parent): {"bind": SOCKETS, "mode": "ro"}},
            read_only=True,
            mem_limit="256m",
            pids_limit=512,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            init=True,
            labels=labels(),
            log_config=LogConfig(type="json-file", config={"max-size": "1m"}),
        )
        gate.start()
        line = _first_line(gate)
        if not line.startswith("{"):
            raise SandboxError(f"the gate does not open: {line or 'it said nothing'}")
        self._network = json.loads(line)
        return gate

    def _volumes(self) -> dict[str, dict[str, str]]:
        places = self.places
        found = {
            str(places.app): {"bind": self._mounts.workdir, "mode": "rw"},
            str(places.home): {"bind": HOME, "mode": "rw"},
        }
        if self._mounts.gate_image is None:
            if self._mounts.tests:
                found[str(places.tests)] = {"bind": TESTS, "mode": "ro"}
            if places.solution.is_dir():
                found[str(places.solution)] = {"bind": SOLUTION, "mode": "ro"}
            found[str(places.logs)] = {"bind": LOGS, "mode": "rw"}
        return found | {source: {"bind": inside, "mode": "ro"} for source, inside in self._mounts.agent.items()}

    def _bounds(self) -> dict[str, Any]:
        from docker.types import LogConfig, Ulimit

        limits = self._limits
        memory = f"{limits.memory_mb}m" if limits.memory_mb else None
        ulimits = [Ulimit(name="core", soft=0, hard=0)]
        if limits.file_bytes:
            ulimits.append(Ulimit(name="fsize", soft=limits.file_bytes, hard=limits.file_bytes))
        return {
            "mem_limit": memory,
            "memswap_limit": memory,
            "nano_cpus": int(limits.cpus * 1e9) if limits.cpus else None,
            "pids_limit": limits.pids,
            "shm_size": "256m",
            "ulimits": ulimits,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "ipc_mode": "private",
            "init": True,
            "labels": labels(),
            "log_config": LogConfig(type="none"),
        }

    def _running(self) -> Container:
        if self._container is None:
            raise SandboxError("the docker sandbox is not open")
        return self._container

    def _take_seal(self) -> None:
        """What the gate saw: a namespace with another interface than the loopback is not sealed."""
        if self._gate is None:
            self._facts = structs.replace(self._facts, sealed=True, seal_reason="no network at all")
            return
        said: dict[str, Any] = {}
        with contextlib.suppress(Exception):  # a gate that does not answer leaves the seal unknown
            self._gate.kill(signal="SIGTERM")
            self._gate.wait(timeout=30)
            said = json.loads(self._gate.logs(stderr=False).splitlines()[-1])
        counts = {name: said[name] for name in COUNTS} if "bytes_in" in said else None
        sealed, reason, attrs = seal_of_network(self._network, said if counts else None, counts, gated=True)
        self._facts = structs.replace(
            self._facts, sealed=sealed, seal_reason=reason, attrs={**self._facts.attrs, **attrs}
        )

    def _close(self) -> None:
        from docker.errors import APIError, NotFound

        for container in (self._container, self._gate):
            if container is not None:
                with contextlib.suppress(NotFound, APIError):
                    container.remove(force=True, v=True)
        self._container = self._gate = None
        if self._root is not None:
            root, self._root = self._root, None
            scratch.remove(root)


def _first_line(container: Container, limit_s: float = 30.0) -> str:
    """What a container says first; empty where it ends or says nothing in time."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        said: bytes = container.logs(tail=20)
        if b"\n" in said:
            return said.decode("utf-8", "replace").splitlines()[0].strip()
        container.reload()
        if container.status not in ("created", "running"):
            break
        time.sleep(0.01)
    return ""


def _spoken(action: Callable[[], T]) -> T:
    """Runs an action on the engine; what the engine complains about becomes a SandboxError."""
    import requests
    from docker.errors import DockerException

    try:
        return action()
    except DockerException as error:
        raise SandboxError(f"the Docker engine: {explained(error)}") from None
    except requests.RequestException as error:
        raise SandboxError(f"the Docker engine does not answer: {type(error).__name__}") from None
