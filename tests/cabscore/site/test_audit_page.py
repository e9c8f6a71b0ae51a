"""The audit page derives chain and seal again, and says so where they do not hold."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Span
from cabscore.join import join
from cabscore.site.audit_page import audit_context, traffic
from cabscore.site.page import write_cell_page


def checks(cells: Any, run_id: str) -> dict[str, bool | None]:
    with Ledger(cells.path) as ledger:
        return {check.name: check.ok for check in audit_context(ledger, join(ledger, run_id))["checks"]}


def test_a_seal_that_holds_and_one_that_does_not(cells: Any) -> None:
    run_id = cells.make(calls=0)
    assert set(checks(cells, run_id).values()) == {True}
    with sqlite3.connect(cells.path) as connection:
        connection.execute("update span set end_ns = end_ns + 1 where kind = 'agent'")
    connection.close()
    found = checks(cells, run_id)
    assert found["The seal comes out again"] is False


def test_calls_outside_the_chain_are_found(cells: Any) -> None:
    run_id = cells.make(calls=2)
    assert checks(cells, run_id)["Each call's hash comes out again"] is True
    with sqlite3.connect(cells.path) as connection:
        connection.execute("update call set row_hash = null, prev_hash = null")
    connection.close()
    found = checks(cells, run_id)
    assert found["Each call's hash comes out again"] is False
    assert found["Calls are numbered without a gap"] is True


def test_an_open_run_has_no_seal_to_check(cells: Any) -> None:
    assert checks(cells, cells.make(calls=0, close=False))["The seal comes out again"] is None


def test_bytes_at_the_gate_stand_beside_the_proxys_and_the_ledgers(cells: Any) -> None:
    run_id = cells.make(calls=0, close=False)
    attrs = ({"gate_bytes_in": 7_050, "interfaces": "lo"}, {"proxy_bytes_in": 7_050, "ledger_request_bytes": 0})
    cells.writer.add_spans(
        Span(span_id=f"s{at}", run_id=run_id, name="s", kind="proxy", start_ns=1, end_ns=2, attrs=found)
        for at, found in enumerate(attrs)
    )
    with Ledger(cells.path) as ledger:
        shown = dict(traffic(join(ledger, run_id)))
    assert shown["bytes the gate took from the agent"] == shown["bytes the proxy had of it"] == "7\u202f050"
    assert shown["network interfaces the agent had"] == "lo"
    assert shown["bytes of requests in the ledger, those aside that were rewritten"] == "0"


def test_several_conversations_are_told_apart(cells: Any, tmp_path: Path) -> None:
    one, two = (cells.make(calls=[{"conversation_id": "a"}, {"conversation_id": other}]) for other in ("a", "b"))
    pages = [write_cell_page(cells.path, run_id, tmp_path).with_name("audit.html").read_text() for run_id in (one, two)]
    assert ["Conversation</th>" in page for page in pages] == [False, True]
