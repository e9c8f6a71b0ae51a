"""One command in a running container, bounded in time and output; blocking, so it runs in a thread."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from cabproxy.harness.sandbox.base import Command, Finished, Limits
from cabproxy.harness.sandbox.docker_engine import retry_conflict
from cabproxy.harness.sandbox.supervisor import COLUMNS, EVENTS, ROWS, Kept

if TYPE_CHECKING:
    from docker.models.containers import Container

POLL_S = 0.1
DRAIN_S = 2.0


class Execution:
    """A command under way; `stop` ends it from another thread."""

    def __init__(self, container: Container, command: Command, limits: Limits, user: str, env: dict[str, str]) -> None:
        self.container = container
        self.command = command
        self.limits = limits
        self.user = user
        self.env = env
        self.out = Kept(limits.output_bytes)
        self.err = Kept(limits.output_bytes)
        self.events: list[tuple[int, int, int]] = []
        self.started = 0
        self.stopped = threading.Event()
        self.over = threading.Event()

    def stop(self) -> None:
        """Ends the command soon."""
        self.stopped.set()

    def run(self, workdir: str) -> Finished:
        """Until the command's end, its limit, or `stop`; then every process of the container is ended."""
        from docker.errors import APIError

        api = self.container.client.api  # type: ignore[union-attr]
        ident = api.exec_create(
            self.container.id,
            list(self.command.argv),
            user=self.user,
            environment=self.env,
            workdir=self.command.cwd or workdir,
            tty=self.command.pty,
        )["Id"]
        self.started = started = time.monotonic_ns()
        stream = api.exec_start(ident, socket=True, tty=self.command.pty)
        if self.command.pty:
            with contextlib.suppress(APIError):  # it is over already
                api.exec_resize(ident, height=ROWS, width=COLUMNS)
        reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        reader.start()
        timed_out, ended = self._wait(api, ident, started)
        killed = self._leftovers()
        found = api.exec_inspect(ident)
        self._kill()
        reader.join(DRAIN_S)
        code = None if timed_out or found["Running"] else found["ExitCode"]
        self.container.reload()
        return Finished(
            exit_code=code,
            timed_out=timed_out,
            started_ns=started,
            ended_ns=ended,
            stdout=self.out.bytes(),
            stderr=self.err.bytes(),
            stdout_size=self.out.size,
            stderr_size=self.err.size,
            events=tuple(self.events),
            killed=tuple(killed),
            oom_killed=bool(self.container.attrs["State"].get("OOMKilled")),
        )

    def _read(self, stream: Any) -> None:
        from docker.utils.socket import STDERR, frames_iter

        try:
            with contextlib.suppress(OSError, ValueError):  # the connection of a killed container may just break off
                for number, data in frames_iter(stream, self.command.pty):  # type: ignore[no-untyped-call]
                    (self.err if number == STDERR else self.out).add(data)
                    if len(self.events) < EVENTS:
                        at = time.monotonic_ns() - self.started
                        self.events.append((at, 2 if number == STDERR else 1, len(data)))
        finally:
            self.over.set()
            close_stream(stream)

    def _wait(self, api: Any, ident: str, started: int) -> tuple[bool, int]:
        """Whether it timed out, and when it ended. A daemon may hold the output open after the command's end."""
        deadline = started + int(self.limits.time_s * 1e9)
        while not self.stopped.is_set():
            over = self.over.wait(POLL_S)
            now = time.monotonic_ns()
            if over or not api.exec_inspect(ident)["Running"]:
                return False, now
            if now >= deadline:
                return True, now
        return False, time.monotonic_ns()

    def _leftovers(self) -> list[str]:
        """Commands still running beside the container's own two."""
        return [name for _, name in self._processes() if name not in _OWN][:100]

    def pids(self) -> list[int]:
        """The container's processes, as this machine numbers them."""
        return [int(pid) for pid, _ in self._processes() if pid.isdigit()]

    def _processes(self) -> list[list[str]]:
        with contextlib.suppress(Exception):  # a container that just ended has no processes to list
            rows: list[list[str]] | None = self.container.top(ps_args="-eo pid,comm")["Processes"]
            return rows or []
        return []

    def _kill(self) -> None:
        from docker.errors import APIError

        with contextlib.suppress(APIError):
            retry_conflict(self.container.kill)


def close_stream(stream: Any) -> None:
    """Closes a stream of the engine with the response and the socket below it, which the SDK leaves open."""
    socket, response = getattr(stream, "_sock", None), getattr(stream, "_response", None)
    for part in (response, stream, socket):
        if part is not None:
            with contextlib.suppress(OSError, ValueError):
                part.close()


_OWN = ("docker-init", "tini", "sleep")
