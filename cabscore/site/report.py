"""A whole site from one ledger. A second build writes only what changed: one changed run is one page and its lists."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Run
from cabscore.join import cell_of
from cabscore.profiles import DEFAULT, find_profile
from cabscore.profiles.base import Profile
from cabscore.scoring import inputs_digest, rules_digest
from cabscore.site.assets import write_assets
from cabscore.site.book import Book
from cabscore.site.chunks import data_file, write_text
from cabscore.site.comparisons import pair_context, pairs
from cabscore.site.facts import RunFacts
from cabscore.site.links import Neighbourhood, neighbours, page_path
from cabscore.site.pages import Lists
from cabscore.site.render import render
from cabscore.site.state import State, key_of, load_state, maker, save_state
from cabscore.site.sweeps import sweep_plans
from cabscore.site.work import Crew, Options, PageJob, crew

HEADING = "Coding agents, cell by cell"


class Report(Struct, frozen=True, kw_only=True):
    """What stands now. `written` pages of runs are new or changed, the others stood already."""

    index: Path
    pages: dict[str, Path]
    invalid: int
    written: int
    lists_written: int
    comparisons_due: int


def write_report(
    ledger_path: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    *,
    run_ids: Sequence[str] = (),
    profile: str = DEFAULT,
    base_url: str | None = None,
    title: str = HEADING,
    jobs: int | None = None,
    follow: bool = False,
    comparisons: bool = True,
) -> Report:
    """Writes the pages of all runs (or of `run_ids`) and every list over them. Raises LedgerError or UserError.

    `jobs` is the number of processes. `follow` puts a script on the lists that loads them again when they change;
    without `comparisons` the pages that test one agent against another are left for a later build.
    """
    with _nothing_half(Path(out_dir)), _collected_rarely():
        return _build(ledger_path, Path(out_dir), run_ids, profile, base_url, title, jobs, follow, comparisons)


@contextlib.contextmanager
def _nothing_half(out: Path) -> Iterator[None]:
    """Takes a site that was not there before away again where it cannot be finished. Of one that was, every page is
    whole: the new one or the old one."""
    there = out.is_dir()
    fresh = not out.exists() or (there and not any(out.iterdir()))
    try:
        yield
    except BaseException:
        if fresh:
            shutil.rmtree(out, ignore_errors=True)
            if there:
                out.mkdir(exist_ok=True)
        raise


@contextlib.contextmanager
def _collected_rarely() -> Iterator[None]:
    """A build makes many objects that all stay: to look through them again and again for cycles is a fifth of it."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _build(
    ledger_path: str | os.PathLike[str],
    out: Path,
    run_ids: Sequence[str],
    profile: str,
    base_url: str | None,
    title: str,
    jobs: int | None,
    follow: bool,
    comparisons: bool,
) -> Report:
    found = find_profile(profile)
    ledger_name = str(Path(ledger_path).resolve())
    state = load_state(out, maker(found.definition, base_url, title, follow, ledger_name, sorted(run_ids)))
    with Ledger(ledger_path) as ledger:
        wanted = {ledger.run(run_id).run_id for run_id in run_ids}
        book = Book(ledger, found)
        shown = [run for run in book.runs if (run.run_id in wanted if wanted else _has_page(run))]
        options = Options(ledger=str(ledger_path), out=str(out), profile=profile, base_url=base_url)
        with crew(options, book, jobs) as workers:
            facts = _facts(book, shown, state, workers, found)
            out.mkdir(parents=True, exist_ok=True)
            write_assets(out)
            written = _cell_pages(facts, state, workers, out)
        lists = Lists(list(facts.values()), found, title, sweep_plans(ledger, book.runs), base_url, follow)
    lists_written = _lists(lists, state, out)
    due = _comparisons(lists, state, out, write=comparisons)
    _drop_old(state, facts, out)
    state.facts = facts
    if written or lists_written:
        write_text(out / "data" / "stamp.js", data_file("stamp", key_of(sorted(state.keys.items()))))
    save_state(out, state)
    return Report(
        index=out / "index.html",
        pages={run_id: out / page_path(run_id) for run_id in facts},
        invalid=sum(fact.kind == "cell" and fact.ended and not fact.valid for fact in facts.values()),
        written=written,
        lists_written=lists_written,
        comparisons_due=due,
    )


def _has_page(run: Run) -> bool:
    """Every run but the bookkeeping of a sweep."""
    return not (run.kind == "session" and run.sweep_id)


def _facts(book: Book, shown: list[Run], state: State, workers: Crew, profile: Profile) -> dict[str, RunFacts]:
    """Facts of every run, in the ledger's order; only runs whose inputs changed are read and scored."""
    stale = []
    rules = rules_digest(profile)
    for run in sorted(shown, key=lambda run: (cell_of(run) or run.run_id, run.run_id)):
        known = state.facts.get(run.run_id)
        others = ((other.run_id, other.seal) for other in book.cell(run) if other.run_id != run.run_id)
        if run.seal is None or known is None or known.inputs != inputs_digest(run, others, rules):
            stale.append(run)
    fresh = {fact.run_id: fact for fact in workers.score(stale)}
    return {run.run_id: fresh.get(run.run_id) or state.facts[run.run_id] for run in shown}


def _cell_pages(facts: dict[str, RunFacts], state: State, workers: Crew, out: Path) -> int:
    around = Neighbourhood(facts.values())
    jobs = []
    for fact in sorted(facts.values(), key=lambda fact: (fact.cell, fact.run_id)):
        path = page_path(fact.run_id)
        near = [[(other.run_id, other.level) for other in group] + [more] for group, more in around.near(fact)]
        key = key_of(fact.inputs, fact.level, near)
        if not fact.closed or state.keys.get(path) != key or not (out / path).exists():
            jobs.append(PageJob(run_id=fact.run_id, neighbours=neighbours(fact, around)))
        state.keys[path] = key
    workers.write(jobs)
    return len(jobs)


def _lists(lists: Lists, state: State, out: Path) -> int:
    written = 0
    for page in lists.pages():
        key = key_of(page.made_from)
        if state.keys.get(page.path) != key or not (out / page.path).exists():
            written += write_text(out / page.path, page.text())
            state.keys[page.path] = key
    return written


def _comparisons(lists: Lists, state: State, out: Path, *, write: bool) -> int:
    """Writes what is due, or counts it."""
    found = list(pairs(lists.cells))
    keys = {pair.path: key_of(pair.first, pair.second, _inputs(pair.left), _inputs(pair.right)) for pair in found}
    due = [p for p in found if state.keys.get(p.path) != keys[p.path] or not (out / p.path).exists()]
    if not write:
        return len(due)
    common = {"root": "../", "follow": False, "profile": lists.profile, "heading": lists.heading}
    rows = {row.cell: row for row in lists.rows} if due else {}
    for pair in due:
        write_text(out / pair.path, render("compare.html", **common, **pair_context(pair, rows)))
        state.keys[pair.path] = keys[pair.path]
    index = "compare/index.html"
    key = key_of(list(keys))
    if due or state.keys.get(index) != key:
        write_text(out / index, render("compare_index.html", **common, pairs=found))
        state.keys[index] = key
    return 0


def _inputs(runs: tuple[RunFacts, ...]) -> list[str]:
    """What runs were scored from: stands for all of their facts. An open run has no inputs and stands by its values."""
    return [run.inputs if run.closed else repr(run) for run in runs]


def _drop_old(state: State, facts: dict[str, RunFacts], out: Path) -> None:
    """Takes away the pages of runs that are no longer shown: only files a build writes, only folders that are empty."""
    for run_id in state.facts.keys() - facts.keys():
        path = page_path(run_id)
        state.keys.pop(path, None)
        folder = (out / path).parent
        for entry in [*folder.glob("calls/*.js"), *folder.glob("*.*")]:
            if entry.is_file():
                entry.unlink()
        for place in (folder / "calls", folder):
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
