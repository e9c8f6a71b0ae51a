"""The commands of a page: what they name is what ran, and what only this machine has is not pulled from elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Span
from cabscore.join import join
from cabscore.site.reproduce import recipe, snippets

PLUGIN = 'name = "terse"\nappend = "CAB_END"\nCAB_END\n'


def commands(cells: Any, run_id: str) -> dict[str, str]:
    with Ledger(cells.path) as ledger:
        joined = join(ledger, run_id)
        return {item.title: item.commands for item in snippets(joined, recipe(ledger, joined))}


def played(cells: Any, run_id: str, **attrs: Any) -> None:
    cells.writer.add_spans(
        [Span(span_id="p", run_id=run_id, name="proxy", kind="proxy", start_ns=1, end_ns=2, attrs=attrs)]
    )


def test_what_the_embedded_endpoint_played_and_how_the_agent_was_named(cells: Any) -> None:
    run_id = cells.make(agent="own", endpoint="oracle", close=False)
    played(cells, run_id, behaviour="overreach", agent_named="module:Own")
    found = commands(cells, run_id)
    for title in ("The same cell, local sandbox", "The same cell, docker sandbox", "A quick look"):
        assert "--agent module:Own" in found[title]
        assert "--endpoint oracle \\\n  --behaviour overreach" in found[title]
    assert "--timeout-s 600" in found["The same cell, local sandbox"]


def test_a_plugin_is_written_before_it_is_named(cells: Any, tmp_path: Path) -> None:
    run_id = cells.make(agent="mini+terse", plugins=("terse@sha256:ab",), artifacts={"plugin:terse": PLUGIN.encode()})
    text = commands(cells, run_id)["The same cell, local sandbox"]
    assert "--agent mini \\\n" in text
    assert "  --plugin terse.toml" in text
    written = text[text.index("cat >") : text.index("export CAB_ENDPOINT")]
    subprocess.run([shutil.which("sh") or "sh", "-c", written], cwd=tmp_path, check=True, timeout=10)
    assert (tmp_path / "terse.toml").read_text() == PLUGIN


def test_images_that_the_harness_builds_are_looked_at_and_not_pulled(cells: Any) -> None:
    digest = "sha256:" + "c" * 64
    run_id = cells.make(image=f"cab-task-x:1@{digest}", agent_image=f"ghcr.io/x/agent:2@{digest}")
    text = commands(cells, run_id)["The same cell, docker sandbox"]
    assert "docker pull cab-task" not in text
    assert f"docker pull ghcr.io/x/agent:2@{digest}" in text
    assert text.endswith(f"\ndocker image inspect --format '{{{{.Id}}}}' cab-task-x:1    # in this run: {digest}")


def test_no_path_of_the_machine_it_ran_on(cells: Any) -> None:
    argv = ("/srv/venv/bin/python3", "/srv/venv/mini_agent.py", "--", "/do it")
    text = commands(cells, cells.make(argv=argv, sandbox="local"))["Your own endpoint, your own hands"]
    assert "/srv" not in text
    assert 'python3 "$(python3 -c "import cabproxy.agents.mini_agent as it; print(it.__file__)")" -- \'/do it\'' in text
