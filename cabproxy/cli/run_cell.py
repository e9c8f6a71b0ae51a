"""cabproxy run-cell and cabproxy check: one cell, or several runs of it, recorded and scored."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cabproxy.cli.way import way_from, way_options
from cabproxy.config import DEFAULT_LEDGER
from cabproxy.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED
from cabproxy.proxy.script import BEHAVIOURS

KEY_ENV = "CAB_KEY"
ENDPOINT_ENV = "CAB_ENDPOINT"
QUICK_AGENT, QUICK_TASK = "mini", "mutations/python-comparator-swap"


def _options(command: Callable[..., Any], *, agent: str | None = None, task: str | None = None) -> Callable[..., Any]:
    """The flags both commands take; what has no default must be said."""
    options: list[Callable[..., Any]] = [
        click.option(
            "--agent",
            "--tui",
            "agent",
            required=agent is None,
            default=agent,
            show_default=True,
            help="A known agent (NAME@WIRE: over another wire API), package.module:Class, or a TOML file.",
        ),
        click.option("--model", required=True, help="The model as the endpoint names it."),
        click.option(
            "--task",
            "task_id",
            required=task is None,
            default=task,
            show_default=True,
            help="A task's id, or the path of its directory.",
        ),
        click.option(
            "--endpoint",
            envvar=ENDPOINT_ENV,
            show_envvar=True,
            default="oracle",
            show_default=True,
            help="The model endpoint's URL; `oracle` is the embedded deterministic one.",
        ),
        click.option(
            "--key-env", default=KEY_ENV, show_default=True, help="The variable that holds the endpoint's key."
        ),
        way_options,
        click.option("--sandbox", type=click.Choice(("auto", "docker", "local")), default="auto", show_default=True),
        click.option("--runs", type=click.IntRange(1, 1000), default=1, show_default=True),
        click.option("--timeout-s", type=click.FloatRange(0.1), help="The agent's time limit; default: the task's."),
        click.option(
            "--behaviour",
            type=click.Choice(BEHAVIOURS),
            default="solve",
            show_default=True,
            help="What the oracle plays.",
        ),
        click.option("--plugin", "plugins", multiple=True, type=click.Path(path_type=Path), help="A TOML overlay."),
        click.option(
            "--ledger", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT_LEDGER, show_default=True
        ),
        click.option("--sweep-id", default="adhoc", show_default=True, help="The first part of the cell's id."),
        click.option("--tasks-dir", type=click.Path(path_type=Path), help="Look for tasks here first."),
        click.option("--profile", help="The scoring profile; default: the scorer's."),
        click.option("--scorer", default="cabscore:score_run", show_default=True, help="package.module:function"),
        click.option("--no-score", is_flag=True, help="Record only."),
        click.option(
            "--out", type=click.Path(path_type=Path), help="Where the cell's page goes; default: beside the ledger."
        ),
        click.option(
            "--asciicast",
            type=click.Choice(("2", "3")),
            default="2",
            show_default=True,
            help="The version of the terminal's recording.",
        ),
        click.option("--keep", type=click.Path(path_type=Path), help="Leave the agent's work tree in this folder."),
        click.option("--json", "as_json", is_flag=True, help="One line of JSON for each run."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command("run-cell")
@_options
def run_cell(**options: Any) -> int:
    """Run one cell: an agent with a model on a task, behind the recording proxy, judged in a fresh sandbox.

    The endpoint's key is read from the variable named by --key-env; it never appears in an argument, a log or the
    ledger, and the agent gets a key of its own. Exits with 0 when every run was a measurement (solved or not), with 1
    when one was not.

    \b
    Examples:
      cabproxy run-cell --agent mini --model oracle --task mutations/rust-error-negated
      CAB_KEY=… cabproxy run-cell --agent aider --model gpt-4o --endpoint https://api.openai.com/v1 \\
          --task mutations/python-comparator-swap --runs 3
      cabproxy run-cell --agent mini --model oracle --task mutations/python-comparator-swap --behaviour noop --json
    """
    return _main(options, provisional=False)


def _check_options(command: Callable[..., Any]) -> Callable[..., Any]:
    return _options(command, agent=QUICK_AGENT, task=QUICK_TASK)


@click.command()
@_check_options
def check(**options: Any) -> int:
    """Run one cell as a quick, provisional check of your own endpoint: not for citation.

    Without --agent and --task it is the reference agent on a small task: nothing is installed, no container is needed,
    and it takes seconds beside what the endpoint takes.

    \b
    Examples:
      CAB_KEY=… cabproxy check --model some-model --endpoint https://models.example/v1
      cabproxy check --agent mini --model oracle --task mutations/python-comparator-swap
      cabproxy check --agent mini --model m --endpoint http://127.0.0.1:8000/v1 --task mutations/rust-error-negated
    """
    return _main(options, provisional=True)


def _main(options: dict[str, Any], *, provisional: bool) -> int:
    import asyncio

    from cabproxy.cli.cell_view import View

    view = View(as_json=options["as_json"])
    requests = list(_requests(options, provisional))
    codes = []
    for request in requests:
        result = asyncio.run(_run(request, options, view))
        view.show(result)
        codes.append(_exit_code(result.status))
        if result.status == "interrupted":
            view.kept(result, request.ledger)
            break
    return max(codes)


def _requests(options: dict[str, Any], provisional: bool) -> Any:
    from cabproxy.agents import agent, label
    from cabproxy.agents.plugin import read_plugin
    from cabproxy.cli.tasks_choice import tell_unknown_keys
    from cabproxy.config import Secret
    from cabproxy.harness.recording import next_run_number
    from cabproxy.harness.request import ORACLE, CellRequest
    from cabproxy.harness.scorer import load
    from cabproxy.harness.workspace import instructions
    from cabproxy.proxy.hop import hop_towards
    from cabproxy.proxy.target import parse_upstream
    from cabproxy.taskkit.load import find_task, task_roots

    task = find_task(options["task_id"], task_roots(options["tasks_dir"]))
    tell_unknown_keys([task])
    adapter = agent(options["agent"])
    name = label(adapter)
    way = way_from(options)
    if options["endpoint"] != ORACLE:
        hop_towards(parse_upstream(options["endpoint"]), way.upstream_proxy, os.environ if way.trust_env else None)
    scorer = None if options["no_score"] else options["scorer"]
    if scorer:
        load(scorer)
    plugins = tuple(read_plugin(path) for path in options["plugins"])
    instructions(task, plugins, adapter)
    key = os.environ.pop(options["key_env"], None)  # no child of this process inherits it
    contender = "+".join((name, *(plugin.name for plugin in plugins)))
    cell = f"{options['sweep_id']}/{contender}/{options['model']}/{task.task_id}"
    first = next_run_number(options["ledger"], cell)
    for number in range(first, first + options["runs"]):
        yield CellRequest(
            agent=options["agent"],
            agent_name=name,
            model=options["model"],
            task=task,
            ledger=options["ledger"],
            endpoint=options["endpoint"],
            key=Secret(key) if key else None,
            way=way,
            behaviour=options["behaviour"],
            run_number=number,
            sweep_id=options["sweep_id"],
            timeout_s=options["timeout_s"],
            plugins=plugins,
            provisional=provisional,
            asciicast=3 if options["asciicast"] == "3" else 2,
            keep=options["keep"],
            scorer=scorer,
            profile=options["profile"],
        )


async def _run(request: Any, options: dict[str, Any], view: Any) -> Any:
    import asyncio

    from msgspec import structs

    from cabproxy.harness import scorer
    from cabproxy.harness.cell import run_cell as run
    from cabproxy.harness.provider import provider

    where = await asyncio.to_thread(provider, options["sandbox"])
    try:
        with view.progress(request) as say:
            result = await run(request, where, say)
    finally:
        where.close()
    if request.scorer is None or result.status == "interrupted":
        return result
    out = options["out"] or request.ledger.with_name(f"{request.ledger.stem}-pages")
    page = await asyncio.to_thread(scorer.page, request.ledger, result.run_id, out)
    return structs.replace(result, page=page)


def _exit_code(status: str) -> int:
    if status == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_FAILED if status in ("infra_invalid", "unsealed") else EXIT_DONE
