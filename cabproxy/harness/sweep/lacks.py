"""What a sweep's sandboxes still lack: images that will be built or pulled, agents that will be installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from cabproxy.agents import agent as find_agent
from cabproxy.agents.base import Agent
from cabproxy.errors import CabError, SandboxError
from cabproxy.harness.sweep.contenders import Contender
from cabproxy.taskkit.task import Task

if TYPE_CHECKING:
    from docker import DockerClient


class Lacks(NamedTuple):
    """One line each: what the first cells will fetch by themselves, and what nothing will mend by itself."""

    missing: tuple[str, ...]
    problems: tuple[str, ...]


def lacks(sandbox: str, tasks: Iterable[Task], contenders: Iterable[Contender]) -> Lacks:
    """Looks and changes nothing."""
    from cabproxy.harness.sandbox.docker_engine import available, connect

    found = [find_agent(one.spec) for one in contenders]
    agents = list({agent.name: agent for agent in found}.values())  # whatever it speaks, it is installed once
    if sandbox == "local" or (sandbox == "auto" and not available()):
        return _sorted(line for agent in agents for line in _not_installed(agent))
    try:
        client = connect()
    except SandboxError as error:
        return Lacks((), (str(error),))
    try:
        lines = [line for task in tasks for line in _task_image(client, task)]
        return _sorted([*lines, *(line for agent in agents for line in _agent_image(client, agent))])
    finally:
        client.close()


Line = tuple[bool, str]
"""Whether it stands in the way, and what it is."""


def _sorted(lines: Iterable[Line]) -> Lacks:
    found = list(lines)
    return Lacks(tuple(text for bad, text in found if not bad), tuple(text for bad, text in found if bad))


def _not_installed(agent: Agent) -> Iterator[Line]:
    from cabproxy.agents.install import installed, prefix_for

    try:
        prefix_for(agent)
        if agent.install.kind in ("npm", "pip") and installed(agent) is None:
            yield False, f"{agent.name} {agent.install.version}: not installed; the first cell installs it"
    except CabError as error:
        yield True, str(error)


def _task_image(client: DockerClient, task: Task) -> Iterator[Line]:
    from cabproxy.harness.sandbox.docker_images import stands, task_tag

    try:
        tag = task.image or task_tag(task)
        if not stands(client, tag):
            how = "pulls it" if task.image else "builds it"
            yield False, f"image {tag} of {task.task_id}: not there; the first cell {how}"
    except SandboxError as error:
        yield True, str(error)


def _agent_image(client: DockerClient, agent: Agent) -> Iterator[Line]:
    from cabproxy.agents.images.build import image_tag
    from cabproxy.harness.sandbox.docker_images import stands

    if agent.install.kind == "path":
        yield True, f'{agent.name}: no image can be built of what PATH has; use sandbox = "local"'
    elif agent.install.kind in ("npm", "pip") and not stands(client, image_tag(agent)):
        yield False, f"image {image_tag(agent)}: not there; the first cell builds it"
