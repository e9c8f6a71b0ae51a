"""OpenHands CLI, written from its documentation: headless, chat completions through LiteLLM."""

from __future__ import annotations

from cabproxy.agents import litellm
from cabproxy.agents.base import Install, Launch, LaunchContext
from cabproxy.agents.common import QUIET, Cli


class OpenHands(Cli):
    """Needs a Python 3.12 of its own, so it is taken from PATH."""

    name = "openhands"
    homepage = "https://docs.openhands.dev/openhands/usage/cli"
    install = Install(kind="path", executable="bin/openhands")
    state_paths = (".openhands/**",)

    def launch(self, context: LaunchContext) -> Launch:
        argv = (
            self.command(context),
            "--headless",
            "--json",
            "--override-with-envs",
            f"--task={context.prompt}",
        )
        env = QUIET | {
            **litellm.QUIET,
            "LLM_MODEL": f"openai/{context.model}",
            "LLM_BASE_URL": context.endpoint.base_url,
            "LLM_API_KEY": context.endpoint.key,
        }
        return Launch(argv=argv, env=env)
