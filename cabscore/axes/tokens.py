"""tokens: what a correct solution costs. All attempts are charged: failed calls, retries, and the cell's other runs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cabproxy.ledger.record import Score
from cabscore.axes.base import JoinedRun, Sibling, plain
from cabscore.pricing import Cost, cost_of, money
from cabscore.usage import Totals, by_certainty, totals


class Tokens:
    """Tokens per correct run: the sum over all valid runs of the cell, divided by the number of correct ones."""

    name = "tokens"
    version = "3"

    def score(self, joined: JoinedRun) -> Score:
        own = totals(joined.calls)
        value, reason = _per_correct(joined, own)
        return Score(
            axis=self.name,
            value=value,
            unit="tokens per correct run",
            polarity="lower",
            reason=reason,
            evidence=_evidence(joined, own, value),
            version=self.version,
        )


def attempts(joined: JoinedRun, own: Totals) -> list[Sibling]:
    """This run and the valid other runs of its cell."""
    return [_self(joined, own), *(sibling for sibling in joined.siblings if sibling.valid)]


def _self(joined: JoinedRun, own: Totals) -> Sibling:
    after = joined.verification("after")
    return Sibling(
        run_id=joined.run.run_id, tokens=own.total, correct=after.passed if after is not None else None, valid=True
    )


def _per_correct(joined: JoinedRun, own: Totals) -> tuple[float | None, str]:
    runs = attempts(joined, own)
    correct = sum(run.correct is True for run in runs)
    among = f"{correct} of {len(runs)} runs correct"
    if own.calls == 0:
        return None, "not measured: no model call was recorded"
    if own.unknown:
        return (
            None,
            f"not measured: {own.unknown} of {own.calls} calls have no known usage; at least {own.at_least} tokens",
        )
    if own.total is None:
        return None, f"not measured: none of {own.calls} calls was answered"
    if correct == 0:
        return None, f"no value: {among}, so nothing to divide {own.total} tokens by"
    known = [run.tokens for run in runs if run.tokens is not None]
    if len(known) < len(runs):
        return None, f"not measured: the tokens of {len(runs) - len(known)} other runs of this cell are not known"
    return sum(known) / correct, f"{sum(known)} tokens over all attempts, {among}"


def _evidence(joined: JoinedRun, own: Totals, value: float | None) -> dict[str, Any]:
    after = joined.verification("after")
    runs = attempts(joined, own)
    cost = cost_of(joined.run, joined.calls)
    per_correct, per_correct_reason = _cost_per_correct(runs, cost)
    return {
        "prompt_tokens": own.prompt,
        "completion_tokens": own.completion,
        "total_tokens": own.total,
        "model_calls": own.calls,
        "tokens_per_correct_task": value,
        "pass_used_for_division": None if after is None else after.passed,
        "cached_tokens": own.cached,
        "cache_write_tokens": own.cache_write,
        "reasoning_tokens": own.reasoning,
        "failed_calls": own.failed,
        "unknown_calls": own.unknown,
        "at_least": own.at_least,
        "by_source": own.by_source,
        "runs": len(runs),
        "runs_correct": sum(run.correct is True for run in runs),
        "runs_invalid": sum(not sibling.valid for sibling in joined.siblings),
        "by_certainty": by_certainty(joined.calls),
        "cost_usd": cost.usd,
        "cost_reason": cost.reason,
        "cost_by_source": cost.by_source,
        "priced_as": cost.priced_as,
        "cost_per_correct_usd": per_correct,
        "cost_per_correct_reason": per_correct_reason,
        "claims": [plain(claim) for claim in joined.claims],
    }


def _cost_per_correct(runs: list[Sibling], own: Cost) -> tuple[str | None, str]:
    """Dollars of all attempts over correct runs, under the same rules as tokens."""
    costs = [own.usd, *(run.cost_usd for run in runs[1:])]
    correct = sum(run.correct is True for run in runs)
    if own.usd is None:
        return None, own.reason
    unknown = costs.count(None)
    if unknown:
        return None, f"the cost of {unknown} other runs of this cell is not known"
    if correct == 0:
        return None, f"no run of {len(runs)} is correct"
    total = sum((Decimal(cost) for cost in costs if cost is not None), Decimal(0))
    return money(total / correct), f"{money(total)} USD over all attempts, {correct} of {len(runs)} runs correct"


AXIS = Tokens()
