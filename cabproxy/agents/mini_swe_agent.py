"""mini-swe-agent: one bash tool in a loop; chat completions, not streamed."""

from __future__ import annotations

from typing import Any

from cabproxy.agents import litellm
from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli
from cabproxy.agents.layout import PYTHON
from cabproxy.agents.report import json_document, number, raw, total
from cabproxy.ledger.record import Claim

TRAJECTORY = ".cab-trajectory.json"


class MiniSweAgent(Cli):
    """Keeps each answer's usage in its trajectory."""

    name = "mini-swe-agent"
    tested = True
    other_wires = ("openai_responses", "anthropic_messages", "gemini")
    homepage = "https://mini-swe-agent.com"
    install = Install(
        kind="pip",
        packages=("mini-swe-agent==2.4.6", "mcp==2.3.0"),
        executable="bin/mini-swe-agent",
        entry="minisweagent",
        version="2.4.6",
    )
    report_files = (TRAJECTORY,)
    notes = ("needs the package mcp beside its own requirements",)

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            "--yolo",
            "--exit-immediately",
            "--cost-limit=0",
            f"--model={litellm.model_of(context, self.wire)}",
            *(("--model-class=litellm_response",) if self.wire == "openai_responses" else ()),
            f"--output={context.home}/{TRAJECTORY}",
            f"--task={context.prompt}",
        )
        env = QUIET | {
            "MSWEA_CONFIGURED": "true",
            "MSWEA_COST_TRACKING": "ignore_errors",
            "MSWEA_SILENT_STARTUP": "1",
            **litellm.environment(context, self.wire),
        }
        return Launch(argv=argv, env=env)

    def version_argv(self, prefix: str) -> tuple[str, ...]:
        """It has no option for it, so its package is asked."""
        code = "from importlib.metadata import version; print(version('mini-swe-agent'))"
        return (f"{prefix}/{PYTHON}/bin/python", "-I", "-c", code)

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The sum of the usage of all answers in the trajectory."""
        usages = _usages(json_document(home_files.get(TRAJECTORY, b"").decode(errors="replace")))
        if not usages:
            return None
        return Claim(
            run_id=run_id,
            source=TRAJECTORY,
            prompt=_sum(usages, ("prompt_tokens",), ("input_tokens",)),
            completion=_sum(usages, ("completion_tokens",), ("output_tokens",)),
            cached=_sum(usages, ("prompt_tokens_details", "cached_tokens"), ("input_tokens_details", "cached_tokens")),
            reasoning=_sum(
                usages,
                ("completion_tokens_details", "reasoning_tokens"),
                ("output_tokens_details", "reasoning_tokens"),
            ),
            raw=raw(usages),
        )


def _sum(usages: list[dict[str, Any]], *paths: tuple[str, ...]) -> int | None:
    """Of what stands at one of the paths in each: a chat's usage and a response's name the same things differently."""
    return total([next((n for path in paths if (n := number(one, *path)) is not None), None) for one in usages])


def _usages(document: Any) -> list[dict[str, Any]]:
    messages = document.get("messages") if isinstance(document, dict) else None
    found = []
    for message in messages if isinstance(messages, list) else []:
        extra = message.get("extra") if isinstance(message, dict) else None
        # A chat's answer is kept beside the message; over the responses API the message is the answer.
        for answer in (extra.get("response") if isinstance(extra, dict) else None, message):
            if isinstance(answer, dict) and isinstance(answer.get("usage"), dict):
                found.append(answer["usage"])
                break
    return found
