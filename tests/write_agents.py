"""The table of docs/agents.md: `cabproxy agents doctor NAME... --json` lines on stdin, rows on stdout.

    cabproxy agents doctor mini aider opencode codex claude-code gemini-cli qwen-code pi copilot mini-swe-agent \
        --all-wires --sandbox local --sandbox docker \
        --task mutations/rust-error-negated --task mutations/python-comparator-swap --json >found.jsonl
    python tests/write_agents.py <found.jsonl
"""

from __future__ import annotations

import json
import sys
from typing import Any

WIRES = {
    "openai_chat": "chat",
    "openai_responses": "responses",
    "anthropic_messages": "messages",
    "gemini": "Gemini",
}
PLACES = (("local", "rust"), ("local", "python"), ("docker", "rust"), ("docker", "python"))


def main() -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in sys.stdin:
        one = json.loads(line)
        found.setdefault(one["agent"], []).append(one)
    for name, examinations in found.items():
        first = examinations[0]
        cells = [_cell(examinations, sandbox, language) for sandbox, language in PLACES]
        print("| " + " | ".join((name, first["version"], WIRES[first["wire"]], *cells)) + " |")


def _cell(examinations: list[dict[str, Any]], sandbox: str, language: str) -> str:
    """Calls and prompt tokens, where it worked: then they are the same in ledger and endpoint."""
    for one in examinations:
        if one["sandbox"] == sandbox and f"/{language}-" in one["task_id"]:
            ledger = one["ledger"]
            return f"{ledger['calls']}: {ledger['prompt']:,}" if one["works"] else f"no: {one['cause'] or 'not solved'}"
    return "not run"


if __name__ == "__main__":
    main()
