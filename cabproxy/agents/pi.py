"""pi: a small agent with four tools; chat completions, streamed, with usage asked for."""

from __future__ import annotations

import json
from typing import Any

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import KEY_ENV, PROVIDER, QUIET, Cli
from cabproxy.agents.report import json_lines, number, raw, total
from cabproxy.ledger.record import Claim

APIS = {
    "openai_chat": ("openai-completions", "/v1"),
    "openai_responses": ("openai-responses", "/v1"),
    "anthropic_messages": ("anthropic-messages", ""),
    "gemini": ("google-generative-ai", "/v1beta"),
}
"""By dialect: what it calls the API, and what its base URL ends in."""


class Pi(Cli):
    """Reports exact tokens for each message."""

    name = "pi"
    tested = True
    instructions_file = "AGENTS.md"
    other_wires = ("openai_responses", "anthropic_messages", "gemini")
    homepage = "https://github.com/badlogic/pi-mono"
    install = Install(
        kind="npm",
        packages=("@mariozechner/pi-coding-agent@0.73.1",),
        executable="bin/pi",
        entry="@mariozechner/pi-coding-agent/dist/cli.js",
        node="22.23.3",
        version="0.73.1",
    )
    state_paths = (".pi/**",)

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            "--provider",
            PROVIDER,
            "--model",
            context.model,
            "--mode",
            "json",
            "--print",
            plain(context.prompt),
        )
        env = QUIET | {
            KEY_ENV: context.endpoint.key,
            "PI_OFFLINE": "1",
            "PI_SKIP_VERSION_CHECK": "1",
            "PI_TELEMETRY": "0",
        }
        return Launch(
            argv=argv, env=env, home_files={".pi/agent/models.json": json.dumps(models(context, self.wire), indent=1)}
        )

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The sum over assistant messages as they end; input leaves out what the cache had and what it took."""
        usages = [usage for event in json_lines(stdout) if (usage := _usage(event))]
        if not usages:
            return None
        cached = total([number(one, "cacheRead") for one in usages])
        written = total([number(one, "cacheWrite") for one in usages])
        return Claim(
            run_id=run_id,
            source="--mode json",
            prompt=total([*(number(one, "input") for one in usages), cached, written]),
            completion=total([number(one, "output") for one in usages]),
            cached=cached,
            raw=raw(usages),
        )


def plain(prompt: str) -> str:
    """A prompt that is taken neither for an option nor for a file's name: a line break goes before it."""
    return f"\n{prompt}" if prompt.startswith(("-", "@")) else prompt


def models(context: LaunchContext, wire: str) -> dict[str, Any]:
    """One provider and one model; the key stays in its variable."""
    api, path = APIS[wire]
    provider = {
        "baseUrl": context.endpoint.root_url + path,
        "api": api,
        "apiKey": KEY_ENV,
        "models": [{"id": context.model}],
    }
    return {"providers": {PROVIDER: provider}}


def _usage(event: dict[str, Any]) -> dict[str, Any] | None:
    message = event.get("message")
    if event.get("type") != "message_end" or not isinstance(message, dict) or message.get("role") != "assistant":
        return None
    usage = message.get("usage")
    return usage if isinstance(usage, dict) else None
