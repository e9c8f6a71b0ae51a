"""The figures of docs/harness.md on overhead: `python tests/benchmarks/harness/overhead.py [--cells N] [--docker]`.

Local: N sealed cells of the built-in agent against the embedded endpoint, baselines and installs done before. A cell's
overhead is its wall without the agent's process and the verifier's; the span of each step says where it goes.

Docker: the same cells in containers, and beside them, turn by turn, the same commands as bare `docker run --rm`: one
container for the agent, one for the tests and one for the tests' control, with the same mounts and without a network.
Prints medians and the least of N as JSON; processor seconds are the harness's own, without its children.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from cabproxy.harness.cell import run_cell
from cabproxy.harness.provider import provider
from cabproxy.harness.request import CellRequest
from cabproxy.ledger import Ledger
from cabproxy.taskkit.load import find_task
from cabproxy.taskkit.solution import copy_tree

TASK = "mutations/python-comparator-swap"


async def cells(kind: str, count: int, folder: Path, between: Any = None) -> dict[str, Any]:
    task = find_task(TASK)
    ledger = folder / f"{kind}.sqlite"
    told: dict[str, list[float]] = defaultdict(list)
    steps: dict[str, list[float]] = defaultdict(list)
    for number in range(count + 1):
        where = provider(kind, folder / "scratch")
        request = CellRequest(agent="mini", model="oracle", task=task, ledger=ledger, run_number=number + 1)
        cpu, start = time.process_time(), time.perf_counter()
        result = await run_cell(request, where)
        where.close()
        assert (result.status, result.passed, result.sealed) == ("ok", True, True), result
        if number == 0:
            continue  # installs, images, baselines, the control
        told["wall_s"].append(time.perf_counter() - start)
        told["overhead_s"].append(result.overhead_s or 0.0)
        told["harness_cpu_s"].append(time.process_time() - cpu)
        with Ledger(ledger) as opened:
            for span in opened.spans(result.run_id):
                if span.parent_id is not None and span.end_ns:
                    steps[span.name].append((span.end_ns - span.start_ns) / 1e9)
        if between is not None:
            told["bare_wall_s"].append(between(task))
    return {**{name: shown(values) for name, values in told.items()}, "steps_median_ms": by_size(steps)}


def bare(task: Any, image: str, folder: Path) -> float:
    """The same commands as three bare containers; returns the wall of the three `docker run` alone."""
    total = 0.0
    solve = "cd /app && cp -R /solution/app/. . 2>/dev/null; true"
    for number, script in enumerate((solve, "bash /tests/test.sh", "bash /tests/test.sh")):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            app, logs = Path(scratch) / "app", Path(scratch) / "logs"
            copy_tree(task.source_dir, app)
            logs.mkdir()
            mounts = {str(app): "/app", str(logs): "/logs/verifier", str(task.path / "solution"): "/solution"}
            mounts |= {str(task.tests_dir): "/tests"} if number else {}
            volumes = [part for host, inside in mounts.items() for part in ("-v", f"{host}:{inside}")]
            argv = ["docker", "run", "--rm", "--network", "none", *volumes, image, "bash", "-c", script]
            start = time.perf_counter()
            subprocess.run(argv, capture_output=True, check=False)
            total += time.perf_counter() - start
    return total


def shown(values: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 3), "least": round(min(values), 3)}


def by_size(steps: dict[str, list[float]]) -> dict[str, float]:
    medians = {name: round(statistics.median(values) * 1000, 1) for name, values in steps.items()}
    return dict(sorted(medians.items(), key=lambda item: -item[1]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=20)
    parser.add_argument("--docker", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cab-bench-") as name:
        folder = Path(name)
        told = {"load": os.getloadavg()[0], "local": asyncio.run(cells("local", asked.cells, folder))}
        if asked.docker:
            with_bare = asyncio.run(cells("docker", 1, folder))  # makes the image that the bare runs need
            with Ledger(folder / "docker.sqlite") as opened:
                image = next(run.image for run in opened.runs() if run.image).partition("@")[0]
            told["docker_first"] = with_bare["wall_s"]
            told["docker"] = asyncio.run(cells("docker", asked.cells, folder, lambda task: bare(task, image, folder)))
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
