"""A command in namespaces of its own, without root: no network but a loopback, no process but its own, and a file
system that is read-only but for its scratch folders. Standard library only: the supervisor loads it by its path.

Needs Linux 5.12 or newer that lets this user make user namespaces. OSError where the kernel refuses a step.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
from collections.abc import Callable
from typing import Any

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442  # the same on every architecture
AT_FDCWD, AT_RECURSIVE, TREE_CLONE, MOVE_EMPTY_PATH = -100, 0x8000, 1, 4
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
READ_ONLY, NO_SUID = 1, 2
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
OPEN = ("/tmp", "/var/tmp")  # made anew for the command
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

_libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> int:
    """Raises OSError where a call of the C library failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int) -> None:
    """prctl(2) with one argument."""
    check(_libc.prctl(option, value, 0, 0, 0), "prctl")


def unshare(flags: int, what: str) -> None:
    """unshare(2)."""
    check(_libc.unshare(flags), f"a new {what} namespace")


def enter_user(uid: int, gid: int) -> None:
    """A user namespace in which this process is nobody else than before; root becomes `uid` first."""
    if os.getuid() == 0 and uid != 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        prctl(PR_SET_DUMPABLE, 1)  # else its own maps are root's
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # changing the user forgets it
    uid, gid = os.getuid(), os.getgid()
    unshare(NEWUSER, "user")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        write(f"/proc/self/{name}", text)


def write(path: str, text: str) -> None:
    """One write to a file of the kernel."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def loopback(port: int) -> socket.socket:
    """Brings the loopback of a new network namespace up and listens on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, 0x8913, name))[1]
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))
    return socket.create_server(("127.0.0.1", port), backlog=256)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """mount(2)."""
    result = _libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, data.encode())
    check(result, f"mount {kind or 'change'} at {target}")


def clone(path: str) -> int:
    """A detached copy of what is mounted at and below a path."""
    flags = TREE_CLONE | AT_RECURSIVE | os.O_CLOEXEC
    return check(_libc.syscall(OPEN_TREE, AT_FDCWD, os.fsencode(path), flags), f"copy of {path}")


def attach(tree: int, path: str) -> None:
    """Mounts a detached copy at a path and lets go of it."""
    try:
        result = _libc.syscall(MOVE_MOUNT, tree, b"", AT_FDCWD, os.fsencode(path), MOVE_EMPTY_PATH)
        check(result, f"mount at {path}")
    finally:
        os.close(tree)


def attributes(path: str, *, on: int = 0, off: int = 0, below: bool = False) -> None:
    """mount_setattr(2)."""
    wanted = struct.pack("QQQQ", on, off, 0, 0)
    result = _libc.syscall(MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), AT_RECURSIVE if below else 0, wanted, 32)
    check(result, f"mount attributes of {path}")


def tmpfs(path: str, size_mb: int, mode: str = "755") -> None:
    """An empty file system over a path."""
    mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size_mb}m,mode={mode}")


class Copies:
    """Detached copies of what stays visible, made while its paths can still be walked."""

    def __init__(self, seal: dict[str, Any]) -> None:
        self.hidden = [os.path.realpath(path) for path in seal["hide"] if os.path.isdir(path)]
        below = tuple(folder + "/" for folder in self.hidden)
        wanted = {name for path in seal["keep"] for name in (path, os.path.realpath(path))}
        self.kept = {path: clone(path) for path in wanted if path.startswith(below) and os.path.exists(path)}
        self.writable = [(clone(folder), path) for folder, path in seal["writable"]]
        self.devices = {name: clone(f"/dev/{name}") for name in DEVICES if os.path.exists(f"/dev/{name}")}


def arrange(seal: dict[str, Any], copies: Copies) -> None:
    """The file system the command sees.

    `hide`: folders that become empty; `keep`: paths that stay where they are, read-only, also below a hidden one;
    `writable`: pairs of a folder and the path where the command finds it, read-only too where `fixed` names it. Deeper
    paths win.
    """
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    if seal["made"]:
        own_root([path for _, path in seal["writable"]])
    open_folders = []
    for path in sorted({*copies.hidden, *copies.kept}, key=lambda path: (path.count("/"), path in copies.kept)):
        if path in copies.kept:
            place(copies.kept[path], path)
        elif os.path.isdir(path):
            tmpfs(path, seal["tmp_mb"] if path in OPEN else 16, "1777" if path in OPEN else "755")
            open_folders += [path] if path in OPEN else []
    for tree, path in copies.writable:
        os.makedirs(path, exist_ok=True)
        attach(tree, path)
        open_folders += [] if path in seal.get("fixed", ()) else [path]
    own_devices(copies.devices)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    attributes("/", on=READ_ONLY | NO_SUID, below=True)
    for path in (*open_folders, "/dev/shm"):
        attributes(path, off=READ_ONLY)


def own_root(wanted: list[str]) -> None:
    """A root folder of its own with all that the machine's has, and room for the wanted paths, which that may lack."""
    tmpfs("/tmp", 16)
    for name in os.listdir("/"):
        path, copy = f"/{name}", f"/tmp/{name}"
        if os.path.islink(path):
            os.symlink(os.readlink(path), copy)
        elif os.path.isdir(path):
            os.mkdir(copy)
            if name != "tmp":
                attach(clone(path), copy)
    for path in wanted:
        top = path.split("/")[1]
        if not os.path.exists(f"/{top}") or top == "tmp":
            os.makedirs(f"/tmp{path}", exist_ok=True)
    os.chdir("/tmp")
    check(_libc.pivot_root(b".", b"."), "a root folder of its own")
    check(_libc.umount2(b".", MNT_DETACH), "leaving the machine's root folder")
    os.chdir("/")


def place(tree: int, path: str) -> None:
    """Puts a kept path back below the hidden folder it lies in."""
    if os.path.isdir(f"/proc/self/fd/{tree}"):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    attach(tree, path)


def own_devices(devices: dict[str, int]) -> None:
    """A /dev with what programs need and no disk."""
    tmpfs("/dev", 1)
    for name, tree in devices.items():
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
        attach(tree, f"/dev/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target if target.startswith("/") else f"/proc/self/{target}", f"/dev/{name}")
    for name in ("shm", "pts"):
        os.mkdir(f"/dev/{name}")
    tmpfs("/dev/shm", 256, "1777")
    try:
        mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
        os.symlink("pts/ptmx", "/dev/ptmx")
    except OSError:
        return  # no terminals inside; most commands need none


def limit_processes(count: int | None) -> None:
    """Bounds the processes of this user in this namespace: a fork bomb stays in its box."""
    if count:
        resource.setrlimit(resource.RLIMIT_NPROC, (count, count))


def as_init(child: int, report: int, look: Callable[[], dict[str, Any]], before: dict[str, Any]) -> None:
    """What the first process of the namespace does: waits for the command, tells how it ended, and ends everything.

    When it ends the kernel ends every other process of its namespace. SIGTERM makes it end them before. `look` tells
    what the network is like; `before` is what it was like before the command.
    """
    prctl(PR_SET_DUMPABLE, 0)  # the command may not look into this process, nor make it tell something else
    ended: list[str] = []

    def end(number: int, frame: Any) -> None:
        ended.extend(others())
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)
    code = None
    while code is None:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
    names = ended or others()
    os.write(report, json.dumps({"code": code, "killed": names[:500], "before": before, "after": look()}).encode())
    os._exit(0)


def others() -> list[str]:
    """The living commands of this process namespace beside its first one."""
    names = []
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stream:
                head, _, rest = stream.read().rpartition(") ")
                names += [] if rest.startswith("Z") else [head.partition("(")[2]]
    return names
