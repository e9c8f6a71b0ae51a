from __future__ import annotations

import pytest

from cabproxy.agents.base import LaunchContext
from cabproxy.agents.litellm import environment, model_of


@pytest.mark.parametrize(
    ("wire", "model", "base"),
    [
        ("openai_chat", "openai/some/model-1", ("OPENAI_API_BASE", "http://10.0.0.1:8/run/r_1/v1")),
        ("anthropic_messages", "anthropic/some/model-1", ("ANTHROPIC_API_BASE", "http://10.0.0.1:8/run/r_1")),
        ("gemini", "gemini/some/model-1", ("GEMINI_API_BASE", "http://10.0.0.1:8/run/r_1/v1beta")),
    ],
)
def test_a_provider_is_told_by_the_models_name_and_its_own_variables(
    wire: str, model: str, base: tuple[str, str], launch_context: LaunchContext
) -> None:
    told = environment(launch_context, wire)
    assert model_of(launch_context, wire) == model
    assert base in told.items()
    assert told[base[0].replace("_BASE", "_KEY")] == launch_context.endpoint.key
