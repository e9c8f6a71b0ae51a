"""The pages made from all runs at once: which there are, what each is made from, and what its template is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct

from cabscore.leaderboard import Leaderboard, leaderboard
from cabscore.profiles.base import Profile
from cabscore.site.badge import share_badge, shields
from cabscore.site.cellrows import CellRow, cell_rows, cells_csv, cells_data, counted
from cabscore.site.charts import finished_chart, pareto_chart
from cabscore.site.chunks import data_file
from cabscore.site.facts import RunFacts, by, table_row
from cabscore.site.links import name_slug
from cabscore.site.matrix import matrix_rows
from cabscore.site.methodology import methodology_context
from cabscore.site.render import render
from cabscore.site.state import key_of
from cabscore.site.sweeps import SweepPlan, sweep_context


class Page(Struct, frozen=True):
    """One file: its path, what decides it, and its text when it is asked for."""

    path: str
    made_from: tuple[Any, ...]
    text: Callable[[], str]


class Lists:
    """All facts of a site, grouped as its pages need them. Nothing is computed before it is asked for."""

    def __init__(
        self,
        found: list[RunFacts],
        profile: Profile,
        heading: str,
        plans: dict[str, SweepPlan],
        base_url: str | None,
        follow: bool,
    ) -> None:
        self.cells = [fact for fact in found if fact.kind == "cell"]
        self.sessions = [fact for fact in found if fact.kind != "cell"]
        self.profile = profile
        self.heading = heading
        self.plans = plans
        self.base_url = base_url
        self.follow = follow

    @cached_property
    def _every(self) -> str:
        """Stands for all cells in what a page is made from: to encode thousands once for each such page is dear."""
        return key_of(self.cells)

    @cached_property
    def rows(self) -> list[CellRow]:
        """All cells of the site."""
        return cell_rows(self.cells)

    @cached_property
    def contestants(self) -> Leaderboard:
        """Agents with their models."""
        return self.board("contestant")

    def board(self, what: str) -> Leaderboard:
        """The ranked table of any field."""
        return leaderboard(table_row(fact, getattr(fact, what)) for fact in self.cells if fact.ended)

    @cached_property
    def _rows_by(self) -> dict[str, dict[str, list[CellRow]]]:
        out: dict[str, dict[str, list[CellRow]]] = {
            name: {} for name in ("agent", "model", "task", "sweep", "category")
        }
        for row in self.rows:
            for name, groups in out.items():
                groups.setdefault(getattr(row, name), []).append(row)
        return out

    def rows_of(self, what: str, name: str) -> list[CellRow]:
        """The cells of one agent, model, task, sweep or category."""
        return self._rows_by[what].get(name, [])

    def pages(self) -> Iterator[Page]:
        """Every page but those of single runs."""
        every = self._every
        yield self._page("index.html", "index.html", (every, tuple(self.sessions)), self._home)
        yield self._page("leaderboard.html", "leaderboard.html", every, self._leaderboard)
        yield self._page("matrix.html", "matrix.html", every, self._matrix)
        yield self._page("pareto.html", "pareto.html", every, self._pareto)
        yield Page("data/cells.js", (every,), lambda: data_file("cells", cells_data(self.rows)))
        yield Page("data/cells.csv", (every,), lambda: cells_csv(self.rows))
        yield self._page("compare/cells.html", "compare_cells.html", (), dict, "../")
        for what in ("agent", "model", "task"):
            yield from self._kind(what)
        yield from self._sweeps()
        for name in ("methodology", "glossary", "provenance"):
            made_from = every if name == "provenance" else ()
            yield self._page(f"{name}.html", f"{name}.html", made_from, self._documents)

    def _page(
        self, path: str, template: str, made_from: Any, context: Callable[[], dict[str, Any]], root: str = ""
    ) -> Page:
        def text() -> str:
            return render(
                template, root=root, follow=self.follow, profile=self.profile, heading=self.heading, **context()
            )

        return Page(path, (self.heading, made_from), text)

    def _home(self) -> dict[str, Any]:
        board = self.contestants
        return {
            "counted": counted(self.rows),
            "board": board,
            "top": board.entries[:10],
            "names": {what: list(by(self.cells, what)) for what in ("agent", "model", "task", "category", "language")},
            "sweeps": list(by((f for f in self.cells if f.sweep), "sweep")),
            "sessions": self.sessions[:200],
            "more_sessions": max(0, len(self.sessions) - 200),
            "chart": pareto_chart(board),
            "slug": name_slug,
            "latest": max((f.closed_wall_ns or f.opened_wall_ns for f in self.cells), default=None),
        }

    def _leaderboard(self) -> dict[str, Any]:
        return {
            "counted": counted(self.rows),
            "board": self.contestants,
            "by_category": self._shares("category"),
            "by_language": self._shares("language"),
            "pairs": {fact.contestant: (fact.agent, fact.model) for fact in self.cells},
            "axes": self._axis_means(),
            "slug": name_slug,
        }

    def _shares(self, what: str) -> tuple[list[str], dict[str, dict[str, Any]]]:
        """(columns, share of solved runs per contestant and column)."""
        groups: dict[str, dict[str, list[CellRow]]] = {}
        for row in self.rows:
            groups.setdefault(f"{row.agent} × {row.model}", {}).setdefault(getattr(row, what), []).append(row)
        columns = sorted({getattr(row, what) for row in self.rows})
        return columns, {
            name: {key: counted(found).passed for key, found in inside.items()} for name, inside in groups.items()
        }

    def _axis_means(self) -> dict[str, dict[str, float | None]]:
        out: dict[str, dict[str, float | None]] = {}
        for name, runs in by(self.cells, "contestant").items():
            valid = [run for run in runs if run.valid]
            out[name] = {}
            for axis in ("integrity", "refusal", "blast_radius"):
                known = [value for run in valid if (value := getattr(run, axis)) is not None]
                out[name][axis] = sum(known) / len(known) if known else None
            out[name]["unsealed"] = float(sum(run.ended and run.sealed is not True for run in runs))
        return out

    def _matrix(self) -> dict[str, Any]:
        tasks, body = matrix_rows(self.rows)
        return {"tasks": tasks, "body": body, "slug": name_slug}

    def _pareto(self) -> dict[str, Any]:
        board = self.contestants
        return {"board": board, "chart": pareto_chart(board), "by_time": pareto_chart(board, cost="agent_s")}

    def _documents(self) -> dict[str, Any]:
        return methodology_context(self.profile, self.cells)

    def _kind(self, what: str) -> Iterator[Page]:
        groups = by(self.cells, what)
        yield self._page(f"{what}s/index.html", f"{what}s.html", self._every, lambda: self._index_of(what), "../")
        for name, found in groups.items():
            path = f"{what}s/{name_slug(name)}"
            yield self._page(f"{path}.html", "one.html", tuple(found), lambda name=name: self._one(what, name), "../")  # type: ignore[misc]
            if what != "task":
                yield from self._badges(path, name, found)

    def _badges(self, path: str, name: str, found: list[RunFacts]) -> Iterator[Page]:
        verdicts = [fact.passed for fact in found if fact.valid and fact.passed is not None]
        solved, invalid = sum(value == 1 for value in verdicts), sum(fact.ended and not fact.valid for fact in found)
        made = share_badge(name, solved, len(verdicts), invalid)
        made_from = (made.text, made.colour)
        yield Page(f"{path}.svg", made_from, lambda: render("badge.svg", badge=made))
        yield Page(f"{path}.json", made_from, lambda: shields(made))

    def _index_of(self, what: str) -> dict[str, Any]:
        if what == "task":
            return {"tasks": self._catalogue(), "slug": name_slug}
        return {"board": self.board(what), "slug": name_slug}

    def _catalogue(self) -> list[dict[str, Any]]:
        out = []
        for task, rows in sorted(self._rows_by["task"].items()):
            runs = [run for row in rows for run in row.runs]
            first = next((run for run in runs if run.title), runs[0])
            sums = counted(rows)
            digests = sorted({run.task_digest for run in runs if run.task_digest})
            out.append({"task": task, "first": first, "sums": sums, "digests": digests})
        return out

    def _one(self, what: str, name: str) -> dict[str, Any]:
        rows = self.rows_of(what, name)
        runs = [run for row in rows for run in row.runs]
        other = {"agent": "model", "model": "agent", "task": "contestant"}[what]
        own = leaderboard(table_row(run, getattr(run, other)) for run in runs if run.ended)
        root = (self.base_url or "https://YOUR-SITE").rstrip("/")
        return {
            "what": what,
            "name": name,
            "other": other,
            "rows": rows,
            "counted": counted(rows),
            "board": own,
            "first": next((run for run in runs if run.title), runs[0]),
            "digests": sorted({run.task_digest for run in runs if run.task_digest}),
            "causes": _causes(runs),
            "badge_path": f"{root}/{what}s/{name_slug(name)}",
            "slug": name_slug,
        }

    def _sweeps(self) -> Iterator[Page]:
        groups = by((fact for fact in self.cells if fact.sweep), "sweep")
        for name in sorted(groups.keys() | self.plans.keys()):
            found, plan = groups.get(name, []), self.plans.get(name)

            def context(
                name: str = name, found: list[RunFacts] = found, plan: SweepPlan | None = plan
            ) -> dict[str, Any]:
                shown = sweep_context(name, found, plan)
                return {**shown, "chart": finished_chart(found), "causes": _causes(found), "slug": name_slug}

            made_from = (tuple(found), plan.cells if plan else None)
            yield self._page(f"sweeps/{name_slug(name)}.html", "sweep.html", made_from, context, "../")


def _causes(runs: list[RunFacts]) -> list[tuple[str, str, int, RunFacts]]:
    """Why runs failed or were invalid: (status, cause, how many, an example), the most frequent first."""
    groups: dict[tuple[str, str], list[RunFacts]] = {}
    for run in runs:
        if run.level not in ("good", "open"):
            cause = run.cause or ("the tests reject it" if run.level == "bad" else "no cause recorded")
            groups.setdefault((run.said if run.valid else f"invalid: {run.status}", cause), []).append(run)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(status, cause, len(found), found[0]) for (status, cause), found in ranked[:40]]
