"""cabproxy sweep: every cell of a matrix, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cabproxy.config import DEFAULT_LEDGER


@click.command()
@click.argument("matrix_file", metavar="MATRIX.toml", type=click.Path(path_type=Path))
@click.option("--ledger", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT_LEDGER, show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), help="Cells at a time; default: the matrix's.")
@click.option(
    "--engine",
    type=click.Choice(("local", "dask")),
    default="local",
    show_default=True,
    help="Where cells run: in this process, or on the workers of a Dask cluster (extra `cluster`).",
)
@click.option("--scheduler", metavar="ADDR", help="The Dask scheduler's address, e.g. tcp://10.0.0.1:8786.")
@click.option("--resume", is_flag=True, help="Go on with a sweep the ledger already holds cells of.")
@click.option("--dry-run", is_flag=True, help="Show the cells and what stands in the way; run nothing.")
@click.option("--tasks-dir", type=click.Path(path_type=Path), help="Look for tasks here first.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each cell, and one for the whole.")
def sweep(
    matrix_file: Path,
    ledger: Path,
    jobs: int | None,
    engine: str,
    scheduler: str | None,
    resume: bool,
    dry_run: bool,
    tasks_dir: Path | None,
    as_json: bool,
) -> int:
    """Run every agent × model × task × run of a matrix, in a shuffled, recorded order.

    The ledger is the only state: after Ctrl-C, a crash or kill -9, `--resume` runs what is not measured yet, no cell
    twice and none lost. Cells that end infra_invalid are tried again as often as `retries` says, and counted apart.
    Exits with 0 when every cell was measured, 1 when some are invalid or a stop rule ended the sweep, 130 on Ctrl-C.

    \b
    A matrix:
      id = "nightly"
      agents = ["mini"]
      tasks = ["mutations/python-*"]
      runs = 3
      jobs = 2
      [[models]]
      name = "oracle"
      endpoint = "oracle"

    \b
    Examples:
      cabproxy sweep nightly.toml --dry-run
      cabproxy sweep nightly.toml --ledger nightly.sqlite
      cabproxy sweep nightly.toml --ledger nightly.sqlite --resume --json
      cabproxy sweep nightly.toml --engine dask --scheduler tcp://10.0.0.1:8786 --jobs 32
    """
    from msgspec import structs

    from cabproxy.cli.tasks_choice import tell_unknown_keys
    from cabproxy.errors import UserError
    from cabproxy.harness.sweep.contenders import read_contenders
    from cabproxy.harness.sweep.matrix import read_matrix
    from cabproxy.harness.sweep.plan import choose, make_plan
    from cabproxy.harness.sweep.preflight import Preparation
    from cabproxy.taskkit.load import list_tasks, task_roots
    from cabproxy.tokens.prices import load_overrides

    if (engine == "dask") != (scheduler is not None):
        raise UserError("--engine dask and --scheduler ADDR: one needs the other; give both or neither")
    matrix, contenders = read_contenders(matrix_file, read_matrix(matrix_file))
    if jobs is not None:
        matrix = structs.replace(matrix, jobs=jobs)
    tasks = choose(matrix.tasks, list_tasks(task_roots(tasks_dir)))
    tell_unknown_keys(tasks)
    ready = Preparation(
        matrix=matrix,
        plan=make_plan(matrix, tasks, contenders),
        tasks={task.task_id: task for task in tasks},
        contenders=contenders,
        ledger=ledger,
        prices=load_overrides(matrix_file.parent / matrix.prices) if matrix.prices else None,
    )
    return _dry_run(ready, as_json) if dry_run else _run(ready, scheduler, resume, as_json)


def _dry_run(ready: Any, as_json: bool) -> int:
    import asyncio

    from cabproxy.cli.sweep_view import show_preflight
    from cabproxy.harness.sweep.journal import read_journal
    from cabproxy.harness.sweep.preflight import look

    sweep_id = ready.matrix.id
    found = asyncio.run(look(ready, read_journal(ready.ledger, sweep_id, ready.prices)))
    show_preflight(sweep_id, found, as_json=as_json)
    return 1 if found.problems else 0


def _run(ready: Any, scheduler: str | None, resume: bool, as_json: bool) -> int:
    import asyncio

    from cabproxy.cli.sweep_view import SweepView
    from cabproxy.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, UserError
    from cabproxy.harness.sweep.journal import close_orphans, only_one, read_journal, record_plan
    from cabproxy.harness.sweep.preflight import unpriced

    matrix, plan, ledger, prices = ready.matrix, ready.plan, ready.ledger, ready.prices
    for problem in unpriced(matrix, prices):
        raise UserError(problem)
    with only_one(ledger, matrix.id):
        journal = read_journal(ledger, matrix.id, prices)
        if journal.attempts and not resume:
            raise UserError(
                f"sweep {matrix.id}: {ledger} holds runs of {len(journal.attempts)} of its {len(plan.cells)} cells; "
                "pass --resume to go on, or give the matrix a new id"
            )
        record_plan(ledger, plan)
        if close_orphans(ledger, journal):
            journal = read_journal(ledger, matrix.id, prices)
        with SweepView(matrix.id, ledger, as_json=as_json) as view:
            tally = asyncio.run(_work(ready, journal, view, scheduler))
            view.finish(tally)
    if tally.interrupted:
        return EXIT_INTERRUPTED
    invalid = tally.statuses["infra_invalid"]
    return EXIT_FAILED if invalid or tally.stopped else EXIT_DONE


async def _work(ready: Any, journal: Any, view: Any, scheduler: str | None) -> Any:
    from contextlib import AsyncExitStack

    from cabproxy.harness.sweep.runner import Engine, LocalEngine, Sweep

    async with AsyncExitStack() as stack:
        engine: Engine = LocalEngine()
        if scheduler is not None:
            from cabproxy.harness.cluster import Cluster

            engine = await stack.enter_async_context(Cluster(scheduler, ready.ledger, ready.matrix.jobs))
        work = Sweep(
            ready.matrix,
            ready.plan,
            ready.tasks,
            ready.contenders,
            ready.ledger,
            journal,
            view.observe,
            engine,
            ready.prices,
        )
        view.begin(work.tally)
        return await work.run()
