"""opencode: chat completions with usage, tools for shell and files; makes one more call for the session's title."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import KEY_ENV, PROVIDER, QUIET, Cli
from cabproxy.agents.mcp import Form
from cabproxy.agents.report import json_lines, number, raw, total
from cabproxy.ledger.record import Claim


class Opencode(Cli):
    """Reports tokens for each step of the main conversation; the title's call is not among them."""

    name = "opencode"
    tested = True
    instructions_file = "AGENTS.md"
    mcp_file = ".config/opencode/opencode.json"
    mcp_form: Form = "opencode"
    other_wires = ("openai_responses", "anthropic_messages", "gemini")
    homepage = "https://opencode.ai"
    install = Install(
        kind="npm",
        packages=("opencode-ai@1.18.33",),
        executable="bin/opencode",
        entry="opencode-ai/bin/opencode.exe",
        helpers=("@vscode/ripgrep-linux-arm64@1.18.0", "@vscode/ripgrep-linux-x64@1.18.0"),
        home_links={".cache/opencode/bin/rg": "@vscode/ripgrep-linux-*/bin/rg"},
        drop=("opencode-linux-*",),  # one of them is bin/opencode.exe by now, a hard link
        version="1.18.33",
    )
    state_paths = (".opencode/**",)
    exits: Mapping[int, str] = {1: "failed; also where the endpoint refused the connection"}
    notes = (
        "makes a title with one call that its own report leaves out",
        "downloads ripgrep for its search tools when it first needs it; here one lies where it would have put it",
    )

    def launch(self, context: LaunchContext) -> Launch:
        model = f"{PROVIDER}/{context.model}"
        argv = (self.command(context), "run", "--format", "json", "--auto", "-m", model, "--", context.prompt)
        env = QUIET | {
            KEY_ENV: context.endpoint.key,
            "OPENCODE_CONFIG_CONTENT": json.dumps(config(context, self.wire)),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
            "OPENCODE_DISABLE_SHARE": "1",
        }
        return Launch(argv=argv, env=env)

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The sum over `step_finish` events; their input leaves out what was read from and written to the cache."""
        parts = [event.get("part") for event in json_lines(stdout) if event.get("type") == "step_finish"]
        tokens = [part["tokens"] for part in parts if isinstance(part, dict) and isinstance(part.get("tokens"), dict)]
        if not tokens:
            return None
        cached = total([number(one, "cache", "read") for one in tokens])
        written = total([number(one, "cache", "write") for one in tokens])
        fresh = total([number(one, "input") for one in tokens])
        reasoning = total([number(one, "reasoning") for one in tokens])
        output = total([number(one, "output") for one in tokens])
        return Claim(
            run_id=run_id,
            source="--format json",
            prompt=total([fresh, cached, written]),
            completion=total([output, reasoning]),
            cached=cached,
            reasoning=reasoning,
            raw=raw(tokens),
        )


PACKAGES = {
    "openai_chat": "@ai-sdk/openai-compatible",
    "openai_responses": "@ai-sdk/openai",
    "anthropic_messages": "@ai-sdk/anthropic",
    "gemini": "@ai-sdk/google",
}
"""What speaks a dialect; all of them are part of its binary."""


def config(context: LaunchContext, wire: str) -> dict[str, object]:
    """One provider and one model; the key stays in its variable."""
    endpoint = context.endpoint
    base = f"{endpoint.root_url}/v1beta" if wire == "gemini" else endpoint.base_url
    options = {"baseURL": base, "apiKey": f"{{env:{KEY_ENV}}}"}
    provider = {
        "npm": PACKAGES[wire],
        "name": PROVIDER,
        "options": options,
        "models": {context.model: {"name": context.model}},
    }
    return {
        "provider": {PROVIDER: provider},
        "autoupdate": False,
        "share": "disabled",
        "enabled_providers": [PROVIDER],
    }
