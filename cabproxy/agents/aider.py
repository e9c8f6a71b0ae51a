"""aider: no tools; edits are SEARCH/REPLACE blocks in plain answers, and it streams without asking for usage."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cabproxy.agents import litellm
from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli
from cabproxy.agents.report import raw, rounded, rounding
from cabproxy.ledger.record import Claim

PRICE_MAP = ".aider/caches/model_prices_and_context_window.json"
"""A fresh file here, with anything in it, keeps aider from downloading the map of all prices."""

_TOKENS = re.compile(
    r"Tokens:\s*([\d.,]+[kM]?) sent,(?:\s*([\d.,]+[kM]?) cache write,)?(?:\s*([\d.,]+[kM]?) cache hit,)?"
    r"\s*([\d.,]+[kM]?) received"
)


class Aider(Cli):
    """Reports its own estimate, rounded above 1,000, once for each model call."""

    name = "aider"
    tested = True
    instructions_file = "CONVENTIONS.md"
    instructions_args = ("--read=CONVENTIONS.md",)
    other_wires = ("anthropic_messages", "gemini")
    homepage = "https://aider.chat"
    install = Install(
        kind="pip",
        packages=("aider-chat==0.86.2",),
        executable="bin/aider",
        entry="aider",
        version="0.86.2",
    )
    state_paths = (".aider*", ".aider*/**")
    exits: Mapping[int, str] = {0: "ended; also where every model call failed (refused, 401), so the code says nothing"}
    notes = ("edits only files that are in the chat: those the task names are put there",)

    def launch(self, context: LaunchContext) -> Launch:
        git = ("--no-auto-commits", "--no-dirty-commits", "--no-gitignore") if context.git else ("--no-git",)
        argv = (
            self.command(context),
            f"--model={litellm.model_of(context, self.wire)}",
            "--edit-format=diff",
            "--yes-always",
            *git,
            "--no-check-update",
            "--no-show-release-notes",
            "--no-show-model-warnings",
            "--analytics-disable",
            "--disable-playwright",
            "--no-suggest-shell-commands",
            "--no-detect-urls",
            "--no-pretty",
            "--no-fancy-input",
            f"--message={context.prompt}",
            "--",
            *context.files,
        )
        env = QUIET | litellm.environment(context, self.wire)
        return Launch(argv=argv, env=env, home_files={PRICE_MAP: '{"none": {}}\n'})

    def claim(self, run_id: str, stdout: str, home_files: dict[str, bytes]) -> Claim | None:
        """The sum of the lines `Tokens: 2.7k sent, 41 received.`"""
        found = list(_TOKENS.finditer(stdout))
        if not found:
            return None
        sent = [number for match in found if (number := rounded(match[1]))]
        hits = [number for match in found if match[3] and (number := rounded(match[3]))]
        received = [number for match in found if (number := rounded(match[4]))]
        return Claim(
            run_id=run_id,
            source="stdout",
            prompt=sum(number.value for number in sent),
            completion=sum(number.value for number in received),
            cached=sum(number.value for number in hits) if hits else None,
            rounding=rounding(*sent, *received, *hits),
            raw=raw("\n".join(match[0] for match in found)),
        )
