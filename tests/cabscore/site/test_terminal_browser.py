"""An agent that runs in a terminal of its own, really recorded, is played in step with the replay of its run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cabproxy.ledger import Ledger
from cabscore.join import join
from cabscore.site.report import write_report
from cabscore.site.terminal import terminal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AGENT = """
import msgspec
from cabproxy.agents.mini import Mini

class InATerminal(Mini):
    name = "interminal"

    def launch(self, context):
        made = super().launch(context)
        shown = "test -t 0 && test -t 1 && stty size && printf '\\\\033[1;35mcoloured\\\\033[0m\\\\n'; exec \\"$@\\""
        argv = ("/bin/sh", "-c", shown, "sh", *(word for word in made.argv if word != "--json"))
        return msgspec.structs.replace(made, argv=argv, pty=True)
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ledger with one run of an agent in a terminal, and of its site."""
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "own_agent.py").write_text(AGENT)
    words = ["run-cell", "--agent", "own_agent:InATerminal", "--model", "oracle/x", "--sandbox", "local"]
    command = [sys.executable, "-c", "from cabproxy.cli import main; main()", *words]
    command += ["--task", "mutations/python-comparator-swap", "--no-score"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PYTHONPATH": str(folder), "PATH": path}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    write_report(folder / "cab.sqlite", folder / "site", jobs=1)
    return folder


def test_the_screen_follows_the_replay_forward_and_back(recorded: Path, watched: Any) -> None:
    with Ledger(recorded / "cab.sqlite") as ledger:
        (run,) = ledger.runs()
        cast = terminal(ledger, join(ledger, run.run_id))
    assert cast is not None
    assert cast["events"][0][1].startswith("40 120")
    one = watched(viewport={"width": 1280, "height": 900})
    page = one.open(next((recorded / "site" / "cells").glob("*/index.html")))
    screen = page.locator(".screen")
    screen.wait_for()
    assert "The task is done" in screen.inner_text()
    start = int(page.locator("[data-trace]").get_attribute("data-agent")) / 1e9
    last = cast["events"][-1][0]
    for moment, first, done in ((last + 0.002, True, True), (0.0, False, False), (last - 0.002, True, False)):
        page.evaluate("at => { location.hash = 't=' + at.toFixed(3); }", start + moment)
        page.wait_for_function(
            "at => document.querySelector('.clock').textContent.startsWith(at)", arg=f"{start + moment:.3f}"
        )
        shown = screen.inner_text()
        assert ("40 120" in shown, "The task is done" in shown) == (first, done), moment
    assert page.locator(".screen .bold").inner_text() == "coloured"
    page.get_by_role("button", name="end", exact=True).click()
    assert re.search(r"\b[1-9]\d* events over", page.locator("#terminal").inner_text())
    page.evaluate("document.dispatchEvent(new CustomEvent('cab:time', {detail: {seconds: 1e6}}))")
    page.get_by_text("exit 0", exact=True).wait_for()
    one.assert_clean(recorded / "site")


def test_playing_moves_the_screen(recorded: Path, watched: Any) -> None:
    one = watched()
    page = one.open(next((recorded / "site" / "cells").glob("*/index.html")), "#t=0.000")
    page.locator(".screen").wait_for()
    assert page.locator(".screen").inner_text().strip() == ""
    page.get_by_label("Speed").select_option("5")
    page.get_by_role("button", name="Play", exact=True).click()
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect(page.locator(".screen")).to_contain_text("The task is done")
    one.assert_clean(recorded / "site")
