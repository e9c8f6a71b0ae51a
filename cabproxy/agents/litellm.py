"""What agents built on the litellm library are told: a model's name with its provider, and where that provider is."""

from __future__ import annotations

from cabproxy.agents.base import LaunchContext

PROVIDERS = {
    "openai_chat": ("openai", "OPENAI", "/v1"),
    "openai_responses": ("openai", "OPENAI", "/v1"),
    "anthropic_messages": ("anthropic", "ANTHROPIC", ""),
    "gemini": ("gemini", "GEMINI", "/v1beta"),
}
"""By dialect: the provider before the model's name, how its variables begin, what its base URL ends in."""

QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
"""Prices come with the library instead of from the net."""


def model_of(context: LaunchContext, wire: str) -> str:
    """The model as the library wants it named."""
    return f"{PROVIDERS[wire][0]}/{context.model}"


def environment(context: LaunchContext, wire: str) -> dict[str, str]:
    """The endpoint and the key."""
    _, name, path = PROVIDERS[wire]
    return QUIET | {f"{name}_API_BASE": context.endpoint.root_url + path, f"{name}_API_KEY": context.endpoint.key}
