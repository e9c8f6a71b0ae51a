"""The figures of docs/site.md: `python tests/benchmarks/site/figures.py [FOLDER]` makes a ledger of 3,500 cells (10
agents, 14 models, 25 tasks) through the real store, builds its site with two processes, then again after each of ten
new runs: five in this process, as `--watch` and `serve` do, five by a command of its own.

Prints wall and processor seconds, of the new runs the least and the median, and the load: on a machine that does other
work processor seconds are the ones to compare, and they, too, are more than on a quiet one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
AGENTS, MODELS, TASKS = 10, 14, 25
LANGUAGES = ("python", "rust", "go", "javascript", "c")


def cells_class() -> Any:
    """The tests' own maker of believable cells."""
    path = HERE.parent.parent / "cabscore" / "conftest.py"
    spec = importlib.util.spec_from_file_location("cells_of_tests", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_ledger(path: Path) -> None:
    module = cells_class()
    cells = module.Cells(path)
    chance = random.Random(7)
    tasks = [
        msgspec.structs.replace(
            module.TASK,
            task_id=f"{category}/{LANGUAGES[n % 5]}-task-{n:02}",
            category=category,
            language=LANGUAGES[n % 5],
        )
        for n in range(TASKS)
        for category in [("mutations", "polyglot", "integrity")[n % 3]]
    ]
    for task in tasks:
        for agent in range(AGENTS):
            for model in range(MODELS):
                solved = chance.random() < 0.25 + 0.05 * agent + 0.01 * model
                cells.make(
                    passed=solved, task=task, agent=f"agent-{agent}", model=f"vendor-{model % 4}/model-{model}",
                    calls=chance.randint(2, 6), agent_s=chance.uniform(2, 90), sweep="nightly", run_number=1,
                )  # fmt: skip
    cells.writer.close()


def one_more(ledger: Path, number: int) -> None:
    """One new run of a cell that is there already."""
    more = cells_class().Cells(ledger)
    more.written = 10_000 + number
    model = f"vendor-{number % 4}/model-{number % MODELS}"
    more.make(agent=f"agent-{number % AGENTS}", model=model, sweep="nightly", run_number=2, calls=5)
    more.writer.close()


def spread(values: list[float]) -> dict[str, float]:
    return {"least": min(values), "median": sorted(values)[len(values) // 2]}


def measured(what: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, own = time.perf_counter(), os.times()
    out = what()
    now = os.times()
    used = (now.user + now.system + now.children_user + now.children_system) - (
        own.user + own.system + own.children_user + own.children_system
    )
    return out, {"wall_s": round(time.perf_counter() - wall, 2), "processor_s": round(used, 2)}


def main(folder: Path) -> None:
    from cabscore.site.report import write_report

    ledger, out = folder / "cab.sqlite", folder / "site"
    figures: dict[str, Any] = {}
    if not ledger.exists():
        _, figures["ledger"] = measured(lambda: make_ledger(ledger))
    done, figures["pages_and_lists"] = measured(lambda: write_report(ledger, out, jobs=2, comparisons=False))
    figures["pages"] = done.written
    done, figures["comparisons"] = measured(lambda: write_report(ledger, out, jobs=2))
    done, figures["nothing_changed"] = measured(lambda: write_report(ledger, out, jobs=2))
    command = [sys.executable, "-c", "from cabscore.cli import main; main()", "report", str(ledger), "--out", str(out)]
    ways: dict[str, Callable[[], Any]] = {
        "one_new_run_followed": lambda: write_report(ledger, out, follow=False, comparisons=False),
        "one_new_run_by_command": lambda: subprocess.run(
            [*command, "--no-comparisons"], check=True, stdout=subprocess.DEVNULL
        ),
    }
    for way, (name, build) in enumerate(ways.items()):
        found = []
        for number in range(5):
            one_more(ledger, number + 5 * way)
            found.append(measured(build)[1])
        figures[name] = {key: spread([one[key] for one in found]) for key in found[0]}
    sizes = {name: (out / name).stat().st_size for name in ("leaderboard.html", "matrix.html", "data/cells.js")}
    figures["load"] = os.getloadavg()
    figures["bytes"] = sizes | {"assets": sum(path.stat().st_size for path in (out / "assets").iterdir())}
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
