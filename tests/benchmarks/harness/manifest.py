"""The figures of docs/harness.md on snapshots: `python tests/benchmarks/harness/manifest.py [FILES] [FOLDER]`.

Makes a tree (50,000 files of 0.2 to 8 kB in 500 folders unless told otherwise), and lets the manifest with its diff and
Git tell what 300 changes did to it. Git is asked as people do, `git add -A && git diff --cached --name-status`, once in
a repository that has never seen the tree and once in one whose index knows it, which is what a second manifest is like.
The latter is done three times, one after the other, and the best printed; wall and processor seconds.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cabproxy.harness.diff import compare
from cabproxy.harness.snapshot import Manifest, take

TIMES = 3
CHANGES = 100  # of each kind
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@x"}
ENV = {**os.environ, **QUIET, "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@x"}


def make_tree(root: Path, files: int) -> None:
    chance = random.Random(5)
    for number in range(files):
        folder = root / f"d{number % 500:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"f{number}.txt").write_bytes(chance.randbytes(chance.randint(100, 4000)).hex().encode())


def change(root: Path, turn: int) -> None:
    """Changes, adds and removes CHANGES files each, others in each turn."""
    paths = sorted(path for path in root.glob("d*/f*.txt"))
    for at in range(CHANGES):
        paths[(at * 97 + turn * 31) % len(paths)].write_text(f"changed {turn} {at}")
        (root / f"d{at % 500:03}" / f"new{turn}-{at}.txt").write_text("new")
        paths[-1 - at - turn * CHANGES].unlink()


def timed(action: Callable[[], int]) -> tuple[float, float, int]:
    """(wall seconds, processor seconds of this process and its children, what the action returned)."""
    before, start = os.times(), time.perf_counter()
    found = action()
    after = os.times()
    return time.perf_counter() - start, sum(after[:4]) - sum(before[:4]), found


def git(root: Path, *argv: str) -> bytes:
    return subprocess.run(["git", *argv], cwd=root, env=ENV, check=True, capture_output=True).stdout


def asked(root: Path) -> int:
    git(root, "add", "-A")
    return len(git(root, "diff", "--cached", "--name-status").splitlines())


def ours(root: Path, earlier: Manifest) -> int:
    return len(compare(earlier, take(root, earlier)))


def fresh(root: Path) -> int:
    return len(compare(Manifest({}, 0, ()), take(root)))


def main(files: int, folder: Path) -> None:
    root = folder / "tree"
    make_tree(root, files)
    told: dict[str, dict[str, float]] = {}

    def note(name: str, measured: tuple[float, float, int]) -> None:
        wall, cpu, count = measured
        best = told.setdefault(name, {"wall_s": wall, "cpu_s": cpu, "changes": count})
        best.update(wall_s=round(min(best["wall_s"], wall), 3), cpu_s=round(min(best["cpu_s"], cpu), 3), changes=count)

    note("manifest of an unknown tree", timed(lambda: fresh(root)))
    git(root, "init", "-q")
    note("git, unknown tree", timed(lambda: asked(root)))
    git(root, "commit", "-q", "-m", "x")
    for turn in range(TIMES):
        time.sleep(0.05)  # what changed within the grain of the file system's clock is read again by both
        earlier = take(root)
        time.sleep(0.05)
        change(root, turn)
        note("second manifest and diff", timed(lambda earlier=earlier: ours(root, earlier)))
        note("git, known tree", timed(lambda: asked(root)))
        git(root, "commit", "-q", "-m", "x")
    for ours_name, git_name in (
        ("manifest of an unknown tree", "git, unknown tree"),
        ("second manifest and diff", "git, known tree"),
    ):
        for kind in ("wall_s", "cpu_s"):
            told[ours_name][f"times_faster_{kind[:-2]}"] = round(told[git_name][kind] / told[ours_name][kind], 1)
    print(json.dumps({"files": files, "load": os.getloadavg()[0], **told}, indent=1))


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as scratch:
        main(wanted, Path(scratch))
