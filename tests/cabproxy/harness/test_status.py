from __future__ import annotations

from typing import Any

import pytest

from cabproxy.harness.sandbox.base import Finished
from cabproxy.harness.status import decide
from cabproxy.ledger.record import Call


def call(state: Any = "ok", status: int | None = 200, **fields: Any) -> Call:
    fields = {"dialect": "openai_chat", "finish_reason": "stop", **fields}
    return Call(
        call_id="c",
        run_id="r",
        seq=1,
        state=state,
        attribution="path",
        method="POST",
        path="/v1",
        received_wall_ns=0,
        received_ns=0,
        status=status,
        **fields,
    )


FINE = Finished(exit_code=0)
FAILED = Finished(exit_code=3)
LATE = Finished(exit_code=None, timed_out=True)
TOOL = call(finish_reason="tool_calls")
LIMITED = call("http_error", 429, finish_reason=None)
DEAD = call("upstream_error", 502, finish_reason=None, error="connection refused")


@pytest.mark.parametrize(
    ("calls", "done", "status", "cause"),
    [
        ([TOOL, call()], FINE, "ok", None),
        ([], FINE, "infra_invalid", "no model call reached the proxy; the agent ended with 0"),
        ([], LATE, "infra_invalid", "no model call reached the proxy; the agent was still running after 60 s"),
        ([call(dialect=None)], FINE, "infra_invalid", "no model call reached"),
        ([LIMITED, LIMITED], FINE, "infra_invalid", "no model call was answered: 2 × HTTP 429"),
        ([DEAD], FAILED, "infra_invalid", "1 × upstream error (connection refused)"),
        ([call("http_error", 401)], FAILED, "infra_invalid", "1 × HTTP 401"),
        ([call("http_error", 400)], FAILED, "infra_invalid", "1 × HTTP 400"),
        ([LIMITED, call("client_gone", 429)], FINE, "infra_invalid", "no model call was answered: 2 × HTTP 429"),
        ([LIMITED, call()], FINE, "ok", None),  # it recovered
        ([TOOL, LIMITED, LIMITED], FINE, "infra_invalid", "stopped answering: 2 × HTTP 429 to the end"),
        ([TOOL, call("http_error", 503)], LATE, "infra_invalid", "1 × HTTP 503"),
        ([call(), DEAD], FINE, "ok", None),  # a title call failed after the last word
        ([call(), DEAD], FAILED, "infra_invalid", "stopped answering"),
        ([TOOL, call("http_error", 400)], FAILED, "agent_failed", "the agent ended with 3 (three)"),
        ([TOOL], LATE, "timeout", "still at work after 60 s"),
        ([call()], FAILED, "agent_failed", "the agent ended with 3 (three)"),
        ([call()], Finished(exit_code=None, signal=11), "agent_failed", "signal 11"),
        ([call()], Finished(exit_code=None, stopped="full"), "agent_failed", "the agent was stopped: full"),
        ([call()], Finished(exit_code=137, oom_killed=True), "agent_failed", "out of memory"),
        ([call(), call("refused", 429, error="12 calls")], FAILED, "agent_failed", "limit of the run: 12 calls"),
        ([call("cut"), call("unfinished", None)], FINE, "infra_invalid", "1 × cut"),
    ],
)
def test_statuses(calls: list[Call], done: Finished, status: str, cause: str | None) -> None:
    ending = decide(calls, done, 60, {3: "three"}.get)
    assert ending.status == status
    if cause is None:
        assert ending.cause is None
    else:
        assert cause in (ending.cause or "")
