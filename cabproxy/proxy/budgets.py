"""Budgets: what a run or a server may spend, has spent, and has under way."""

from __future__ import annotations

import time
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from cabproxy.config import Limits
from cabproxy.errors import UserError
from cabproxy.ledger.record import Call as Recorded
from cabproxy.ledger.record import Usage
from cabproxy.proxy.tally import Row, Tally
from cabproxy.wire.dialects import Exchange, Interpretation, interpret
from cabproxy.wire.encodings import decode

if TYPE_CHECKING:
    from cabproxy.proxy.call import Call

# Bytes of a request, an answer, and a stream of small events to a token: for calls whose usage is not known (yet).
_REQUEST_BYTES, _ANSWER_BYTES, _STREAM_BYTES = 4, 4, 200
_FEWEST_BYTES = 2


class Weight(Struct, frozen=True):
    """What one call came to. `cost_usd` None: no price is known for its model, or not what it took.

    `guessed`: by its bytes, because the endpoint reported nothing; it is being counted again.
    """

    tokens: int
    cost_usd: Decimal | None
    model: str | None = None
    guessed: bool = False


class Spent(Struct, frozen=True):
    """What a run's recorded calls came to, for a server that goes on with it."""

    calls: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced: str | None = None


class _Look(Struct, frozen=True):
    """What a call under way came to when it was last counted, and how much of the answer was there."""

    weight: Weight
    response_bytes: int


def parse_limits(given: Any) -> Limits:
    """Limits from a run's record. Raises UserError for what is none."""
    try:
        limits = msgspec.convert(given, Limits)
    except msgspec.ValidationError as error:
        raise UserError(
            f"limits: {error}; they are max_calls, max_tokens, max_cost_usd, max_wall_s, max_concurrent"
        ) from error
    if limits.max_cost_usd is not None:
        _decimal(limits.max_cost_usd)
    return limits


class Meter:
    """The account of one run, or of the whole server."""

    def __init__(self, limits: Limits, what: str) -> None:
        self.limits = limits
        self.calls = 0
        self.tokens = 0
        self.cost_usd = Decimal(0)
        self.unpriced: str | None = None
        self.shared: Tally | None = None  # with other workers
        self._what = what
        self._cost_limit = None if limits.max_cost_usd is None else _decimal(limits.max_cost_usd)
        self._begun = time.monotonic()
        self._barred: str | None = None
        self.limited = limits != Limits()  # most runs have no budget, and need no account
        self._under_way: set[Call] = set()
        self._guessed: dict[Call, Weight] = {}  # over, and being counted again
        self._looks: dict[Call, _Look] = {}  # of calls under way

    def resume(self, spent: Spent, ago_s: float) -> None:
        """Goes on with an account that another server, or an earlier start, began so long ago."""
        if self.shared is not None:
            self.shared.begin(Row(spent.calls, spent.tokens, spent.cost_usd, 0, spent.unpriced is not None))
        else:
            self.calls, self.tokens, self.cost_usd = spent.calls, spent.tokens, spent.cost_usd
            self.unpriced = spent.unpriced
        self._begun = time.monotonic() - max(ago_s, 0.0)

    def bar(self, why: str) -> None:
        """Lets nothing through: the budget could not be held."""
        self._barred = why

    @property
    def weighs(self) -> bool:
        """Whether answers must be read for what they cost."""
        return self.limits.max_tokens is not None or self._cost_limit is not None

    def share(self, tally: Tally) -> None:
        """From now on the budget is one with that of other workers."""
        self.shared = tally

    def unshare(self) -> None:
        """The account is closed: nothing is let through any more."""
        tally, self.shared = self.shared, None
        if tally is not None:
            tally.close()

    def claim(self, call: Call) -> str | None:
        """Lets a call through. Of a shared budget another worker may have taken the last meanwhile: then says so."""
        if self.shared is None:
            self._begin(call)
            return None
        with self.shared.locked():
            exceeded = self.exceeded()
            if exceeded is None:
                self._begin(call)
                self.shared.put(self._row())
        return exceeded

    def _begin(self, call: Call) -> None:
        self.calls += 1
        self._under_way.add(call)

    def give_back(self, call: Call) -> None:
        """A call that was let through here was not by another account."""
        self.calls -= 1
        self._under_way.discard(call)
        self.publish()

    def publish(self) -> None:
        """Shows other workers where the account stands: streams under way grow."""
        if self.shared is not None:
            with self.shared.locked():
                self.shared.put(self._row())

    def _row(self) -> Row:
        return Row(self.calls, self._own_tokens(), self._own_cost(), len(self._under_way), self.unpriced is not None)

    def end(self, call: Call, weight: Weight | None) -> None:
        """A call is over; `weight` where it was weighed. A guess counts until `counted` replaces it."""
        self._under_way.discard(call)
        self._looks.pop(call, None)
        if weight is not None and weight.guessed:
            self._guessed[call] = weight
        elif weight is not None:
            self._add(weight)
        self.publish()

    def counted(self, call: Call, weight: Weight | None, response_bytes: int) -> None:
        """A call was counted again, with so many bytes of its answer; None: it could not be, and its guess stays."""
        if call in self._under_way:
            if weight is not None:
                self._looks[call] = _Look(weight, response_bytes)
        elif (guess := self._guessed.pop(call, None)) is not None:
            self._add(weight or guess)
        self.publish()

    def uncounted(self) -> list[Call]:
        """Calls to be counted before a decision: over without a report, and under way where the limit is near."""
        found = list(self._guessed)
        if self._under_way and self._near():
            found += [call for call in self._under_way if call.request_whole and self._grown(call)]
        return found

    def _add(self, weight: Weight) -> None:
        self.tokens += weight.tokens
        if weight.cost_usd is not None:
            self.cost_usd += weight.cost_usd
        elif weight.tokens:
            what = "what was taken is not known" if weight.guessed else "no price is known"
            self.unpriced = f"{what} for {weight.model or 'its model'}"

    def _near(self) -> bool:
        """Whether calls under way could use the budget up, at as many tokens as fit into their bytes."""
        limit = self.limits.max_tokens
        if limit is not None:
            sizes = [call.tape.request_bytes + call.tape.response_bytes for call in self._under_way]
            if self.tokens + self._others().tokens + sum(sizes) // _FEWEST_BYTES >= limit:
                return True
        return self._cost_limit is not None and 2 * (self.cost_usd + self._others().cost_usd) >= self._cost_limit

    def _grown(self, call: Call) -> bool:
        """An answer is looked at again when it has doubled: all looks together cost no more than two of the whole."""
        look = self._looks.get(call)
        return look is None or call.tape.response_bytes > 2 * look.response_bytes

    def _tokens_of(self, call: Call) -> int:
        """Tokens of a call under way: as counted, what came since then by its bytes."""
        look = self._looks.get(call)
        if look is None:
            return estimate(call)
        return look.weight.tokens + (call.tape.response_bytes - look.response_bytes) // _per_token(call)

    def exceeded(self) -> str | None:
        """Why no further call may be let through, or None."""
        if self._barred is not None:
            return f"{self._what}'s budget cannot be held: {self._barred}"
        limits, others = self.limits, self._others()
        calls, at_once = self.calls + others.calls, len(self._under_way) + others.under_way
        if limits.max_calls is not None and calls >= limits.max_calls:
            return self._said(f"{calls} of {limits.max_calls} calls made")
        if limits.max_concurrent is not None and at_once >= limits.max_concurrent:
            return self._said(f"{at_once} calls in flight, no more than {limits.max_concurrent} at once")
        if limits.max_wall_s is not None and time.monotonic() - self._begun >= limits.max_wall_s:
            return self._said(f"its {limits.max_wall_s:g} s are over")
        if limits.max_tokens is not None:
            tokens = self._own_tokens() + others.tokens
            if tokens >= limits.max_tokens:
                return self._said(f"{tokens} of {limits.max_tokens} tokens spent, calls in flight included")
        return None if self._cost_limit is None else self._cost_exceeded(self._cost_limit, others)

    def _cost_exceeded(self, limit: Decimal, others: Row) -> str | None:
        unpriced = self.unpriced or ("no price is known for a call of another worker" if others.unpriced else None)
        if unpriced is not None:
            return self._said(f"{unpriced}, so the cost limit cannot be held")
        cost_usd = self._own_cost() + others.cost_usd
        if cost_usd >= limit:
            return self._said(f"{cost_usd:.6f} of {limit} USD spent, calls in flight included")
        return None

    def _others(self) -> Row:
        return Row() if self.shared is None else self.shared.others()

    def _own_tokens(self) -> int:
        tokens = self.tokens + sum(map(self._tokens_of, self._under_way))
        return tokens + sum(guess.tokens for guess in self._guessed.values())

    def _own_cost(self) -> Decimal:
        return self.cost_usd + sum((look.weight.cost_usd or Decimal(0)) for look in self._looks.values())

    def _said(self, what: str) -> str:
        return f"{self._what}'s budget is used up: {what}"


def spent_on(calls: Iterable[Recorded], host: str) -> Spent:
    """What recorded calls came to; those that were refused cost nothing."""
    count = tokens = 0
    cost_usd, unpriced = Decimal(0), None
    for call in calls:
        if call.state == "refused":
            continue
        count += 1
        usage = call.usage
        if usage is None or usage.source == "missing":
            continue
        tokens += (usage.prompt or 0) + (usage.completion or 0)
        model = call.model_served or call.model_asked
        cost = cost_of(usage, model, host)
        if cost is None:
            unpriced = f"no price is known for {model or 'its model'}"
        else:
            cost_usd += cost
    return Spent(count, tokens, cost_usd, unpriced)


def estimate(call: Call) -> int:
    """Tokens of a call under way, by its bytes."""
    return call.tape.request_bytes // _REQUEST_BYTES + estimate_answer(call)


def estimate_answer(call: Call) -> int:
    """Tokens of its answer so far, by its bytes."""
    return call.tape.response_bytes // _per_token(call)


def _per_token(call: Call) -> int:
    return _STREAM_BYTES if call.injected or call.answer.streams else _ANSWER_BYTES


def weigh(call: Call) -> Weight:
    """What a call that is over came to: as reported, where nothing was reported guessed by its bytes."""
    said = _interpreted(call)
    if said is None:
        return Weight(estimate(call), None, guessed=True)
    usage = said.usage
    if usage.source == "missing":
        billed = call.answer.head is not None and call.answer.head.status < 400 and said.dialect is not None
        return Weight(estimate(call), None, said.model_served, guessed=True) if billed else Weight(0, Decimal(0))
    tokens = (usage.prompt or 0) + (usage.completion or 0)
    model = said.model_served or said.model_asked
    return Weight(tokens, cost_of(usage, model, call.relay.upstream.host), model)


def _interpreted(call: Call) -> Interpretation | None:
    body, head = call.tape.kept_body(), call.answer.head
    if body is None:
        return None
    headers = {} if head is None else {item.lower.decode(): item.value.decode("latin-1") for item in head.lines}
    return interpret(
        Exchange(
            method=call.head.method,
            path=call.route.sent_path,
            status=None if head is None else head.status,
            response_headers=headers,
            response=decode(headers.get("content-encoding"), body),
            complete=True,
        )
    )


def cost_of(usage: Usage, model: str | None, host: str) -> Decimal | None:
    """What tokens cost now: as the provider reports it, else by the price list; None where no price is known."""
    if usage.cost_usd is not None:
        return _decimal(usage.cost_usd)
    if model is None:
        return None
    from cabproxy.tokens.prices import price

    return price(usage, model, host=host).usd


def _decimal(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise UserError(f"{text}: not an amount of dollars; write a decimal like 2.50") from error
    if not amount.is_finite() or amount < 0:
        raise UserError(f"{text}: not an amount of dollars; write a decimal like 2.50")
    return amount
