"""Building an agent's image through the Docker SDK, once for each recipe."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
from typing import TYPE_CHECKING

from cabproxy.agents.base import Agent
from cabproxy.agents.cache import alone
from cabproxy.agents.images.recipe import context_files
from cabproxy.agents.install import Say, say_on_stderr
from cabproxy.agents.tool import telling_line
from cabproxy.errors import SandboxError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.images import Image

RECIPE_LABEL = "cab.agent.recipe"


def image_tag(agent: Agent) -> str:
    """`cab-agent-<name>:<version>`."""
    return f"cab-agent-{agent.name}:{agent.install.version}"


def image_reference(agent: Agent, image: Image) -> str:
    """`name:tag@sha256:…`, where the digest is the engine's id of the image: it was built here and never pulled."""
    return f"{image_tag(agent)}@{image.id}"


def ensure_image(client: DockerClient, agent: Agent, say: Say = say_on_stderr) -> str:
    """Builds the agent's image unless it stands, built from the same recipe; returns its reference.

    SandboxError in one line where the engine or a step of the build fails.
    """
    files = context_files(agent)
    digest = context_digest(files)
    with alone(image_tag(agent)):
        found = _find(client, agent)
        if found is not None and found.labels.get(RECIPE_LABEL) == digest:
            return image_reference(agent, found)
        say(f"building image {image_tag(agent)} …")
        started = time.monotonic()
        built = _build(client, agent, files, digest)
    say(f"built image {image_tag(agent)}: {time.monotonic() - started:.1f} s, {built.attrs['Size'] / 1e6:.0f} MB")
    return image_reference(agent, built)


def context_digest(files: dict[str, bytes]) -> str:
    """`sha256:…` over names and contents."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return f"sha256:{digest.hexdigest()}"


def _find(client: DockerClient, agent: Agent) -> Image | None:
    from docker.errors import ImageNotFound

    try:
        return client.images.get(image_tag(agent))
    except ImageNotFound:
        return None


def _build(client: DockerClient, agent: Agent, files: dict[str, bytes], digest: str) -> Image:
    from docker.errors import APIError, BuildError

    try:
        image, _ = client.images.build(
            fileobj=_tar(files),
            custom_context=True,
            tag=image_tag(agent),
            labels={RECIPE_LABEL: digest},
            rm=True,
            forcerm=True,  # of a step that failed, too
        )
    except BuildError as error:
        log = "\n".join(str(entry.get("stream", "")).strip() for entry in error.build_log if isinstance(entry, dict))
        raise SandboxError(f"{agent.name}: its image cannot be built: {error.msg}; {telling_line(log)}") from None
    except APIError as error:
        raise SandboxError(f"{agent.name}: its image cannot be built: {error.explanation}") from None
    return image


def _tar(files: dict[str, bytes]) -> io.BytesIO:
    """The context with fixed times and owners, so that the engine finds the layers it already has."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            archive.addfile(entry, io.BytesIO(files[name]))
    held.seek(0)
    return held
