"""One cell as data, for the page that lays two of them side by side."""

from __future__ import annotations

from typing import Any

from cabscore.axes.base import JoinedRun
from cabscore.scoring import ScoredRun
from cabscore.site.facts import level, title_of
from cabscore.site.identity import banner
from cabscore.site.shown import clean, middle_out

PATCH_LIMIT = 60_000
MAX_CALLS = 500


def cell_summary(joined: JoinedRun, scored: ScoredRun) -> dict[str, Any]:
    """Axes with reasons, calls with keys and tokens, the patch."""
    run = joined.run
    return {
        "run": clean(run.run_id),
        "title": clean(title_of(run)),
        "task": clean(run.task_id or ""),
        "number": run.run_number,
        "level": level(scored, closed=run.seal is not None),
        "banner": clean(banner(joined, scored).title),
        "axes": [
            [score.axis, score.value, score.unit, score.polarity, clean(score.reason)] for score in scored.scores()
        ],
        "calls": [
            [
                call.seq,
                call.request_key,
                call.state,
                clean(call.finish_reason or ""),
                call.usage.prompt if call.usage else None,
                call.usage.completion if call.usage else None,
            ]
            for call in joined.calls[:MAX_CALLS]
        ],
        "patch": None if joined.patch is None else clean(middle_out(joined.patch, PATCH_LIMIT)),
    }
