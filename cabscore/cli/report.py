"""`cabscore report` and `cabscore badge`: pages and badges from a ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cabproxy.errors import UserError
from cabproxy.ledger import Ledger
from cabscore.profiles import DEFAULT, find_profile

if TYPE_CHECKING:
    from cabscore.site.report import Report

_LEDGER = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("ledger", type=_LEDGER)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="The site's folder.")
@click.option("--run", "run_ids", multiple=True, metavar="ID", help="Only this run; may be repeated.")
@click.option("--profile", default=DEFAULT, show_default=True, help="A profile's name, a .toml file or module:object.")
@click.option("--base-url", metavar="URL", help="Where the site will be served: for badges and embeds.")
@click.option("--title", default="Coding agents, cell by cell", show_default=True, help="The first page's heading.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes that write pages; default: one per processor.")
@click.option("--no-comparisons", is_flag=True, help="Leave the paired tests of agents and models for a later build.")
@click.option("--watch", is_flag=True, help="Stay and write what changes; pages load themselves again.")
@click.option("--every", default=2.0, show_default=True, metavar="S", help="How often --watch looks at the ledger.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, a line for each build.")
def report(
    ledger: Path,
    out: Path,
    run_ids: tuple[str, ...],
    profile: str,
    base_url: str | None,
    title: str,
    jobs: int | None,
    no_comparisons: bool,
    watch: bool,
    every: float,
    as_json: bool,
) -> None:
    """Write a site from LEDGER: leaderboard, agents, models, tasks, comparisons, and a page for each run.

    Plain files that open from a disk; nothing is fetched from elsewhere. A second build into the same folder writes
    only what changed.

    \b
    Examples:
      cabscore report cab.sqlite --out site
      cabscore report cab.sqlite --out site --run r_01jd… --base-url https://bench.example
      cabscore report nightly.sqlite --out site --watch
    """
    from cabscore.site.watch import builds

    if base_url is not None and not base_url.startswith(("http://", "https://")):
        raise UserError(f"{base_url}: an address starts with http:// or https://; write it out")
    options: dict[str, Any] = {"run_ids": run_ids, "profile": profile, "base_url": base_url, "title": title}
    options |= {"jobs": jobs, "comparisons": not no_comparisons, "follow": watch}
    try:
        for done in builds(ledger, out, options, every_s=every if watch else None):
            _say(done, as_json)
    except OSError as error:
        raise UserError(f"{error.filename or out}: cannot be written ({error.strerror}); name another --out") from None


def _say(done: Report, as_json: bool) -> None:
    if as_json:
        pages = {run_id: str(path) for run_id, path in done.pages.items()}
        stated = {"index": str(done.index), "pages": pages, "invalid": done.invalid, "written": done.written}
        click.echo(json.dumps({**stated, "lists_written": done.lists_written, "comparisons_due": done.comparisons_due}))
        return
    due = f", {done.comparisons_due} comparisons due" if done.comparisons_due else ""
    click.echo(
        f"{len(done.pages)} pages ({done.invalid} of invalid runs), {done.written} written{due}, index {done.index}"
    )


@click.command()
@click.argument("ledger", type=_LEDGER)
@click.option("--run", "run_id", required=True, metavar="ID", help="The run the badge is of.")
@click.option("--profile", default=DEFAULT, show_default=True, help="A profile's name, a .toml file or module:object.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the SVG here instead of stdout.")
@click.option("--json", "as_json", is_flag=True, help="The badge's texts as one JSON object.")
def badge(ledger: Path, run_id: str, profile: str, out: Path | None, as_json: bool) -> None:
    """Write the badge of one run as SVG: its verdict in words, its composite with the profile's name.

    \b
    Examples:
      cabscore badge cab.sqlite --run r_01jd… > badge.svg
      cabscore badge cab.sqlite --run r_01jd… --out badge.svg
    """
    from cabscore.join import join
    from cabscore.scoring import score_joined
    from cabscore.site.badge import badge as make
    from cabscore.site.render import render

    with Ledger(ledger) as opened:
        joined = join(opened, run_id)
        made = make(score_joined(joined, find_profile(profile)), closed=joined.run.seal is not None)
    if as_json:
        click.echo(json.dumps({"label": made.label, "value": made.value, "colour": made.colour}))
        return
    svg = render("badge.svg", badge=made)
    if out is None:
        click.echo(svg)
        return
    try:
        out.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); name another --out") from None
