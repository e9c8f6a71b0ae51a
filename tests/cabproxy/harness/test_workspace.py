from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from cabproxy.agents import agent
from cabproxy.agents.plugin import Plugin
from cabproxy.errors import SandboxError, UserError
from cabproxy.harness import workspace
from cabproxy.taskkit.task import Task


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_the_tree_is_one_commit_and_the_same_each_time(
    make_task: Callable[..., Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make_task()
    (task.source_dir / ".gitignore").write_text("*.py\n")
    monkeypatch.setenv("CAB_CACHE", str(tmp_path / "cache"))
    assert workspace.prepare(task, tmp_path / "a")
    assert workspace.prepare(task, tmp_path / "b")  # from the cache
    assert len(list((tmp_path / "cache" / "git").iterdir())) == 1
    assert git(tmp_path / "a", "rev-parse", "HEAD") == git(tmp_path / "b", "rev-parse", "HEAD")
    assert git(tmp_path / "a", "rev-list", "--all", "--count") == "1"
    assert [git(tmp_path / name, "status", "--porcelain") for name in "ab"] == ["", ""]
    assert workspace.prepare(task, tmp_path / "c", {"HINTS.md": "Be brief."})
    assert git(tmp_path / "c", "ls-files", "HINTS.md") == "HINTS.md"


def test_without_git_there_is_no_repository(
    make_task: Callable[..., Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert workspace.prepare(make_task(), tmp_path / "a") is False
    assert not (tmp_path / "a" / ".git").exists()


@pytest.mark.parametrize(
    ("name", "file"), [("codex", "AGENTS.md"), ("claude-code", "CLAUDE.md"), ("pi@gemini", "AGENTS.md")]
)
def test_instructions_lie_where_the_agent_looks_for_them(make_task: Callable[..., Task], name: str, file: str) -> None:
    first = Plugin(name="a", instructions="Be brief.\n", work_files={"HINTS.md": "x"})
    second = Plugin(name="b", instructions="Be kind.\n")
    found = workspace.instructions(make_task(), (first, second), agent(name))
    assert found == {"HINTS.md": "x", file: "Be brief.\nBe kind.\n"}


def test_an_agent_that_reads_no_instructions_is_given_none(make_task: Callable[..., Task]) -> None:
    with pytest.raises(UserError, match="plugin a: instructions: mini reads no file"):
        workspace.instructions(make_task(), (Plugin(name="a", instructions="Be brief."),), agent("mini"))


def test_home_files_are_private_and_stay_in_the_home(tmp_path: Path) -> None:
    workspace.write_home(tmp_path, {".agent/config.json": "{}"})
    assert (tmp_path / ".agent" / "config.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SandboxError, match="leads out"):
        workspace.write_home(tmp_path, {"../x": ""})


def test_reading_a_home_is_bounded_and_follows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "HOME_FILE_LIMIT", 10)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "small").write_bytes(b"x")
    (tmp_path / "big").write_bytes(b"x" * 11)
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(".")
    assert workspace.read_home(tmp_path) == {"a/small": b"x"}
    monkeypatch.setattr(workspace, "HOME_FILES", 1)
    (tmp_path / "another").write_bytes(b"y")
    assert len(workspace.read_home(tmp_path)) == 1


def test_a_home_too_deep_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "near").write_text("x")
    folder = tmp_path / ("d/" * (workspace.HOME_DEPTH + 20))
    folder.mkdir(parents=True)
    (folder / "far").write_text("x")
    assert workspace.read_home(tmp_path) == {"near": b"x"}


def test_only_what_an_agent_reports_in_is_read_of_its_home(tmp_path: Path) -> None:
    (tmp_path / "home" / ".agent").mkdir(parents=True)
    home = tmp_path / "home"
    (home / ".agent" / "usage.json").write_text("{}")
    (home / ".agent" / "unpacked").write_bytes(b"x" * 1000)
    (tmp_path / "secret").write_text("outside")
    (home / "link").symlink_to(tmp_path / "secret")
    (home / "folder").symlink_to(tmp_path)
    wanted = (".agent/usage.json", "link", "folder/secret", "none")
    assert workspace.read_home(home, wanted) == {".agent/usage.json": b"{}"}
    assert workspace.read_home(home, ()) == {}


def test_files_the_instruction_names_are_found_in_its_order(make_task: Callable[..., Task]) -> None:
    task = structs.replace(make_task(), instruction="See `test_calc.py`, then calc.py. Not mycalc.py.")
    assert workspace.named_files(task) == ("test_calc.py", "calc.py")
    assert workspace.named_files(structs.replace(task, instruction="Mend it.")) == ()
