"""What a sealed command of the local sandbox may see, and whether this machine can seal at all."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cabproxy.config import DEFAULT_PORT
from cabproxy.harness.sandbox import owner
from cabproxy.harness.sandbox.network import seal_of_network
from cabproxy.harness.sandbox.places import Places
from cabproxy.harness.sandbox.toolchain import base_env

INSIDE = "/tmp/cab"  # noqa: S108 - in a /tmp of the command's own
APP, HOME, TESTS, LOGS = f"{INSIDE}/app", f"{INSIDE}/home", f"{INSIDE}/tests", f"{INSIDE}/logs"
CONTAINER_TESTS, CONTAINER_LOGS, CONTAINER_SOLUTION = "/tests", "/logs/verifier", "/solution"
TMP_MB = 2048
HIDDEN = ("/tmp", "/var/tmp", "/run", "/var/run", "/home", "/root", "/media", "/mnt", "/srv")  # noqa: S108


def seal_of(
    places: Places | None,
    socket: Path | None,
    keep: Iterable[str],
    hide: Iterable[str | Path],
    pids: int | None,
    workdir: str | None = None,
) -> dict[str, Any]:
    """The supervisor's `seal`: hidden are the homes, other programs' sockets and scratch, and `hide` (tasks, ledgers);
    kept are this Python, the tools of the PATH and `keep`."""
    uid, gid = owner.ids()
    return {
        "uid": uid,
        "gid": gid,
        "port": DEFAULT_PORT,
        "socket": str(socket) if socket else None,
        "pids": pids,
        "tmp_mb": TMP_MB,
        "hide": sorted({*HIDDEN, str(Path.home()), *(str(path) for path in hide if _may_be_hidden(path))}),
        "keep": sorted({*tools(), *(path for path in keep if path)}),
        "writable": writable(places, workdir) if places else [],
        "fixed": [CONTAINER_TESTS, TESTS, CONTAINER_SOLUTION],
        "made": bool(workdir),
    }


def writable(places: Places, workdir: str | None = None) -> list[tuple[str, str]]:
    """The scratch folders and where the command finds them: the same paths in every run, a container's where the task
    has its `workdir` in one. Those among `fixed` can be read only."""
    app, logs, tests = (workdir, CONTAINER_LOGS, CONTAINER_TESTS) if workdir else (APP, LOGS, TESTS)
    found = [(str(places.app), app), (str(places.home), HOME), (str(places.logs), logs)]
    if places.solution.is_dir():
        found.append((str(places.solution), CONTAINER_SOLUTION))
    return found + ([(str(places.tests), tests)] if places.tests.is_dir() else [])


def tools() -> set[str]:
    """What has to stay visible for programs to start: this Python and what the PATH and the tool roots name."""
    env = base_env("/", "/")
    found = {sys.prefix, sys.base_prefix, str(Path(sys.executable).parent)}
    found |= {part for part in env["PATH"].split(os.pathsep) if part.startswith("/")}
    found |= {value for name, value in env.items() if name.endswith(("_HOME", "_ROOT", "_DIR")) and name != "HOME"}
    found |= {place for part in found for place in _environment(Path(part))}
    found |= {str(Path(part).resolve()) for part in found}
    return found - {"/"}


def _environment(folder: Path) -> set[str]:
    """Of a folder of programs of a virtual environment of Python: its packages, and the Python below it."""
    if not (folder.parent / "pyvenv.cfg").is_file():
        return set()
    return {str(folder.parent), str((folder / "python3").resolve().parent.parent)}


SYSTEM = (
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/nix",
    "/opt",
    "/proc",
    "/sbin",
    "/sys",
    "/usr",
    "/var",
)


def _may_be_hidden(path: str | Path) -> bool:
    """Whether hiding a folder would leave a working system."""
    return str(Path(path).resolve()) not in SYSTEM


@functools.cache
def unsealable() -> str | None:
    """Why this machine cannot seal a command; None where it can. Tried once per process."""
    from cabproxy.harness.sandbox.local import START

    if os.environ.get("CAB_SEAL") == "off":
        return "switched off by CAB_SEAL"
    request = {
        "argv": ["true"],
        "env": {"PATH": os.environ.get("PATH", os.defpath)},
        "cwd": "/",
        "pty": False,
        "time_s": 20,
        "output_bytes": 4096,
        "file_bytes": None,
        "memory_mb": None,
        "pids": None,
        "seal": seal_of(None, None, (), (), None),
    }
    body = json.dumps(request).encode()
    with subprocess.Popen(START, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, env={}, cwd="/") as process:
        assert process.stdin and process.stdout
        process.stdin.write(b"%010d" % len(body) + body)
        process.stdin.flush()
        head, _, said = process.stdout.read().partition(b"\n")
    try:
        report = json.loads(head)
    except ValueError:
        return "the supervisor did not report"
    before, after = report["network"]
    found = seal_of_network(before, after, None, gated=False)
    if report["exit_code"] == 0:
        return None if found.sealed else found.reason
    return said.decode("utf-8", "replace").strip()[:200] or f"a trial ended with {report['exit_code']}"
