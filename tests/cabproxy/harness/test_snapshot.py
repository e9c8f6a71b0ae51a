from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from cabproxy.harness import snapshot
from cabproxy.harness.diff import compare
from cabproxy.harness.snapshot import take


def test_a_manifest_holds_kind_mode_size_digest_and_target(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"hello")
    (tmp_path / "d" / "f").chmod(0o751)
    (tmp_path / "l").symlink_to("d/f")
    entries = take(tmp_path).entries
    digest = "sha256:" + hashlib.sha256(b"hello").hexdigest()
    assert (entries["d/f"].kind, entries["d/f"].mode, entries["d/f"].size, entries["d/f"].sha256) == (
        "file",
        0o751,
        5,
        digest,
    )
    assert (entries["l"].kind, entries["l"].target) == ("symlink", "d/f")
    assert entries["d"].kind == "dir"


def test_hostile_trees_are_survived(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "self").symlink_to("self")
    os.mkfifo(tmp_path / "fifo")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\nname")).write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "sock"))
        manifest = take(tmp_path)
    assert {path: entry.kind for path, entry in manifest.entries.items()} == {
        "loop": "symlink",
        "self": "symlink",
        "fifo": "fifo",
        "sock": "socket",
        "bad\udcff\nname": "file",
    }
    assert manifest.problems == ()


def test_a_sparse_giant_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "giant").open("wb") as stream:
        stream.truncate(2 << 40)
    manifest = take(tmp_path)
    assert manifest.entries["giant"].size == 2 << 40
    assert manifest.entries["giant"].sha256 is None
    assert "not hashed" in manifest.problems[0]


def test_a_tree_too_deep_is_told_and_left(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(snapshot.DEPTH_LIMIT + 50):
        os.mkdir("d" * 20, dir_fd=folder)
        deeper = os.open("d" * 20, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    assert any("deeper" in line or "long" in line for line in take(tmp_path).problems)


def test_the_git_folder_at_the_root_is_left_out_and_only_there(tmp_path: Path) -> None:
    for folder in (tmp_path / ".git", tmp_path / "sub" / ".git"):
        folder.mkdir(parents=True)
        (folder / "HEAD").write_text("x")
    assert set(take(tmp_path).entries) == {"sub", "sub/.git", "sub/.git/HEAD"}


def test_a_tree_that_was_replaced_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    for name in ("link", "gone"):
        assert take(tmp_path / name)[::2] == ({}, ("the work tree is no folder any more",))


def test_entries_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "ENTRY_LIMIT", 5)
    for number in range(9):
        (tmp_path / str(number)).touch()
    manifest = take(tmp_path)
    assert len(manifest.entries) == 5
    assert "more than 5 entries" in manifest.problems[0]


def test_an_edit_with_its_old_mtime_put_back_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one")
    info = path.stat()
    first = take(tmp_path)
    path.write_bytes(b"two")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    second = take(tmp_path, first)
    assert second.entries["f"].sha256 == "sha256:" + hashlib.sha256(b"two").hexdigest()
    assert not first.entries["f"].same(second.entries["f"])


def test_unmoved_files_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"one")
    first = take(tmp_path)._replace(taken_wall_ns=(tmp_path / "f").stat().st_ctime_ns + 10**9)

    def fail(*_: object) -> str:
        raise AssertionError("read again")

    monkeypatch.setattr(snapshot, "_digest", fail)
    assert take(tmp_path, first).entries["f"].same(first.entries["f"])


@pytest.mark.slow
def test_a_hundred_thousand_files_are_told_and_compared(tmp_path: Path) -> None:
    first = take(tmp_path)
    for number in range(100_000):
        if number % 1000 == 0:
            (tmp_path / str(number)).mkdir()
        os.mknod(tmp_path / str(number // 1000 * 1000) / f"f{number}")
    second = take(tmp_path, first)
    assert len(second.entries) == 100_100
    assert len(compare(first, second)) == 100_000
    assert compare(second, take(tmp_path, second)) == []
