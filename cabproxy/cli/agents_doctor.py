"""cabproxy agents doctor: one agent, really run against the oracle, and what came of it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cabproxy.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from cabproxy.harness.examine import Examination, Sums

TASK = "mutations/rust-error-negated"


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--sandbox", "kinds", multiple=True, type=click.Choice(("local", "docker")), help="Default: local.")
@click.option("--task", "task_ids", multiple=True, default=(TASK,), show_default=True)
@click.option("--all-wires", is_flag=True, help="Over every wire API the agent can speak, not only its usual one.")
@click.option("--ledger", type=click.Path(dir_okay=False, path_type=Path), help="Keep the record there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document for each examination.")
def doctor(
    names: tuple[str, ...],
    kinds: tuple[str, ...],
    task_ids: tuple[str, ...],
    all_wires: bool,
    ledger: Path | None,
    as_json: bool,
) -> int:
    """Run agents on tasks against the embedded endpoint, and say what works.

    What a killed harness left is removed first: its containers, its folders. An agent is installed where it is not
    there. It works when it solves the task over the wire API it was told to speak and the ledger's tokens are, call by
    call, what the endpoint says it served. Exit code 1 where one does not.

    \b
    Examples:
      cabproxy agents doctor codex
      cabproxy agents doctor aider pi@messages --sandbox local --sandbox docker --json
      cabproxy agents doctor opencode --all-wires --task mutations/python-comparator-swap
    """
    from cabproxy.agents import agent, wires
    from cabproxy.taskkit.load import find_task, task_roots

    told = [
        name for name in names for name in ([f"{name}@{one}" for one in wires(agent(name))] if all_wires else [name])
    ]
    for name in told:
        agent(name)
    tasks = [find_task(task_id, task_roots(None)) for task_id in task_ids]
    sweep_up()
    works = True
    with tempfile.TemporaryDirectory(prefix="cab-doctor-") as folder:
        for name, kind, task in product(told, kinds or ("local",), tasks):
            found = asyncio.run(_examine(name, task, kind, ledger or Path(folder) / "cab.sqlite"))
            click.echo(json.dumps(facts(found)) if as_json else "\n".join(lines(found)))
            works = works and found.works
    return EXIT_DONE if works else EXIT_FAILED


def sweep_up() -> None:
    """Removes what killed harnesses left, of both sandboxes, and names it."""
    from cabproxy.harness.sandbox import docker_engine, scratch

    gone = [str(folder) for folder in scratch.sweep()]
    if docker_engine.available():
        client = docker_engine.connect()
        gone += docker_engine.sweep(client)
        client.close()
    for name in gone:
        click.echo(f"removed {name}: its harness is gone", err=True)


async def _examine(name: str, task: Any, kind: str, ledger: Path) -> Examination:
    from cabproxy.harness.examine import examine
    from cabproxy.harness.provider import provider

    where = await asyncio.to_thread(provider, kind)
    try:
        return await examine(name, task, where, ledger, say=lambda line: click.echo(line, err=True))
    finally:
        where.close()


def facts(found: Examination) -> dict[str, Any]:
    """The examination as JSON."""
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(found)
    result = told.pop("result")
    return {
        **told,
        "works": found.works,
        "status": result["status"],
        "cause": result["cause"],
        "passed": result["passed"],
    }


def lines(found: Examination) -> list[str]:
    """The examination as a short report."""
    result = found.result
    verdict = "works" if found.works else "does not work"
    told = [
        f"{found.agent} in the {found.sandbox} sandbox on {found.task_id}: {verdict}",
        f"  status    {result.status}{f' ({result.cause})' if result.cause else ''}, "
        f"{'solved' if result.passed else 'not solved'}, exit code {found.exit_code}",
        f"  calls     {found.ledger.calls} over {', '.join(found.dialects) or 'no known dialect'}"
        + (f", {found.agent_s:.1f} s" if found.agent_s is not None else ""),
        f"  served    {_sums(found.served)}",
        f"  ledger    {_sums(found.ledger)}, {'equal call by call' if not found.differences else 'not equal'}",
    ]
    told += [f"            {line}" for line in found.differences]
    if found.claim is None:
        return [*told, "  claims    nothing"]
    claim = found.claim
    coarse = f", rounded {claim.rounding}" if claim.rounding else ""
    return [*told, f"  claims    {claim.prompt} prompt, {claim.completion} completion ({claim.source}{coarse})"]


def _sums(sums: Sums) -> str:
    return f"{sums.prompt} prompt ({sums.cached} cached), {sums.completion} completion"
