"""Node's tests in one process: `node --test` starts one for every file, most of whose time goes into starting."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cabproxy.harness.mutants.suite import Suite, filled, folders
from cabproxy.taskkit.mutate import grammar
from cabproxy.taskkit.mutate.judge import SuiteResult

LOADER = Path(grammar.__file__).parent / "bundle.cjs.txt"
FORCE_EXIT = "--test-force-exit"
_TAKES_FILES = ("--test-concurrency", "--test-isolation", "--test-shard")


def node_command(command: str) -> str | None:
    """The command with which node loads test files itself; None where it is not `node --test … {tests}`."""
    if re.search(r"[|&;<>$`(\n]", command):
        return None
    words = command.split()
    at = next((n for n, word in enumerate(words) if not re.match(r"[A-Za-z_]\w*=", word)), len(words))
    program = words[at : at + 1]
    if not program or not re.fullmatch(r"(?:.*/)?node", program[0]) or "--test" not in words:
        return None
    if words.count("{tests}") != 1 or words[-1] != "{tests}":
        return None
    kept = [word for word in words[:-1] if word != "--test" and not word.startswith(_TAKES_FILES)]
    return " ".join([*kept, "{loader}", "{tests}"])


def ending(command: str) -> str:
    """The command ending once all tests are done, where this node can, and not when the last connection times out."""
    words = command.split()
    at = next(n for n, word in enumerate(words) if not re.match(r"[A-Za-z_]\w*=", word))
    if FORCE_EXIT in words or not _can_end(words[at], os.environ.get("PATH", os.defpath)):
        return command
    return " ".join([*words[: at + 1], FORCE_EXIT, *words[at + 1 :]])


@functools.cache
def _can_end(program: str, path: str) -> bool:
    try:
        tried = subprocess.run(
            [program, FORCE_EXIT, "-e", ""], capture_output=True, timeout=60, env={"PATH": path}, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def run_bundle(suite: Suite, command: str, tree: Path, files: Sequence[str]) -> SuiteResult:
    """Runs test files in one process; a test that failed here alone is for the caller to find out."""
    with folders() as places:
        loader = places.root / "bundle.cjs"
        loader.write_bytes(LOADER.read_bytes())
        line = command.replace("{loader}", shlex.quote(str(loader)))
        line = filled(line, " ".join(map(shlex.quote, files)), places.logs)
        return suite.run_line(line, tree, places)
