"""How a run ended, decided from the ledger and the sandbox: never from words on stdout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cabproxy.harness.sandbox.base import Finished
from cabproxy.ledger.record import Call, RunStatus

LAST_WORDS = {"stop", "end_turn", "completed", "STOP", "stop_sequence", "content_filter", "refusal"}
"""Finish reasons after which an agent needs no further answer."""
INFRA_STATUS = {401, 403, 408, 429}


class Ending(NamedTuple):
    """A status and, unless it is plainly ok, its cause in one line."""

    status: RunStatus
    cause: str | None


def decide(
    calls: Sequence[Call], done: Finished, time_s: float, explain: Callable[[int], str | None] = lambda code: None
) -> Ending:
    """The status of a run whose agent was started and ended.

    What the endpoint never answered is not the agent's failure, so the calls are looked at before the exit code.
    """
    model_calls = [call for call in calls if call.dialect is not None]
    if not model_calls:
        return Ending("infra_invalid", f"no model call reached the proxy; {_how_it_ended(done, time_s, explain)}")
    refused = [call for call in model_calls if call.state == "refused"]
    if refused and model_calls[-1].state == "refused":
        return Ending("agent_failed", f"stopped by a limit of the run: {refused[-1].error or 'refused by the proxy'}")
    if not any(answered(call) for call in model_calls):
        return Ending("infra_invalid", f"no model call was answered: {tally(model_calls)}")
    tail = _unanswered_tail(model_calls)
    if tail and _wanted_more(model_calls, tail, done):
        return Ending("infra_invalid", f"the endpoint stopped answering: {tally(tail)} to the end")
    if done.timed_out:
        return Ending("timeout", f"the agent was still at work after {time_s:g} s")
    if done.stopped:
        return Ending("agent_failed", f"the agent was stopped: {done.stopped}")
    if done.oom_killed:
        return Ending("agent_failed", "the agent ran out of memory")
    if done.exit_code != 0:
        return Ending("agent_failed", _how_it_ended(done, time_s, explain))
    return Ending("ok", None)


def answered(call: Call) -> bool:
    """Whether the endpoint gave a whole answer that is not an error."""
    return call.state in ("ok", "client_gone") and (call.status or 0) < 400 and not call.error


def infra(call: Call) -> bool:
    """Whether a call failed for reasons that are not the agent's: 401, 403, 408, 429, 5xx, no or half an answer."""
    if call.state in ("upstream_error", "cut", "unfinished", "injected", "in_flight"):
        return True
    return call.status is not None and (call.status in INFRA_STATUS or call.status >= 500)


def tally(calls: Sequence[Call]) -> str:
    """Failed calls by what went wrong, most frequent first."""
    counted = Counter(_what(call) for call in calls if not answered(call))
    return ", ".join(f"{count} × {what}" for what, count in counted.most_common(3))


def _what(call: Call) -> str:
    if call.state in ("http_error", "client_gone") and (call.status or 0) >= 400:
        return f"HTTP {call.status}"  # clients hang up on an error before they have read it whole
    said = (call.error or "").splitlines()
    return f"{call.state.replace('_', ' ')} ({said[0][:120]})" if said else call.state.replace("_", " ")


def _unanswered_tail(calls: Sequence[Call]) -> list[Call]:
    tail: list[Call] = []
    for call in reversed(calls):
        if answered(call):
            break
        tail.append(call)
    return [call for call in reversed(tail) if infra(call)]


def _wanted_more(calls: Sequence[Call], tail: Sequence[Call], done: Finished) -> bool:
    """Whether the agent still needed an answer when the endpoint fell silent; a failed title call does not count."""
    last = next(call for call in reversed(calls) if answered(call))
    return done.exit_code != 0 or done.timed_out or last.finish_reason not in LAST_WORDS


def _how_it_ended(done: Finished, time_s: float, explain: Callable[[int], str | None]) -> str:
    if done.timed_out:
        return f"the agent was still running after {time_s:g} s"
    if done.stopped:
        return f"the agent was stopped: {done.stopped}"
    if done.signal is not None:
        return f"the agent was ended by signal {done.signal}"
    if done.exit_code is None:
        return "the agent did not end by itself"
    meaning = explain(done.exit_code)
    return f"the agent ended with {done.exit_code}" + (f" ({meaning})" if meaning else "")
