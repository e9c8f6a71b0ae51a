"""codex: the responses dialect, always streamed. Errors of the endpoint end it within half a minute."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import KEY_ENV, PROVIDER, QUIET, Cli
from cabproxy.agents.mcp import Form
from cabproxy.agents.report import json_lines, number, raw, total
from cabproxy.ledger.record import Claim


class Codex(Cli):
    """Reports exact tokens at the end of each turn."""

    name = "codex"
    tested = True
    instructions_file = "AGENTS.md"
    mcp_file = ".codex/config.toml"
    mcp_form: Form = "codex"
    wire = "openai_responses"
    homepage = "https://github.com/openai/codex"
    install = Install(
        kind="npm",
        packages=("@openai/codex@0.169.0",),
        executable="bin/codex",
        entry="@openai/codex-linux-*/vendor/*/bin/codex",
        drop=("@openai/codex-linux-*/vendor/*/codex-resources/voice",),
        version="0.169.0",
    )
    exits: Mapping[int, str] = {1: "failed; also where the endpoint refused or answered with errors to the end"}
    notes = ("where nothing listens it waits for a network without end, whatever its retries are set to",)

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            "exec",
            "--json",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--",
            context.prompt,
        )
        env = QUIET | {KEY_ENV: context.endpoint.key}
        return Launch(argv=argv, env=env, home_files={".codex/config.toml": config(context)})

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The sum over `turn.completed`; input includes cached input, output includes reasoning."""
        usages = [event.get("usage") for event in json_lines(stdout) if event.get("type") == "turn.completed"]
        usages = [usage for usage in usages if isinstance(usage, dict)]
        if not usages:
            return None
        return Claim(
            run_id=run_id,
            source="--json",
            prompt=total([number(usage, "input_tokens") for usage in usages]),
            completion=total([number(usage, "output_tokens") for usage in usages]),
            cached=total([number(usage, "cached_input_tokens") for usage in usages]),
            reasoning=total([number(usage, "reasoning_output_tokens") for usage in usages]),
            raw=raw(usages),
        )


def config(context: LaunchContext) -> str:
    """One provider with bounded retries; nothing sent home, no look for updates. The key stays in its variable."""
    return "\n".join(
        [
            f"model = {json.dumps(context.model)}",
            f"model_provider = {json.dumps(PROVIDER)}",
            "check_for_update_on_startup = false",
            'cli_auth_credentials_store = "file"',
            "",
            f"[model_providers.{PROVIDER}]",
            f"name = {json.dumps(PROVIDER)}",
            f"base_url = {json.dumps(context.endpoint.base_url)}",
            f"env_key = {json.dumps(KEY_ENV)}",
            'wire_api = "responses"',
            "request_max_retries = 4",
            "stream_max_retries = 5",
            "stream_idle_timeout_ms = 300000",
            "",
            "[analytics]",
            "enabled = false",
            "",
            "[feedback]",
            "enabled = false",
            "",
        ]
    )
