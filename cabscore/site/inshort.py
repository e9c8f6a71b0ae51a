"""A run in five lines, for somebody who sees such a page for the first time: what, why this score, what it cost."""

from __future__ import annotations

from collections.abc import Iterator

from cabscore.axes.base import JoinedRun
from cabscore.axes.pass_rate import count
from cabscore.profiles.base import INVALID_STATUSES
from cabscore.scoring import ScoredRun
from cabscore.site.evidence import Line
from cabscore.site.shown import number
from cabscore.site.tiles import NAMES

PARTS = {"cost": "few tokens", "latency": "little time", "blast_radius": "a clean edit", "pass_rate": "passing"}
"""What a part of a composite pays for."""


def in_short(joined: JoinedRun, scored: ScoredRun) -> list[Line]:
    """The lines of a cell; a recorded session has no task and no score, and none of these."""
    if joined.run.kind != "cell":
        return []
    return [_task(joined), _who(joined), _why(joined, scored), _cost(joined, scored), _again(scored)]


def _task(joined: JoinedRun) -> Line:
    run, task = joined.run, joined.task
    text = f"{task.title} ({task.category}, {task.language or 'no language stated'})" if task else run.task_id or ""
    if task is not None and task.expected_refusal:
        text += ". It must not be done: the right answer is to refuse it and say why"
    return Line(name="The task", text=f"{text}.", href="#output")


def _who(joined: JoinedRun) -> Line:
    run = joined.run
    sealed = {True: "sealed off from all but its model", False: "not sealed off", None: "not known to be sealed off"}
    where = f"a {run.sandbox} sandbox, " if run.sandbox else "a sandbox "
    version = f" {run.agent_version}" if run.agent_version else ""
    return Line(
        name="Who tried it",
        text=f"The agent {run.agent}{version} with the model {run.model}, in {where}{sealed[run.sealed]}.",
        href="#identity",
    )


def _why(joined: JoinedRun, scored: ScoredRun) -> Line:
    if scored.status in INVALID_STATUSES and joined.run.seal is None:
        return Line(name="Why no score", text="It is under way, or was never closed.", level="mid", href="#trace")
    if scored.status in INVALID_STATUSES:
        text = f"None: {scored.cause or scored.status}. That is no fault of the agent's, so the run enters no mean."
        return Line(name="Why no score", text=text, level="mid", href="#calls")
    level = {1.0: "good", 0.0: "bad"}.get(scored.axes["pass_rate"].value or 0.0, "none")
    known = scored.axes["pass_rate"].value is not None
    text = " ".join([*_verdict(joined, scored), *_beside(scored), _composite(scored)])
    return Line(name="Why this score", text=text, level=level if known else "mid", href="#evidence")


def _verdict(joined: JoinedRun, scored: ScoredRun) -> Iterator[str]:
    after, before = joined.verification("after"), joined.verification("before")
    if after is None or after.passed is None:
        yield _sentence(scored.axes["pass_rate"].reason)
        return
    found = count(after.tests)
    hidden = sum(test.hidden is True for test in after.tests)
    if found["total"]:
        unseen = f", {hidden} of which the agent could not see" if hidden else ""
        earlier = count(before.tests) if before is not None else {"total": 0}
        was = f"; before it {earlier['passed']} of {earlier['total']} did" if earlier["total"] else ""
        yield f"{found['passed']} of {found['total']} tests pass after the agent{unseen}{was}."
    else:
        yield f"The tests {'accept' if after.passed else 'reject'} what the agent left."
    if not after.passed and after.error:
        yield _sentence(after.error)


def _beside(scored: ScoredRun) -> Iterator[str]:
    """What else moves the score, or is worth knowing with it."""
    integrity, blast, refusal = (scored.axes[name] for name in ("integrity", "blast_radius", "refusal"))
    if integrity.value is not None and integrity.value < 1:
        kinds = sorted({finding["kind"].replace("_", " ") for finding in integrity.evidence["violations"]})
        yield f"Its integrity is violated: {', '.join(kinds)}."
    if kinds := sorted({finding["kind"].replace("_", " ") for finding in integrity.evidence["suspicions"]}):
        yield f"Worth a look: {', '.join(kinds)}."
    fidelity = integrity.evidence["instruction_fidelity"] or {}
    if fidelity.get("honoured") is not None and fidelity["honoured"] < fidelity["declared"]:
        yield f"{fidelity['honoured']} of {fidelity['declared']} constraints of the task were honoured."
    if extra := len(blast.evidence["unexpected_changes"]):
        yield f"{extra} changed path{'s were' if extra > 1 else ' was'} not asked for."
    if refusal.value is not None and (refusal.value < 1 or refusal.evidence["expected_refusal"]):
        yield _sentence(refusal.reason)


def _composite(scored: ScoredRun) -> str:
    if scored.composite.value is None:
        return _sentence(scored.composite.reason)
    parts = [part for part in scored.composite.evidence.get("parts", ()) if part["contribution"]]
    said = [f"{number(part['contribution'], 3)} for {_paid(part['name'])}" for part in parts]
    stated = f"The composite of {number(scored.composite.value, 3)} ({scored.profile}, 1 is best)"
    return f"{stated} is {' + '.join(said)}." if said else f"{stated}: {scored.composite.reason}."


def _paid(part: str) -> str:
    return PARTS.get(part) or NAMES.get(part, part).lower()


def _cost(joined: JoinedRun, scored: ScoredRun) -> Line:
    tokens, latency = scored.axes["tokens"].evidence, scored.axes["latency"].evidence
    calls = f"{number(tokens['model_calls'])} model call{'' if tokens['model_calls'] == 1 else 's'}"
    if tokens["total_tokens"] is not None:
        text = f"{number(tokens['total_tokens'])} tokens in {calls}."
    elif tokens["at_least"]:
        text = f"At least {number(tokens['at_least'])} tokens in {calls}; not all are known."
    else:
        failed = f", {number(tokens['failed_calls'])} of them failed" if tokens["failed_calls"] else ""
        made = calls if tokens["model_calls"] else "No model call"
        text = f"{made}{failed}; the tokens are unknown, not zero."
    usd = tokens["cost_usd"]
    text += (
        f" {usd} USD {tokens['cost_reason']}."
        if usd is not None
        else f" In dollars not known: {tokens['cost_reason']}."
    )
    if latency["agent_ms"] is not None:
        spent = (
            f", {number(latency['parts_ms']['model'] / 1000, 1)} s of it with the model" if latency["parts_ms"] else ""
        )
        text += f" {number(latency['agent_ms'] / 1000, 1)} s of the agent's time{spent}."
    return Line(name="What it cost", text=text, href="#calls")


def _again(scored: ScoredRun) -> Line:
    text = "One command repeats the cell, another derives every number here again from the record."
    return Line(name="How to repeat it", text=text, href="#again")


def _sentence(text: str) -> str:
    shown = text.strip().rstrip(".")
    return f"{shown[:1].upper()}{shown[1:]}." if shown else ""
