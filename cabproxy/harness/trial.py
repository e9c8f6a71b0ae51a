"""A task put on trial in a sandbox: does its verifier tell a right solution from nothing and from cheating?"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cabproxy.agents import agent
from cabproxy.errors import SandboxError, UserError
from cabproxy.harness.baseline import tree_of
from cabproxy.harness.control import control
from cabproxy.harness.health import check_health
from cabproxy.harness.provider import Provider
from cabproxy.harness.request import Say, silent
from cabproxy.harness.sandbox.base import Command, Limits
from cabproxy.harness.sandbox.places import Places
from cabproxy.harness.verify import Tree, verify
from cabproxy.ledger.record import Verification
from cabproxy.taskkit.cheats import HARD_CODED, Cheat, cheats
from cabproxy.taskkit.solution import copy_tree
from cabproxy.taskkit.task import Task
from cabproxy.taskkit.validate import Finding, hidden_files, static_findings

TIME_SHARE = 0.5
"""A reference may take this much of the verifier's time limit: machines differ, and a busy one is slower."""
REACHED = "REACHED "


class Trial(Struct, frozen=True, kw_only=True):
    """What was found out about one task in one sandbox; `reference_s` is the longest run of the tests."""

    task_id: str
    sandbox: str
    findings: tuple[Finding, ...]
    runs: int = 0
    flaky_runs: int = 0
    reference_s: float | None = None

    @property
    def defects(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "defect")


async def try_task(
    task: Task, provider: Provider, others: Mapping[str, Task], runs: int = 3, say: Say = silent
) -> Trial:
    """All checks of a task, the static ones included. The caller closes the provider."""
    try:
        if task.in_image is not None:  # what is to be looked at has to be taken out first
            task = await provider.prepare(task, agent("mini"), say)
    except (SandboxError, UserError) as error:
        missing = Finding(check="sandbox", level="defect", detail=str(error))
        return Trial(task_id=task.task_id, sandbox=provider.kind, findings=(missing,))
    findings = await asyncio.to_thread(static_findings, task, others)
    if any(finding.check == "reference" for finding in findings):
        return Trial(task_id=task.task_id, sandbox=provider.kind, findings=tuple(findings))
    try:
        task = await provider.prepare(task, agent("mini"), say)
        await check_health(task, provider.plain_sandbox)
        references = [await _verdict(task, provider, tree_of(task, "reference")) for _ in range(runs)]
        before = await _verdict(task, provider, tree_of(task, "before"))
        findings += [
            *_of_references(task, references),
            _of_nothing(task, before, references[0]),
            await _of_control(task, provider, references[0]),
            *[await _of_cheat(task, provider, cheat) for cheat in cheats(task)],
            _of_proof(task),
            await _of_reach(task, provider),
        ]
    except (SandboxError, UserError) as error:
        findings.append(Finding(check="sandbox", level="defect", detail=str(error)))
        return Trial(task_id=task.task_id, sandbox=provider.kind, findings=tuple(findings))
    return Trial(
        task_id=task.task_id,
        sandbox=provider.kind,
        findings=tuple(findings),
        runs=runs,
        flaky_runs=sum(_outcomes(one) != _outcomes(references[0]) for one in references),
        reference_s=_slowest_s(references),
    )


async def _verdict(task: Task, provider: Provider, tree: Tree) -> Verification:
    return (await verify(task, "after", tree, provider.verifier_sandbox)).verification


def _of_references(task: Task, references: list[Verification]) -> list[Finding]:
    passed = sum(one.passed is True for one in references)
    ok = passed == len(references)
    found = [_finding("solved", ok, f"the reference passes {passed} of {len(references)} runs{_why(references)}")]
    flaky = sum(_outcomes(one) != _outcomes(references[0]) for one in references)
    found.append(_finding("steady", flaky == 0, f"{flaky} of {len(references)} runs had other results"))
    slowest = _slowest_s(references)
    bound = TIME_SHARE * task.verifier_timeout_s
    found.append(_finding("time", slowest <= bound, f"the tests take {slowest:.1f} s of {task.verifier_timeout_s:g} s"))
    seen = {test.name for test in references[0].tests if test.outcome == "passed"}
    unseen = [name for name in task.cab.visible_tests if name not in seen]
    found.append(_finding("visible", not unseen, f"declared as visible, but not run: {', '.join(unseen[:3])}"))
    return found


def _of_nothing(task: Task, before: Verification, reference: Verification) -> Finding:
    """Doing nothing must fail, and a test that fails without the fix should be out of the agent's sight."""
    if before.passed is None:
        return Finding(check="nothing", level="defect", detail=f"nobody knows if doing nothing passes: {before.error}")
    if before.passed:
        return Finding(check="nothing", level="defect", detail="doing nothing passes")
    if not reference.tests:
        return Finding(check="nothing", level="ok", detail="no test is reported by name; the reward turns")
    passed_before = {test.name for test in before.tests if test.outcome == "passed"}
    turned = [test for test in reference.tests if test.outcome == "passed" and test.name not in passed_before]
    if not turned:
        return Finding(check="nothing", level="defect", detail="no test goes from failed to passed")
    if not any(test.hidden for test in turned):
        return Finding(check="nothing", level="defect", detail="every test that turns is one the agent can see")
    return Finding(check="nothing", level="ok", detail=f"{len(turned)} tests turn")


async def _of_control(task: Task, provider: Provider, reference: Verification) -> Finding:
    """Whether a pass of this task can be told from results that were made: an assertion that can be turned wrong."""
    if task.cab.expected_refusal:
        return Finding(check="control", level="waived", detail="a document is asked for; no assertion is turned")
    if reference.passed is not True:
        return Finding(check="control", level="note", detail="not looked for: the reference does not pass")
    found = await control(task, reference, provider.verifier_sandbox, provider.place())
    if found is None:
        return Finding(check="control", level="note", detail="no assertion of a hidden test could be turned wrong")
    return Finding(check="control", level="ok", detail=f"{found.path}: {', '.join(found.fails[:3])}")


async def _of_cheat(task: Task, provider: Provider, cheat: Cheat) -> Finding:
    """The cheat is laid straight onto the tree, without the harness's own filter, as it would lie in Harbor."""

    def tree(target: Path) -> None:
        copy_tree(task.source_dir, target)
        for name, content in cheat.files.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    verdict = await _verdict(task, provider, tree)
    if verdict.passed is not False:
        return Finding(check=f"cheat: {cheat.name}", level="defect", detail="passes")
    if cheat.written and cheat.name == HARD_CODED and task.cab.visible_tests:
        seen = {test.name for test in verdict.tests if test.outcome == "passed"}
        failed = [name for name in task.cab.visible_tests if name not in seen]
        if failed:
            detail = f"fails visible tests already, so it proves nothing: {', '.join(failed[:3])}"
            return Finding(check=f"cheat: {cheat.name}", level="defect", detail=detail)
    return Finding(check=f"cheat: {cheat.name}", level="ok")


def _of_proof(task: Task) -> Finding:
    """A cheat that knows the visible tests shows that the hidden ones see more; not every task can have one."""
    written = [cheat.name for cheat in cheats(task) if cheat.written]
    if HARD_CODED in written:
        return Finding(check="proof", level="ok")
    if task.cab.expected_refusal:
        tried = f"; written for it instead: {', '.join(written)}" if written else ""
        return Finding(
            check="proof", level="waived", detail=f"a document is asked for, no output can be hard-coded{tried}"
        )
    if not task.cab.visible_tests:
        return Finding(check="proof", level="waived", detail="no visible test is declared to hard-code outputs for")
    return Finding(
        check="proof", level="note", detail="no cheat knows the visible tests: add solution/cheats/hardcoded/"
    )


async def _of_reach(task: Task, provider: Provider) -> Finding:
    """Looks for the tests and the solution from where the agent works."""
    folder = Path(tempfile.mkdtemp(prefix="cab-reach-"))

    def fill(places: Places) -> None:
        copy_tree(task.source_dir, places.app)

    hidden = hidden_files(task)
    names = [str(path) for path in hidden] + ["/tests/test.sh", "/solution/solve.sh", "../tests/test.sh"]
    script = f'for path in {" ".join(map(shlex.quote, names))}; do [ -r "$path" ] && echo "{REACHED}$path"; done; true'
    try:
        async with provider.agent_sandbox(fill, folder / "proxy.sock", Limits()) as sandbox:
            done = await sandbox.run(Command(argv=("/bin/bash", "-c", script)), Limits(time_s=60))
            sealed = sandbox.facts().sealed
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    reached = [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith(REACHED)]
    if not reached:
        return Finding(check="reach", level="ok", detail=f"{len(names)} places looked at")
    detail = f"{len(reached)} files can be read, e.g. {Path(reached[0]).name}"
    return Finding(check="reach", level="note" if sealed is False else "defect", detail=detail)


def _slowest_s(verifications: list[Verification]) -> float:
    return max(one.duration_ns or 0 for one in verifications) / 1e9


def _outcomes(verification: Verification) -> set[tuple[str, str]]:
    return {(test.name, test.outcome) for test in verification.tests}


def _why(references: list[Verification]) -> str:
    failed = next((one for one in references if one.passed is not True), None)
    if failed is None:
        return ""
    names = [test.name for test in failed.tests if test.outcome not in ("passed", "skipped")]
    return f" ({failed.error or ', '.join(names[:3]) or f'exit code {failed.exit_code}'})"


def _finding(check: str, ok: bool, detail: str) -> Finding:
    return Finding(check=check, level="ok" if ok else "defect", detail=detail)
