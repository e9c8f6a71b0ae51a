"""Gemini's JSON is that of protocol buffers: clients write its names in either case."""

from __future__ import annotations

import json
import re
from typing import Any

from cabproxy.proxy.oracle.speech.gemini import Gemini
from cabproxy.tokens.oracle_rule import oracle_prompt
from cabproxy.tokens.requests.common import either
from cabproxy.tokens.requests.gemini import read

SAID: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "go"}, {"inlineData": {"mimeType": "image/png", "data": "eA=="}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "bash", "args": {"command": "ls"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "bash", "response": {"output": "a b"}}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "bash", "parametersJsonSchema": {"type": "object"}}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "NONE"}},
    "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
}


def snake(text: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", text).lower()


SNAKE: dict[str, Any] = json.loads(re.sub(r'"(\w+)":', lambda found: snake(found[0]), json.dumps(SAID)))


def test_a_request_is_read_the_same_in_both_cases() -> None:
    assert "function_declarations" in json.dumps(SNAKE)
    found = read(SNAKE)
    assert found == read(SAID)
    assert [tool.name for tool in found.tools] == ["bash"]
    assert [call.name for message in found.messages for call in message.calls] == ["bash"]


def test_the_oracle_understands_both() -> None:
    path = "/v1beta/models/m:generateContent"
    one, other = (Gemini().parse(body, path, "") for body in (SAID, SNAKE))
    assert [tool.name for tool in other.tools] == ["bash"]
    assert (other.messages[2:], other.tools, other.tools_allowed) == (one.messages[2:], one.tools, False)


def test_the_oracles_counting_rule_reads_both() -> None:
    without_images = json.loads(json.dumps([SAID, SNAKE]))
    for body in without_images:
        body["contents"][0]["parts"].pop()
        body.pop("tools")
    one, other = (oracle_prompt("gemini", body) for body in without_images)
    assert one.value == other.value


def test_either_prefers_the_camel_and_takes_what_is_empty() -> None:
    assert either({"aB": [], "a_b": 1}, "aB") == []
    assert either({"a_b": 1}, "aB") == 1
    assert either({}, "aB") is None
