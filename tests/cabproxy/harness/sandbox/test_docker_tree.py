from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from cabproxy.errors import SandboxError
from cabproxy.harness.sandbox import docker_tree
from cabproxy.harness.sandbox.docker_tree import unpack
from cabproxy.taskkit.task import CabFacts, Task

TASK = Task(
    task_id="demo/x",
    path=Path("x"),
    instruction="Do.",
    digest="sha256:0",
    cab=CabFacts(category="demo", language="c"),
    derived=("source",),
)


def archive(*entries: tuple[str, bytes | str | None], kind: bytes = tarfile.SYMTYPE) -> io.BytesIO:
    """Text is a link's target, bytes a file's content, None a folder."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = kind, content
            else:
                entry.size, entry.mode = len(content), 0o640
            tar.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
    made.seek(0)
    return made


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_the_folder_is_laid_out_as_the_image_has_it_without_its_history(tmp_path: Path) -> None:
    entries = (
        ("testbed", None),
        ("testbed/.git/HEAD", b"ref"),
        ("testbed/src/a.py", b"a"),
        ("testbed/lib/.git", b"gitdir: elsewhere"),
        ("testbed/empty", None),
        ("testbed/latest", "src/a.py"),
        ("testbed/tools", "/usr/share/tools"),
    )
    unpack(TASK, archive(*entries), tmp_path)
    assert tree(tmp_path) == {"src/a.py": "a", "latest": "-> src/a.py", "tools": "-> /usr/share/tools"}
    assert (tmp_path / "empty").is_dir()
    assert (tmp_path / "src" / "a.py").stat().st_mode & 0o777 == 0o644


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    entries = (
        ("app/way", str(outside)),
        ("app/way/through", b"x"),
        ("app/../../outside/up", b"x"),
        ("/outside/abs", b"x"),
    )
    unpack(TASK, archive(*entries), inside)
    assert list(outside.iterdir()) == []
    assert tree(inside) == {"way/through": "x", "outside/abs": "x"}  # where there is a file already, no link is made


def test_hard_links_are_copies_and_lead_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in").mkdir()
    one = archive(("app/a", b"a"), ("app/b", "app/a"), ("app/c", "app/../../secret"), kind=tarfile.LNKTYPE)
    unpack(TASK, one, tmp_path / "in")
    assert tree(tmp_path / "in") == {"a": "a", "b": "a"}


def test_too_many_files_name_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_tree, "FILES_LIMIT", 2)
    with pytest.raises(SandboxError, match=r"demo/x: /app: holds more than 2 files .*metadata\.cab\.source"):
        unpack(TASK, archive(*((f"app/{n}", b"") for n in range(4))), tmp_path)
