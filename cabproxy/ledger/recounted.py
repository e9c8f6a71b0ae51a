"""Recorded calls counted again: the exchange a row stands for, and usage for rows whose endpoint reported none."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from msgspec import structs

from cabproxy.ledger.reader import Ledger
from cabproxy.ledger.record import Call, Run, Usage

if TYPE_CHECKING:
    from cabproxy.tokens.recount import Exchange

_KINDS = {
    "openai_chat": "chat",
    "openai_completions": "completions",
    "openai_responses": "responses",
    "openai_embeddings": "embeddings",
    "anthropic_messages": "messages",
    "gemini": "gemini",
    "ollama": "ollama",
}
_BUILT_IN = "oracle"


def host_of(run: Run) -> str:
    """The host a run's calls went to, where it is known; `oracle` for the built-in endpoint."""
    return _host(run.endpoint or "")


@lru_cache(maxsize=256)
def _host(endpoint: str) -> str:
    if endpoint == _BUILT_IN:
        return _BUILT_IN
    try:
        return urlsplit(endpoint if "//" in endpoint else f"//{endpoint}").hostname or ""
    except ValueError:
        return ""


def exchange_of(ledger: Ledger, run: Run, call: Call) -> Exchange:
    """A recorded call as the recount takes it. A body that is no JSON object is an empty one."""
    from cabproxy.tokens.recount import Exchange

    try:
        request: Any = orjson.loads(ledger.request_body(call))
    except orjson.JSONDecodeError:
        request = None
    return Exchange(
        request=request if isinstance(request, dict) else {},
        response=ledger.decoded_response(call),
        kind=_KINDS.get(call.dialect or ""),
        model=call.model_asked or "",
        host=host_of(run),
        endpoint=call.path.partition("?")[0],
        status=call.status,
    )


def recounted(ledger: Ledger, run: Run, call: Call, *, estimates: bool = False) -> Call:
    """The call, its usage counted again where it was answered in whole and none was reported; else as it is.

    The usage then says `recount`, never `provider`, and in which bounds the truth lies; its figures are the upper ends.
    Counts that are only an estimate are taken where `estimates` is asked for, and say `estimate`. The row in the ledger
    stays as it was recorded.
    """
    if states_usage(call) or call.state != "ok" or call.dialect is None:
        return call
    found = _counted(ledger, run, call)
    wanted = ("recount", "estimate") if estimates else ("recount",)
    return structs.replace(call, usage=found) if found.source in wanted else call


def states_usage(call: Call) -> bool:
    """Whether the call's usage has both sums, and both can be counts: less than no token is no report."""
    usage = call.usage
    if usage is None or usage.source == "missing" or usage.prompt is None or usage.completion is None:
        return False
    return usage.prompt >= 0 and usage.completion >= 0


def _counted(ledger: Ledger, run: Run, call: Call) -> Usage:
    from cabproxy.tokens.counted import as_usage  # vocabularies are loaded only where something is counted
    from cabproxy.tokens.recount import recount

    return as_usage(recount(exchange_of(ledger, run, call)))
