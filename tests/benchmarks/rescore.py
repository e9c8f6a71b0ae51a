"""How fast recorded cells are scored again: cells per second, memory, scaling; beside Inspect on the same content.

    python tests/benchmarks/rescore.py --cells 100 1000 10000 [--inspect PYTHON]

Ledgers are written through the real store. `--inspect` names an interpreter with inspect_ai: the same cells are
exported as .eval logs and scored by its own `inspect score`, with a scorer that looks at each sample's last message.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import msgspec

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import TaskFacts, VisibleTests
from cabscore.export.base import RunBook
from cabscore.export.inspect_log import write
from cabscore.profiles import find_profile

CALLS = 20
TURNS = 3
SCORER = """
from inspect_ai.scorer import Score, Target, mean, scorer
from inspect_ai.solver import TaskState

@scorer(metrics=[mean()])
def verdict():
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=1.0 if "Fixed" in state.output.completion else 0.0)
    return score
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cells", type=int, nargs="+", default=[100, 1000])
    options.add_argument("--inspect", metavar="PYTHON")
    options.add_argument("--inspect-cells", type=int, default=200)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for count in given.cells:
            path = Path(folder) / f"{count}.sqlite"
            written = _generate(path, count)
            _report(count, path, written)
        if given.inspect:
            _against_inspect(Path(folder), given.inspect_cells, given.inspect)


def _generate(path: Path, count: int, agents: int = 20) -> float:
    maker = _conftest()
    start = time.perf_counter()
    cells = maker.Cells(path)
    with cells.writer.transaction():
        for number in range(count):
            task = TaskFacts(
                task_id=f"bench/t{number % (50 if agents > 1 else count)}",
                digest="sha256:0",
                category="bench",
                required=("src/lib.rs",),
            )
            cells.make(
                task=task, agent=f"a{number // 50 % agents}", model=f"m{number // 1000}", calls=CALLS,
                passed=number % 3 > 0, run_id=f"r_{number:08d}", run_number=1, artifacts=_artifacts(maker, number),
            )  # fmt: skip
    cells.writer.close()
    return time.perf_counter() - start


def _artifacts(maker: ModuleType, number: int) -> dict[str, bytes]:
    """What a cell of ours keeps of its task: the reference, and visible tests of the corpus' usual size."""
    tests = "".join(f'assert total("fruit {line}", {number % 50 + line}) == "{line * 7}.50"\n' for line in range(60))
    rest = {"src/lib.rs": "fn total(fruit: &str, cents: i64) -> String { todo!() }\n" * 150}
    visible = VisibleTests(tests=("first",), files={"tests/totals.rs": tests}, rest=rest)
    return {"reference.diff": maker.PATCH.encode(), "visible_tests.json": msgspec.json.encode(visible)}


def _conftest() -> ModuleType:
    path = Path(__file__).parent.parent / "cabscore" / "conftest.py"
    spec = importlib.util.spec_from_file_location("cells", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _report(count: int, path: Path, written: float) -> None:
    size = path.stat().st_size / 1e6
    first, cpu, memory = _command(["rescore", str(path), "--json"])
    again, again_cpu, _ = _command(["rescore", str(path), "--json"])
    print(
        f"{count:>6} cells ({size:.0f} MB, written in {written:.1f} s): rescored in {first:.2f} s ({cpu:.1f} s CPU), "
        f"{count / first:.0f} cells/s, largest process {memory:.0f} MB; "
        f"unchanged {again:.2f} s ({again_cpu:.2f} s CPU)",
        flush=True,
    )


def _command(args: list[str]) -> tuple[float, float, float]:
    """Seconds, processor seconds, and the peak memory in MB of one cabscore command's largest process."""
    code = (
        "import resource, sys; from cabproxy.shell import invoke; from cabscore.cli import cli;"
        "code = invoke(cli, sys.argv[1:]);"
        # its own ru_maxrss is no less than the caller's was; its workers' is theirs
        "own = [line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0];"
        "workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss;"
        "print(max(int(own), workers), file=sys.stderr); sys.exit(code)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    took = time.perf_counter() - start
    assert json.loads(done.stdout)["runs"]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, cpu, int(done.stderr.split()[-1]) / 1024


def _against_inspect(folder: Path, count: int, interpreter: str) -> None:
    path = folder / "inspect.sqlite"
    _generate(path, count, agents=1)
    with Ledger(path) as ledger:
        logs = write(RunBook(ledger, find_profile("cab-1")), folder / "logs").files
    scorer = folder / "verdict.py"
    scorer.write_text(SCORER)
    tool = str(Path(interpreter).with_name("inspect"))
    theirs, ours = [], []
    for turn in range(TURNS):  # in turns, so that what else the machine does falls on both
        theirs.append(_inspect(tool, logs, scorer))
        ours.append(_command(["rescore", str(_copy(path, folder / f"turn{turn}.sqlite")), "--json"])[:2])
    wall, cpu = (min(took[at] for took in theirs) for at in (0, 1))
    own, own_cpu = (min(took[at] for took in ours) for at in (0, 1))
    print(
        f"{count} cells, best of {TURNS}: inspect score {wall:.2f} s ({cpu:.1f} s CPU, {len(logs)} logs), "
        f"rescore {own:.2f} s ({own_cpu:.1f} s CPU): {wall / own:.1f} x, {cpu / own_cpu:.1f} x CPU"
    )


def _inspect(tool: str, logs: list[Path], scorer: Path) -> tuple[float, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for log in logs:
        argv = [tool, "score", str(log), "--scorer", f"{scorer}@verdict", "--action", "append", "--overwrite"]
        argv += ["--model", "mockllm/model", "--display", "none"]
        subprocess.run(argv, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _copy(source: Path, target: Path) -> Path:
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)
    return target


if __name__ == "__main__":
    main()
