"""One cell from end to end: prepare, snapshot, agent behind the proxy, diff, verify, seal, score."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from cabproxy import __version__
from cabproxy.agents import agent as find_agent
from cabproxy.agents.base import Launch, LaunchContext
from cabproxy.agents.plugin import overlay
from cabproxy.errors import CabError, SandboxError, UserError
from cabproxy.harness import planted, scorer, tally
from cabproxy.harness.baseline import Kept, baseline
from cabproxy.harness.carry import Carried, carry
from cabproxy.harness.control import control, gone_through, one_file
from cabproxy.harness.health import check_health
from cabproxy.harness.keeping import keep_tree
from cabproxy.harness.machine import machine
from cabproxy.harness.outcome import Outcome, facts, mask, mask_text, write_output
from cabproxy.harness.provider import Provider
from cabproxy.harness.recording import Recording, identity, read_calls
from cabproxy.harness.request import ORACLE, CellRequest, CellResult, Say, silent
from cabproxy.harness.sandbox import scratch
from cabproxy.harness.sandbox.base import Command, Finished, Limits, Sandbox
from cabproxy.harness.sandbox.network import Seal, reconciled
from cabproxy.harness.sandbox.places import Places
from cabproxy.harness.snapshot import take
from cabproxy.harness.spans import Tracer
from cabproxy.harness.status import Ending, decide
from cabproxy.harness.terminal import MEDIA_TYPE, cast
from cabproxy.harness.verify import Tree, verify
from cabproxy.harness.workspace import instructions, named_files, prepare, read_home, write_home
from cabproxy.ledger import LedgerWriter, new_run_id
from cabproxy.ledger.record import Call, Phase, Run, Verification
from cabproxy.taskkit.environment import resolved
from cabproxy.taskkit.solution import has_solution


async def run_cell(request: CellRequest, provider: Provider, say: Say = silent) -> CellResult:
    """Runs one cell. UserError for the user's mistakes; every other end is a status in the record and the result."""
    return await Cell(request, provider, say).run()


class Cell:
    """The state of one run while it goes through its steps."""

    def __init__(self, request: CellRequest, provider: Provider, say: Say) -> None:
        self.request = request
        self.task = request.task
        self.provider = provider
        self.say = say
        self.agent = find_agent(request.agent)
        self.run_id = new_run_id()
        self.trace = Tracer(self.run_id)
        self.opened = False
        self.row = identity(
            request,
            Run(
                run_id=self.run_id,
                opened_wall_ns=time.time_ns(),
                opened_ns=time.monotonic_ns(),
                harness_version=__version__,
                agent_version=self.agent.install.version or None,
                behavior_mode="modified" if request.plugins else "factory",
                plugins=tuple(plugin.reference for plugin in request.plugins),
            ),
        )
        self.secrets: list[str] = [request.key.reveal()] if request.key else []
        self.ending: Ending | None = None
        self.proxy_failure: str | None = None
        self.finished: Finished | None = None
        self.launch: Launch | None = None
        self.outcome: Outcome | None = None
        self.leaving: asyncio.Task[None] | None = None
        self.calls: list[Call] | None = None  # known once the proxy is gone
        self.git = False
        self.expected: tuple[str, ...] = ()
        self.home_files: dict[str, bytes] = {}
        self.verdicts: list[tuple[Verification, bytes]] = []
        self.limits = Limits(time_s=request.time_s, memory_mb=self.task.memory_mb or 4096, cpus=self.task.cpus or 2.0)

    async def run(self) -> CellResult:
        """All steps; what goes wrong on the way becomes the run's status."""
        with self.trace.span(self.request.cell_id, "run"):
            try:
                await self._steps()
            except asyncio.CancelledError:
                self.ending = Ending("interrupted", "stopped by the user")
            except UserError as error:
                if not self.opened:
                    raise  # nothing was recorded yet
                self.ending = Ending("infra_invalid", str(error))
            except SandboxError as error:
                self.ending = self._broken(f"sandbox: {error}")
            except CabError as error:
                self.ending = self._broken(str(error))
            except OSError as error:
                self.ending = self._broken(f"harness: {error}")
            try:
                calls = await asyncio.to_thread(self._seal)
                scored = await self._score()
            finally:
                if self.leaving is not None:
                    await asyncio.wait((self.leaving,))
        if self.leaving is not None and (left := self.leaving.exception()):
            self.say(f"the sandbox was not taken down whole: {left}")
        await asyncio.to_thread(self._late_spans)
        return self._result(calls, scored)

    def _broken(self, cause: str) -> Ending:
        """What breaks after the agent had to be stopped is its doing: it must not get out of a verdict that way."""
        if self.finished is not None and self.finished.stopped and self.ending and self.ending.status == "agent_failed":
            return Ending("agent_failed", f"{self.ending.cause}; no verdict: {cause}")
        return Ending("infra_invalid", cause)

    # -- the steps

    async def _steps(self) -> None:
        with self.trace.span("prepare", "prepare", sandbox=self.provider.kind) as span:
            hide = (self.request.ledger.absolute().parent,)
            self.task = await self.provider.prepare(self.task, self.agent, self.say, hide)
            self.request = structs.replace(self.request, task=self.task)
            pinned, reported = self.agent.install.version or None, self.provider.agent_version
            span.attrs |= {"agent_version_pinned": pinned, "agent_version_reported": reported}
            span.attrs |= {"machine": machine(), "engine": self.provider.engine}
            span.attrs["agent_named"] = Path(self.request.agent).name  # what a command names; the row has its own name
            self.row = structs.replace(self.row, agent_version=reported or pinned)
        async with contextlib.AsyncExitStack() as stack:
            socket = self._socket(stack)
            recording = Recording(self.request, self.run_id, socket)
            starting = asyncio.create_task(recording.__aenter__())  # while the work tree is made
            stack.push_async_callback(_stop, starting, recording)
            if self.task.healthcheck is not None:
                with self.trace.span("healthcheck", "prepare"):
                    await check_health(self.task, self.provider.plain_sandbox)
            if not await self._baselines():
                return
            sandbox = await self._open_sandbox(stack, socket)
            with self.trace.span("snapshot", "snapshot") as span:
                before = await asyncio.to_thread(take, sandbox.host_workdir)
                repository = await asyncio.to_thread(planted.repository, sandbox.host_workdir)
                span.attrs["entries"] = len(before.entries)
            with self.trace.span("proxy", "proxy") as span:
                await starting
                if self.request.endpoint == ORACLE:
                    span.attrs["behaviour"] = self.request.behaviour
            await self._record(sandbox, recording)
            with self.trace.span("diff", "diff") as span:
                after = await asyncio.to_thread(take, sandbox.host_workdir, before)
                self.outcome = await asyncio.to_thread(
                    Outcome, self.run_id, self.task, self.agent, before, after, sandbox.host_workdir, sandbox.workdir
                )
                self.home_files = await asyncio.to_thread(
                    read_home, sandbox.host_home, getattr(self.agent, "report_files", None)
                )
                span.attrs |= {"entries": len(after.entries), "problems": list(after.problems[:20])}
                span.attrs |= {"classes": self.outcome.counts()}
                span.attrs |= await asyncio.to_thread(self._planted, sandbox, repository)
            self._keep(sandbox)
            if self._judgeable():
                await self._verify(sandbox)

    def _planted(self, sandbox: Sandbox, before: planted.Repository) -> dict[str, Any]:
        """What was laid where tools look by themselves, outside of the changes; {} where nothing was."""
        given = self.launch.home_files if self.launch else {}
        found = planted.in_repository(before, planted.repository(sandbox.host_workdir))
        found += planted.in_home(sandbox.host_home, given)
        return {"planted": found} if found else {}

    async def _baselines(self) -> bool:
        """The tests before any fix and with the reference. A reference that fails here means no verdict can be had."""
        kept: dict[Phase, Kept] = {}
        phases: tuple[Phase, ...] = ("before", "reference") if has_solution(self.task) else ("before",)
        for phase in phases:
            with self.trace.span(f"verify {phase}", "verify") as span:
                kept[phase], cached = await baseline(
                    self.task, phase, self.provider.verifier_sandbox, self.provider.place()
                )
                span.attrs |= {"cached": cached, "passed": kept[phase].verification.passed}
            self.verdicts.append((kept[phase].verification, kept[phase].output))
        if "reference" not in kept:
            return True
        reference = kept["reference"].verification
        self.expected = tuple(test.name for test in reference.tests if test.outcome == "passed")
        if reference.passed:
            return True
        why = reference.error or _first_failure(reference)
        self.ending = Ending("infra_invalid", f"the task's reference solution does not pass its tests here: {why}")
        return False

    def _socket(self, stack: contextlib.AsyncExitStack) -> Path | None:
        if not self.provider.needs_socket:
            return None
        folder = scratch.make_for_socket()
        stack.callback(scratch.remove, folder)
        return folder / "proxy.sock"

    async def _open_sandbox(self, stack: contextlib.AsyncExitStack, socket: Path | None) -> Sandbox:
        git = False

        def fill(places: Places) -> None:
            nonlocal git
            git = prepare(self.task, places.app, instructions(self.task, self.request.plugins, self.agent))

        with self.trace.span("workdir", "prepare") as span:
            sandbox = self.provider.agent_sandbox(fill, socket, self.limits)
            await sandbox.__aenter__()
            stack.push_async_callback(self._leave, sandbox)
            self.git = git
            span.attrs |= {"git": git}
        self._take_facts(sandbox)
        return sandbox

    async def _leave(self, sandbox: Sandbox) -> None:
        """Lets the sandbox go while the record is written; `run` waits for it."""
        self.leaving = asyncio.create_task(sandbox.__aexit__())

    def _take_facts(self, sandbox: Sandbox) -> None:
        """What the sandbox knows of itself; its seal is known only after the agent."""
        made = sandbox.facts()
        self.row = structs.replace(
            self.row,
            sandbox=made.kind,
            sealed=made.sealed,
            seal_reason=made.seal_reason,
            network_policy=made.network_policy,
            image=made.image,
            agent_image=made.agent_image,
        )

    async def _record(self, sandbox: Sandbox, recording: Recording) -> None:
        """The agent behind the proxy; when this returns every finished call is in the ledger."""
        try:
            opening = asyncio.create_task(recording.server.open_run(self.row))
            try:
                _, key = await asyncio.shield(opening)
            finally:
                await asyncio.wait((opening,))  # cancelled or not: whether the row stands must be known
                self.opened = opening.exception() is None
            self.secrets.append(key)
            await self._agent(sandbox, recording.server.port or 0, key)
        finally:
            with self.trace.span("settle", "proxy") as span:
                await asyncio.shield(recording.__aexit__())
                self.proxy_failure = recording.failure
                if recording.served:
                    span.attrs["oracle_served"] = len(recording.served)
                if recording.turned_away:
                    span.attrs["turned_away"] = recording.turned_away
                span.attrs |= self._reconcile(sandbox, recording)

    def _reconcile(self, sandbox: Sandbox, recording: Recording) -> dict[str, Any]:
        """The gate's bytes beside the proxy's and the ledger's: one that went another way breaks the seal."""
        self.calls = read_calls(self.request.ledger, self.run_id) if self.opened else []
        made = sandbox.facts()
        if made.network_policy != "proxy only" or self.finished is None:
            return {}
        seal = reconciled(Seal(made.sealed, made.seal_reason, made.attrs), recording.traffic, self.calls)
        self.row = structs.replace(self.row, sealed=seal.sealed, seal_reason=seal.reason)
        return {name: value for name, value in seal.attrs.items() if name not in made.attrs}

    async def _agent(self, sandbox: Sandbox, port: int, key: str) -> None:
        endpoint = sandbox.endpoint(f"/run/{self.run_id}", port, key)
        context = LaunchContext(
            prompt=self.task.instruction,
            model=self.request.model,
            endpoint=endpoint,
            workdir=sandbox.workdir,
            home=sandbox.home,
            prefix=sandbox.prefix,
            python=sandbox.python,
            files=named_files(self.task),
            timeout_s=self.request.time_s,
            git=self.git,
        )
        self.launch = launch = overlay(self.agent.launch(context), self.request.plugins, endpoint, self.agent)
        await asyncio.to_thread(write_home, sandbox.host_home, launch.home_files)
        env = {**resolved(self.task.environment_env, "environment.env"), **launch.env}
        command = Command(argv=launch.argv, env=env, pty=launch.pty, secrets=(key,))
        self.row = structs.replace(
            self.row,
            argv=tuple(mask_text(part, self.secrets) for part in launch.argv),
            env_names=tuple(sorted(env)),
        )
        self.say(f"{self.agent.name} is at work on {self.task.task_id}")
        with self.trace.span(f"agent {self.agent.name}", "agent") as span:
            self.finished = done = await sandbox.run(command, self.limits)
            span.attrs |= {
                "argv": list(self.row.argv),
                "exit_code": done.exit_code,
                "timed_out": done.timed_out,
                "killed": list(done.killed[:50]),
            }
            self._take_facts(sandbox)
            span.attrs |= sandbox.facts().attrs
            self.trace.add("process", "container", done.started_ns, done.ended_ns, exit_code=done.exit_code)
        self.row = structs.replace(
            self.row,
            started_ns=done.started_ns,
            ended_ns=done.ended_ns,
            agent_exit=done.exit_code if done.exit_code is not None else -(done.signal or 0) or None,
            timed_out=done.timed_out,
        )

    def _judgeable(self) -> bool:
        """Whether a verdict is worth having: a run that never reached a model has none."""
        assert self.finished is not None
        self.ending = decide(self.calls or [], self.finished, self.request.time_s, self.agent.explain_exit)
        if self.proxy_failure is not None:
            self.ending = Ending("infra_invalid", f"the proxy failed: {self.proxy_failure}")
        if self.ending.status != "infra_invalid" and self.row.network_policy == "proxy only" and not self.row.sealed:
            self.ending = Ending("unsealed", f"the seal cannot be shown: {self.row.seal_reason}")
        return self.ending.status != "infra_invalid"

    async def _verify(self, sandbox: Sandbox) -> None:
        assert self.outcome is not None
        outcome = self.outcome
        carried: list[Carried] = []
        # The verifier of a task that is to be refused looks at the protected files itself.
        exempt = self.task.cab.protected if self.task.cab.expected_refusal else ()

        def tree(target: Path) -> None:
            carried.append(carry(self.task, outcome.changes, sandbox.host_workdir, target, exempt))

        self.say("verifying")
        with self.trace.span("verify after", "verify") as span:
            verdict = await verify(self.task, "after", tree, self.provider.verifier_sandbox, self.expected)
            span.attrs |= {"passed": verdict.verification.passed, "exit_code": verdict.verification.exit_code}
            if carried:
                span.attrs |= {"carried": list(carried[0].applied[:200]), "left_behind": dict(carried[0].dropped)}
        verification = verdict.verification
        if verification.passed:
            verification = await self._controlled(verification, tree)
        self.verdicts.append((verification, verdict.output))

    async def _controlled(self, verification: Verification, tree: Tree) -> Verification:
        """A pass holds only if the same tests with a wrong assertion do not pass too."""
        make, (reference, _) = self.provider.verifier_sandbox, self.verdicts[-1]
        with self.trace.span("verify control", "verify") as span:
            one = await control(self.task, reference, make, self.provider.place())
            if one is None:
                span.attrs["control"] = "none: no assertion of a hidden test could be turned wrong"
                return verification
            again = (await verify(self.task, "after", tree, make, alter=one_file(one))).verification
            through = gone_through(one, again)
            span.attrs |= {"file": one.path, "must_fail": list(one.fails[:20]), "passed": list(through[:20])}
        if not through:
            return verification
        why = f"its tests pass whatever they assert, e.g. {through[0]}: the results were made, not had"
        return structs.replace(verification, passed=False, error=why)

    def _keep(self, sandbox: Sandbox) -> None:
        if self.request.keep is not None:
            target = self.request.keep / self.run_id
            left_out = keep_tree(sandbox.places.app, target / "app")
            more = f", but for {left_out} entries" if left_out else ""
            self.say(f"the agent's tree is kept in {target}{more}")

    # -- the record

    def _seal(self) -> list[Call]:
        """Writes everything and seals. The run may not be open yet where an early step failed."""
        ending = self.ending or Ending("infra_invalid", "the run came to no end")
        with LedgerWriter(self.request.ledger) as writer, self.trace.span("seal", "seal"):
            if not self.opened:
                writer.open_run(self.row)
            for verification, output in self.verdicts:
                self._write_verdict(writer, verification, output)
            if self.outcome is not None:
                self.outcome.write(writer, self.secrets)
            else:
                task_facts = facts(self.task, self.agent)
                writer.add_artifact(self.run_id, "task.json", "application/json", msgspec.json.encode(task_facts))
            for plugin in self.request.plugins:
                text = mask(plugin.text.encode(), self.secrets)
                writer.add_artifact(self.run_id, f"plugin:{plugin.name}", "application/toml", text)
            if self.finished is not None:
                self._write_agent(writer, self.finished)
            writer.add_spans(span for span in self.trace.done if span.kind not in _LATE)
            fields = {name: getattr(self.row, name) for name in _LATER_KNOWN}
            writer.close_run(
                self.run_id, **fields, status=ending.status, cause=ending.cause, ended_wall_ns=time.time_ns()
            )
        self.ending = ending
        return read_calls(self.request.ledger, self.run_id) if self.calls is None else self.calls

    def _write_verdict(self, writer: LedgerWriter, verification: Verification, output: bytes) -> None:
        digest = writer.put_blob(mask(output, self.secrets))
        writer.add_verification(structs.replace(verification, run_id=self.run_id, output_sha256=digest))

    def _write_agent(self, writer: LedgerWriter, done: Finished) -> None:
        write_output(writer, self.run_id, done, self.secrets)
        shown = cast(
            done,
            mask(done.stdout, self.secrets),
            mask(done.stderr, self.secrets),
            pty=bool(self.launch and self.launch.pty),
            title=self.request.cell_id,
            wall_s=(self.row.opened_wall_ns + done.started_ns - self.row.opened_ns) // 10**9,
            version=self.request.asciicast,
        )
        writer.add_artifact(self.run_id, "terminal.cast", MEDIA_TYPE, shown)
        text = mask(done.stdout, self.secrets).decode("utf-8", "replace")
        try:
            claim = self.agent.claim(self.run_id, text, self.home_files)
        except Exception as error:  # noqa: BLE001 - anybody's adapter reads what an agent left there
            self.say(f"{self.agent.name}: its own token report cannot be read ({type(error).__name__}: {error})")
            return
        if claim is not None:
            raw = mask_text(claim.raw, self.secrets) if claim.raw else None
            writer.add_claim(structs.replace(claim, raw=raw))

    async def _score(self) -> scorer.Scored | None:
        request = self.request
        if request.scorer is None or (self.ending and self.ending.status == "interrupted"):
            return None
        with self.trace.span("score", "score", scorer=request.scorer):
            return await asyncio.to_thread(scorer.score, request.scorer, request.ledger, self.run_id, request.profile)

    def _late_spans(self) -> None:
        with LedgerWriter(self.request.ledger) as writer:
            writer.add_spans(span for span in self.trace.done if span.kind in _LATE)

    def _result(self, calls: list[Call], scored: scorer.Scored | None) -> CellResult:
        assert self.ending is not None
        after = next((one for one, _ in self.verdicts if one.phase == "after"), None)
        root = self.trace.done[-1]
        wall_ns = (root.end_ns or root.start_ns) - root.start_ns
        busy_ns = sum(
            (span.end_ns or 0) - span.start_ns for span in self.trace.done if span.kind in ("container", "verify")
        )
        return CellResult(
            run_id=self.run_id,
            cell_id=self.request.cell_id,
            status=self.ending.status,
            cause=self.ending.cause,
            passed=after.passed if after else None,
            axes=scored.axes if scored else {},
            composite=scored.composite if scored else None,
            reasons=scored.reasons if scored else {},
            tokens=tally.tokens(calls),
            cost_usd=tally.cost_usd(calls, self.row.endpoint, self.request.prices),
            model_calls=len(tally.model_calls(calls)),
            wall_s=wall_ns / 1e9,
            overhead_s=(wall_ns - busy_ns) / 1e9,
            sealed=self.row.sealed,
            provisional=self.request.provisional,
            score_error=scored.error if scored else None,
        )


async def _stop(starting: asyncio.Task[Recording], recording: Recording) -> None:
    """Ends a recording that may not even have begun; doing it twice does no harm."""
    with contextlib.suppress(CabError, OSError):
        await starting
    await recording.__aexit__()


_LATE = ("run", "seal", "score")
_LATER_KNOWN = ("argv", "env_names", "started_ns", "ended_ns", "agent_exit", "timed_out", "sealed", "seal_reason")


def _first_failure(verification: Verification) -> str:
    failed = next((test for test in verification.tests if test.outcome in ("failed", "error")), None)
    return f"{failed.name} failed" if failed else f"the verifier ended with {verification.exit_code}"
