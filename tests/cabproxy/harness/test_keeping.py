from __future__ import annotations

import os
from pathlib import Path

import pytest

from cabproxy.harness import keeping
from cabproxy.harness.keeping import keep_tree


def test_what_can_be_kept_is_kept_and_the_rest_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "DEPTH", 3)
    source, target = tmp_path / "from", tmp_path / "to" / "app"
    (source / "d" / "e").mkdir(parents=True)
    (source / "d" / "e" / "file").write_text("x")
    (source / "d" / "e" / "file").chmod(0o751)
    (source / "out").symlink_to("/etc/passwd")
    (source / "loop").symlink_to(".")
    os.mkfifo(source / "fifo")
    (source / "1" / "2" / "3" / "4" / "5").mkdir(parents=True)
    with (source / "giant").open("wb") as stream:
        stream.truncate(2 << 40)
    Path(os.fsdecode(os.fsencode(source) + b"/bad\xff\nname")).write_text("y")
    assert keep_tree(source, target) == 3  # the pipe, the giant, what is too deep
    assert (target / "d" / "e" / "file").stat().st_mode & 0o777 == 0o751
    assert str((target / "out").readlink()) == "/etc/passwd"
    assert {path.name for path in target.iterdir()} == {"d", "out", "loop", "1", "bad\udcff\nname"}


def test_entries_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ENTRIES", 4)
    (tmp_path / "from").mkdir()
    for number in range(7):
        (tmp_path / "from" / str(number)).touch()
    assert keep_tree(tmp_path / "from", tmp_path / "to") == 3
