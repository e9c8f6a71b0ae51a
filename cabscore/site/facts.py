"""A run in the few facts that lists, tables and charts need; kept between builds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from cabproxy.ledger.record import Run
from cabscore.axes.base import JoinedRun
from cabscore.join import cell_of
from cabscore.leaderboard import Row
from cabscore.profiles.base import INVALID_STATUSES
from cabscore.scoring import ScoredRun
from cabscore.site.links import slug
from cabscore.twins import Attempt, attempt_of
from cabscore.usage import totals

LEVELS = {"good": "solved", "bad": "not solved", "warn": "no verdict", "void": "invalid", "open": "still open"}
MARKS = {"good": "✓", "bad": "✗", "warn": "?", "void": "∅", "open": "…"}


class RunFacts(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One run. Values are None where unknown; `tokens` are the run's own, `tokens_per_correct` the cell's."""

    run_id: str
    kind: str
    cell: str
    name: str  # agent × model, or the session's label
    agent: str
    model: str
    task: str
    category: str
    status: str
    level: str
    opened_wall_ns: int
    language: str = ""
    title: str = ""
    task_digest: str | None = None
    sweep: str | None = None
    run_number: int | None = None
    sandbox: str | None = None
    sealed: bool | None = None
    closed: bool = False
    provisional: bool = False
    cause: str | None = None
    closed_wall_ns: int | None = None
    passed: float | None = None
    composite: float | None = None
    integrity: float | None = None
    refusal: float | None = None
    blast_radius: float | None = None
    agent_s: float | None = None
    tokens: int | None = None
    tokens_per_correct: float | None = None
    calls: int = 0
    cost_usd: str | None = None
    axes: dict[str, float | None] = {}
    inputs: str = ""
    attempt: Attempt | None = None

    @property
    def href(self) -> str:
        """The page, from the site's root."""
        return f"cells/{slug(self.run_id)}/index.html"

    @property
    def valid(self) -> bool:
        """Whether it measures the agent at all."""
        return self.status not in INVALID_STATUSES

    @property
    def ended(self) -> bool:
        """False while it is under way, or where it was never closed: it is neither measured nor invalid yet."""
        return self.level != "open"

    @property
    def contestant(self) -> str:
        """What a leaderboard ranks."""
        return f"{self.agent} × {self.model}"

    @property
    def said(self) -> str:
        """The verdict in words."""
        return LEVELS[self.level]


def facts(joined: JoinedRun, scored: ScoredRun) -> RunFacts:
    """The facts of one scored run."""
    run, task = joined.run, joined.task
    axes = {score.axis: score.value for score in scored.scores()}
    return RunFacts(
        run_id=run.run_id,
        kind=run.kind,
        cell=cell_of(run) or run.run_id,
        name=title_of(run),
        agent=run.agent or "",
        model=run.model or "",
        task=run.task_id or "",
        category=(task.category if task else "") or (run.task_id or "").partition("/")[0],
        language=task.language if task else "",
        title=task.title if task else "",
        task_digest=run.task_digest or (task.digest if task else None),
        sweep=run.sweep_id,
        run_number=run.run_number,
        sandbox=run.sandbox,
        sealed=run.sealed,
        closed=run.seal is not None,
        provisional=run.provisional,
        status=scored.status,
        cause=scored.cause,
        level=level(scored, closed=run.seal is not None),
        opened_wall_ns=run.opened_wall_ns,
        closed_wall_ns=run.closed_wall_ns,
        passed=axes["pass_rate"],
        composite=axes["composite"],
        integrity=axes["integrity"],
        refusal=axes["refusal"],
        blast_radius=axes["blast_radius"],
        agent_s=axes["latency"],
        tokens=totals(joined.calls).total,
        tokens_per_correct=axes["tokens"],
        calls=len(joined.calls),
        cost_usd=scored.axes["tokens"].evidence.get("cost_usd"),
        axes=axes,
        inputs=str(scored.composite.evidence.get("inputs", "")),
        attempt=attempt_of(run.task_id or "", scored.axes["refusal"].evidence),
    )


def title_of(run: Run) -> str:
    """Agent × model of a cell; a session's label."""
    return f"{run.agent} × {run.model}" if run.kind == "cell" else (run.label or run.run_id)


def level(scored: ScoredRun, *, closed: bool = True) -> str:
    """good, bad, warn (no verdict), void (invalid) or open (not closed, and without a verdict so far)."""
    verdict = scored.axes["pass_rate"].value
    if scored.status in INVALID_STATUSES:
        return "void" if closed else "open"
    if verdict is None:
        return "warn"
    return "good" if verdict == 1 else "bad"


def table_row(fact: RunFacts, name: str) -> Row:
    """A run as the ranked table takes it, under the name of a line."""
    return Row(
        name=name,
        task=fact.task,
        status=fact.status,
        passed=fact.passed,
        composite=fact.composite,
        agent_s=fact.agent_s,
        tokens=fact.tokens,
        attempt=fact.attempt,
    )


def by(found: Iterable[RunFacts], what: str) -> dict[str, list[RunFacts]]:
    """Runs grouped by a field, groups in order of their name."""
    out: dict[str, list[RunFacts]] = defaultdict(list)
    for fact in found:
        out[getattr(fact, what)].append(fact)
    return dict(sorted(out.items()))
