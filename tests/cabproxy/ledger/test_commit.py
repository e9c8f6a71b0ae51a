from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cabproxy.ledger import Ingester, Ledger, LedgerWriter, derive
from cabproxy.ledger.commit import Committer, Progress, SpoolTakenError, progress
from cabproxy.ledger.record import Run, Usage
from cabproxy.ledger.verify import verify
from cabproxy.wire.dialects.base import Interpretation


def test_two_that_take_in_one_spool_never_double_a_call(talk: Any, relay: Any, path: Path) -> None:
    relay.call(talk.chat("one"), talk.reply("1"))
    with Ingester(path, relay.spool.name) as one, Ingester(path, relay.spool.name) as two:
        assert one._live is not None and two._live is not None
        two._live._started()
        one.run_once()
        assert two.run_once()  # the other one was at it: it has to look again
        assert two.recorded == 0
        relay.call(talk.chat("two"), talk.reply("2"))
        two.run_once()
        assert one.run_once()
        assert one.recorded == 1
        one.run_once()
        assert (one.recorded, two.recorded) == (2, 2)
    with Ledger(path) as ledger:
        assert [call.seq for call in ledger.calls()] == [1, 2]
    assert verify(path).ok


def test_a_spool_that_is_gone_is_not_begun_anew(writer: LedgerWriter, path: Path) -> None:
    committer = Committer(writer._connection)
    with pytest.raises(SpoolTakenError):
        committer.commit("gone", path.parent / "gone.000000.spool", Progress(), Progress(batches=1), [])
    assert progress(writer._connection, "gone") == Progress()


def test_headers_are_stored_once(talk: Any, relay: Any, ingester: Ingester, path: Path) -> None:
    for number in range(5):
        relay.call(talk.chat("hi"), talk.reply("x"), headers=(("X-Same", "1"), ("x-request-id", str(number))))
    ingester.drain()
    (count,) = ingester._connection.execute("select count(*) from header").fetchone()
    assert count == 7  # Content-Type of the requests, X-Same, five ids
    with Ledger(path) as ledger:
        assert [call.response_headers[1] for call in ledger.calls()] == [("x-request-id", str(n)) for n in range(5)]
    seen = ingester._connection.execute(
        "select name, value from call_header where seq = 3 and side = 'response' order by position"
    ).fetchall()
    assert seen == [("X-Same", "1"), ("x-request-id", "2")]


def test_a_call_of_a_run_nobody_opened_gets_one(talk: Any, spool: Any, writer: LedgerWriter, path: Path) -> None:
    talk.Relay(spool, "r_lost").call(talk.chat("hi"), talk.reply("x"))
    with Ingester(path, spool.name) as ingester:
        ingester.drain()
    with Ledger(path) as ledger:
        call = ledger.call(next(ledger.calls()).call_id)
        expected = Run(run_id="r_lost", opened_wall_ns=call.received_wall_ns, opened_ns=call.received_ns)
        assert ledger.run("r_lost") == expected


def test_seq_is_by_arrival_and_the_chain_by_end(talk: Any, relay: Any, ingester: Ingester, path: Path) -> None:
    slow = relay.open(talk.chat("slow"))
    ingester.run_once()
    with Ledger(path) as ledger:
        assert [(call.seq, call.state, call.chain_seq) for call in ledger.calls()] == [(1, "in_flight", None)]
    middle = relay.open(talk.chat("middle"))
    relay.call(talk.chat("quick"), talk.reply("q"))
    relay.answer(slow, talk.reply("s"))
    relay.end(slow)
    ingester.drain()
    relay.end(middle, state="client_gone")
    ingester.drain()
    with Ledger(path) as ledger:
        found = [(call.seq, call.state, call.chain_seq) for call in ledger.calls()]
        calls = sorted(ledger.calls(), key=lambda call: call.chain_seq or 0)
    assert found == [(1, "ok", 2), (2, "client_gone", 3), (3, "ok", 1)]
    assert [call.prev_hash for call in calls] == [None, calls[0].row_hash, calls[1].row_hash]
    assert verify(path).ok


@pytest.mark.parametrize(
    "said",
    [
        Interpretation(dialect="x", usage=Usage(source="provider", prompt=10**40)),
        Interpretation(dialect="x", model_served="bad \ud800", usage=Usage(source="missing")),
        Interpretation(dialect="x", model_served=["no", "text"], usage=Usage(source="missing")),  # type: ignore[arg-type]
        Interpretation(dialect="x", usage=Usage(source="missing"), sampling={"a": "\udfff", "b": 2**90}),
    ],
    ids=["number", "surrogate", "type", "sampling"],
)
def test_a_call_that_cannot_be_stored_as_derived_is_stored_all_the_same(
    talk: Any, relay: Any, ingester: Ingester, path: Path, monkeypatch: pytest.MonkeyPatch, said: Interpretation
) -> None:
    monkeypatch.setattr(derive, "interpret", lambda exchange: said)
    relay.call(talk.chat("hi"), talk.reply("x"))
    ingester.drain()
    with Ledger(path) as ledger:
        (call,) = ledger.calls()
        assert ledger.request_body(call) == talk.chat("hi")
        assert call.usage is not None
        assert call.usage.prompt is None
    assert verify(path).ok


def test_headers_nobody_can_encode(talk: Any, relay: Any, ingester: Ingester, path: Path) -> None:
    call_id = relay.open(talk.chat("hi"), headers=(("x", "\udcff"),))
    relay.answer(call_id, talk.reply("x"), headers=(("\udc80", "y"),))
    relay.end(call_id, error="\udc81")
    ingester.drain()
    with Ledger(path) as ledger:
        call = ledger.call(call_id.hex())
    assert (call.request_headers, call.response_headers) == ((("x", "\\udcff"),), (("\\udc80", "y"),))
    assert call.error == "\\udc81"
    assert verify(path).ok


def test_a_failed_batch_changes_nothing_and_is_taken_again(
    talk: Any, relay: Any, ingester: Ingester, path: Path
) -> None:
    relay.call(talk.chat("one"), talk.reply("1"))
    ingester.drain()
    relay.call(talk.chat("two"), talk.reply("2"))
    count = ingester._connection.execute("select count(*) from blob").fetchone()
    ingester._connection.execute("create trigger no before insert on call begin select raise(abort, 'disk full'); end")
    with pytest.raises(Exception, match="disk full"):
        ingester.run_once()
    assert ingester._connection.execute("select count(*) from blob").fetchone() == count
    ingester._connection.execute("drop trigger no")
    ingester.drain()
    assert ingester.recorded == 2
    assert verify(path).ok
    assert isinstance(ingester._connection, sqlite3.Connection)
