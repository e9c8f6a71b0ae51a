"""Gemini CLI: Google's generateContent dialect, streamed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli
from cabproxy.agents.report import json_document, number, raw, total
from cabproxy.ledger.record import Claim

SETTINGS: dict[str, Any] = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
}


class GeminiCli(Cli):
    """Reports exact tokens for each model when it ends. Knows its models by name: an unknown one may be replaced."""

    name = "gemini-cli"
    tested = True
    instructions_file = "GEMINI.md"
    mcp_file = ".gemini/settings.json"
    wire = "gemini"
    homepage = "https://github.com/google-gemini/gemini-cli"
    install = Install(
        kind="npm",
        packages=("@google/gemini-cli@0.61.0",),
        executable="bin/gemini",
        entry="@google/gemini-cli/bundle/gemini.js",
        node="22.23.3",
        version="0.61.0",
    )
    state_paths = (".gemini/**",)
    exits: Mapping[int, str] = {
        1: "failed; also where the endpoint refused or answered with errors to the end",
        41: "not authenticated",
        42: "wrong input",
        52: "wrong configuration",
        53: "the turn limit was reached",
    }

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            f"--model={context.model}",
            "--yolo",
            "--skip-trust",
            "--output-format=json",
            f"--prompt={context.prompt}",
        )
        env = QUIET | {
            "GEMINI_API_KEY": context.endpoint.key,
            "GOOGLE_GEMINI_BASE_URL": context.endpoint.root_url,
            "GEMINI_TELEMETRY_ENABLED": "false",
        }
        return Launch(argv=argv, env=env, home_files={".gemini/settings.json": json.dumps(SETTINGS, indent=1)})

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        return claim_by_model(run_id, json_document(stdout))


def claim_by_model(run_id: str, document: Any) -> Claim | None:
    """The sum over `stats.models`: prompt includes what was cached; thoughts are counted beside the candidates."""
    models = document.get("stats", {}).get("models") if isinstance(document, dict) else None
    if not isinstance(models, dict) or not models:
        return None
    tokens = [one.get("tokens") for one in models.values() if isinstance(one, dict)]
    thoughts = total([number(one, "thoughts") for one in tokens])
    return Claim(
        run_id=run_id,
        source="--output-format json",
        prompt=total([number(one, "prompt") for one in tokens]),
        completion=total([*(number(one, "candidates") for one in tokens), thoughts]),
        cached=total([number(one, "cached") for one in tokens]),
        reasoning=thoughts,
        raw=raw(tokens),
    )
