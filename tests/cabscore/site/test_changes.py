"""The diff's colours: by suffix, else by the whole name, else none; bounded in lines and in width."""

from __future__ import annotations

from typing import Any

import pytest
from pygments.lexers import get_all_lexers

from cabproxy.ledger import Ledger
from cabscore.join import join
from cabscore.site import changes
from cabscore.site.changes import COMMON, _lexer, diff


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/a.py", "Python"),
        ("src/lib.RS", "Rust"),
        ("Makefile", "Makefile"),
        ("a/Dockerfile", "Docker"),
        ("x.hs", "Haskell"),
        ("no-suffix", "Text only"),
        ("odd.\u202e<b>", "Text only"),
        (".py", "Python"),
    ],
)
def test_lexers(path: str, name: str) -> None:
    assert _lexer(path).name == name


def test_every_common_suffix_names_a_lexer() -> None:
    known = {alias for _, aliases, _, _ in get_all_lexers() for alias in aliases}
    assert set(COMMON.values()) <= known


def test_long_diffs_are_cut_and_say_so(cells: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_LINES", 3)
    added = "".join(f"+{n}{'x' * 900}\n" for n in range(9))
    run_id = cells.make(patch=f"diff --git a/a.py b/a.py\n--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,9 @@\n{added}")
    with Ledger(cells.path) as ledger:
        (file,) = diff(join(ledger, run_id))
    assert (len(file.lines), file.cut) == (3, 7)
    assert str(file.lines[1].html).endswith(" …</span>") or "…" in str(file.lines[1].html)
