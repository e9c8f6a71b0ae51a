"""`cabproxy serve`: the recording proxy as a command."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from cabproxy.cli.way import way_from, way_options
from cabproxy.config import DEFAULT_LEDGER, DEFAULT_PORT, Limits, Secret, ServeConfig
from cabproxy.errors import UserError


@click.command()
@click.option("--upstream", required=True, metavar="URL", help="The endpoint; may carry a path, /v1 is not doubled.")
@click.option("--ledger", type=click.Path(path_type=Path), default=DEFAULT_LEDGER, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Any but loopback needs --token-env.")
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one.")
@click.option("--unix-socket", type=click.Path(path_type=Path), help="Listen on this socket as well.")
@click.option("--key-env", metavar="NAME", help="The variable with the endpoint's key; clients' own are not forwarded.")
@click.option("--token-env", metavar="NAME", help="The variable with the token for control API and keyless clients.")
@click.option("--no-inject-usage", is_flag=True, help="Do not ask for usage where a streaming client did not.")
@click.option("--drain-s", type=click.FloatRange(min=0), default=30.0, show_default=True, metavar="S")
@click.option("--max-calls", type=click.IntRange(min=0), metavar="N", help="Budget of the server: calls.")
@click.option("--max-tokens", type=click.IntRange(min=0), metavar="N", help="Budget of the server: tokens.")
@click.option("--max-cost-usd", metavar="X", help="Budget of the server: dollars.")
@click.option(
    "--max-wall-s", type=click.FloatRange(min=0), metavar="S", help="Budget of the server: seconds from its start."
)
@click.option("--max-concurrent", type=click.IntRange(min=1), metavar="N", help="Calls in flight at once.")
@way_options
@click.option(
    "--record-failure",
    type=click.Choice(["refuse", "allow"]),
    default="refuse",
    show_default=True,
    help="What happens to calls while the ledger cannot be written.",
)
@click.option(
    "--fsync",
    type=click.Choice(["off", "second", "call"]),
    default="off",
    show_default=True,
    help="What power loss may cost (kill -9 costs nothing): off, what the kernel holds; second, about the last second; "
    "call, nothing that a client saw finished, at the price of a disk flush per call.",
)
@click.option(
    "--fault", "faults", multiple=True, metavar="RULE", help="Fail on purpose: status=429,retry_after=2,calls=1-3 …"
)
@click.option("--fault-seed", type=int, default=0, show_default=True, help="Which calls a probability hits.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N", help="Processes.")
@click.option("--otel", is_flag=True, help="Send OpenTelemetry spans, as the OTEL_EXPORTER_OTLP_* variables say.")
@click.option("--label", help="Name of the run that calls without a run of their own go to.")
def serve(**options: Any) -> int:
    """Forward to an endpoint and record every call.

    Prints the base URL on one line once it listens. An agent's base URL is http://HOST:PORT/v1, or
    http://HOST:PORT/run/ID/v1 to name its run.

    \b
    Examples:
      cabproxy serve --upstream https://api.openai.com/v1 --key-env OPENAI_API_KEY
      cabproxy serve --upstream http://127.0.0.1:11434/v1 --ledger runs.sqlite --port 0
    """
    config = config_from(options)
    if options["workers"] == 1:
        run_server(config)
        return 0
    from cabproxy.proxy.workers import serve_with_workers

    shown = f"[{config.host}]" if ":" in str(config.host) else config.host
    return serve_with_workers(
        config, options["workers"], run_server, lambda port: click.echo(f"http://{shown}:{port}/v1")
    )


def config_from(options: dict[str, Any]) -> ServeConfig:
    """The options as a configuration. Raises UserError for variables that are not set."""
    way = way_from(options)
    return ServeConfig(
        upstream=options["upstream"],
        ledger=options["ledger"],
        key=_secret(options["key_env"], "--key-env"),
        token=_secret(options["token_env"], "--token-env"),
        host=options["host"],
        port=options["port"],
        unix_socket=options["unix_socket"],
        inject_usage=not options["no_inject_usage"],
        drain_s=options["drain_s"],
        limits=Limits(
            max_calls=options["max_calls"],
            max_tokens=options["max_tokens"],
            max_cost_usd=options["max_cost_usd"],
            max_wall_s=options["max_wall_s"],
            max_concurrent=options["max_concurrent"],
        ),
        ca_file=way.ca_file,
        upstream_proxy=way.upstream_proxy,
        trust_env=way.trust_env,
        record_failure=options["record_failure"],
        fsync=options["fsync"],
        ingest="process",
        faults=options["faults"],
        fault_seed=options["fault_seed"],
        label=options["label"],
        otel="" if options["otel"] else None,
    )


def _secret(name: str | None, option: str) -> Secret | None:
    if name is None:
        return None
    value = os.environ.get(name, "").strip()
    if not value:
        raise UserError(f"{name}: not set or empty; set the variable, or leave {option} out")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UserError(f"{name}: holds characters no key has; check what the variable was set to")
    return Secret(value)


def run_server(config: ServeConfig) -> None:
    """Serves until SIGTERM or SIGINT."""
    # Threads that look things up in the ledger must not make the event loop wait for the interpreter's lock for long.
    sys.setswitchinterval(0.001)
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(config))
    else:
        uvloop.run(_serve(config))


async def _serve(config: ServeConfig) -> None:
    from cabproxy.proxy.server import ProxyServer

    server = ProxyServer(config)
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    await server.start()
    try:
        if config.listener is None:
            click.echo(f"{server.base_url}/v1")
        await done.wait()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)  # a second one ends the waiting
    finally:
        await server.stop()
        if server.spans is not None:
            server.spans.say()
