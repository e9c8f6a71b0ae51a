"""The embedded sandbox: processes of this machine, bounded in time and output, with every descendant ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from cabproxy.agents.base import Endpoint
from cabproxy.config import DEFAULT_PORT
from cabproxy.errors import SandboxError
from cabproxy.harness.sandbox import owner, scratch, seal
from cabproxy.harness.sandbox.base import Command, Facts, Finished, Limits
from cabproxy.harness.sandbox.disk import disk_watch
from cabproxy.harness.sandbox.network import seal_of_network
from cabproxy.harness.sandbox.places import Fill, Places
from cabproxy.harness.sandbox.supervisor import descendants
from cabproxy.harness.sandbox.toolchain import base_env

SUPERVISOR = Path(__file__).with_name("supervisor.py")
START = (
    sys.executable,
    "-I",
    "-S",
    "-c",  # imported, not run as a script: a script is compiled anew each time
    f"import sys; sys.path.insert(0, {str(SUPERVISOR.parent)!r}); import supervisor; supervisor.main()",
)
REPORT_SLACK_S = 60.0
"""How long a supervisor may take to end everything and report, beyond the command's own limit."""


class Confinement(Struct, frozen=True, kw_only=True):
    """How a sealed command is confined: the proxy's socket, and what it must and must not see."""

    socket: Path | None = None  # None: no way out at all, as for a verifier
    keep: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    workdir: str | None = None  # the work tree and a verifier's folders lie where a container has them


class LocalSandbox:
    """A scratch folder with `app` (the work tree), `home` and `tmp`; commands run below a supervisor.

    `fill` puts the work tree's content in place. With a confinement the command gets namespaces of its own (see
    namespaces.py). Without one the seal is open: the command can reach the network and whatever this user can read,
    which is what `facts` say, with `reason`.
    """

    def __init__(
        self,
        fill: Fill,
        *,
        prefix: str = "",
        scratch_root: Path | None = None,
        confinement: Confinement | None = None,
        reason: str = "processes of this machine share its network and files",
    ) -> None:
        self._fill = fill
        self._prefix = prefix
        self._scratch_root = scratch_root
        self._confinement = confinement
        self._root: Path | None = None
        self._reported = True
        self._waiting: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._facts = Facts(
            kind="local",
            sealed=None if confinement else False,
            seal_reason="not looked at yet" if confinement else reason,
            network_policy=("proxy only" if confinement.socket else "none") if confinement else "open",
        )

    @property
    def places(self) -> Places:
        """The folders on the host. SandboxError where it is not open."""
        if self._root is None:
            raise SandboxError("the local sandbox is not open")
        return Places(self._root)

    @property
    def workdir(self) -> str:
        if self._confinement and self._confinement.workdir:
            return self._confinement.workdir
        return seal.APP if self._confinement else str(self.places.app)

    @property
    def home(self) -> str:
        return seal.HOME if self._confinement else str(self.places.home)

    @property
    def tests(self) -> str:
        if self._confinement and self._confinement.workdir:
            return seal.CONTAINER_TESTS
        return seal.TESTS if self._confinement else str(self.places.tests)

    @property
    def logs(self) -> str:
        if self._confinement and self._confinement.workdir:
            return seal.CONTAINER_LOGS
        return seal.LOGS if self._confinement else str(self.places.logs)

    @property
    def host_workdir(self) -> Path:
        return self.places.app

    @property
    def host_home(self) -> Path:
        return self.places.home

    @property
    def prefix(self) -> str:
        return self._prefix

    @property
    def python(self) -> str:
        return sys.executable

    def endpoint(self, run_path: str, port: int, key: str) -> Endpoint:
        """The proxy, or the gate to it, on the loopback interface."""
        root = f"http://127.0.0.1:{DEFAULT_PORT if self._confinement else port}{run_path}"
        return Endpoint(root_url=root, base_url=root + "/v1", key=key)

    def facts(self) -> Facts:
        """Whether it was sealed is known once a command has run."""
        return self._facts

    async def __aenter__(self) -> LocalSandbox:
        self._waiting = asyncio.create_task(start_supervisor())  # it starts while the folders are filled
        try:
            self._root = scratch.make(self._scratch_root)
            await asyncio.to_thread(self._make)
        except OSError as error:
            await self.__aexit__()
            raise SandboxError(f"the local sandbox cannot be made: {error}") from None
        return self

    def _make(self) -> None:
        for folder in (self.places.home, self.places.tmp, self.places.logs):
            folder.mkdir(parents=True)
        self._fill(self.places)
        if self._confinement:
            self.places.root.chmod(0o711)  # whoever the command becomes passes through it to its own folders
            owner.hand_over(self.places)

    async def __aexit__(self, *exc: object) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            with contextlib.suppress(OSError):  # it may never have started
                await _dismiss(await waiting)
        if self._root is not None:
            root, self._root = self._root, None
            if not self._reported:  # a supervisor that reports has ended everything
                await asyncio.to_thread(scratch.end_strays, root)
            await asyncio.to_thread(scratch.remove, root)

    async def run(self, command: Command, limits: Limits) -> Finished:
        """Runs one command; a cancelled call ends it too."""
        stop = asyncio.Event()
        self._reported = False
        waiting, self._waiting = self._waiting, None
        process = await (waiting or start_supervisor())
        async with disk_watch(self.places, limits.disk_mb, stop, lambda: descendants(process.pid)) as watch:
            report, out, err = await supervise(process, self._request(command, limits), limits.time_s, stop)
            self._reported = True
        watch.check()
        self._take_seal(report)
        stopped = watch.reason or report["stopped"]
        self._take_memory(report["memory"], limits)
        if watch.emptied:
            self._facts = structs.replace(self._facts, attrs={**self._facts.attrs, "emptied": watch.emptied[:50]})
        return Finished(
            exit_code=None if stopped else report["exit_code"],
            signal=report["signal"],
            timed_out=report["timed_out"],
            started_ns=report["started_ns"],
            ended_ns=report["ended_ns"],
            stdout=out,
            stderr=err,
            stdout_size=report["stdout_size"],
            stderr_size=report["stderr_size"],
            stopped=stopped,
            oom_killed=report["memory"]["oom"],
            events=tuple((at, stream, size) for at, stream, size in report["events"]),
            killed=tuple(report["killed"]),
        )

    def _request(self, command: Command, limits: Limits) -> dict[str, Any]:
        confined = self._confinement
        tmp = "/tmp" if confined else str(self.places.tmp)  # noqa: S108
        wanted = None
        if confined:
            keep = (*confined.keep, self._prefix)
            wanted = seal.seal_of(self.places, confined.socket, keep, confined.hide, limits.pids, confined.workdir)
        return {
            "argv": list(command.argv),
            "env": {**base_env(self.home, tmp), **command.env},
            "cwd": command.cwd or self.workdir,
            "pty": command.pty,
            "time_s": limits.time_s,
            "output_bytes": limits.output_bytes,
            "file_bytes": limits.file_bytes,
            "memory_mb": limits.memory_mb,
            "pids": limits.pids,
            "seal": wanted,
        }

    def _take_memory(self, memory: dict[str, Any], limits: Limits) -> None:
        """How memory was bounded, and how much was taken as far as that was seen."""
        attrs = {
            "memory_limit_mb": limits.memory_mb,
            "memory_bounded_by": memory["by"],
            "peak_memory_mb": memory["peak_mb"],
        }
        self._facts = structs.replace(self._facts, attrs={**self._facts.attrs, **attrs})

    def _take_seal(self, report: dict[str, Any]) -> None:
        """What the namespace's own init saw before and after the command, and what went through the gate."""
        if self._confinement is None:
            return
        before, after = report["network"]
        gated = self._confinement.socket is not None
        sealed, reason, attrs = seal_of_network(before, after, report["gate"], gated=gated)
        self._facts = structs.replace(self._facts, sealed=sealed, seal_reason=reason, attrs=attrs)


async def start_supervisor() -> asyncio.subprocess.Process:
    """A supervisor that waits for its one request.

    Its environment is empty: what the command gets travels through the pipe alone.
    """
    return await asyncio.create_subprocess_exec(
        *START,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
    )


async def supervise(
    process: asyncio.subprocess.Process, request: dict[str, Any], time_s: float, stop: asyncio.Event | None = None
) -> tuple[dict[str, Any], bytes, bytes]:
    """Hands a request to a supervisor and waits for its report. `stop` ends the command early."""
    stopper = asyncio.create_task(_let_go(process, stop)) if stop else None
    try:
        return await asyncio.wait_for(_exchange(process, request), time_s + REPORT_SLACK_S)
    except TimeoutError:
        raise SandboxError("the supervisor did not report in time") from None
    finally:
        if stopper is not None:
            stopper.cancel()
        await _dismiss(process)


async def _let_go(process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    await stop.wait()
    if process.stdin is not None:
        process.stdin.close()


async def _exchange(
    process: asyncio.subprocess.Process, request: dict[str, Any]
) -> tuple[dict[str, Any], bytes, bytes]:
    assert process.stdin and process.stdout and process.stderr
    body = json.dumps(request).encode()
    with contextlib.suppress(ConnectionError):
        process.stdin.write(b"%010d" % len(body) + body)
        await process.stdin.drain()
    complaint = asyncio.create_task(process.stderr.read())
    try:
        output = await process.stdout.read()
        said = (await complaint).decode("utf-8", "replace").strip()
    finally:
        complaint.cancel()
    head, newline, rest = output.partition(b"\n")
    if not newline:
        code = await process.wait()
        raise SandboxError(f"the supervisor ended with {code} and no report: {said.splitlines()[-1:] or 'killed'}")
    report = json.loads(head)
    middle = report["lengths"][0]
    return report, rest[:middle], rest[middle:]


async def _dismiss(process: asyncio.subprocess.Process) -> None:
    """Lets go of the life line and waits until the supervisor has ended everything."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()
