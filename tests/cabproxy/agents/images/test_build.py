from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cabproxy.agents import agent
from cabproxy.agents.base import Install
from cabproxy.agents.common import Cli
from cabproxy.agents.images.build import context_digest, ensure_image, image_tag
from cabproxy.agents.images.recipe import BASE_IMAGE, PREFIX
from cabproxy.agents.report import version_in
from cabproxy.errors import SandboxError

if TYPE_CHECKING:
    from docker import DockerClient

HARDENED = {
    "network_mode": "none",
    "user": "10001:10001",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "tmpfs": {"/tmp": "", "/home/agent": "uid=10001"},
    "environment": {"HOME": "/home/agent"},
}


@pytest.fixture
def client() -> Iterator[DockerClient]:
    import docker

    made = docker.from_env(timeout=900)
    yield made
    made.close()


def test_the_digest_covers_names_and_contents() -> None:
    one = context_digest({"a": b"1", "b": b""})
    assert one == context_digest({"b": b"", "a": b"1"})
    assert len({one, context_digest({"a": b"", "b": b"1"}), context_digest({"a": b"1"})}) == 3


def test_a_tag_carries_name_and_version() -> None:
    assert image_tag(agent("codex")) == f"cab-agent-codex:{agent('codex').install.version}"


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.timeout(900)
def test_an_agent_runs_in_a_bare_container_from_a_volume(client: DockerClient) -> None:
    """Read-only, without a network, and not as root: nothing but a C library is shared with the image it came from."""
    adapter, said = agent("codex"), list[str]()
    reference = ensure_image(client, adapter, said.append)
    assert reference == ensure_image(client, adapter, said.append)
    volume = client.volumes.create(labels={"cab": "1"})
    try:
        filling = client.containers.create(image_tag(adapter), volumes={volume.name: {"bind": PREFIX, "mode": "rw"}})
        filling.remove()
        mounted = {volume.name: {"bind": PREFIX, "mode": "ro"}}
        out = client.containers.run(
            BASE_IMAGE, list(adapter.version_argv(PREFIX)), volumes=mounted, remove=True, **HARDENED
        )
    finally:
        volume.remove(force=True)
    assert version_in(out.decode()) == adapter.install.version


@pytest.mark.docker
@pytest.mark.timeout(300)
def test_a_build_that_fails_is_one_line(client: DockerClient) -> None:
    adapter = Cli()
    adapter.name = "nothing"
    adapter.install = Install(
        kind="pip", packages=("./no-such-file.whl",), executable="bin/nothing", entry="nothing", version="0"
    )
    before = {one.id for one in client.containers.list(all=True, filters={"status": "exited"})}
    with pytest.raises(SandboxError, match=r"^nothing: its image cannot be built") as caught:
        ensure_image(client, adapter, lambda line: None)
    assert "\n" not in str(caught.value)
    left = client.containers.list(all=True, filters={"status": "exited"})
    after = [one for one in left if one.id not in before]
    assert [one for one in after if "no-such-file.whl" in str(one.attrs["Config"]["Cmd"])] == []
