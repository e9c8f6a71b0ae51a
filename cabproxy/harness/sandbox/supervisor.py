"""The process between the harness and a command in the local sandbox. Standard library only: it is run as a script.

It is a child subreaper, so whatever the command leaves behind, however often it forked and called setsid, ends up as
its own child and is ended. Its stdin is a life line: when the harness dies, even by SIGKILL, the pipe closes and
everything is ended too. The request comes on stdin, ten digits of length and then JSON; the report leaves on stdout,
one JSON line followed by the kept bytes of stdout and of stderr.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import termios
import time
from collections.abc import Container
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 2.0
DRAIN_S = 1.0
COLUMNS, ROWS = 120, 40
EVENTS = 20_000
LOOK_MS = 100
COUNTS = ("connections", "bytes_in", "bytes_out")


class Kept:
    """Bytes of one stream: the head and the tail of what came, and how much there was."""

    def __init__(self, limit: int) -> None:
        self.half = max(1, limit // 2)
        self.head = bytearray()
        self.tail = bytearray()
        self.size = 0

    def add(self, data: bytes) -> None:
        self.size += len(data)
        room = self.half - len(self.head)
        self.head += data[:room]
        self.tail += data[room:] if room < len(data) else b""
        if len(self.tail) > 2 * self.half:
            del self.tail[: len(self.tail) - self.half]

    def bytes(self) -> bytes:
        return bytes(self.head) + bytes(self.tail[-self.half :])


def prctl(option: int, value: int) -> None:
    """One call of prctl(2); OSError where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def processes() -> dict[int, tuple[int, str, str]]:
    """All processes by pid: parent, state, name."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stream:
                    text = stream.read().decode("utf-8", "replace")
            except OSError:
                continue
            head, _, rest = text.rpartition(") ")
            fields = rest.split()
            found[int(name)] = (int(fields[1]), fields[0], head.partition("(")[2])
    return found


def descendants(root: int) -> dict[int, str]:
    """Living descendants of `root` by pid, with their names; zombies are not alive."""
    table = processes()
    inside = {root}
    grown = True
    while grown:
        more = {pid for pid, (parent, _, _) in table.items() if parent in inside and pid not in inside}
        inside |= more
        grown = bool(more)
    return {pid: table[pid][2] for pid in inside if pid != root and table[pid][1] != "Z"}


def children(parent: int) -> list[int]:
    """The processes a process started itself."""
    return [pid for pid, (other, _, _) in processes().items() if other == parent]


def _signal_init(helper: int) -> None:
    """SIGTERM to the first process of a namespace: it ends everything in there."""
    for init in children(helper):
        _signal(init, signal.SIGTERM)


def end_all(own: int, spared: Container[int] = ()) -> list[str]:
    """Ends every descendant: frozen first until no new one shows, so that a fork bomb cannot outrun it."""
    names: dict[int, str] = {}
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        living = {pid: name for pid, name in descendants(own).items() if pid not in spared}
        if not living:
            break
        fresh = [pid for pid in living if pid not in names]
        names.update(living)
        for pid in living:
            _signal(pid, signal.SIGSTOP if fresh else signal.SIGKILL)
        if not fresh:
            reap()
            time.sleep(0.002)
    reap()
    return [names[pid] for pid in sorted(names)]


def reap() -> None:
    """Collects every dead child."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def start(request: dict[str, Any], streams: tuple[int, int, int], sealed: Sealed | None, bounds: Any) -> int:
    """Forks the command in a session of its own; it dies with this process."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        bounds.enter()
        if sealed is not None:
            sealed.enter(request["seal"])
        become(request, streams)
    except OSError as error:
        complain(streams[2], f"cannot start {request['argv'][0]}: {error.strerror}\n")
    except Exception as error:  # noqa: BLE001 - else it would look like a command that is not there
        complain(streams[2], f"the sandbox broke before {request['argv'][0]} began: {error!r}\n")
    finally:
        os._exit(127)


def complain(stream: int, line: str) -> None:
    """To the command's stderr, which may already be this process' own."""
    try:
        os.write(stream, line.encode())
    except OSError:
        os.write(2, line.encode())


def become(request: dict[str, Any], streams: tuple[int, int, int]) -> None:
    """Replaces this process by the command."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number, inheritable=True)
    if request["pty"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.closerange(3, 256)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if request["file_bytes"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_bytes"], request["file_bytes"]))
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o022)
    os.chdir(request["cwd"])
    os.execvpe(request["argv"][0], request["argv"], request["env"])  # noqa: S606


class Sealed:
    """The helpers around a command in namespaces: a gate on the outside, an init on the inside.

    The gate is forked first, by whoever may open the proxy's socket, and gets the listening socket of the new network
    namespace handed over; the command can neither see nor signal it.
    """

    def __init__(self, seal: dict[str, Any]) -> None:
        self.namespaces = _load("namespaces.py")
        self.network = _load("gate/gate.py")
        self.report, self.report_inner = os.pipe()
        self.counts, counts_inner = os.pipe()
        self.ours, theirs = socket.socketpair()
        self.gate = 0
        if seal["socket"]:
            self.gate = os.fork()
            if self.gate == 0:
                os.dup2(counts_inner, 1)
                self._serve_gate(theirs, seal["socket"])
        os.close(counts_inner)
        theirs.close()

    def _serve_gate(self, theirs: socket.socket, path: str) -> None:
        try:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            self.ours.close()
            os.close(self.report)
            os.close(self.report_inner)
            _, handed, _, _ = socket.recv_fds(theirs, 1, 1)
            if handed:
                self.network.serve(socket.socket(fileno=handed[0]), path)
        finally:
            os._exit(1)

    def enter(self, seal: dict[str, Any]) -> None:
        """In the child: into the namespaces; returns in the process that becomes the command."""
        spaces = self.namespaces
        copies = spaces.Copies(seal) if os.getuid() == 0 else None  # root's paths are closed to whom it becomes
        spaces.enter_user(seal["uid"], seal["gid"])
        spaces.unshare(spaces.NEWNET, "network")
        listener = spaces.loopback(seal["port"])
        if self.gate:
            socket.send_fds(self.ours, [b"x"], [listener.fileno()])
        self.ours.close()
        listener.close()
        spaces.unshare(spaces.NEWNS | spaces.NEWPID | spaces.NEWIPC | spaces.NEWUTS, "mount and process")
        first = os.fork()
        if first:
            os.close(self.report_inner)
            _, status = os.waitpid(first, 0)
            os._exit(127 if os.waitstatus_to_exitcode(status) == 127 else 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        spaces.arrange(seal, copies or spaces.Copies(seal))
        before = self.network.look()
        child = os.fork()
        if child:
            spaces.as_init(child, self.report_inner, self.network.look, before)
        os.close(self.report_inner)
        prctl(spaces.PR_SET_NO_NEW_PRIVS, 1)
        spaces.limit_processes(seal["pids"])

    def started(self) -> None:
        """In the parent: lets go of the child's ends."""
        os.close(self.report_inner)
        self.ours.close()

    def result(self) -> dict[str, Any]:
        """What the init and the gate told; empty where they could not."""
        with os.fdopen(self.report, "rb") as stream:
            text = stream.read()
        found: dict[str, Any] = json.loads(text) if text else {}
        if self.gate:
            _signal(self.gate, signal.SIGTERM)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.gate, 0)
        with os.fdopen(self.counts, "rb") as stream:
            lines = stream.read().decode("ascii", "replace").split("\n")
        told = [json.loads(line) for line in lines if line.startswith("{")]
        found["gate"] = next(({name: one[name] for name in COUNTS} for one in told if "bytes_in" in one), None)
        return found

    def end(self, helper: int) -> None:
        """Has the init end everything and tell what it saw; `helper` is its parent, this process' child."""
        _signal_init(helper)
        deadline = time.monotonic() + GRACE_S
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(helper, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
                time.sleep(0.005)


def _load(name: str) -> Any:
    """A file beside this one, as a module."""
    path = f"{os.path.dirname(os.path.abspath(__file__))}/{name}"
    spec = importlib.util.spec_from_file_location(os.path.basename(name).removesuffix(".py"), path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def serve(request: dict[str, Any], life_line: int) -> dict[str, Any]:
    """Runs the command to its end, its limit, or the end of the life line."""
    own = os.getpid()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    kept = {"stdout": Kept(request["output_bytes"]), "stderr": Kept(request["output_bytes"])}
    readers, inner = _streams(request["pty"])
    sealed = Sealed(request["seal"]) if request["seal"] else None
    bounds = _load("bounds.py").bounds(request["memory_mb"], request["pids"])
    started = time.monotonic_ns()
    pid = start(request, inner, sealed, bounds)
    if sealed is not None:
        sealed.started()
    for stream in set(inner):
        os.close(stream)
    watch = _Watch(pid, readers, kept, life_line, started, request, bounds)
    watch.until_end(started + int(request["time_s"] * 1e9))
    ended = time.monotonic_ns()
    if sealed is None:
        killed, code, inside = end_all(own), watch.code, {}
    else:
        if watch.code is None:
            sealed.end(pid)
        if watch.code is None or watch.timed_out:
            end_all(own, spared={sealed.gate})
        inside = sealed.result()
        killed, code = inside.get("killed", []), inside.get("code", watch.code or -signal.SIGKILL)
        end_all(own)
    watch.drain()
    memory = bounds.result()
    bounds.close()
    return {
        "memory": memory,
        "stopped": watch.stopped,
        "exit_code": code if code is not None and code >= 0 else None,
        "signal": -code if code is not None and code < 0 else None,
        "timed_out": watch.timed_out,
        "orphaned": watch.orphaned,
        "started_ns": started,
        "ended_ns": ended,
        "killed": killed,
        "stdout_size": kept["stdout"].size,
        "stderr_size": kept["stderr"].size,
        "events": watch.events,
        "network": [inside.get("before"), inside.get("after")],
        "gate": inside.get("gate"),
        "kept": [kept["stdout"].bytes(), kept["stderr"].bytes()],
    }


def _streams(pty: bool) -> tuple[dict[int, str], tuple[int, int, int]]:
    """What is read here by descriptor, and the three descriptors the command gets."""
    if pty:
        outer, inner = os.openpty()
        fcntl.ioctl(outer, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        return {outer: "stdout"}, (inner, inner, inner)
    empty = os.open(os.devnull, os.O_RDONLY)
    out, out_inner = os.pipe()
    error, error_inner = os.pipe()
    return {out: "stdout", error: "stderr"}, (empty, out_inner, error_inner)


class _Watch:
    """The command's output, end and limits."""

    def __init__(
        self,
        pid: int,
        readers: dict[int, str],
        kept: dict[str, Kept],
        life_line: int,
        started: int,
        request: dict[str, Any],
        bounds: Any,
    ) -> None:
        self.pid = pid
        self.bounds = bounds
        self.stopped: str | None = None  # by its bounds
        self.readers = readers
        self.kept = kept
        self.life_line = life_line
        self.started = started
        self.events: list[tuple[int, int, int]] = []  # (ns since the start, 1 stdout or 2 stderr, bytes)
        self.sealed = bool(request["seal"])
        self.code: int | None = None
        self.timed_out = False
        self.orphaned = False
        self.poll = select.poll()
        self.pidfd = os.pidfd_open(pid)
        for stream in (life_line, self.pidfd, *readers):
            self.poll.register(stream, select.POLLIN)

    def until_end(self, deadline: int) -> None:
        """Asks at the deadline, insists after a grace, and after another one ends the helper too."""
        insisted = False
        while self.code is None:
            left_ms = max(0, deadline - time.monotonic_ns()) / 1e6
            ready = self.poll.poll(min(left_ms + 1, LOOK_MS))
            self._look()
            for stream, _ in ready:
                self._event(stream)
            if self.orphaned:
                return
            if self.code is None and time.monotonic_ns() >= deadline:
                if self.timed_out and self.sealed and not insisted:
                    insisted = True
                    _signal_init(self.pid)
                elif self.timed_out:
                    _signal(self.pid, signal.SIGKILL)
                else:
                    self.timed_out = True
                    self._terminate()
                deadline = time.monotonic_ns() + int(GRACE_S * 1e9)

    def _look(self) -> None:
        """Ends a command that is beyond its bounds, at once."""
        if self.stopped is None and self.bounds.due():
            self.stopped = self.bounds.look((self.pid, *descendants(self.pid)))
        if self.stopped is None:
            return
        if self.sealed:
            _signal_init(self.pid)
        else:
            for pid in (*descendants(self.pid), self.pid):
                _signal(pid, signal.SIGKILL)

    def _terminate(self) -> None:
        """Asks the command's process group to end; in namespaces everything below the two helpers."""
        if not self.sealed:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGTERM)
            return
        for init in children(self.pid):
            for pid in descendants(init):
                _signal(pid, signal.SIGTERM)

    def _event(self, stream: int) -> None:
        if stream == self.pidfd:
            _, status = os.waitpid(self.pid, 0)
            self.code = os.waitstatus_to_exitcode(status)
        elif stream == self.life_line:
            if not os.read(stream, 4096):
                self.orphaned = True
        else:
            self._read(stream)

    def _read(self, stream: int) -> bool:
        try:
            data = os.read(stream, 1 << 16)
        except OSError:  # a terminal whose other side is closed
            data = b""
        if not data:
            self.poll.unregister(stream)
            os.close(stream)
            del self.readers[stream]
            return False
        name = self.readers[stream]
        self.kept[name].add(data)
        if len(self.events) < EVENTS:
            self.events.append((time.monotonic_ns() - self.started, 1 if name == "stdout" else 2, len(data)))
        return True

    def drain(self) -> None:
        """What is still in the pipes; nobody writes any more."""
        deadline = time.monotonic() + DRAIN_S
        for stream in list(self.readers):
            waiting = select.poll()
            waiting.register(stream, select.POLLIN)
            while time.monotonic() < deadline and waiting.poll(0) and self._read(stream):
                pass


def read_request(stream: int) -> dict[str, Any] | None:
    """The request; None where the harness went away before it was whole."""
    data = b""
    while len(data) < 10 or len(data) < 10 + int(data[:10]):
        more = os.read(stream, 1 << 16)
        if not more:
            return None
        data += more
    request: dict[str, Any] = json.loads(data[10:])
    return request


def main() -> None:
    """Reads the request, runs it, writes the report."""
    request = read_request(0)
    if request is None:
        return
    # Ctrl-C reaches the whole group of the terminal; only the harness decides what it means.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    report = serve(request, 0)
    kept = report.pop("kept")
    head = json.dumps({**report, "lengths": [len(part) for part in kept]}).encode() + b"\n"
    with os.fdopen(os.dup(1), "wb") as out:
        out.write(head + kept[0] + kept[1])
    os._exit(0)  # everything is ended and told; an interpreter takes its time to go


if __name__ == "__main__":
    main()
