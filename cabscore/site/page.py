"""One run's pages, card, badge and data files, from its ledger alone: the same ledger gives the same bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Run
from cabscore.axes.base import JoinedRun
from cabscore.cellview import summarise
from cabscore.profiles import DEFAULT, find_profile
from cabscore.scoring import ScoredRun
from cabscore.site.assets import write_assets
from cabscore.site.audit_page import audit_context
from cabscore.site.badge import badge, shields
from cabscore.site.bodies import Conversation, conversation
from cabscore.site.book import Book
from cabscore.site.calls import call_note, call_rows, why_empty
from cabscore.site.changes import diff, groups
from cabscore.site.chunks import data_file, write_call_chunks, write_text
from cabscore.site.embed import embed
from cabscore.site.evidence import evidence
from cabscore.site.facts import facts, title_of
from cabscore.site.identity import banner, identity, warnings, when
from cabscore.site.inshort import in_short
from cabscore.site.kept import record
from cabscore.site.links import NeighbourGroup, Neighbourhood, name_slug, neighbours, page_path, slug
from cabscore.site.render import render
from cabscore.site.reproduce import recipe, snippets
from cabscore.site.summary import cell_summary
from cabscore.site.terminal import terminal
from cabscore.site.tests_table import phase_rows, tests_table
from cabscore.site.tiles import tiles
from cabscore.site.timing import wall_parts
from cabscore.site.tokens_picture import token_picture
from cabscore.site.trace import trace

FILES = (
    ("index.html", "cell.html"),
    ("audit.html", "audit.html"),
    ("card.html", "card.html"),
    ("badge.svg", "badge.svg"),
)


def write_cell_page(
    ledger_path: str | os.PathLike[str],
    run_id: str,
    out_dir: str | os.PathLike[str],
    *,
    profile: str = DEFAULT,
    base_url: str | None = None,
) -> Path:
    """Writes one run's files below `out_dir`/cells; returns the page. Neighbours are those that have a page there.

    Raises LedgerError.
    """
    out = Path(out_dir)
    with Ledger(ledger_path) as ledger:
        run = ledger.run(run_id)
        book = Book(ledger, find_profile(profile))
        write_assets(out)
        beside = [one for one in book.runs if one.run_id == run_id or _near(one, run, out)]
        known = [facts(joined := book.join(one), book.scored(one, joined)) for one in beside]
        own = next(fact for fact in known if fact.run_id == run_id)
        site = (out / "leaderboard.html").exists()
        return write_pages(book, run, out, neighbours(own, Neighbourhood(known), lists=site), base_url, site=site)


def _near(other: Run, run: Run, out: Path) -> bool:
    """Whether a run may be a neighbour, and has a page."""
    if other.kind != "cell" or run.kind != "cell":
        return False
    if other.task_id != run.task_id and (other.agent, other.model) != (run.agent, run.model):
        return False
    return (out / page_path(other.run_id)).exists()


def write_pages(
    book: Book, run: Run, out: Path, groups: list[NeighbourGroup], base_url: str | None = None, *, site: bool = True
) -> Path:
    """The same from an open book. `site`: the lists that a page leads to are written as well."""
    joined = book.join(run)
    scored = book.scored(run, joined)
    talk = conversation(book.ledger, joined)
    path = out / page_path(run.run_id)
    cast = terminal(book.ledger, joined)
    context = page_context(book, joined, scored, talk, groups, base_url)
    context |= {"site": site, "chunks": write_call_chunks(path.parent, talk), "left_out": talk.left_out, "cast": cast}
    for name, template in FILES:
        write_text(path.with_name(name), render(template, root="../../", **context))
    write_text(path.with_name("badge.json"), shields(context["badge"]))
    write_text(path.with_name("cell.js"), data_file("cell", cell_summary(joined, scored)))
    write_text(path.with_name("kept.js"), data_file("kept", context["record"].texts))
    if cast is not None:
        write_text(path.with_name("terminal.js"), data_file("terminal", cast))
    return path


def page_context(
    book: Book,
    joined: JoinedRun,
    scored: ScoredRun,
    talk: Conversation,
    siblings: list[NeighbourGroup],
    base_url: str | None,
) -> dict[str, Any]:
    """Everything the templates print."""
    run = joined.run
    summary = summarise(book.scored(other) for other in book.cell(run))
    mark = badge(scored, closed=run.seal is not None)
    title = title_of(run)
    return {
        "title": title,
        "run": run,
        "task": joined.task,
        "joined": joined,
        "scored": scored,
        "scores": scored.scores(),
        "tiles": tiles(scored, summary),
        "short": in_short(joined, scored),
        "evidence": evidence(joined, scored),
        "record": record(book.ledger, joined),
        "banner": banner(joined, scored),
        "warnings": warnings(joined),
        "identity": identity(joined, scored),
        "started": when(run.opened_wall_ns),
        "ended": when(run.closed_wall_ns if run.closed_wall_ns is not None else run.ended_wall_ns),
        "latency": scored.axes["latency"].evidence,
        "wall": wall_parts(joined),
        "trace": trace(joined, talk),
        "calls": call_rows(joined),
        "call_note": call_note(joined),
        "why_empty": why_empty(joined),
        "token_picture": token_picture(book.ledger, run.run_id),
        "groups": groups(joined),
        "diff": diff(joined),
        "phases": phase_rows(joined),
        "tests": tests_table(joined),
        "snippets": snippets(joined, recipe(book.ledger, joined)),
        "siblings": siblings,
        "badge": mark,
        "embed": embed(run.run_id, title, mark, base_url),
        "own_slug": slug(run.run_id),
        "links": {name: name_slug(getattr(run, name) or "") for name in ("agent", "model", "task_id", "sweep_id")},
        **audit_context(book.ledger, joined),
    }
