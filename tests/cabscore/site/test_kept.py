"""Everything a run's record holds is listed, and its text is there, bounded and harmless."""

from __future__ import annotations

from typing import Any

from cabproxy.ledger import Ledger
from cabscore.join import join
from cabscore.site import kept
from cabscore.site.kept import record


def read(cells: Any, **artifacts: bytes) -> kept.Record:
    run_id = cells.make(artifacts={name.replace("__", ":"): data for name, data in artifacts.items()})
    with Ledger(cells.path) as ledger:
        return record(ledger, join(ledger, run_id))


def text(found: kept.Record, name: str) -> str:
    (row,) = [row for row in found.rows if row.name == name]
    assert row.key is not None
    return found.texts[row.key]


def test_every_artifact_and_output_has_a_row_and_a_text_or_a_place(cells: Any) -> None:
    found = read(cells, file__a=b"left so\n", document__REFUSAL=b"no", plugin__terse=b"name = 'terse'", odd=b"?")
    names = {row.name: row for row in found.rows}
    assert {"task.json", "patch.diff", "stdout", "file:a", "document:REFUSAL", "plugin:terse", "odd"} <= names.keys()
    assert names["tests after"].size == len(b"running 3 tests\ntest result: ok\n")
    assert all(row.place or row.key is not None for row in found.rows)
    assert names["patch.diff"].place == "changes"
    assert text(found, "file:a") == "left so\n"
    assert '\n "task_id": ' in text(found, "task.json")


def test_binary_hostile_and_long_texts(cells: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(kept, "ALL_LIMIT", 70_000)
    found = read(
        cells, file__b=b"\0\1", file__c="\u202e\x1b[31m".encode(), file__d=b"x" * 5_000_000, file__e=b"y" * 20_000
    )
    assert text(found, "file:b").startswith("[binary, 2 bytes")
    assert text(found, "file:c") == "⟨U+202E⟩␛[31m"
    assert len(text(found, "file:d")) < 61_000
    assert text(found, "file:e") == "[not on this page; it is in the ledger]"
