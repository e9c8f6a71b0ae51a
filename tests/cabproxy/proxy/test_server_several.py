"""Several servers, or starts, or workers, on one ledger: who waits for whom, and whose budget counts what."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cabproxy.config import Limits, Share
from cabproxy.ledger import new_run_id
from cabproxy.ledger.record import Run
from cabproxy.ledger.verify import verify
from cabproxy.proxy import server
from cabproxy.proxy.tally import Tally

BODY = b'{"model":"m","choices":[],"usage":{"prompt_tokens":70,"completion_tokens":30}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


def new_run(**limits: Any) -> Run:
    return Run(run_id=new_run_id(), opened_wall_ns=10**18, opened_ns=1, limits=limits)


def keyed(wire: Any, key: str) -> bytes:
    data: bytes = wire.request(b'{"model":"m"}', headers=b"Authorization: Bearer %b\r\n" % key.encode())
    return data


async def refusal(bench: Any, port: int, data: bytes) -> tuple[int, str]:
    head, body, _ = await bench.ask(port, data)
    return int(head.split(b" ")[1]), json.loads(body).get("error", {}).get("message", "")


async def test_closing_a_run_waits_for_what_another_server_has_in_flight(bench: Any, wire: Any) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: Any, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await go_on.wait()
        writer.write(ANSWER)

    bench.endpoint.script = slow
    minting, other = await bench.proxy(), await bench.proxy()
    run_id, key = await minting.open_run(new_run())
    asking = asyncio.create_task(bench.ask(other.port, keyed(wire, key)))
    await begun.wait()
    while not await minting._store.in_flight(run_id):
        other.intake.wake()
        await asyncio.sleep(0.01)
    closing = asyncio.create_task(minting.close_run(run_id))
    done, _ = await asyncio.wait([closing], timeout=0.3)
    assert not done
    go_on.set()
    assert (await asking)[1] == BODY
    assert (await closing).call_count == 1
    assert [call.state for call in await bench.calls(run_id)] == ["ok"]
    assert verify(bench.ledger).defects == ()


async def test_waiting_for_another_server_has_an_end_and_what_came_too_late_is_named(bench: Any, wire: Any) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: Any, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await go_on.wait()
        writer.write(ANSWER)

    bench.endpoint.script = slow
    minting, other = await bench.proxy(drain_s=0.2), await bench.proxy()
    run_id, key = await minting.open_run(new_run())
    asking = asyncio.create_task(bench.ask(other.port, keyed(wire, key)))
    await begun.wait()
    while not await minting._store.in_flight(run_id):
        other.intake.wake()
        await asyncio.sleep(0.01)
    assert (await minting.close_run(run_id)).call_count == 0
    go_on.set()
    await asking
    await bench.stop()
    assert any("ended after" in found.problem or "seal" in found.problem for found in verify(bench.ledger).defects)


async def test_what_one_server_closed_another_lets_nothing_more_into(
    bench: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "FOLLOW_S", 0.01)
    bench.endpoint.script = wire.answer_with(ANSWER)
    minting, other = await bench.proxy(), await bench.proxy()
    run_id, key = await minting.open_run(new_run())
    assert (await bench.ask(other.port, keyed(wire, key)))[1] == BODY
    await other.settle(run_id)
    assert (await minting.close_run(run_id)).call_count == 1
    live = other.runs.get(run_id)
    assert live is not None
    while not live.closed:
        await asyncio.sleep(0.01)
    assert (await refusal(bench, other.port, keyed(wire, key)))[0] == 401
    by_path = wire.request(b"{}", path=b"/run/%b/v1/models" % run_id.encode())
    assert (await refusal(bench, other.port, by_path))[0] == 409
    assert len(await bench.calls(run_id)) == 1
    assert verify(bench.ledger).defects == ()


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_calls": 3}, "3 of 3 calls made"),
        ({"max_tokens": 250}, "300 of 250 tokens spent"),
        ({"max_wall_s": 3600.0}, "its 3600 s are over"),
    ],
)
async def test_a_budget_goes_on_after_a_restart(bench: Any, wire: Any, limits: dict[str, Any], said: str) -> None:
    bench.endpoint.script = wire.answer_with(ANSWER)
    first = await bench.proxy()
    _, key = await first.open_run(new_run(**limits))  # opened long ago, by the wall clock
    for _ in range(2):
        assert (await bench.ask(first.port, keyed(wire, key)))[1] == BODY
    await first.stop()
    second = await bench.proxy()
    if "max_wall_s" not in limits:
        assert (await bench.ask(second.port, keyed(wire, key)))[1] == BODY
    code, message = await refusal(bench, second.port, keyed(wire, key))
    assert code == 429
    assert said in message


async def test_a_price_limit_goes_on_after_a_restart(bench: Any, wire: Any) -> None:
    priced = BODY.replace(b'"m"', b'"gpt-4o"')
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(priced),
        priced,
    )
    bench.endpoint.script = wire.answer_with(answer)
    first = await bench.proxy()
    _, key = await first.open_run(new_run(max_cost_usd="0.0005"))  # 0.000475 a call
    assert (await bench.ask(first.port, keyed(wire, key)))[1] == priced
    await first.stop()
    second = await bench.proxy()
    assert (await bench.ask(second.port, keyed(wire, key)))[1] == priced
    code, message = await refusal(bench, second.port, keyed(wire, key))
    assert (code, "0.000950 of 0.0005 USD spent" in message) == (429, True), message


@pytest.mark.parametrize(
    ("limits", "through"), [({"max_calls": 5}, 5), ({"max_tokens": 250}, 3), ({"max_cost_usd": "0.0005"}, 2)]
)
async def test_workers_share_the_budget_of_a_run(
    bench: Any, wire: Any, tmp_path: Path, limits: dict[str, Any], through: int
) -> None:
    body = BODY.replace(b"30}", b'30,"cost":0.0003}')
    bench.endpoint.script = wire.answer_with(ANSWER.replace(BODY, body).replace(b"%d" % len(BODY), b"%d" % len(body)))
    workers = [await bench.proxy(share=Share(tmp_path, number, 2)) for number in range(2)]
    _, key = await workers[0].open_run(new_run(**limits))
    codes = []
    for turn in range(7):
        head, _, _ = await bench.ask(workers[turn % 2].port, keyed(wire, key))
        codes.append(int(head.split()[1]))
    assert codes == [200] * through + [429] * (7 - through)
    assert len(bench.endpoint.received) == through


async def test_of_calls_at_once_workers_let_no_more_through_than_one_would(
    bench: Any, wire: Any, tmp_path: Path
) -> None:
    limits = Limits(max_calls=9)
    workers = [await bench.proxy(share=Share(tmp_path, number, 3), limits=limits) for number in range(3)]
    answers = await asyncio.gather(*(bench.ask(worker.port, wire.request(b"{}")) for worker in workers * 6))
    assert sorted(int(head.split()[1]) for head, _, _ in answers) == [200] * 9 + [429] * 9
    assert len(bench.endpoint.received) == 9


async def test_what_a_run_had_spent_before_counts_once_for_all_workers(bench: Any, wire: Any, tmp_path: Path) -> None:
    alone = await bench.proxy()
    _, key = await alone.open_run(new_run(max_calls=4))
    for _ in range(2):
        await bench.ask(alone.port, keyed(wire, key))
    await alone.stop()
    workers = [await bench.proxy(share=Share(tmp_path, number, 2)) for number in range(2)]
    heads = [(await bench.ask(worker.port, keyed(wire, key)))[0] for worker in workers * 2]
    assert [int(head.split()[1]) for head in heads] == [200, 200, 429, 429]


async def test_streams_that_another_worker_has_under_way_count(
    bench: Any, wire: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()

    async def script(request: Any, writer: asyncio.StreamWriter) -> None:
        head, *chunks, last = wire.chunked(*[b"data: " + b"x" * 994 + b"\n\n"] * 9)
        writer.write(head + b"".join(chunks))
        await writer.drain()
        await go_on.wait()
        writer.write(last)

    bench.endpoint.script = script
    monkeypatch.setattr(server, "SWEEP_S", 0.01)
    workers = [await bench.proxy(share=Share(tmp_path, number, 2)) for number in range(2)]
    run_id, key = await workers[0].open_run(new_run(max_tokens=30))
    client = await bench.client(workers[0].port)
    await client.send(keyed(wire, key))
    await client.reader.readuntil(b"\n\n\r\n")
    seen = Tally(Share(tmp_path, 1, 2), run_id)
    while seen.others().tokens < 30:
        await asyncio.sleep(0.01)
    seen.close()
    code, message = await refusal(bench, workers[1].port, keyed(wire, key))
    assert (code, "calls in flight included" in message) == (429, True)
    go_on.set()
    await client.reader.readuntil(b"0\r\n\r\n")
