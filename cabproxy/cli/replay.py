"""`cabproxy replay`: a recorded run served again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any, Literal

import click

from cabproxy.cli.way import way_from, way_options
from cabproxy.config import DEFAULT_PORT, ServeConfig
from cabproxy.errors import UserError


@click.command()
@click.argument("ledger", type=click.Path(path_type=Path))
@click.option("--run", "run_id", metavar="ID", help="The run to play; needed where the ledger holds several.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one.")
@click.option(
    "--on-miss",
    type=click.Choice(["error", "forward"]),
    default="error",
    show_default=True,
    help="A request that was not recorded: 409 with what differs, or ask the endpoint and record that.",
)
@click.option("--upstream", metavar="URL", help="The endpoint for --on-miss forward.")
@way_options
@click.option("--pace", type=click.Choice(["instant", "recorded"]), default="instant", show_default=True)
def replay(
    ledger: Path,
    run_id: str | None,
    host: str,
    port: int,
    on_miss: str,
    upstream: str | None,
    pace: Literal["instant", "recorded"],
    **way: Any,
) -> None:
    """Serve a recorded run again, answer by answer, with no endpoint.

    Requests are found by their canonical form; where the same was asked several times, answers come in the order
    recorded. Prints the base URL once it listens; on SIGTERM or Ctrl-C it says what was played and missed.

    \b
    Examples:
      cabproxy replay cab.sqlite --port 0
      cabproxy replay cab.sqlite --run my-try --pace recorded
      cabproxy replay cab.sqlite --run my-try --on-miss forward --upstream http://127.0.0.1:8000/v1
    """
    if on_miss == "forward" and upstream is None:
        raise UserError("--on-miss forward: needs an endpoint; name it with --upstream URL")
    if not ledger.exists():
        raise UserError(f"{ledger}: no such ledger; record one with cabproxy serve")
    misses = None
    if on_miss == "forward" and upstream is not None:
        found = way_from(way)
        misses = ServeConfig(
            upstream=upstream,
            ledger=ledger,
            label="replay misses",
            ca_file=found.ca_file,
            upstream_proxy=found.upstream_proxy,
            trust_env=found.trust_env,
        )
    asyncio.run(_replay(ledger, run_id, host, port, misses, pace))


async def _replay(
    path: Path,
    run_id: str | None,
    host: str,
    port: int,
    misses: ServeConfig | None,
    pace: Literal["instant", "recorded"],
) -> None:
    from cabproxy.ledger import Ledger
    from cabproxy.proxy.replay import Replay
    from cabproxy.proxy.server import ProxyServer
    from cabproxy.proxy.tapes import Shelf, load

    with Ledger(path) as ledger:
        shelf = Shelf(load(ledger, run_id))
    async with contextlib.AsyncExitStack() as stack:
        forward_to = None
        if misses is not None:
            recorder = ProxyServer(misses)
            await recorder.start()
            stack.push_async_callback(recorder.stop)
            forward_to = recorder.base_url
        server = Replay(shelf, pace=pace, forward_to=forward_to)
        try:
            await server.start(host, port)
        except OSError as error:
            raise UserError(f"{host}:{port}: cannot listen there ({error.strerror}); choose another --port") from error
        stack.push_async_callback(server.stop)
        done = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, done.set)
        click.echo(f"http://{host}:{server.port}/v1")
        await done.wait()
        click.echo(f"played {server.played}, missed {server.missed}, not asked for {shelf.left}", err=True)
