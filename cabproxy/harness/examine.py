"""An agent examined: one cell against the oracle, and the ledger laid beside what the oracle says it served."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, structs

from cabproxy.agents import agent, label
from cabproxy.config import Secret
from cabproxy.harness.cell import run_cell
from cabproxy.harness.provider import Provider
from cabproxy.harness.request import CellRequest, CellResult, Say, silent
from cabproxy.ledger import Ledger
from cabproxy.ledger.record import Call, Claim
from cabproxy.proxy.oracle import OracleServer, Served
from cabproxy.proxy.script import Behaviour
from cabproxy.taskkit.play import script_for
from cabproxy.taskkit.task import Task

MODEL = "oracle"
_Counts = tuple[int | None, int | None, int | None]  # prompt, completion, cached


class Sums(Struct, frozen=True, kw_only=True):
    """Tokens over all calls; None where a call's are not known. `cached` is over the calls that tell it."""

    calls: int
    prompt: int | None
    completion: int | None
    cached: int | None


class Examination(Struct, frozen=True, kw_only=True):
    """What works. `differences` names every call whose tokens in the ledger are not those the oracle served."""

    agent: str
    version: str | None
    wire: str  # the dialect it was told to speak
    sandbox: str
    task_id: str
    result: CellResult
    exit_code: int | None
    agent_s: float | None
    dialects: tuple[str, ...]
    ledger: Sums
    served: Sums
    differences: tuple[str, ...]
    claim: Claim | None

    @property
    def works(self) -> bool:
        """Solved over the wire API it was told to speak, and every call counted right."""
        solved = self.result.status == "ok" and self.result.passed is True
        return solved and self.wire in self.dialects and not self.differences


async def examine(
    name: str, task: Task, provider: Provider, ledger: Path, *, behaviour: Behaviour = "solve", say: Say = silent
) -> Examination:
    """Runs one cell of the agent on the task. The oracle is started here, so that what it served can be asked."""
    adapter = agent(name)
    if task.in_image is not None:
        task = await provider.prepare(task, adapter, say)
    async with OracleServer(script_for(task, behaviour)) as oracle:
        request = CellRequest(
            agent=name,
            agent_name=label(adapter),
            model=MODEL,
            task=task,
            ledger=ledger,
            endpoint=oracle.root_url,
            key=Secret("the-oracle-takes-any-key"),
            behaviour=behaviour,
            sweep_id="doctor",
            scorer=None,
        )
        result = await run_cell(request, provider, say)
        served = list(oracle.served)
    with Ledger(ledger) as opened:
        run, calls = opened.run(result.run_id), list(opened.calls(result.run_id))
        claims = opened.claims(result.run_id)
    clocks = (run.started_ns, run.ended_ns)
    return Examination(
        agent=label(adapter),
        version=run.agent_version,
        wire=adapter.wire,
        sandbox=provider.kind,
        task_id=task.task_id,
        result=structs.replace(result, page=None),
        exit_code=run.agent_exit,
        agent_s=(clocks[1] - clocks[0]) / 1e9 if clocks[0] is not None and clocks[1] is not None else None,
        dialects=tuple(sorted({call.dialect for call in calls if call.dialect})),
        ledger=_of_ledger(calls),
        served=_of_oracle(served),
        differences=differences(calls, served),
        claim=claims[0] if claims else None,
    )


def differences(calls: list[Call], served: list[Served]) -> tuple[str, ...]:
    """One line for each call that is in one list only or counted differently, joined by the response's id.

    A dialect that leaves out a count of cached tokens where there are none is not counted differently.
    """
    said = {one.response_id: (one.prompt, one.completion, one.cached) for one in served}
    kept = {call.response_id: _counted(call) for call in calls if call.response_id}
    pairs = [(ident, said[ident], kept[ident]) for ident in said.keys() & kept.keys()]
    wrong = [f"{ident}: served {one}, ledger {other}" for ident, one, other in pairs if not _agree(one, other)]
    wrong += [f"{ident}: served, not in the ledger" for ident in said.keys() - kept.keys()]
    wrong += [f"{ident}: in the ledger, not served" for ident in kept.keys() - said.keys()]
    return tuple(sorted(wrong))


def _agree(served: _Counts, kept: _Counts) -> bool:
    return served == kept or (kept[2] is None and served == (*kept[:2], 0))


def _counted(call: Call) -> _Counts:
    usage = call.usage
    return (usage.prompt, usage.completion, usage.cache_read) if usage else (None, None, None)


def _of_ledger(calls: list[Call]) -> Sums:
    """Calls that were answered; what an agent asks beside them (a greeting, a list of models) costs no tokens."""
    answered = [_counted(call) for call in calls if call.response_id]
    cached = [one[2] for one in answered if one[2] is not None]
    return Sums(
        calls=len(answered),
        prompt=_sum([one[0] for one in answered]),
        completion=_sum([one[1] for one in answered]),
        cached=sum(cached) if cached or not answered else None,
    )


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _of_oracle(served: list[Served]) -> Sums:
    return Sums(
        calls=len(served),
        prompt=sum(one.prompt for one in served),
        completion=sum(one.completion for one in served),
        cached=sum(one.cached for one in served),
    )
