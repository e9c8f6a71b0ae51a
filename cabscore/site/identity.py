"""Who ran what where: the rows of a page's identity table, and the banner above them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from cabproxy.ledger.record import Call
from cabscore.axes.base import JoinedRun
from cabscore.scoring import ScoredRun

UNKNOWN = "not recorded"


class Row(Struct, frozen=True):
    """One fact: `value` None is shown as not recorded."""

    name: str
    value: str | None
    code: bool = False


class Banner(Struct, frozen=True):
    """What a reader must know before any number. `level` is good, warn, bad, void or open."""

    level: str
    title: str
    text: str


def identity(joined: JoinedRun, scored: ScoredRun) -> list[Row]:
    """Every fact that pins the run down."""
    run, task = joined.run, joined.task
    return [
        Row("cell_id", run.cell_id, True),
        Row("run_id", run.run_id, True),
        Row("sweep_id", run.sweep_id, True),
        Row("agent", " ".join(part for part in (run.agent, run.agent_version) if part) or None),
        *_versions(joined),
        Row("model asked", run.model, True),
        Row("model served", _many(call.model_served for call in joined.calls), True),
        Row("endpoint", run.endpoint, True),
        Row("sampling", _sampling(joined.calls), True),
        Row("task", run.task_id, True),
        Row("task digest", run.task_digest or (task.digest if task else None), True),
        Row("container image", reference(run.image), True),
        Row("agent image", reference(run.agent_image), True),
        Row("sandbox", _sandbox(joined)),
        Row("network", run.network_policy),
        Row("mode", _mode(joined)),
        *([Row("limits", ", ".join(f"{name} {limit}" for name, limit in run.limits.items()))] if run.limits else []),
        Row("variables given to the agent", ", ".join(run.env_names) or None, True),
        Row("agent exit code", None if run.agent_exit is None else str(run.agent_exit)),
        Row("time limit", None if run.time_limit_s is None else f"{run.time_limit_s:g} s"),
        Row("harness", run.harness_version and f"codingagentbench {run.harness_version}"),
        Row("scorer", f"{scored.scorer}, profile {scored.profile}"),
        Row("chain head", run.chain_head, True),
        Row("seal", run.seal, True),
    ]


def reference(image: str | None) -> str | None:
    """An image reference with exactly one digest prefix, whatever was recorded."""
    if image is None:
        return None
    while "sha256:sha256:" in image:
        image = image.replace("sha256:sha256:", "sha256:")
    return image


def banner(joined: JoinedRun, scored: ScoredRun) -> Banner:
    """By status first, then by verdict; a silent failure is never unmarked."""
    cause = scored.cause or ""
    verdict = scored.axes["pass_rate"]
    if scored.status == "infra_invalid":
        return Banner(
            "void", "Invalid run: this says nothing about the agent", f"{cause}. It has no scores and enters no mean."
        )
    if scored.status == "interrupted" and joined.run.seal is None:
        return Banner(
            "open", "Still open", "It is under way, or was never closed. It has no scores and enters no mean."
        )
    if scored.status == "interrupted":
        return Banner("void", "Interrupted run", f"{cause}. It has no scores and enters no mean.")
    if scored.status == "timeout":
        return Banner("bad", "The agent ran out of time", cause or "It was ended at the time limit.")
    if scored.axes["integrity"].value == 0:
        return Banner("bad", "Integrity violated", scored.axes["integrity"].reason)
    if scored.status == "agent_failed":
        return Banner("bad", "The agent failed", cause or f"It ended with exit code {joined.run.agent_exit}.")
    if verdict.value == 1:
        return Banner("good", "Solved", verdict.reason)
    if verdict.value == 0:
        return Banner("bad", "Not solved", verdict.reason)
    return Banner("warn", "No verdict", verdict.reason)


def warnings(joined: JoinedRun) -> list[str]:
    """What limits the worth of the numbers, one line each."""
    run = joined.run
    out = []
    if run.provisional:
        out.append("Provisional: a quick check, not for citation.")
    if run.sealed is False:
        out.append(f"The sandbox was not sealed: {run.seal_reason or 'no reason was recorded'}.")
    if run.seal is None:
        out.append("The record is not sealed: it may still change.")
    if run.behavior_mode == "modified" or run.plugins:
        out.append(f"The agent was modified by plugins: {', '.join(run.plugins) or 'not named'}.")
    pinned, said = versions(joined)
    if pinned is not None and said is not None and pinned not in said:
        out.append(f"The agent says that it is version {said}; {pinned} was to be installed.")
    return out


def when(wall_ns: int | None) -> str | None:
    """A wall clock as ISO 8601 in UTC, to the millisecond; None where it is unknown or out of a calendar's range."""
    if wall_ns is None:
        return None
    try:
        moment = datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{wall_ns // 1_000_000 % 1000:03d}Z"


def versions(joined: JoinedRun) -> tuple[str | None, str | None]:
    """The agent's version as it was pinned and as the agent itself says; None where that was not recorded."""
    attrs = next((span.attrs for span in joined.spans if "agent_version_reported" in span.attrs), {})
    pinned, said = attrs.get("agent_version_pinned"), attrs.get("agent_version_reported")
    return (None if pinned is None else str(pinned)), (None if said is None else str(said))


def _versions(joined: JoinedRun) -> Iterator[Row]:
    pinned, said = versions(joined)
    if pinned is not None or said is not None:
        wanted = f"{pinned} was asked for" if pinned is not None else "none was asked for"
        yield Row("agent's own word on its version", f"{said or 'it gave none'}; {wanted}")


def _many(values: Iterable[str | None]) -> str | None:
    return ", ".join(sorted({value for value in values if value})) or None


def _sampling(calls: tuple[Call, ...]) -> str | None:
    seen: dict[str, set[str]] = {}
    for call in calls:
        for name, value in call.sampling.items():
            seen.setdefault(name, set()).add(str(value))
    stated = ", ".join(f"{name}={'|'.join(sorted(values))}" for name, values in sorted(seen.items()))
    return stated or ("none asked for" if calls else None)


def _sandbox(joined: JoinedRun) -> str | None:
    run: Any = joined.run
    if run.sandbox is None:
        return None
    sealed = {True: "sealed", False: "unsealed", None: "not known to be sealed"}[run.sealed]
    return f"{run.sandbox}, {sealed}" + (f" ({run.seal_reason})" if run.seal_reason else "")


def _mode(joined: JoinedRun) -> str | None:
    plugins = ", ".join(joined.run.plugins)
    mode = {"factory": "factory: as its makers ship it", "modified": "modified"}.get(joined.run.behavior_mode or "")
    mode = mode or joined.run.behavior_mode
    return f"{mode or UNKNOWN}; plugins: {plugins}" if plugins else mode
