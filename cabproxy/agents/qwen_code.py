"""Qwen Code: chat completions, streamed, with usage asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli
from cabproxy.agents.report import json_document, number, raw
from cabproxy.ledger.record import Claim

SETTINGS: dict[str, Any] = {
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"enableAutoUpdate": False},
}

AUTH_TYPES = {
    "openai_chat": "openai",
    "openai_responses": "openai-responses",
    "anthropic_messages": "anthropic",
    "gemini": "gemini",
}
"""What it calls the dialects."""


class QwenCode(Cli):
    """Reports exact tokens when it ends."""

    name = "qwen-code"
    tested = True
    instructions_file = "QWEN.md"
    mcp_file = ".qwen/settings.json"
    other_wires = ("openai_responses", "anthropic_messages", "gemini")
    homepage = "https://github.com/QwenLM/qwen-code"
    install = Install(
        kind="npm",
        packages=("@qwen-code/qwen-code@0.24.4",),
        executable="bin/qwen",
        entry="@qwen-code/qwen-code/cli-entry.js",
        node="22.23.3",
        version="0.24.4",
    )
    state_paths = (".qwen/**",)
    exits: Mapping[int, str] = {1: "failed; also where the endpoint refused or answered with errors to the end"}
    notes = ("its shell tool refuses `sed -i` on a file it has not read",)

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            f"--auth-type={AUTH_TYPES[self.wire]}",
            f"--model={context.model}",
            "--yolo",
            "--output-format=json",
            f"--prompt={context.prompt}",
        )
        env = QUIET | endpoint_env(context, self.wire)
        return Launch(argv=argv, env=env, home_files={".qwen/settings.json": json.dumps(SETTINGS, indent=1)})

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The `usage` of the last message, of type `result`."""
        messages = json_document(stdout)
        results = [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []
        usage = next((one.get("usage") for one in reversed(results) if one.get("type") == "result"), None)
        if not isinstance(usage, dict):
            return None
        return Claim(
            run_id=run_id,
            source="--output-format json",
            prompt=number(usage, "input_tokens"),
            completion=number(usage, "output_tokens"),
            cached=number(usage, "cache_read_input_tokens"),
            raw=raw(usage),
        )


def endpoint_env(context: LaunchContext, wire: str) -> dict[str, str]:
    """The variables a dialect's endpoint, key and model are read from."""
    endpoint = context.endpoint
    if wire == "gemini":
        base, prefix = {"GOOGLE_GEMINI_BASE_URL": endpoint.root_url}, "GEMINI"
    elif wire == "anthropic_messages":
        base, prefix = {"ANTHROPIC_BASE_URL": endpoint.root_url}, "ANTHROPIC"
    else:
        base, prefix = {"OPENAI_BASE_URL": endpoint.base_url}, "OPENAI"
    return {**base, f"{prefix}_API_KEY": endpoint.key, f"{prefix}_MODEL": context.model}
