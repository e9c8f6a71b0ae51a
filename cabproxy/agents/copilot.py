"""Copilot CLI with a provider of one's own: chat completions, streamed, with usage asked for; no login."""

from __future__ import annotations

from collections.abc import Mapping

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli
from cabproxy.agents.mcp import Form
from cabproxy.agents.report import json_document, number, raw, total
from cabproxy.ledger.record import Claim

USAGE_FILE = ".cab-usage.json"


class Copilot(Cli):
    """Writes its usage to a file when it ends."""

    name = "copilot"
    tested = True
    instructions_file = "AGENTS.md"
    mcp_file = ".copilot/mcp-config.json"
    mcp_form: Form = "copilot"
    other_wires = ("openai_responses", "anthropic_messages")
    homepage = "https://github.com/github/copilot-cli"
    install = Install(
        kind="npm",
        packages=("@github/copilot@1.0.102",),
        executable="bin/copilot",
        entry="@github/copilot-linux-*/copilot",
        version="1.0.102",
    )
    state_paths = (".copilot/**",)
    report_files = (USAGE_FILE,)
    exits: Mapping[int, str] = {1: "failed; also where the endpoint refused or answered with errors to the end"}
    notes = ("unpacks itself into HOME when it starts",)

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            "--allow-all",
            "--no-auto-update",
            "--no-color",
            f"--usage-output-file={context.home}/{USAGE_FILE}",
            f"--prompt={context.prompt}",
        )
        env = QUIET | {
            "COPILOT_MODEL": context.model,
            "COPILOT_OFFLINE": "true",
            "COPILOT_PROVIDER_BASE_URL": context.endpoint.base_url,
            "COPILOT_PROVIDER_API_KEY": context.endpoint.key,
        }
        if self.wire == "openai_responses":
            env["COPILOT_PROVIDER_WIRE_API"] = "responses"
        elif self.wire == "anthropic_messages":
            env |= {"COPILOT_PROVIDER_TYPE": "anthropic", "COPILOT_PROVIDER_BASE_URL": context.endpoint.root_url}
        return Launch(argv=argv, env=env)

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The sum over `modelMetrics`; its input includes what was read from the cache."""
        document = json_document(home_files.get(USAGE_FILE, b"").decode(errors="replace"))
        models = document.get("modelMetrics") if isinstance(document, dict) else None
        used = (
            [one.get("usage") for one in models.values() if isinstance(one, dict)] if isinstance(models, dict) else []
        )
        if not used:
            return None
        return Claim(
            run_id=run_id,
            source=USAGE_FILE,
            prompt=total([number(one, "inputTokens") for one in used]),
            completion=total([number(one, "outputTokens") for one in used]),
            cached=total([number(one, "cacheReadTokens") for one in used]),
            reasoning=total([number(one, "reasoningTokens") for one in used]),
            raw=raw(models),
        )
