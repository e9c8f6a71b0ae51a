"""What a call cost in tokens, as far as it is known: shared by the tokens axis, the pages and the exports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from cabproxy.ledger.record import Call
from cabproxy.ledger.recounted import states_usage

Charge = Literal[
    "known",  # the call's tokens are known from its usage
    "unanswered",  # the endpoint served nothing, so nothing was used
    "unknown",  # an answer came, but its tokens are not known
    "not_a_model_call",  # a model list, a health check
]
FAILED_STATES = frozenset({"http_error", "upstream_error", "refused", "injected"})
"""States in which no answer of a model reached the client."""
OPEN_STATES = frozenset({"in_flight", "unfinished"})


class Totals(Struct, frozen=True, kw_only=True):
    """Tokens of several calls. Sums are None as soon as one call is unknown; `at_least` sums what is known."""

    calls: int = 0
    failed: int = 0
    unknown: int = 0
    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    at_least: int = 0
    by_source: dict[str, dict[str, int]] = {}

    @property
    def total(self) -> int | None:
        """Prompt and completion of all calls; None where one of them is unknown or there was no call at all."""
        if self.prompt is None or self.completion is None:
            return None
        return self.prompt + self.completion


def charge(call: Call) -> Charge:
    """How a call enters the sums."""
    if not is_model_call(call):
        return "not_a_model_call"
    if states_usage(call):
        return "known"
    return "unanswered" if call.state in FAILED_STATES else "unknown"


def is_model_call(call: Call) -> bool:
    """A call of a known dialect, or any POST that was passed through unread (it may have cost something)."""
    return call.dialect is not None or call.method.upper() == "POST"


def totals(calls: Iterable[Call]) -> Totals:
    """Sums over all attempts, failed ones included."""
    known, counted = [], 0
    failed = unknown = 0
    for call in calls:
        kind = charge(call)
        counted += kind != "not_a_model_call"
        failed += kind != "not_a_model_call" and call.state in FAILED_STATES
        unknown += kind == "unknown"
        if kind == "known":
            known.append(call)
    complete = counted > failed and unknown == 0
    sums = {name: _sum(known, name) for name in ("prompt", "completion", "cache_read", "cache_write", "reasoning")}
    return Totals(
        calls=counted,
        failed=failed,
        unknown=unknown,
        prompt=sums["prompt"] if complete else None,
        completion=sums["completion"] if complete else None,
        cached=sums["cache_read"] if complete else None,
        cache_write=sums["cache_write"] if complete else None,
        reasoning=sums["reasoning"] if complete else None,
        at_least=(sums["prompt"] or 0) + (sums["completion"] or 0),
        by_source=_by_source(known),
    )


Certainty = Literal["reported", "exact", "interval", "estimate", "unknown"]


def certainty(call: Call) -> Certainty:
    """How sure a charged call's tokens are: as the provider says, counted again exactly or within bounds, estimated."""
    return _certainty(call, charge(call))


def _certainty(call: Call, charged: Charge) -> Certainty:
    usage = call.usage
    if usage is None or charged == "unknown":
        return "unknown"
    if usage.source == "estimate":
        return "estimate"
    if usage.source == "recount":
        return "interval" if "(interval)" in (usage.reason or "") else "exact"
    return "reported"


def by_certainty(calls: Iterable[Call]) -> dict[str, dict[str, int]]:
    """Calls and their tokens by certainty; an unknown call's tokens are not known, so it has none here."""
    out: dict[str, dict[str, int]] = {}
    for call in calls:
        charged = charge(call)
        if charged not in ("known", "unknown"):
            continue
        row = out.setdefault(_certainty(call, charged), {"calls": 0, "tokens": 0})
        row["calls"] += 1
        usage = call.usage
        if usage is not None and charged == "known":
            row["tokens"] += (usage.prompt or 0) + (usage.completion or 0)
    return dict(sorted(out.items()))


def _sum(calls: list[Call], name: str) -> int | None:
    """None where no call states the figure: a provider that never mentions a cache has not said that there is none."""
    stated = [value for call in calls if (value := getattr(call.usage, name)) is not None]
    return sum(stated) if stated else None


def _by_source(calls: list[Call]) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for call in calls:
        assert call.usage is not None
        row = out.setdefault(call.usage.source, {"calls": 0, "prompt": 0, "completion": 0})
        row["calls"] += 1
        row["prompt"] += call.usage.prompt or 0
        row["completion"] += call.usage.completion or 0
    return dict(sorted(out.items()))
