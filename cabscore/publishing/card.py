"""The dataset card: a README.md that says what the rows are, how they came about, and what they do not show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from cabscore.axes import AXES, axis
from cabscore.export.base import iso
from cabscore.export.columns import COLUMNS, MEANINGS
from cabscore.leaderboard import Entry, leaderboard
from cabscore.profiles.base import INVALID_STATUSES, Profile
from cabscore.publishing.tally import Tally
from cabscore.scoring import SCORER
from cabscore.site.methodology import STATUSES
from cabscore.stats.intervals import Interval

TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false"}
ROW_KEYS = {
    "run_id": "the run",
    "agent": "the agent",
    "model": "as asked of the agent",
    "category": "of the task",
    "task": "category/id",
    "status": "how the run ended, as listed above",
    "banner": "why, where it is not ok",
    "axes": "the values of the axes, a number or null",
    "run_identity": "cell, sweep, images and digests, the models served, the seal of the record",
    "timing": "start and end in UTC, seconds with the harness",
    "tokens_line": "tokens of the run and where they come from",
    "scorer": "the evidence of each axis and of the composite, whole",
    "reasons": "a sentence for each axis: why this value, or why none",
    "axis_versions": "the version of each axis that made the value",
    "profile": "of the composite",
    "scorer_version": "the release that scored",
}
"""The keys of a row of cells.jsonl."""


class CardFacts(Struct, frozen=True, kw_only=True):
    """What the publisher says, beside what the runs say. `files` are the data files by format."""

    name: str
    created: str
    licence: str | None
    files: Mapping[str, str]
    left_out: Mapping[str, int]
    key: str


def card(facts: CardFacts, tally: Tally, profile: Profile) -> str:
    """The whole README.md."""
    parts = [
        _front(facts, len(tally.rows)),
        f"# {_plain(facts.name)}",
        _about(facts, tally),
        "## Results",
        *_results(tally),
        "## Files",
        _files(facts),
        "## Fields",
        _fields(),
        "## Methods",
        _methods(profile),
        "## Limitations",
        _limits(facts, tally),
        "## Licence",
        facts.licence or "The publisher states no licence: ask before using this for more than reading.",
        "## Checking it",
        _checking(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _front(facts: CardFacts, rows: int) -> str:
    size = next(name for most, name in _SIZES if rows < most)
    lines = ["---", f"pretty_name: {json.dumps(facts.name)}"]
    lines += [f"license: {json.dumps(facts.licence)}"] if facts.licence else []
    lines += ["tags: [coding-agents, benchmark]", f"size_categories: [{json.dumps(size)}]"]
    best = next((facts.files[name] for name in ("parquet", "csv") if name in facts.files), None)
    if best is not None:
        lines += ["configs:", "- config_name: cells", f"  data_files: {best}"]
    return "\n".join([*lines, "---"])


_SIZES: tuple[tuple[float, str], ...] = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (float("inf"), "n>1M"),
)  # fmt: skip


def _about(facts: CardFacts, tally: Tally) -> str:
    counts = ", ".join(f"{len(names)} {kind if len(names) != 1 else kind[:-1]}" for kind, names in tally.names.items())
    statuses = [f"- {number} `{name}`: {STATUSES.get(name, '')}" for name, number in sorted(tally.statuses.items())]
    out = ", ".join(f"{number} {name}" for name, number in sorted(facts.left_out.items())) or "none"
    return "\n".join(
        [
            f"{len(tally.rows)} recorded runs of coding agents on tasks with hidden tests: {counts}.",
            f"The first was opened {_day(tally.first)}, the last closed {_day(tally.last)}; published {facts.created}.",
            "",
            *statuses,
            "",
            f"Invalid runs ({' or '.join(sorted(INVALID_STATUSES))}) are in the rows with their cause and without "
            f"values: {tally.invalid} of {len(tally.rows)}. Recorded in the same ledgers and not published: {out}.",
        ]
    )


def _results(tally: Tally) -> list[str]:
    table = leaderboard(tally.rows)
    head = "| agent / model | runs | invalid | tasks | passed [95 %] | composite [95 %] | tokens per correct |"
    rows = [_result(entry) for entry in table.entries]
    note = (
        "Best composite first. A run counts once, invalid ones not at all. Runs of one task belong together: the share "
        "has Wilson's interval for as many runs as they are worth, the composite's resamples whole tasks (BCa). The "
        "composite orders lines and is no result of its own."
    )
    return ["\n".join([head, "|---|---|---|---|---|---|---|", *rows]), note]


def _result(entry: Entry) -> str:
    tokens = "-" if entry.tokens_per_correct is None else f"{entry.tokens_per_correct:,.0f}"
    cells = [entry.name, entry.runs, entry.invalid, entry.tasks, _interval(entry.passed), _interval(entry.composite)]
    return _row(*cells, tokens)


def _files(facts: CardFacts) -> str:
    what = {
        "jsonl": "a JSON object per run with everything the scorer says",
        "csv": "a line per run, flat; text that a spreadsheet would take for a formula starts with an apostrophe",
        "parquet": "the same columns, typed",
    }
    rows = [_row(f"`{path}`", what[kind]) for kind, path in facts.files.items()]
    rows += [_row("`manifest.json`", "every file's size and sha256, every run's seal, the scorer's versions")]
    rows += [_row("`manifest.sig`", "an Ed25519 signature of the manifest's bytes, base64")]
    return "\n".join(["| file | what |", "|---|---|", *rows])


def _fields() -> str:
    flat = [_row(f"`{name}`", TYPES[kind], MEANINGS[name]) for name, kind in COLUMNS.items()]
    nested = [_row(f"`{name}`", meaning) for name, meaning in ROW_KEYS.items()]
    return "\n".join(
        ["Of the flat files; what was not measured is empty, or null, never 0:", "", "| column | type | meaning |",
         "|---|---|---|", *flat, "", "Of `cells.jsonl`:", "", "| key | meaning |", "|---|---|", *nested]
    )  # fmt: skip


def _methods(profile: Profile) -> str:
    rows = [_row(f"`{name}`", axis(name).version, (type(axis(name)).__doc__ or "").split("\n")[0]) for name in AXES]
    weights = ", ".join(f"{name} {weight:g}" for name, weight in profile.weights.items())
    return "\n".join(
        [
            f"Scored by {SCORER} from recorded bytes, offline. No model judges anything.",
            "",
            "| axis | version | what |",
            "|---|---|---|",
            *rows,
            "",
            f"The composite is made by the profile `{profile.name}`: {profile.summary}. Weights: {weights}. Its whole "
            "definition stands in `manifest.json`.",
            "",
            "Pass shares have intervals over tasks; tokens per correct charge all attempts of a cell; latency is the "
            "agent's own time, without the harness.",
        ]
    )


def _limits(facts: CardFacts, tally: Tally) -> str:
    valid = len(tally.rows) - tally.invalid
    repeated = _repeated(tally)
    found = [f"{number} of {valid} valid runs {name}." for name, number in sorted(tally.caveats.items())]
    found += [
        f"{repeated[1]} of {repeated[0]} cells have a single valid run: chance between runs cannot be told there."
    ]
    if tally.invalid:
        found += [f"{tally.invalid} runs measure nothing about their agent; which ones fell out need not be chance."]
    found += [
        "The results hold for these tasks, these versions and these endpoints; models behind an endpoint change "
        "without notice.",
        "The tasks may have become part of what models were trained on since they were written.",
        "A difference inside the intervals is none.",
    ]
    return "\n".join(f"- {line}" for line in found)


def _repeated(tally: Tally) -> tuple[int, int]:
    """(cells, cells with one valid run)."""
    counts: dict[tuple[str, str], int] = {}
    for row in tally.rows:
        counts[row.name, row.task] = counts.get((row.name, row.task), 0) + (row.status not in INVALID_STATUSES)
    return len(counts), sum(number == 1 for number in counts.values())


def _checking(facts: CardFacts) -> str:
    return "\n".join(
        [
            f"Signed by the key {facts.key}. Get it from the publisher, not from here, then:",
            "",
            "```sh",
            "cabscore verify . --public-key publisher.pub   # the signature, each file, nothing missing or added",
            "cabscore drift ledger.sqlite --published .     # whether the records still yield these numbers",
            "```",
        ]
    )


def _interval(found: Interval) -> str:
    if found.value is None:
        return "-"
    return f"{found.value:.3f}" + ("" if found.low is None else f" [{found.low:.3f}, {found.high:.3f}]")


def _day(wall_ns: int | None) -> str:
    return (iso(wall_ns) or "at an unknown time")[:10]


def _row(*cells: Any) -> str:
    return "| " + " | ".join(_plain(str(cell)) for cell in cells) + " |"


def _plain(text: str) -> str:
    """Text from a record in a table's cell: one line, no markup of its own."""
    shown = "".join(char if char.isprintable() else "?" for char in text)
    return shown.replace("|", "\\|").replace("<", "&lt;")


__all__: Sequence[str] = ("CardFacts", "card")
