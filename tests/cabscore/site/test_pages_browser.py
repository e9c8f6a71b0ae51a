"""Every kind of page in a browser: quiet, accessible in light and dark, by keyboard alone, on a phone and on paper."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cabscore.site.report import write_report

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
KINDS = {
    "start": "index.html",
    "leaderboard": "leaderboard.html",
    "matrix": "matrix.html",
    "agents": "agents/index.html",
    "agent": "agents/mini-*.html",
    "models": "models/index.html",
    "model": "models/vendor-one-*.html",
    "catalogue": "tasks/index.html",
    "task": "tasks/mutations-*.html",
    "sweep": "sweeps/*.html",
    "comparisons": "compare/index.html",
    "compare agents": "compare/agent-*.html",
    "compare models": "compare/model-*.html",
    "compare cells": "compare/cells.html",
    "pareto": "pareto.html",
    "methodology": "methodology.html",
    "glossary": "glossary.html",
    "provenance": "provenance.html",
    "cell": "cells/*/terminal.js",
    "invalid cell": "cells/*/index.html",
    "audit": "cells/*/audit.html",
    "card": "cells/*/card.html",
}
FOCUSABLE = "a[href], button:not(:disabled), input, select, summary, iframe, [tabindex='0']"
CAST = [
    json.dumps({"version": 2, "width": 40, "height": 6}),
    json.dumps([0.5, "o", "hello \u001b[1;32mworld\u001b[0m\r\n"]),
]
CUT_OFF = """() => [...document.querySelectorAll('main *, .top *')].filter(one => {
    if (one.closest('svg, .sr, [hidden]') || !one.checkVisibility()) return false;
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    if (box.right > innerWidth + 1 && box.width > 0) return true;
    const clips = style.overflowX !== 'visible' || style.overflowY !== 'visible';
    return clips && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1);
}).slice(0, 5).map(one => one.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module")
def site(cells_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site with every kind of page on it."""
    folder = tmp_path_factory.mktemp("kinds")
    cells = cells_in(folder / "cab.sqlite")
    for agent in ("aider", "mini"):
        for model in ("vendor/one", "vendor/two"):
            cells.make(agent=agent, model=model, run_number=1, passed=agent == "mini", calls=3)
    kept = {"terminal.cast": "\n".join(CAST).encode(), "plugin:terse": b"name = 'terse'", "file:a.py": b"left = 1\n"}
    cells.make(agent="mini", model="vendor/one", run_number=2, calls=15, artifacts=kept, said="x" * 3_000)
    cells.make(agent="dead", calls=0, passed=False, status="infra_invalid", cause="nobody answered", run_number=1)
    cells.writer.close()
    write_report(folder / "cab.sqlite", folder / "site", jobs=1)
    return folder / "site"


@pytest.fixture
def opened(site: Path, watched: Any) -> Callable[..., Iterator[tuple[str, Any]]]:
    """Opens each kind of page in turn in one window; afterwards it must have been quiet."""

    def each(**options: Any) -> Iterator[tuple[str, Any]]:
        one = watched(**options)
        for kind in KINDS:
            path, fragment = find(site, kind)
            page = one.open(path, fragment)
            if fragment:
                page.get_by_role("heading", name="Patches").wait_for()
            yield kind, page
        one.assert_clean(site)

    return each


def find(site: Path, kind: str) -> tuple[Path, str]:
    """A page of that kind, and what stands after its address."""
    if kind == "invalid cell":
        return next(path for path in site.glob(KINDS[kind]) if "Invalid run" in path.read_text()), ""
    found = sorted(site.glob(KINDS[kind]))[0]
    if kind == "compare cells":
        first, second = sorted(path.name for path in (site / "cells").iterdir())[:2]
        return found, f"#{first},{second}"
    return (found.with_name("index.html") if found.name == "terminal.js" else found), ""


def test_every_page_is_quiet_and_fits(site: Path, watched: Any) -> None:
    one = watched(viewport={"width": 1280, "height": 900})
    paths = sorted(site.glob("**/*.html"))
    assert len(paths) >= 40
    for path in paths:
        page = one.open(path)
        fits, title, headings = page.evaluate(
            "[document.body.scrollWidth <= innerWidth, document.title, document.getElementsByTagName('h1').length]"
        )
        assert (fits, headings) == (True, 1), path
        assert title
    one.assert_clean(site)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_each_kind_of_page_is_accessible(opened: Any, violations: Any, scheme: str) -> None:
    found = []
    for kind, page in opened(viewport={"width": 1280, "height": 900}, color_scheme=scheme):
        for button in page.locator("button.open").all()[:2]:
            button.click()
        found += [f"{kind}: {line}" for line in violations(page)]
    assert not found


def test_a_phone_shows_each_kind_without_scrolling_sideways(opened: Any) -> None:
    wide = []
    for kind, page in opened(viewport={"width": 360, "height": 780}):
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            wide.append(kind)
    assert not wide


def test_the_keyboard_reaches_everything_on_each_kind_of_page(opened: Any) -> None:
    for kind, page in opened(viewport={"width": 1280, "height": 900}):
        wanted = page.evaluate(
            f"""() => {{
                window.reached = new Set();
                const note = () => window.reached.add(document.activeElement);
                addEventListener("focusin", note, true);
                addEventListener("blur", () => setTimeout(note), true);
                const may = document.querySelectorAll("{FOCUSABLE}");
                window.wanted = [...may].filter(e => e.checkVisibility() && e.tabIndex >= 0);
                return window.wanted.length;
            }}"""
        )
        assert wanted > (0 if kind == "card" else 10), kind
        for _ in range(wanted + 30):
            page.keyboard.press("Tab")
        missed = page.evaluate(
            """window.wanted.filter(e => !window.reached.has(e) && e.tagName !== "IFRAME")
            .map(e => e.outerHTML.slice(0, 200))"""
        )
        assert not missed, (kind, missed[:5])
        if page.locator("iframe").count():  # a frame tells nobody that it has the focus: from the one before it, Tab
            page.evaluate("window.wanted[window.wanted.findIndex(e => e.tagName === 'IFRAME') - 1].focus()")
            page.keyboard.press("Tab")
            pytest.importorskip("playwright.sync_api").expect(page.locator("iframe")).to_be_focused()


def test_on_paper_nothing_is_cut_off_and_everything_is_open(opened: Any) -> None:
    for kind, page in opened(viewport={"width": 718, "height": 1000}, color_scheme="dark"):
        page.emulate_media(media="print")
        assert not page.evaluate(CUT_OFF), kind
        shown = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert shown in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"), kind
        for what in (".bar", ".controls", ".tools", "button.copy", "select", "input"):
            assert not page.locator(what).locator("visible=true").count(), (kind, what)
        closed = page.locator("details > :not(summary)").locator("visible=false")
        assert not closed.count(), (kind, closed.first.evaluate("one => one.outerHTML.slice(0, 200)"))
        page.emulate_media(media="screen")
    assert kind == "card"


def test_a_cell_prints_as_a_document_of_several_pages(site: Path, watched: Any) -> None:
    page = watched().open(find(site, "cell")[0])
    printed = page.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "10mm"))
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") > 2
    assert page.locator("details:not([open])").count() > 2
