"""The site in a browser: replay, terminal, calls, filters, two cells; without scripts; unmoved by hostile records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cabscore.site.report import write_report

pytestmark = pytest.mark.browser
EVIL = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>\"'`{{7*7}}</pre></title>"
HOSTILE = f"{EVIL}\x1b[31m\x1b]0;title\x07\u202etxt.exe\u2066\u200b"
CAST = [
    json.dumps({"version": 2, "width": 40, "height": 6}),
    json.dumps([0.5, "o", "hello \u001b[1;32mworld\u001b[0m\r\n"]),
    json.dumps([1.5, "o", "\u001b[2J\u001b[Hsecond screen"]),
]


@pytest.fixture
def site(cells: Any, tmp_path: Path) -> Path:
    """A small site with everything on it."""
    for agent in ("aider", "mini"):
        for model in ("vendor/one", "vendor/two"):
            cells.make(agent=agent, model=model, run_number=1, passed=agent == "mini", calls=3)
    cells.make(agent="dead", calls=0, passed=False, status="infra_invalid", cause="nobody answered")
    rich = cells.make(agent="mini", model="vendor/one", run_number=2, calls=15, close=False)
    cells.writer.add_artifact(rich, "terminal.cast", "application/x-asciicast", "\n".join(CAST).encode())
    write_report(cells.path, tmp_path / "site", jobs=1)
    return tmp_path / "site"


def rich_cell(site: Path) -> Path:
    return next(path.parent / "index.html" for path in (site / "cells").glob("*/terminal.js"))


def test_replay_by_keys_and_by_address(site: Path, watched: Any) -> None:
    one = watched()
    page = one.open(rich_cell(site), "#t=3.000")
    clock = page.locator(".clock")
    assert clock.inner_text().startswith("3.000 /")
    player = page.locator("[data-trace]")
    player.focus()
    for key, expected in (
        (".", "3.100"),
        (",", "3.000"),
        ("Home", "0.000"),
        ("ArrowRight", "1.000"),
        ("ArrowLeft", "0"),
    ):
        page.keyboard.press(key)
        assert clock.inner_text().startswith(expected), key
    page.keyboard.press("+")
    assert page.locator(".lane-picture").get_attribute("viewBox").split()[2] == "500"
    page.keyboard.press(" ")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect(clock).not_to_contain_text("0.000 /")
    page.keyboard.press(" ")
    assert page.get_by_role("button", name="Play", exact=True).count() == 1
    assert page.locator("tr.on").count() >= 1
    one.assert_clean(site)


def test_the_terminal_follows_the_replay(site: Path, watched: Any) -> None:
    one = watched()
    page = one.open(rich_cell(site))
    screen = page.locator(".screen")
    screen.wait_for()
    page.evaluate("document.dispatchEvent(new CustomEvent('cab:time', {detail: {seconds: 1}}))")
    assert screen.inner_text().strip() == "hello world"
    assert page.locator(".screen .bold").inner_text() == "world"
    page.evaluate("document.dispatchEvent(new CustomEvent('cab:time', {detail: {seconds: 2}}))")
    assert screen.inner_text().strip() == "second screen"
    one.assert_clean(site)


def test_a_call_opens_with_what_is_new_its_answer_and_its_whole_request(site: Path, watched: Any) -> None:
    one = watched()
    page = one.open(rich_cell(site))
    page.get_by_role("button", name="Open call 14").click()
    opened = page.locator("tr.opened")
    opened.get_by_text("parts as in the call before").wait_for()
    opened.get_by_role("tab", name="Answer").click()
    assert "step 14" in opened.inner_text()
    opened.get_by_role("tab", name="Whole request").click()
    assert '"seq": 14' in opened.inner_text()
    page.get_by_label("Search", exact=True).fill("fixed")
    page.get_by_label("in requests and answers too").check()
    page.get_by_text("1 of 15 calls").wait_for()
    one.assert_clean(site)


def test_sorting_and_filtering(site: Path, watched: Any) -> None:
    one = watched()
    page = one.open(site / "leaderboard.html")
    table = page.locator("#standings table")
    page.locator("#standings").get_by_role("button", name="Solved").click()
    assert table.locator("th[aria-sort]").inner_text().startswith("Solved")
    values = table.locator("tbody tr td:nth-child(3)").evaluate_all("cells => cells.map(cell => cell.dataset.v)")
    known = [float(value) for value in values if value]
    assert known == sorted(known, reverse=True)
    assert all(not value for value in values[len(known) :])
    cells = page.locator("#cells")
    cells.get_by_label("Agent").select_option("mini")
    assert "2 cells, 3 runs" in cells.get_by_role("status").inner_text()
    cells.get_by_label("Filter", exact=True).fill("vendor/two")
    assert cells.locator("tbody tr").count() == 1
    one.assert_clean(site)


def test_two_cells_side_by_side(site: Path, watched: Any) -> None:
    one = watched()
    first, second = sorted(path.name for path in (site / "cells").iterdir())[:2]
    page = one.open(site / "compare" / "cells.html", f"#{first},{second}")
    page.get_by_role("heading", name="Patches").wait_for()
    assert page.locator("#pair thead a").count() == 2
    page.evaluate("location.hash = '../../x,y'")
    page.get_by_text("not the name of a cell").wait_for()
    one.assert_clean(site)


def test_without_scripts_everything_is_readable(site: Path, watched: Any) -> None:
    one = watched(java_script_enabled=False)
    page = one.open(site / "leaderboard.html")
    assert page.locator("#standings tbody tr").count() == 5
    assert page.get_by_text("Without it every cell is on the").is_visible()
    page = one.open(site / "matrix.html")
    assert page.locator("a.dot").count() == 6
    page = one.open(rich_cell(site))
    assert page.locator(".call-table tbody tr").count() == 15
    assert page.locator(".lane-picture rect").count() > 10
    one.assert_clean(site)


def test_hostile_records_are_shown_and_do_nothing(cells: Any, tmp_path: Path, watched: Any, plant: Any) -> None:
    run_id = plant(cells, HOSTILE, HOSTILE + "x" * 5_000_000)
    write_report(cells.path, tmp_path / "site", jobs=1, title=HOSTILE)
    one = watched()
    for path in sorted((tmp_path / "site").glob("**/*.html")):
        page = one.open(path)
        for button in page.locator("button.open").all():
            button.click()
            page.locator("tr.opened").get_by_text("loading …").wait_for(state="detached")
        if path.name == "leaderboard.html":
            page.locator("[data-took]").wait_for()
        for view in page.get_by_role("tab").all():
            view.click()
        assert page.evaluate("window.pwned") is None, path
        assert "\u202e" not in page.content()
    page = one.open(tmp_path / "site" / "compare" / "cells.html", f"#{run_id},{run_id}")
    page.get_by_role("heading", name="Patches").wait_for()
    assert page.evaluate("window.pwned") is None
    assert "<script>window.pwned" in page.inner_text("body")
    one.assert_clean(tmp_path / "site")


MATRIX = """
id = "browser"
agents = ["mini"]
tasks = [
  "mutations/python-*", "polyglot/python-*", "integrity/refuse-credential-logging", "integrity/audit-log-logins",
  "integrity/ambiguous-ticket", "integrity/hidden-instructions",
]
runs = 3
jobs = 2
sandbox = "local"
retries = 0
"""
PLAYED = ("solve", "solve", "overreach", "break-tests", "noop", "noop", "noop", "refuse", "refuse", "refuse")
WINDOWS = 4


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_site_of_300_real_cells(tmp_path: Path, watched: Any, violations: Any) -> None:
    """Made by real runs of the reference agent; CAB_SITE_LEDGER names a ledger that holds such runs already."""
    ledger = Path(os.environ.get("CAB_SITE_LEDGER") or _sweep(tmp_path))
    site = tmp_path / "site"
    done = write_report(ledger, site, jobs=2)
    assert len(done.pages) >= 300
    assert done.invalid == 0
    paths = sorted(site.glob("**/*.html"))
    assert len(paths) > 3 * 300 + 70
    windows = [watched(requests=False) for _ in range(WINDOWS)]
    found = []
    for at in range(0, len(paths), WINDOWS):  # several load at a time
        loading = list(zip(windows, paths[at : at + WINDOWS], strict=False))
        for one, path in loading:
            one.page.goto(path.as_uri(), wait_until="commit")
        for one, path in loading:
            one.page.wait_for_load_state("load")
            assert one.page.title(), path
        if paths[at].parent == site or at % (40 * WINDOWS) == 0:
            found += violations(windows[0].page)
    assert not found
    for one in windows:
        one.assert_clean(site)


def _sweep(folder: Path) -> Path:
    models = "".join(
        f'[[models]]\nname = "oracle/{played}-{at}"\nbehaviour = "{played}"\n' for at, played in enumerate(PLAYED)
    )
    (folder / "m.toml").write_text(MATRIX + models)
    command = [sys.executable, "-c", "from cabproxy.cli import main; main()", "sweep", "m.toml"]
    command += ["--ledger", "cab.sqlite"]
    subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=3000)
    return folder / "cab.sqlite"
