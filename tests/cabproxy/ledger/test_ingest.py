from __future__ import annotations

import fcntl
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cabproxy.ledger import Ingester, Ledger, LedgerWriter, SpoolWriter, ingest
from cabproxy.ledger.ingest import has_dead_spools, spool_names
from cabproxy.ledger.spool import segment_name, spool_directory
from cabproxy.ledger.verify import verify

SPEAKER = """
import sys, time
from cabproxy.ledger.ids import new_call_id
from cabproxy.ledger.spool import CallEnd, CallOpen, ResponseHead, SpoolWriter
ledger, run_id, number = sys.argv[1], sys.argv[2], 0
spool = SpoolWriter(ledger, segment_bytes=int(sys.argv[3]))
while True:
    number += 1
    call_id = new_call_id()
    spool.open_call(CallOpen(call_id=call_id, run_id=run_id, attribution="path", method="POST",
        path="/v1/chat/completions", received_wall_ns=time.time_ns(), received_ns=time.monotonic_ns()))
    spool.request(call_id, b'{"n": %d, "x": "%s"}' % (number, b"y" * (number % 900)))
    spool.flush()
    spool.head(call_id, ResponseHead(status=200, ns=time.monotonic_ns()))
    for _ in range(number % 5):
        spool.chunk(call_id, time.monotonic_ns(), b'{"a": %d}' % number)
    spool.end(call_id, CallEnd(state="ok", done_ns=time.monotonic_ns(), last_byte_ns=time.monotonic_ns()))
    spool.flush()
    sys.stdout.write(f"{call_id.hex()} {number}\\n")
    sys.stdout.flush()
"""

INGESTER = """
import sys
from cabproxy.ledger import Ingester
ingester = Ingester(sys.argv[1], sys.argv[2])
print("up", flush=True)
while True:
    ingester.run_once()
"""


def spawned(code: str, *argv: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, argv)], stdout=subprocess.PIPE, text=True)


def killed(child: subprocess.Popen[str]) -> list[str]:
    """Ends a child as nothing can prevent, and returns the whole lines it had said."""
    child.send_signal(signal.SIGKILL)
    assert child.stdout is not None
    said = child.stdout.read()
    child.stdout.close()
    child.wait()
    return said.splitlines() if said.endswith("\n") else said.splitlines()[:-1]


def check_every_call(path: Path, said: list[str]) -> None:
    with Ledger(path) as ledger:
        calls = {call.call_id: call for call in ledger.calls()}
        for line in said:
            call_id, number = line.split()
            call = calls.pop(call_id)
            assert call.state == "ok"
            assert ledger.request_body(call) == b'{"n": %s, "x": "%s"}' % (number.encode(), b"y" * (int(number) % 900))
            assert ledger.response_body(call) == b'{"a": %s}' % number.encode() * (int(number) % 5)
        assert len(calls) <= 1  # one may have ended between its last flush and its line
    report = verify(path)
    assert report.defects == ()
    assert report.notes == ()


def kill_a_speaker(path: Path, run_id: str, source: random.Random) -> None:
    child = spawned(SPEAKER, path, run_id, source.choice([3000, 1 << 20]))
    assert child.stdout is not None
    said = [child.stdout.readline().rstrip("\n") for _ in range(source.randint(1, 300))]
    said += killed(child)
    check_every_call(path, said)


def test_kill_9_of_the_relay_loses_no_finished_call(writer: LedgerWriter, run_id: str, path: Path) -> None:
    kill_a_speaker(path, run_id, random.Random(1))
    assert not spool_directory(path).exists()


@pytest.mark.slow
def test_kill_9_at_a_hundred_random_moments(tmp_path: Path) -> None:
    source = random.Random(time.time_ns())
    for number in range(100):
        path = tmp_path / f"{number}.sqlite"
        LedgerWriter(path).close()
        kill_a_speaker(path, "r_x", source)


def kill_an_ingester_often(relay: Any, path: Path, kills: int, source: random.Random) -> list[str]:
    said: list[str] = []
    for _ in range(kills):
        child = spawned(INGESTER, path, relay.spool.name)
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        for number in range(source.randint(1, 120)):
            body = b'{"n": %d, "x": "%s"}' % (number, b"y" * (number % 900))
            chunks = [b'{"a": %d}' % number] * (number % 5)
            said.append(f"{relay.call(body, *chunks)} {number}")
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    return said


def test_kill_9_of_the_ingester_neither_loses_nor_doubles(relay: Any, path: Path) -> None:
    said = kill_an_ingester_often(relay, path, 3, random.Random(2))
    open_id = relay.open(b"still open").hex()
    relay.spool.close()
    with Ledger(path) as ledger:
        calls = list(ledger.calls())
        assert [call.seq for call in calls] == list(range(1, len(said) + 2))
        assert (calls[-1].call_id, calls[-1].state) == (open_id, "unfinished")
    check_every_call(path, said)


@pytest.mark.slow
def test_kill_9_of_the_ingester_many_times(relay: Any, path: Path) -> None:
    said = kill_an_ingester_often(relay, path, 40, random.Random(time.time_ns()))
    relay.spool.close()
    check_every_call(path, said)


def test_unfinished_calls_keep_what_had_arrived(talk: Any, relay: Any, path: Path) -> None:
    relay.open(talk.chat("never answered"))
    half = relay.open(talk.chat("half"))
    relay.answer(half, b"the first half")
    relay.spool.close()
    with Ledger(path) as ledger:
        one, two = ledger.calls()
        assert (one.state, one.status, one.response_sha256, one.done_ns) == ("unfinished", None, None, None)
        assert one.error == "the proxy ended before the call was done"
        assert ledger.request_body(one) == talk.chat("never answered")
        assert (two.state, two.status, two.last_byte_ns) == ("unfinished", 200, None)
        assert ledger.response_body(two) == b"the first half"
        assert two.usage is not None
        assert two.usage.prompt is None
    assert verify(path).ok


@pytest.mark.parametrize("tail", [b"\x07", bytes(500), b"\xff" * 90])
def test_a_torn_tail_is_dropped_and_nothing_before_it(talk: Any, relay: Any, path: Path, tail: bytes) -> None:
    relay.call(talk.chat("hi"), talk.reply("x"))
    relay.spool.close()
    with (relay.spool.directory / segment_name(relay.spool.name, 0)).open("ab") as file:
        file.write(tail)
    with Ledger(path) as ledger:
        assert [call.state for call in ledger.calls()] == ["ok"]
    assert not spool_directory(path).exists()


def test_a_damaged_segment_makes_its_open_calls_unfinished_and_leaves_the_rest(
    talk: Any, writer: LedgerWriter, run_id: str, path: Path
) -> None:
    with SpoolWriter(path, segment_bytes=1) as spool:  # a segment for each flush
        relay = talk.Relay(spool, run_id)
        first = relay.open(talk.chat("hi"))
        relay.answer(first, b"one")
        spool.flush()
        relay.answer(first, b"two")
        relay.end(first)
        later = relay.call(talk.chat("later"), talk.reply("x"))
        damaged = spool.directory / segment_name(spool.name, 1)
        damaged.write_bytes(damaged.read_bytes()[:-1])
    with Ledger(path) as ledger:
        assert [(call.call_id, call.state) for call in ledger.calls()] == [(first.hex(), "unfinished"), (later, "ok")]
    assert verify(path).ok


def test_segments_are_deleted_once_nothing_in_them_is_open(
    talk: Any, writer: LedgerWriter, run_id: str, path: Path
) -> None:
    with SpoolWriter(path, segment_bytes=2000) as spool, Ingester(path, spool.name) as ingester:
        relay = talk.Relay(spool, run_id)
        pinned = relay.open(talk.chat("open for long"))
        for number in range(20):
            relay.call(talk.chat(f"turn {number}"), talk.reply("x"))
        ingester.drain()
        assert (spool.directory / segment_name(spool.name, 0)).exists()
        relay.end(pinned, state="cut")
        ingester.drain()
        assert not (spool.directory / segment_name(spool.name, 0)).exists()
        assert len(list(spool.directory.glob("*.spool"))) == 1
        assert ingester.recorded == 21
    with Ledger(path) as ledger:
        assert len(list(ledger.calls())) == 21


def test_a_live_spool_is_nobody_elses(talk: Any, relay: Any, path: Path) -> None:
    relay.call(talk.chat("hi"), talk.reply("x"))
    with Ingester(path) as stranger:
        assert stranger.drain() == 0
        assert not stranger.run_once()
    assert not has_dead_spools(spool_directory(path))
    relay.spool.close()
    assert has_dead_spools(spool_directory(path))
    with Ingester(path) as stranger:
        assert stranger.recover() == 1
        assert stranger.recover() == 0


def test_an_owner_that_closes_hands_over_to_its_ingester(talk: Any, relay: Any, ingester: Ingester, path: Path) -> None:
    relay.call(talk.chat("hi"), talk.reply("x"))
    relay.open(talk.chat("open"))
    assert ingester.live
    relay.spool.close()
    assert ingester.drain() == 2
    assert not ingester.live
    assert not spool_directory(path).exists()
    assert ingester._connection.execute("select count(*) from spool").fetchone() == (0,)
    assert ingester.drain() == 2


def test_a_spool_someone_else_took_in_ends_its_own_ingester(
    talk: Any, relay: Any, ingester: Ingester, path: Path
) -> None:
    relay.call(talk.chat("hi"), talk.reply("x"))
    ingester.run_once()
    relay.call(talk.chat("more"), talk.reply("y"))
    relay.spool.close()
    with Ingester(path) as other:
        other.recover()
    ingester.drain()
    assert not ingester.live
    with Ledger(path) as ledger:
        assert [call.seq for call in ledger.calls()] == [1, 2]
    assert verify(path).ok


def test_a_crash_between_the_last_batch_and_the_deletion_doubles_nothing(
    talk: Any, relay: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.call(talk.chat("hi"), talk.reply("x"))
    relay.open(talk.chat("open"))
    relay.spool.close()
    with monkeypatch.context() as patch:
        patch.setattr(ingest.Ingester, "_remove", lambda self, spool: spool.close())
        with Ingester(path) as first:
            assert first.recover() == 2
    assert spool_names(spool_directory(path)) == [relay.spool.name]
    with Ledger(path) as ledger:
        assert [(call.seq, call.state) for call in ledger.calls()] == [(1, "ok"), (2, "unfinished")]
    assert verify(path).ok
    assert not spool_directory(path).exists()


def test_spools_of_several_workers_share_a_run(talk: Any, writer: LedgerWriter, run_id: str, path: Path) -> None:
    with SpoolWriter(path) as one, SpoolWriter(path) as two:
        relays = [talk.Relay(one, run_id), talk.Relay(two, run_id)]
        with Ingester(path, one.name) as first, Ingester(path, two.name) as second:
            for number in range(30):
                relays[number % 2].call(talk.chat(f"turn {number}"), talk.reply("x"))
                (first if number % 3 else second).run_once()
            first.drain()
            second.drain()
    with Ledger(path) as ledger:
        calls = list(ledger.calls(run_id))
        assert [call.seq for call in calls] == list(range(1, 31))
        assert sorted(call.chain_seq or 0 for call in calls) == list(range(1, 31))
        assert {ledger.request_body(call) for call in calls} == {talk.chat(f"turn {number}") for number in range(30)}
    assert verify(path).ok


def test_a_reader_waits_for_whoever_takes_a_dead_spool_in(
    talk: Any, relay: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed proxy's own ingest process may be at it: the calls must not seem lost meanwhile."""
    relay.call(talk.chat("hi"), talk.reply("x"))
    relay.spool.close()
    lock = spool_directory(path) / f"{relay.spool.name}.lock"
    with lock.open("r+b") as taker:
        fcntl.flock(taker, fcntl.LOCK_EX)
        with Ledger(path) as ledger:
            assert not list(ledger.calls())  # held and not marked: its owner lives
        taker.write(b"dead")
        taker.flush()
        waits: list[float] = []

        def instead_of_waiting(seconds: float) -> None:
            waits.append(seconds)
            fcntl.flock(taker, fcntl.LOCK_UN)

        monkeypatch.setattr(ingest.time, "sleep", instead_of_waiting)
        with Ledger(path) as ledger:
            assert [call.state for call in ledger.calls()] == ["ok"]
        assert waits


def test_a_batch_of_the_dead_ones_own_ingester_does_not_fail_the_reader(
    talk: Any, relay: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.call(talk.chat("hi"), talk.reply("x"))
    relay.spool.close()
    commit, between = ingest.Committer.commit, iter([True])

    def after_another(self: Any, *values: Any) -> None:
        if next(between, False):
            with Ingester(path, relay.spool.name) as other:
                assert other._live is not None
                assert other._live.batch()
        commit(self, *values)

    monkeypatch.setattr(ingest.Committer, "commit", after_another)
    with Ledger(path) as ledger:
        assert [call.state for call in ledger.calls()] == ["ok"]
