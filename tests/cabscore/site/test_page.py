"""The cell page: every section is true, nothing a run says can act or hide, nothing secret or foreign is on it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cabproxy.errors import LedgerError
from cabscore.site.page import write_cell_page
from cabscore.site.render import POLICY, card_policy
from cabscore.site.report import write_report
from cabscore.site.shown import clean

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
RTL = "txt.\u202eexe\u2066\u200b"
ANSI = "\x1b[31mred\x1b[0m\x07\x00"
SECTIONS = {
    "axes", "identity", "timing", "trace", "terminal", "calls", "changes", "tests", "scorer", "output", "again",
    "siblings", "embed", "short", "evidence", "record",
}  # fmt: skip


OWN_SCRIPTS = {"assets/cab.js", "assets/trace.js", "assets/calls.js", "assets/terminal.js", "assets/kept.js"}


def page(cells: Any, run_id: str, out: Path, **options: Any) -> str:
    return write_cell_page(cells.path, run_id, out, **options).read_text(encoding="utf-8")


def test_all_sections_are_there_and_the_markup_is_sound(cells: Any, tmp_path: Path, parse: Any) -> None:
    page(cells, cells.make(agent="other"), tmp_path)
    html = page(cells, cells.make(calls=3, image=None), tmp_path)
    parsed = parse(html)
    assert parsed.open_tags == []
    assert {attrs.get("id") for tag, attrs in parsed.tags if tag == "section"} - {None} == SECTIONS
    for said in (
        "3 of 3 tests pass",
        "higher is better",
        "lower is better",
        "src/lib.rs",
        "n = 1",
        "one run has no interval",
    ):
        assert said in parsed.text
    assert "not recorded" in parsed.text


def test_a_verdict_stands_beside_the_share_of_its_cell(cells: Any, tmp_path: Path, parse: Any) -> None:
    run_ids = [
        cells.make(run_number=number, passed=number != 2, cell_id="s/a/m/t#run" + str(number)) for number in (1, 2, 3)
    ]
    text = parse(page(cells, run_ids[0], tmp_path)).text
    assert "of this cell 2 / 3 runs solved, 95 % interval 0.21–0.94, n = 3" in text


def test_the_same_ledger_gives_the_same_bytes(cells: Any, tmp_path: Path) -> None:
    run_id = cells.make()
    assert page(cells, run_id, tmp_path / "a") == page(cells, run_id, tmp_path / "b")


def test_only_the_sites_own_files_act(cells: Any, tmp_path: Path, parse: Any) -> None:
    path = write_cell_page(cells.path, cells.make(), tmp_path)
    parsed = parse(path.read_text(encoding="utf-8"))
    assert policies(parsed) == [POLICY]
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in POLICY
    scripts = [attrs["src"].partition("?")[0].removeprefix("../../") for tag, attrs in parsed.tags if tag == "script"]
    assert scripts
    assert set(scripts) <= OWN_SCRIPTS
    for tag, attrs in parsed.tags:
        assert not any(name.startswith("on") or name == "style" for name in attrs)
        assert tag not in ("object", "embed", "base", "form", "style")
        for name in ("src", "href"):
            address = attrs.get(name) or ""
            assert not address.startswith(("http", "//", "javascript", "data:"))
            if address and not address.startswith("#"):
                assert (path.parent / address.partition("?")[0].partition("#")[0]).exists()


def test_the_card_brings_everything_along(cells: Any, tmp_path: Path, parse: Any) -> None:
    path = write_cell_page(cells.path, cells.make(), tmp_path)
    parsed = parse(path.with_name("card.html").read_text(encoding="utf-8"))
    assert policies(parsed) == [card_policy()]
    assert card_policy().startswith("default-src 'none'; style-src 'sha256-")
    assert not {tag for tag, _ in parsed.tags} & {"script", "img", "link", "iframe"}


def policies(parsed: Any) -> list[str]:
    return [attrs["content"] for tag, attrs in parsed.tags if tag == "meta" and attrs.get("http-equiv")]


@pytest.mark.parametrize(
    "hostile", [EVIL, RTL, ANSI, "{{ 123457 * 99991 }}", "</pre></code></style><b>", "\ufeff\u2028\u202d"]
)
def test_hostile_content_is_shown_harmlessly(cells: Any, tmp_path: Path, parse: Any, plant: Any, hostile: str) -> None:
    run_id = plant(cells, hostile, hostile * 40)
    address = "https://x.example/" + hostile
    done = write_report(cells.path, tmp_path / "site", jobs=1, title=hostile, base_url=address)
    files = [path for path in (tmp_path / "site").glob("**/*") if path.suffix in (".html", ".svg")]
    assert len(files) > 20
    for path in files:
        text = path.read_text(encoding="utf-8")
        parsed = parse(text)
        assert parsed.open_tags == [], path
        assert not [attrs for tag, attrs in parsed.tags if tag == "script" and "src" not in attrs]
        assert not [attrs for tag, attrs in parsed.tags if tag == "img" and not attrs["src"].endswith(".svg")]
        assert "b" not in {tag for tag, _ in parsed.tags}
        assert not [attrs for _, attrs in parsed.tags if "onerror" in attrs]
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2028\u2066-\u2069\ufeff]", text)
        assert str(123457 * 99991) not in text
    seen = parse(done.pages[run_id].read_text(encoding="utf-8")).text
    assert seen.count(clean(hostile).split("\n")[0]) > 100
    for data in (tmp_path / "site").glob("**/*.js"):
        if "assets" not in data.parts:
            text = data.read_text(encoding="utf-8")
            assert text.isascii()
            assert "<" not in text


def test_a_run_without_calls_says_why(cells: Any, tmp_path: Path, parse: Any) -> None:
    run_id = cells.make(calls=0, passed=False, status="infra_invalid", cause="no model call reached the proxy")
    text = parse(page(cells, run_id, tmp_path)).text
    assert "Invalid run" in text
    assert "No request of this run reached the recording proxy" in text
    assert "unknown, not zero" in text


def test_commands_are_valid_shell_and_hold_no_key(cells: Any, tmp_path: Path, parse: Any) -> None:
    run_id = cells.make(model="vendor/model with space; rm -rf /", image="cab/x:1@sha256:sha256:" + "a" * 64)
    text = parse(page(cells, run_id, tmp_path)).text
    assert "sha256:sha256:" not in text
    assert f"docker pull cab/x:1@sha256:{'a' * 64}" in text
    assert "--key-env CAB_KEY" in text
    assert "--key " not in text
    blocks = re.findall(
        r"(?:python3 -m pip|docker pull|export CAB_ENDPOINT|cabproxy check)[^\0]*?--ledger cab\.sqlite", text
    )
    assert blocks
    for block in blocks:
        subprocess.run([shutil.which("sh") or "sh", "-n"], input=block.encode(), check=True, timeout=10)
        assert "'vendor/model with space; rm -rf /'" in block


def test_siblings_link_only_to_pages_that_exist(cells: Any, tmp_path: Path, parse: Any) -> None:
    first, second = cells.make(agent="a"), cells.make(agent="b")
    assert not _sibling_links(parse(page(cells, first, tmp_path)))
    page(cells, second, tmp_path)
    links = _sibling_links(parse(page(cells, first, tmp_path)))
    assert len(links) == 1
    base = tmp_path / "cells" / "x"
    assert (base / links[0]).resolve().exists()


def _sibling_links(parsed: Any) -> list[str]:
    return [
        attrs["href"] for tag, attrs in parsed.tags if tag == "a" and str(attrs.get("href", "")).startswith("../r_")
    ]


def test_a_run_id_cannot_leave_the_folder(cells: Any, tmp_path: Path) -> None:
    run_id = cells.make(run_id="../../../evil")
    path = write_cell_page(cells.path, run_id, tmp_path / "site")
    assert path.is_relative_to(tmp_path / "site" / "cells")
    assert ".." not in path.relative_to(tmp_path).parts


def test_unknown_run(cells: Any, tmp_path: Path) -> None:
    cells.make()
    with pytest.raises(LedgerError):
        write_cell_page(cells.path, "r_none", tmp_path)


def test_embed_snippets(cells: Any, tmp_path: Path, parse: Any) -> None:
    text = parse(page(cells, cells.make(), tmp_path, base_url="https://bench.example/x/")).text
    assert re.search(r"\[!\[[^\n]*\]\(https://bench\.example/x/cells/r_\w+/badge\.svg\)\]\(https://", text)
    frame = re.search(r"<iframe [^>]*></iframe>", text)
    assert frame is not None
    attrs = parse(frame[0]).tags[0][1]
    assert attrs["src"].startswith("https://bench.example/x/cells/")
    assert attrs["src"].endswith("/card.html")
    assert attrs["title"]
    assert not re.search(r"\d ?%[^0-9A-F]", text[text.index("Embed this result") :])
