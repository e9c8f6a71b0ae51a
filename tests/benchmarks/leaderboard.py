"""How long many rows take to become a table with clustered intervals, ranks and corrected tests.

    python tests/benchmarks/leaderboard.py [--rows 100000]

Times the aggregation alone over rows in memory, and `cabscore rank` as a user calls it on a file of published rows that
`cabscore import` has read: start, reading, composites and table.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cabscore.leaderboard import Row, leaderboard

SHAPES = ((20, 50), (100, 47), (10, 1_000))
"""Agents and tasks; what is left of the rows are repeated runs."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    given = options.parse_args()
    for agents, tasks in SHAPES:
        rows = _rows(given.rows, agents, tasks)
        wall, cpu = time.perf_counter(), time.process_time()
        table = leaderboard(rows)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert len(table.entries) == agents
        print(f"{len(rows)} rows, {agents} agents on {tasks} tasks: {wall:.2f} s ({cpu:.2f} s CPU)", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        _as_a_user(Path(folder), given.rows)


def _rows(count: int, agents: int, tasks: int) -> list[Row]:
    return [
        Row(name=f"a{agent}", task=f"t{task}", status=status, passed=passed, composite=composite, agent_s=s, tokens=n)
        for agent, task, status, passed, composite, s, n in _drawn(count, agents, tasks)
    ]


def _drawn(count: int, agents: int, tasks: int) -> Any:
    chance = random.Random(7)
    hard = [chance.random() for _ in range(tasks)]
    for number in range(count):
        agent, task = number % agents, number // agents % tasks
        if chance.random() < 0.02:
            yield agent, task, "infra_invalid", None, None, None, None
            continue
        passed = float(chance.random() < 0.9 - 0.6 * hard[task] - 0.2 * agent / agents)
        seconds, tokens = chance.uniform(5, 500), chance.randrange(5_000, 500_000)
        yield agent, task, "ok", passed, passed * chance.uniform(0.6, 0.95), seconds, tokens


def _as_a_user(folder: Path, count: int) -> None:
    published, imported = folder / "published.jsonl", folder / "imported.jsonl"
    with published.open("w", encoding="utf-8") as file:
        for number, row in enumerate(_drawn(count, 20, 50)):
            file.write(json.dumps(_published(number, *row)) + "\n")
    _timed("cabscore import", ["import", str(published), "--out", str(imported), "--json"])
    said = _timed("cabscore rank", ["rank", str(imported), "--by", "agent", "--json"])
    entries = json.loads(said)["leaderboard"]["entries"]
    assert sum(entry["runs"] for entry in entries) == count
    print(f"{len(entries)} lines of {count} rows, {published.stat().st_size / 1e6:.0f} MB as published")


def _published(number: int, agent: int, task: int, status: str, passed: Any, _: Any, seconds: Any, tokens: Any) -> Any:
    """A row in the published shape, as our own export writes it, with the evidence that a composite needs."""
    axes = {"pass": passed, "tokens_per_correct": tokens if passed else None, "wall": seconds, "blast": 0.0}
    if status != "ok":
        axes = dict.fromkeys(axes)
    names = ("pass_rate", "tokens", "latency", "blast_radius", "refusal", "integrity")
    return {
        "run_id": f"r_{number:07d}", "agent": f"a{agent}", "model": "m", "task": f"bench/t{task}", "status": status,
        "banner": None if status == "ok" else "no model call was answered", "scorer_version": "cabscore bench",
        "profile": "cab-1", "run_identity": {"cell_id": f"s/a{agent}/m/bench/t{task}#run{number}", "sweep_id": "s"},
        "axes": {**axes, "refusal": None, "integrity": None if status != "ok" else 1.0, "composite": None},
        "reasons": dict.fromkeys(names, "drawn"), "axis_versions": dict.fromkeys(names, "1"),
        "scorer": {"tokens": {"total_tokens": tokens}, "refusal": {"expected_refusal": False}},
    }  # fmt: skip


def _timed(name: str, args: list[str]) -> str:
    code = (
        "import resource, sys; from cabproxy.shell import invoke; from cabscore.cli import cli;"
        "code = invoke(cli, sys.argv[1:]); used = resource.getrusage(resource.RUSAGE_SELF);"
        # ru_maxrss is no less than the caller's was; what the process itself reached stands in its status
        "peak = [line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0];"
        "print(used.ru_utime + used.ru_stime, int(peak) / 1024, file=sys.stderr); sys.exit(code)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    cpu, memory = map(float, done.stderr.split()[-2:])
    print(f"{name}: {time.perf_counter() - start:.2f} s ({cpu:.2f} s CPU, {memory:.0f} MB)", flush=True)
    return done.stdout


if __name__ == "__main__":
    main()
