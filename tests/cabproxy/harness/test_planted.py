from __future__ import annotations

from pathlib import Path

from cabproxy.harness import planted


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_what_tools_read_in_a_home_is_named_and_nothing_else(tmp_path: Path) -> None:
    usual = (".cache/x", "notes.txt", ".config/other/y", ".local/lib/python3.11/site-packages/z.py", ".npmrc")
    sly = (
        ".bashrc",
        ".config/git/config",
        ".local/bin/python3",
        ".local/lib/python3.11/site-packages/usercustomize.py",
    )
    make(tmp_path, *usual, *sly)
    (tmp_path / ".ssh").symlink_to("/etc")
    assert planted.in_home(tmp_path, {".npmrc"}) == [f"home:{name}" for name in sorted(sly, key=_place)]


def _place(name: str) -> int:
    return next(at for at, pattern in enumerate(planted.HOME) if name.startswith(pattern.partition("*")[0]))


def test_the_list_is_bounded(tmp_path: Path) -> None:
    make(tmp_path, *(f"bin/{number}" for number in range(planted.LIMIT + 9)))
    assert len(planted.in_home(tmp_path)) == planted.LIMIT


def test_what_steers_git_is_named_where_it_is_new_or_another(tmp_path: Path) -> None:
    assert planted.repository(tmp_path) == {}
    make(tmp_path / ".git", "config", "hooks/pre-commit.sample", "info/exclude", "HEAD")
    before = planted.repository(tmp_path)
    assert set(before) == {".git/config"}
    make(tmp_path / ".git", "hooks/pre-commit", "HEAD", "objects/ab/cd")
    assert planted.in_repository(before, planted.repository(tmp_path)) == [".git/hooks/pre-commit"]
    (tmp_path / ".git" / "config").write_text("[core]\n\tfsmonitor = ./evil\n")
    named = planted.in_repository(before, planted.repository(tmp_path))
    assert named == [".git/config", ".git/hooks/pre-commit"]


def test_a_repository_that_is_no_folder_any_more_is_named(tmp_path: Path) -> None:
    (tmp_path / ".git").symlink_to("/etc")
    assert planted.in_repository({}, planted.repository(tmp_path)) == [".git"]
