from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from cabproxy.errors import SandboxError
from cabproxy.harness.sandbox import disk
from cabproxy.harness.sandbox.base import Command, Limits
from cabproxy.harness.sandbox.disk import Room
from cabproxy.harness.sandbox.local import LocalSandbox
from cabproxy.harness.sandbox.places import Places


def test_holes_take_no_room_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with (tmp_path / "sub" / "sparse").open("wb") as stream:
        stream.truncate(1 << 34)
    (tmp_path / "real").write_bytes(b"x" * (3 << 20))
    (tmp_path / "out").symlink_to("/usr")
    assert disk.usage(tmp_path) == (3, 4)


def test_what_is_unlinked_and_held_open_takes_room(tmp_path: Path) -> None:
    with (tmp_path / "gone").open("wb") as stream:
        stream.write(b"x" * (3 << 20))
        stream.flush()
        (tmp_path / "gone").unlink()
        assert disk.usage(tmp_path) == (0, 0)
        assert disk.unlinked_mb((os.getpid(), 999_999_999), tmp_path) == 3


def test_room_is_given_back_from_the_largest_down(tmp_path: Path) -> None:
    for name, size in (("large", 30), ("middle", 8), ("small", 0)):
        (tmp_path / name).write_bytes(b"x" * (size << 20 or 1000))
    (tmp_path / "link").symlink_to("middle")
    assert disk.give_back(tmp_path, 40) == ("large",)
    assert disk.usage(tmp_path)[0] == 8
    assert (tmp_path / "large").stat().st_size == 30 << 20
    assert (tmp_path / "middle").read_bytes().strip(b"x") == b""


FILLERS = {
    "written": "head -c 60000000 /dev/zero > big; sleep 60",
    "allocated": "fallocate -l 60000000 a; fallocate -l 60000000 b; sleep 60",
    "unlinked": "exec 3<>gone; rm gone; head -c 60000000 /dev/zero >&3; sleep 60",
}


@pytest.mark.parametrize("way", FILLERS)
async def test_a_command_that_fills_the_disk_is_ended(tmp_path: Path, way: str) -> None:
    async with LocalSandbox(lambda places: places.app.mkdir(), scratch_root=tmp_path) as sandbox:
        command = Command(argv=("sh", "-c", FILLERS[way]))
        done = await sandbox.run(command, Limits(time_s=60, disk_mb=40))
        assert done.stopped is not None
        assert "more than 40" in done.stopped
        assert done.exit_code is None
        assert disk.usage(sandbox.places.root)[0] <= 40
        named = sandbox.facts().attrs.get("emptied", ())
    assert set(named) <= {"app/big", "app/a", "app/b"} and (named or way == "unlinked")


async def test_a_command_that_makes_too_many_files_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "FILES", 300)
    async with LocalSandbox(lambda places: places.app.mkdir(), scratch_root=tmp_path) as sandbox:
        script = "i=0; while [ $i -lt 500 ]; do : > f$i; i=$((i+1)); done; sleep 60"
        done = await sandbox.run(Command(argv=("sh", "-c", script)), Limits(time_s=60))
    assert "more than 300" in (done.stopped or "")


async def test_a_modest_command_is_left_alone(tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with disk.disk_watch(Places(tmp_path), 1000, stop) as watch:
        pass
    async with disk.disk_watch(Places(tmp_path), None, stop):
        pass
    assert watch.reason is None
    assert not stop.is_set()


@pytest.mark.parametrize(("own_mb", "elsewhere"), [(20, False), (2, True)])
async def test_a_nearly_full_disk_ends_it_and_tells_whose_doing_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_mb: int, elsewhere: bool
) -> None:
    left = iter([Room(5000, None), Room(100, None)])
    monkeypatch.setattr(disk, "POLL_S", 0.001)
    monkeypatch.setattr(disk, "room", lambda path: next(left))
    (tmp_path / "own").write_bytes(b"x" * (own_mb << 20))
    stop = asyncio.Event()
    async with disk.disk_watch(Places(tmp_path), 30, stop) as watch:
        await stop.wait()
    assert (watch.reason or "").startswith("the disk was nearly full: 100 MB left")
    assert watch.elsewhere is elsewhere
    assert watch.emptied == (() if elsewhere else ("own",))
    if elsewhere:
        with pytest.raises(SandboxError, match="nearly full"):
            watch.check()
