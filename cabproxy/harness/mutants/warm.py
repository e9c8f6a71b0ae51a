"""Python's tests in a warmed interpreter: each run is a forked child that need not start and import from nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cabproxy.errors import CabError
from cabproxy.harness.mutants.idle import IdleWatch
from cabproxy.harness.mutants.suite import Places, Suite, filled, folders, read_suite
from cabproxy.taskkit.mutate import grammar
from cabproxy.taskkit.mutate.judge import SuiteResult

SCRIPT = Path(grammar.__file__).parent / "warm.py.txt"
MODULES = ("pytest", "unittest")


class PythonCommand(NamedTuple):
    """`NAME=value … python3 [flags] -m pytest|unittest args…`, taken apart; args hold {tests} and {logs}."""

    env: Mapping[str, str]
    argv: tuple[str, ...]  # the interpreter and its flags
    module: str
    args: tuple[str, ...]


def python_command(command: str) -> PythonCommand | None:
    """None for a command that is not one run of pytest or unittest over {tests}."""
    if re.search(r"[|&;<>$`(\n]", command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    env = {}
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        name, _, value = words.pop(0).partition("=")
        env[name] = value
    if "-m" not in words or not re.fullmatch(r"(?:.*/)?python[\d.]*", words[0]):
        return None
    at = words.index("-m")
    module, args = (words[at + 1 : at + 2] or [""])[0], words[at + 2 :]
    if module not in MODULES or args.count("{tests}") != 1:
        return None
    return PythonCommand(env, tuple(words[:at]), module, tuple(args))


class WarmPython:
    """One interpreter for one copy of the repository. Not for several threads at once; use it as a context manager."""

    def __init__(self, suite: Suite, command: PythonCommand, tree: Path) -> None:
        self.suite, self.command, self.tree = suite, command, tree
        self._home = tempfile.TemporaryDirectory(prefix="cab-warm-", ignore_cleanup_errors=True)
        root = Path(self._home.name)
        env = {**suite.env(Places(root, root, root, root)), **command.env}
        try:
            self._process = subprocess.Popen(
                [*command.argv, str(SCRIPT)],
                cwd=tree,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self._home.cleanup()
            raise CabError(f"{command.argv[0]}: cannot be started: {error.strerror}") from None
        self._closing = threading.Lock()

    def load(self, modules: Sequence[str], own: Sequence[str]) -> None:
        """Imports modules beforehand; those named in `own` (top-level names of the repository) are forgotten again."""
        self._ask({"load": list(modules), "own": list(own)})

    def run(
        self,
        files: Sequence[str],
        *,
        tests: Sequence[str] | None = None,
        cpu_s: float,
        look: Callable[[str], bool] | None = None,
        most: int | None = None,
        trace: tuple[Path, Path] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> SuiteResult:
        """Runs test files, or only these of their tests; `trace` is the tracer and the folder it writes to.

        `look` is shown what the first failed test says; where it says yes the run ends (`cut` in the result). At more
        than `most` failed tests it ends, too. `times` and `modules` of the result tell what each test took and what was
        imported from elsewhere.
        """
        with folders() as places:
            args = self._args(files, places.logs)
            if self.command.module == "pytest" and not any(word.startswith("--tb") for word in args):
                args.append("--tb=native")  # names the same places, and parses no sources to show them
            marks, first = places.root / "marks", places.root / "first"
            request: dict[str, Any] = {
                "module": self.command.module,
                "args": args,
                "output": str(places.output),
                "env": {"HOME": str(places.home), "TMPDIR": str(places.root), **(env or {})},
                "cpu_s": cpu_s,
                "wall_s": max(self.suite.timeout_s, 0.1),
                "marks": str(marks),
                "most": most,
                "first": str(first) if look else None,
            }
            if tests is not None:
                request["only"] = list(tests)
            if trace is not None:
                request["trace"] = str(trace[0])
            with IdleWatch(self._process.pid, self.suite.idle_s, self._too_long) as idle:
                answer, cut = self._answer(request, first, look)
            result = read_suite(self.suite.report, places, answer["timed_out"])
            told = _marks(marks)
            return msgspec.structs.replace(
                result,
                cpu_s=answer["cpu_s"],
                duration_s=answer["wall_s"],
                idle_s=idle.longest_s,
                cut=cut,
                times=told.get("times", {}),
                walls=told.get("walls", {}),
                modules=tuple(told.get("modules", ())),
            )

    def _answer(
        self, request: dict[str, Any], first: Path, look: Callable[[str], bool] | None
    ) -> tuple[dict[str, Any], bool]:
        """The answer to a run, and whether `look` ended it."""
        answer = self._ask(request)
        if "stopped" not in answer:
            return answer, False
        said = first.read_text(encoding="utf-8", errors="replace") if first.is_file() else ""
        cut = look is not None and look(said)
        return self._ask({"go": not cut}), cut

    def _args(self, files: Sequence[str], logs: Path) -> list[str]:
        """Whole files; the tests that are not wanted are left out when they are loaded."""
        args: list[str] = []
        for word in self.command.args:
            args += list(files) if word == "{tests}" else [filled(word, "", logs)]
        return args

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (OSError, ValueError):
            line = b""
        if not line:
            raise CabError(f"{shlex.join(self.command.argv)}: the interpreter that runs the tests ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _too_long(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGALRM)

    def end(self) -> None:
        """Ends it and what it runs; may be called from another thread than the one that waits for it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def close(self) -> None:
        """Ends it and removes its folder."""
        with self._closing:
            self.end()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            self._home.cleanup()


def own_names(tree: Path) -> tuple[str, ...]:
    """The top-level module names of a repository, wherever in it they lie: they are never imported beforehand."""
    found = set()
    for folder, folders_, names in os.walk(tree):
        folders_[:] = [name for name in folders_ if name not in ("node_modules", ".git")]
        if Path(folder) == tree or not (Path(folder) / "__init__.py").is_file():
            found |= {name for name in folders_ if (Path(folder) / name / "__init__.py").is_file()}
            found |= {name.removesuffix(".py") for name in names if name.endswith(".py")}
    return tuple(sorted(found - {"__init__"}))


def _marks(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told
