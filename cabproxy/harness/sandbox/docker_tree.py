"""The work tree of a Harbor task as its image has it: what COPY and RUN steps, or a base image, put there."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from msgspec import structs

from cabproxy.agents.cache import alone, cache_dir
from cabproxy.errors import SandboxError
from cabproxy.harness.sandbox.docker_engine import labels
from cabproxy.taskkit.task import Task

if TYPE_CHECKING:
    from docker import DockerClient

BYTES_LIMIT = 2 * 1024**3
FILES_LIMIT = 300_000
GIT = ".git"
"""Left in the image: its history may hold the solution, and an agent gets a repository of its own."""


def with_tree_of_image(client: DockerClient, task: Task, image: str) -> Task:
    """The task with its work tree taken out of the image, where it did not say itself what that is.

    Kept in the cache by image and workdir. SandboxError where it is too large to be copied for each run.
    """
    if "source" not in task.derived:
        return task
    image = image.partition("@")[2]
    named = hashlib.sha256(repr((image, task.workdir)).encode()).hexdigest()[:32]
    target = cache_dir() / "trees" / f"image-{named}"
    with alone(str(target)):
        if not target.is_dir() and not _take_out(client, task, image, target):
            _check_workdir(client, task, image)
            return structs.replace(task, in_image=None)
    return structs.replace(task, cab=structs.replace(task.cab, source=str(target)), in_image=None)


def _take_out(client: DockerClient, task: Task, image: str, target: Path) -> bool:
    """Makes the tree, whole or not at all; False where the image has no such folder."""
    from docker.errors import APIError, ImageNotFound, NotFound

    target.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    container = None
    try:
        container = client.containers.create(image, entrypoint=["/bin/true"], network_disabled=True, labels=labels())
        with tempfile.TemporaryFile(dir=target.parent) as archive:
            for chunk in container.get_archive(task.workdir)[0]:
                archive.write(chunk)
                if archive.tell() > BYTES_LIMIT:
                    raise _too_large(task, f"{BYTES_LIMIT // 1024**3} GiB")
            archive.seek(0)
            unpack(task, archive, making)
        making.chmod(0o755)
        making.rename(target)
    except ImageNotFound as error:
        raise SandboxError(f"{task.task_id}: its image is gone: {error}") from None
    except NotFound:
        return False
    except (APIError, tarfile.TarError) as error:
        raise SandboxError(f"{task.task_id}: {task.workdir} of its image cannot be read: {error}") from None
    finally:
        if container is not None:
            container.remove(force=True)
        shutil.rmtree(making, ignore_errors=True)
    return True


def _check_workdir(client: DockerClient, task: Task, image: str) -> None:
    """An image without the task's workdir has an empty work tree, unless its own workdir says that it lies there."""
    own = (client.images.get(image).attrs.get("Config") or {}).get("WorkingDir") or "/"
    if own not in ("/", task.workdir):
        raise SandboxError(
            f"{task.task_id}: environment.workdir: {task.workdir} is not in its image, which has {own}; name that one"
        )


def unpack(task: Task, archive: IO[bytes], target: Path) -> None:
    """Folders and files first, links last: no entry is written through a link of another. Devices are left out."""
    links: list[tarfile.TarInfo] = []
    with tarfile.open(fileobj=archive) as tar:
        for number, entry in enumerate(tar):
            if number > FILES_LIMIT:
                raise _too_large(task, f"{FILES_LIMIT:,} files")
            place = _inside(entry.name, target)
            if place is None:
                continue
            if entry.isdir():
                place.mkdir(parents=True, exist_ok=True)
            elif entry.isreg():
                place.parent.mkdir(parents=True, exist_ok=True)
                data = tar.extractfile(entry)
                assert data is not None, "a regular file has data"
                with place.open("wb") as file:
                    shutil.copyfileobj(data, file)
                place.chmod(0o755 if entry.mode & 0o111 else 0o644)
            elif entry.issym() or entry.islnk():
                links.append(entry)
    for entry in sorted(links, key=lambda one: one.issym()):
        place = _inside(entry.name, target)
        assert place is not None, "only what is inside was kept"
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place):
            continue
        if entry.issym():
            place.symlink_to(entry.linkname)
        elif (first := _inside(entry.linkname, target)) is not None and first.is_file():
            shutil.copy2(first, place)


def _inside(name: str, target: Path) -> Path | None:
    """Where an entry goes: below the workdir, whose own name its path begins with; None for what stays behind."""
    parts = PurePosixPath(name).parts[1:]
    return None if not parts or ".." in parts or GIT in parts else target.joinpath(*parts)


def _too_large(task: Task, than: str) -> SandboxError:
    return SandboxError(
        f"{task.task_id}: {task.workdir}: holds more than {than} in the image; name a folder with the work tree as "
        "metadata.cab.source"
    )
