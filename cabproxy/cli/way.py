"""The options for the way to an endpoint, the same at every command that asks one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from cabproxy.config import Secret, Way
from cabproxy.errors import UserError


def way_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--ca-file, --upstream-proxy and --trust-env; `way_from` reads them."""
    options = [
        click.option(
            "--ca-file", type=click.Path(path_type=Path), help="More certificate authorities for an https endpoint."
        ),
        click.option(
            "--upstream-proxy", metavar="URL", help="An HTTP proxy on the way to the endpoint: http://host:port."
        ),
        click.option("--trust-env", is_flag=True, help="Go by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def way_from(options: Mapping[str, Any]) -> Way:
    """The options as a record. Raises UserError for a proxy's URL with credentials."""
    url = options["upstream_proxy"]
    if url is not None and "@" in url:
        raise UserError(
            "--upstream-proxy: holds credentials, which everybody on this machine can read in the list of processes; "
            "put the URL into HTTPS_PROXY or HTTP_PROXY and give --trust-env"
        )
    proxy = None if url is None else Secret(url)
    return Way(ca_file=options["ca_file"], upstream_proxy=proxy, trust_env=options["trust_env"])
