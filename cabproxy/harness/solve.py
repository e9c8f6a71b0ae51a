"""A solution written for a container, run in a sandbox: its absolute paths must never mean this machine's."""

from __future__ import annotations

import asyncio
import concurrent.futures
import shutil
from pathlib import Path

from cabproxy.agents import agent
from cabproxy.errors import SandboxError, UserError
from cabproxy.harness.provider import LocalProvider, Provider, provider
from cabproxy.harness.request import silent
from cabproxy.harness.sandbox.base import Command, Limits
from cabproxy.harness.sandbox.places import Places
from cabproxy.harness.sandbox.seal import unsealable
from cabproxy.taskkit.environment import resolved
from cabproxy.taskkit.task import Task

SOLVE_LIMIT_S = 600.0
OUTPUT_LIMIT = 256 * 1024


def solve(task: Task, tree: Path) -> None:
    """Runs solution/solve.sh with `tree` as the work tree, which it changes. UserError where it cannot, or fails.

    Tried in the local sandbox first, then in the task's container where an engine answers. There is no network.
    """
    from cabproxy.harness.sandbox.docker_engine import available

    told = []
    for kind in ("local", "docker"):
        if kind == "local" and (why := unsealable()):
            told.append(f"local: this machine cannot seal it ({why})")
            continue
        if kind == "docker" and not available():
            told.append("docker: no engine answers")
            continue
        try:
            with concurrent.futures.ThreadPoolExecutor(1) as pool:  # a loop may be running in this thread
                pool.submit(asyncio.run, _solve(task, tree, kind)).result()
            return
        except SandboxError as error:
            told.append(f"{kind}: {error}")
    script = task.path / "solution" / "solve.sh"
    raise UserError(f"{script}: {'; '.join(told)}; mend the solution, or start an engine")


async def _solve(task: Task, tree: Path, kind: str) -> None:
    sandboxes = LocalProvider(container_paths=True) if kind == "local" else provider(kind)
    try:
        task = await sandboxes.prepare(task, agent("mini"), silent)
        await _run(task, tree, sandboxes)
    finally:
        sandboxes.close()


async def _run(task: Task, tree: Path, sandboxes: Provider) -> None:
    def fill(places: Places) -> None:
        shutil.copytree(tree, places.app, symlinks=True)
        shutil.copytree(task.path / "solution", places.solution, symlinks=True)

    async with sandboxes.plain_sandbox(fill) as sandbox:
        env = {
            **resolved(task.environment_env, "environment.env"),
            **resolved(task.solution_env, "solution.env"),
            "CAB_WORKDIR": sandbox.workdir,
            "DEBIAN_FRONTEND": "noninteractive",
        }
        command = Command(argv=("/bin/bash", "/solution/solve.sh"), env=env)
        done = await sandbox.run(command, Limits(time_s=SOLVE_LIMIT_S, output_bytes=OUTPUT_LIMIT))
        if done.exit_code != 0:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-300:]
            raise SandboxError(f"ended with {done.exit_code}: {said}")
        shutil.rmtree(tree)
        shutil.copytree(sandbox.host_workdir, tree, symlinks=True)
