"""Running a plan: bounded concurrency, shared endpoints, retries of what was invalid, rules to stop by."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from cabproxy.harness import scorer
from cabproxy.harness.cell import run_cell
from cabproxy.harness.keys import take
from cabproxy.harness.provider import provider
from cabproxy.harness.request import SCORER, CellRequest, CellResult
from cabproxy.harness.sweep.contenders import Contender
from cabproxy.harness.sweep.endpoints import endpoints
from cabproxy.harness.sweep.journal import MEASURED, Journal
from cabproxy.harness.sweep.matrix import Matrix, Model
from cabproxy.harness.sweep.plan import Plan, PlannedCell, model_of
from cabproxy.harness.sweep.standing import Tally, reason_to_stop
from cabproxy.taskkit.task import Task
from cabproxy.tokens.prices import Overrides


class Ended(Struct, frozen=True, kw_only=True):
    """One attempt of one cell came to its end; `again` where it will be tried once more."""

    cell: PlannedCell
    result: CellResult
    again: bool


Observe = Callable[[Tally, Ended | None], None]


class Engine(Protocol):
    """Where a sweep's cells run: `run` may be called for several at a time."""

    async def run(self, request: CellRequest, model: Model, sandbox: str) -> CellResult: ...


class LocalEngine:
    """In this process."""

    async def run(self, request: CellRequest, model: Model, sandbox: str) -> CellResult:
        return await run_cell(request, await asyncio.to_thread(provider, sandbox))


class Sweep:
    """One process's work on a plan. `run` returns the tally; cancelling it ends the cells at work as interrupted."""

    def __init__(
        self,
        matrix: Matrix,
        plan: Plan,
        tasks: Mapping[str, Task],
        contenders: Mapping[str, Contender],
        ledger: Path,
        journal: Journal,
        observe: Observe,
        engine: Engine,
        prices: Overrides | None = None,
    ) -> None:
        self.matrix = matrix
        self.tasks = tasks
        self.contenders = contenders
        self.prices = prices
        self.keys = {model.name: take(model.key_env) for model in matrix.models}
        self.ledger = ledger
        self.journal = journal
        self.observe = observe
        self.engine = engine
        self.invalid = {cell: _invalid(journal, cell) for cell in journal.attempts}
        self.queue = deque(cell for cell in plan.cells if journal.due(cell.cell_id, matrix.retries))
        self.tally = Tally(planned=len(plan.cells), jobs=matrix.jobs)
        self.started_s = time.monotonic()
        self.endpoints = endpoints(matrix)
        self._take_stock(plan)

    def _take_stock(self, plan: Plan) -> None:
        """Counts what earlier processes did."""
        waiting = {cell.cell_id for cell in self.queue}
        for cell in plan.cells:
            tries = self.journal.attempts.get(cell.cell_id, ())
            for one in tries:
                self.tally.spend(one.tokens, one.cost_usd)
            if cell.cell_id not in waiting:
                last = next((one for one in reversed(tries) if one.status in MEASURED), tries[-1])
                self.tally.count(str(last.status), last.cause)

    async def run(self) -> Tally:
        """Runs what is due; a sweep that a rule stopped says why in `stopped`."""
        await asyncio.to_thread(self._score_leftovers)
        workers = [asyncio.create_task(self._work()) for _ in range(min(self.matrix.jobs, len(self.queue)))]
        try:
            if workers:
                await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            self.tally.interrupted = True
        await self._end(workers)
        return self.tally

    async def _end(self, workers: list[asyncio.Task[None]]) -> None:
        """Cancels each worker once and no more: a second time would break off the closing of its run."""
        for worker in workers:
            worker.cancel()
        for end in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(end, asyncio.CancelledError):
                self.tally.interrupted = True
            elif end is not None:
                raise end

    async def _work(self) -> None:
        while self.queue and not self._stopped():
            cell = self.queue.popleft()
            async with self.endpoints[model_of(self.matrix, cell.model).endpoint].slot(self._stopped):
                if self._stopped():
                    self.queue.appendleft(cell)
                    return
                self.tally.at_work += 1
                try:
                    result = await self._cell(cell)
                finally:
                    self.tally.at_work -= 1
            if result.status == "interrupted":
                self.tally.interrupted = True
                return
            self._ended(cell, result)

    async def _cell(self, cell: PlannedCell) -> CellResult:
        model = model_of(self.matrix, cell.model)
        contender = self.contenders[cell.agent]
        request = CellRequest(
            agent=contender.spec,
            agent_name=contender.name,
            plugins=contender.plugins,
            model=cell.model,
            task=self.tasks[cell.task_id],
            ledger=self.ledger,
            endpoint=model.endpoint,
            key=self.keys[model.name],
            way=model.way,
            pace=self.endpoints[model.endpoint].pace,
            prices=self.prices,
            behaviour=model.behaviour,
            run_number=cell.run_number,
            sweep_id=self.matrix.id,
            timeout_s=self.matrix.timeout_s,
            asciicast=self.matrix.asciicast,
            profile=self.matrix.profile,
        )
        return await self.engine.run(request, model, self.matrix.sandbox)

    def _ended(self, cell: PlannedCell, result: CellResult) -> None:
        self.tally.ended(result)
        again = False
        if result.status == "infra_invalid":
            self.invalid[cell.cell_id] = self.invalid.get(cell.cell_id, 0) + 1
            again = self.invalid[cell.cell_id] <= self.matrix.retries
        if again:
            self.tally.retried += 1
            self.queue.append(cell)  # at the end: what was down may be up by then
        else:
            self.tally.count(result.status, result.cause)
        self._stopped()
        self.observe(self.tally, Ended(cell=cell, result=result, again=again))

    def _stopped(self) -> bool:
        """Whether a rule says stop; the reason is the tally's."""
        tally, passed_s = self.tally, time.monotonic() - self.started_s
        tally.stopped = tally.stopped or reason_to_stop(self.matrix.stop, tally, passed_s)
        return tally.stopped is not None

    def _score_leftovers(self) -> None:
        """Runs that were sealed by a process that died before it scored them."""
        for tries in self.journal.attempts.values():
            for one in tries:
                if one.status in MEASURED and not one.scored:
                    scorer.score(SCORER, self.ledger, one.run_id, self.matrix.profile)


def _invalid(journal: Journal, cell_id: str) -> int:
    return sum(one.status == "infra_invalid" for one in journal.attempts.get(cell_id, ()))
