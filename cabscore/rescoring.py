"""Scoring many runs again: only those whose inputs changed, in parallel, in one order, with a list of what moved."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from cabproxy.ledger import Ledger, LedgerWriter
from cabproxy.ledger.record import Score, StoredScore
from cabproxy.ledger.rows import storable
from cabscore.axes.base import Sibling
from cabscore.join import cell_of, join, sibling
from cabscore.pricing import load_prices
from cabscore.profiles import DEFAULT, find_profile
from cabscore.profiles.base import INVALID_STATUSES, Profile
from cabscore.scoring import SCORER, ScoredRun, inputs_digest, rules_digest, score_joined

BATCH = 50
"""Runs per task of a worker."""
ROWS = 2_000
"""Score rows per transaction."""


class Move(Struct, frozen=True, kw_only=True):
    """One axis of one run whose value changed, and why."""

    run_id: str
    cell_id: str | None
    axis: str
    before: float | None
    after: float | None
    why: str


class VersionChange(Struct, frozen=True, kw_only=True):
    """One axis that was scored by another version before: over how many runs, and how many of their values moved."""

    axis: str
    before: str
    after: str
    runs: int
    moved: int


class Rescored(Struct, frozen=True, kw_only=True):
    """What a rescoring did to one ledger: `runs` seen, `skipped` as unchanged, `scored`, and the moves in run order."""

    ledger: str
    profile: str
    runs: int
    skipped: int
    scored: int
    invalid: int
    moves: tuple[Move, ...]
    versions: tuple[VersionChange, ...] = ()


class _Plan(Struct, frozen=True):
    """What one run's scoring needs to know of it; there is one for each run at once, so no more than that."""

    run_id: str
    sealed: bool
    siblings: tuple[str, ...]
    inputs: str


class _Done(Struct, frozen=True):
    """What a worker makes of a batch: score rows that differ from the stored ones, as JSON lines, and what moved."""

    lines: bytes
    moves: list[Move]
    versions: Counter[tuple[str, str, str, bool]]
    invalid: int


def rescore(
    ledger: Ledger | str | os.PathLike[str],
    profile: str = DEFAULT,
    *,
    run_ids: Iterable[str] | None = None,
    jobs: int | None = None,
    force: bool = False,
) -> Rescored:
    """Scores the runs of a ledger again, in place, as new score rows. Raises LedgerError or UserError.

    A sealed run whose inputs digest stands with its stored composite is skipped unless `force`; what comes out
    equal is not written again; nothing is written unless every run could be scored. `jobs` defaults to the number
    of processors, 1 for a handful of runs.
    """
    path = ledger.path if isinstance(ledger, Ledger) else Path(ledger)
    found = find_profile(profile)
    with Ledger(path) as opened, tempfile.TemporaryFile() as waiting:
        plans = _plans(opened, found, set(run_ids) if run_ids is not None else None)
        standing = {} if force else _standing(opened, found)
        due = [plan for plan in plans if not plan.sealed or standing.get(plan.run_id) != plan.inputs]
        moves: list[Move] = []
        versions: Counter[tuple[str, str, str, bool]] = Counter()
        invalid = 0
        for done in _score_all(path, due, profile, jobs):
            waiting.write(done.lines)
            moves += done.moves
            versions += done.versions
            invalid += done.invalid
        _store(path, waiting)
    return Rescored(
        ledger=str(path),
        profile=found.name,
        runs=len(plans),
        skipped=len(plans) - len(due),
        scored=len(due),
        invalid=invalid,
        moves=tuple(moves),
        versions=_versions(versions),
    )


def _versions(seen: Counter[tuple[str, str, str, bool]]) -> tuple[VersionChange, ...]:
    return tuple(
        VersionChange(
            axis=axis,
            before=before,
            after=after,
            runs=seen[axis, before, after, True] + seen[axis, before, after, False],
            moved=seen[axis, before, after, True],
        )
        for axis, before, after in sorted({key[:3] for key in seen})
    )


def _plans(ledger: Ledger, profile: Profile, wanted: set[str] | None) -> list[_Plan]:
    cells: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    known = set()
    for run in ledger.runs():
        known.add(run.run_id)
        if (cell := cell_of(run)) is not None:
            cells[cell].append((run.run_id, run.seal))
    for run_id in sorted(wanted - known) if wanted is not None else ():
        ledger.run(run_id)  # says that there is none
    plans = []
    rules = rules_digest(profile)
    for run in ledger.runs():
        if wanted is None or run.run_id in wanted:
            others = [other for other in cells.get(cell_of(run) or "", ()) if other[0] != run.run_id]
            digest = inputs_digest(run, others, rules)
            plans.append(_Plan(run.run_id, run.seal is not None, tuple(run_id for run_id, _ in others), digest))
    return plans


def _standing(ledger: Ledger, profile: Profile) -> dict[str, str]:
    """What each run's stored composite was made of, where this release made it."""
    return {
        row.run_id: str(row.score.evidence.get("inputs"))
        for row in ledger.axis_scores(profile.name, "composite")
        if row.scorer == SCORER
    }


def _score_all(path: Path, due: list[_Plan], profile: str, jobs: int | None) -> Iterator[_Done]:
    workers = jobs or (os.cpu_count() or 1 if len(due) > 2 * BATCH else 1)
    batches = [(str(path), batch, profile) for batch in _batches(due)]
    if workers <= 1:
        yield from map(_score_batch, batches)
        return
    load_prices()  # before the workers are forked: once instead of once in each
    with ProcessPoolExecutor(workers) as pool:
        # A window of a few batches per worker keeps memory flat however many runs there are.
        waiting = iter(batches)
        running = [pool.submit(_score_batch, batch) for batch in islice(waiting, 3 * workers)]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(_score_batch, batch) for batch in islice(waiting, 1)]


def _batches(plans: list[_Plan]) -> Iterator[list[_Plan]]:
    rest = iter(plans)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _score_batch(job: tuple[str, list[_Plan], str]) -> _Done:
    path, plans, profile = job
    found = find_profile(profile)
    known: dict[str, Sibling] = {}
    versions: Counter[tuple[str, str, str, bool]] = Counter()
    with Ledger(path) as ledger:
        scored = [
            score_joined(join(ledger, plan.run_id, _siblings(ledger, plan, known)), found, plan.inputs)
            for plan in plans
        ]
        rows, moves = _changed(ledger, scored, versions)
    invalid = sum(run.status in INVALID_STATUSES for run in scored)
    return _Done(b"".join(map(_line, rows)), moves, versions, invalid)


def _siblings(ledger: Ledger, plan: _Plan, known: dict[str, Sibling]) -> list[Sibling]:
    for run_id in plan.siblings:
        if run_id not in known:
            known[run_id] = sibling(ledger, ledger.run(run_id))
    return [known[run_id] for run_id in plan.siblings]


def _changed(
    ledger: Ledger, batch: list[ScoredRun], versions: Counter[tuple[str, str, str, bool]]
) -> tuple[list[StoredScore], list[Move]]:
    now = time.time_ns()
    moves: list[Move] = []
    rows: list[StoredScore] = []
    for scored in batch:
        before = {row.score.axis: row for row in ledger.scores(scored.run_id, scored.profile)}
        for row in scored.rows(now):
            old = before.get(row.score.axis)
            if old is None or old.score != row.score or old.scorer != row.scorer:
                rows.append(row)
            moved = old is not None and old.score.value != row.score.value
            if old is not None and moved:
                own = [move for move in moves if move.run_id == scored.run_id]
                moves.append(_move(scored, old, row.score, own))
            if old is not None and old.score.version != row.score.version:
                versions[row.score.axis, old.score.version, row.score.version, moved] += 1
    return rows, moves


def _line(row: StoredScore) -> bytes:
    try:
        return msgspec.json.encode(row) + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, out of a model's JSON
        return msgspec.json.encode(storable(row)) + b"\n"


def _store(path: Path, waiting: IO[bytes]) -> None:
    """Rows wait in a file until all runs are scored: memory stays flat, and no other writer is held up meanwhile."""
    waiting.seek(0)
    lines = iter(waiting)
    with LedgerWriter(path) as writer:
        while batch := list(islice(lines, ROWS)):
            writer.add_scores(msgspec.json.decode(line, type=StoredScore) for line in batch)


def _move(scored: ScoredRun, old: StoredScore, new: Score, before: list[Move]) -> Move:
    """`before` are the run's moves on the axes that its composite is made of: they come first."""
    if new.axis == "composite" and before:
        why = "; ".join(move.why if move.axis in move.why else f"{move.axis}: {move.why}" for move in before)
    elif old.score.version != new.version:
        why = f"{new.axis} version {old.score.version} became {new.version}"
    elif old.scorer != scored.scorer:
        why = f"{old.scorer} became {scored.scorer}"
    else:
        why = new.reason
    return Move(
        run_id=scored.run_id,
        cell_id=scored.cell_id,
        axis=new.axis,
        before=old.score.value,
        after=new.value,
        why=why,
    )
