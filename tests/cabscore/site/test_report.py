"""The whole site: every link leads somewhere, little is written twice, what is gone is taken away."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cabscore.site.report import write_report


@pytest.fixture
def several(cells: Any) -> Any:
    for agent in ("aider", "mini"):
        for model in ("vendor/one", "vendor/two"):
            for number in (1, 2):
                cells.make(agent=agent, model=model, run_number=number, passed=agent == "mini" or number == 1)
    cells.make(agent="dead", calls=0, passed=False, status="infra_invalid", cause="refused")
    return cells


def links(path: Path, parse: Any) -> list[tuple[str, Path]]:
    parsed = parse(path.read_text(encoding="utf-8"))
    assert parsed.open_tags == [], path
    found = [attrs.get("href") or attrs.get("src") for _, attrs in parsed.tags]
    plain = [address.partition("#")[0].partition("?")[0] for address in found if address]
    return [(address, path.parent / address) for address in plain if address]


def test_every_link_of_every_page_leads_somewhere(several: Any, tmp_path: Path, parse: Any) -> None:
    done = write_report(several.path, tmp_path / "site", jobs=1)
    assert len(done.pages) == done.written == 9
    assert done.invalid == 1
    pages = list((tmp_path / "site").glob("**/*.html"))
    assert len(pages) > 40
    for page in pages:
        for address, target in links(page, parse):
            assert not re.match(r"[a-z]+:", address), (page, address)
            assert target.exists(), (page, address)


def test_lists_count_invalid_runs_and_leave_them_out(several: Any, tmp_path: Path, parse: Any) -> None:
    write_report(several.path, tmp_path, jobs=1)
    text = parse((tmp_path / "leaderboard.html").read_text()).text
    assert "mini × vendor/one" in text
    assert "2 / 2" in text
    assert "1 / 2" in text
    dead = (tmp_path / "agents").glob("dead-*.html")
    assert "refused" in parse(next(dead).read_text()).text


def test_a_second_build_writes_nothing_and_a_new_run_its_own_page(several: Any, tmp_path: Path) -> None:
    write_report(several.path, tmp_path, jobs=1)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("**/*.*") if path.is_file()}
    again = write_report(several.path, tmp_path, jobs=1)
    assert (again.written, again.lists_written) == (0, 0)
    changed = {path.name for path, was in before.items() if path.stat().st_mtime_ns != was}
    assert changed <= {".cab-build"}
    new = several.make(agent="zed", model="vendor/zed", run_number=1)
    third = write_report(several.path, tmp_path, jobs=1)
    assert third.pages[new].exists()
    assert 1 <= third.written < 9
    assert "zed" in (tmp_path / "leaderboard.html").read_text()


def test_processes_write_the_same_as_one(several: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cabscore.site.work.WORTH_WORKERS", 2)
    write_report(several.path, tmp_path / "one", jobs=1)
    write_report(several.path, tmp_path / "two", jobs=2)
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").glob("**/*.*") if path.is_file())
    assert names
    for name in names:
        if name.name != ".cab-build":
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_an_empty_ledger(cells: Any, tmp_path: Path) -> None:
    done = write_report(cells.path, tmp_path / "site")
    assert done.pages == {}
    assert "no cell" in done.index.read_text(encoding="utf-8")


def test_only_the_runs_asked_for(cells: Any, tmp_path: Path) -> None:
    first = cells.make()
    cells.make(agent="other")
    done = write_report(cells.path, tmp_path / "site", run_ids=[first])
    assert list(done.pages) == [first]


def test_data_and_badges_for_machines(several: Any, tmp_path: Path) -> None:
    done = write_report(several.path, tmp_path, jobs=1)
    lines = (tmp_path / "data" / "cells.csv").read_text().splitlines()
    assert len(lines) == 1 + len(done.pages)
    script = (tmp_path / "data" / "cells.js").read_text()
    name, data = _pushed(script)
    assert name == "cells"
    assert len(data["rows"]) == 5
    shield = json.loads(next((tmp_path / "agents").glob("mini-*.json")).read_text())
    assert shield["schemaVersion"] == 1
    assert shield["message"] == "mini: solved 4 of 4 runs"


def _pushed(script: str) -> Any:
    return json.loads(script[script.index(".push(") + 6 : script.rindex(")")])


def test_a_formula_in_the_data_stays_text(cells: Any, tmp_path: Path) -> None:
    cells.make(agent="=1+1")
    write_report(cells.path, tmp_path, jobs=1)
    assert ",'=1+1," in (tmp_path / "data" / "cells.csv").read_text()


def test_a_run_under_way_is_neither_invalid_nor_a_failure(cells: Any, tmp_path: Path, parse: Any) -> None:
    cells.make(run_number=1)
    cells.make(run_number=2, close=False)
    done = write_report(cells.path, tmp_path, jobs=1)
    assert done.invalid == 0
    page = next(path for path in done.pages.values() if "Still open" in path.read_text())
    assert "It is under way, or was never closed." in parse(page.read_text()).text
    assert "still open" in page.with_name("badge.svg").read_text()
    sweep = parse(next((tmp_path / "sweeps").glob("*.html")).read_text()).text
    assert "still open 1" in sweep
    assert "invalid 0" in sweep
    assert "Failures by cause" not in sweep
    board = parse((tmp_path / "leaderboard.html").read_text()).text
    assert re.search(r"Still open\s*1", board)
    assert re.search(r"Runs\s*1", board)
