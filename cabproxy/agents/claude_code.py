"""Claude Code: the messages dialect, streamed. Its small side calls go to the same model here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli
from cabproxy.agents.report import json_document, number, raw, total
from cabproxy.ledger.record import Claim


class ClaudeCode(Cli):
    """Reports exact tokens for each model when it ends; the cost beside them is made up from its own price list."""

    name = "claude-code"
    tested = True
    instructions_file = "CLAUDE.md"
    mcp_file = ".claude.json"
    wire = "anthropic_messages"
    homepage = "https://github.com/anthropics/claude-code"
    install = Install(
        kind="npm",
        packages=("@anthropic-ai/claude-code@2.1.330",),
        executable="bin/claude",
        entry="@anthropic-ai/claude-code/bin/claude.exe",
        drop=("@anthropic-ai/claude-code-linux-*",),  # is bin/claude.exe by now, a hard link
        version="2.1.330",
    )
    state_paths = (".claude/**",)
    exits: Mapping[int, str] = {1: "failed; also where the endpoint refused or answered with errors to the end"}
    notes = ("asks GET /api/hello of the endpoint before it begins",)

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            "--print",
            f"--model={context.model}",
            "--output-format=json",
            "--dangerously-skip-permissions",
            "--",
            context.prompt,
        )
        env = QUIET | {
            "ANTHROPIC_BASE_URL": context.endpoint.root_url,
            "ANTHROPIC_API_KEY": context.endpoint.key,
            "ANTHROPIC_SMALL_FAST_MODEL": context.model,
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": context.model,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "IS_SANDBOX": "1",  # without it permissions cannot be skipped where the sandbox runs as root
        }
        return Launch(argv=argv, env=env)

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The sum over `modelUsage`; its input leaves out what was read from and written to the cache."""
        document = json_document(stdout)
        used = document.get("modelUsage") if isinstance(document, dict) else None
        models = [one for one in used.values() if isinstance(one, dict)] if isinstance(used, dict) else []
        if not models:
            return None
        cached = _sum(models, "cacheReadInputTokens")
        return Claim(
            run_id=run_id,
            source="--output-format json",
            prompt=total([_sum(models, "inputTokens"), cached, _sum(models, "cacheCreationInputTokens")]),
            completion=_sum(models, "outputTokens"),
            cached=cached,
            cost_usd=_cost(document),
            raw=raw(used),
        )


def _sum(models: list[dict[str, Any]], key: str) -> int | None:
    return total([number(one, key) for one in models])


def _cost(document: dict[str, Any]) -> str | None:
    value = document.get("total_cost_usd")
    return str(value) if isinstance(value, int | float) else None
