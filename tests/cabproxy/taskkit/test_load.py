from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cabproxy.errors import UserError
from cabproxy.taskkit.load import find_task, list_tasks, load_task, task_roots

MakeTask = Callable[..., Path]


def test_a_task_is_read_with_its_facts(make_task: MakeTask) -> None:
    task = load_task(make_task())
    assert task.task_id == "mutations/swap"
    assert task.cab.required == ("calc.py",)
    assert task.verifier_timeout_s == 30
    assert task.unknown_keys == ()
    assert task.derived == ()


def test_leading_canary_lines_are_not_shown_to_the_agent(make_task: MakeTask) -> None:
    text = "<!-- harbor-canary GUID 1 -->\n# CANARY do not train\n\n# Title\nMend it; mind the canary.\n"
    assert load_task(make_task(instruction=text)).instruction == "# Title\nMend it; mind the canary."


def test_unknown_keys_are_reported_with_their_tables(make_task: MakeTask) -> None:
    toml = (
        'colour = 1\n[metadata.cab]\ncategory="m"\nlanguage="c"\nrequird=[]\n[verifier]\ntimeout=3\n'
        "[verifier.environment]\ncpu=1\n"
    )
    task = load_task(make_task(toml))
    assert set(task.unknown_keys) == {"colour", "verifier.timeout", "verifier.environment.cpu", "metadata.cab.requird"}


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('[metadata.cab]\nlanguage="c"\n', "category"),
        ('[metadata.cab]\ncategory="m"\nlanguage=3\n', "metadata.cab.language"),
        ('[metadata.cab]\ncategory="m"\nlanguage="c"\nreport="xml"\n', "metadata.cab.report"),
        ('[metadata.cab]\ncategory="m"\nlanguage="c"\nrequired=["../x"]\n', "metadata.cab.required"),
        ('[metadata.cab]\ncategory="m"\nlanguage="c"\nexpected_refusal=true\n', "refusal_documents"),
        ('schema_version="9"\n', "schema_version"),
        ("[verifier]\ntimeout_sec='x'\n", "verifier.timeout_sec"),
        ("[[[", "not TOML"),
        ("[agent]\ntimeout_sec=0\n", "agent.timeout_sec"),
        ("[environment.healthcheck]\nretries=2\n", "environment.healthcheck"),
        ("[environment]\nnetwork_mode='none'\n", "environment.network_mode"),
        ("[environment.env]\nA=1\n", "environment.env"),
        ('[metadata.cab]\ncategory="m"\nlanguage="c"\ndifficulty="extreme"\n', "difficulty 'extreme': use one of easy"),
        ("[verifier]\nenvironment_mode='own'\n", "verifier.environment_mode"),
        ("[[steps]]\nname='one'\n", "steps: tasks of several steps"),
        ("[environment]\ngpus=1\n", "environment.gpus"),
        ("artifacts=['/etc/passwd']\n[verifier]\nenvironment_mode='separate'\n", "artifacts: '/etc/passwd' lies"),
        ("artifacts=[{path='x'}]\n[verifier]\nenvironment_mode='separate'\n", "artifacts"),
    ],
)
def test_a_wrong_key_is_named_with_its_mend(make_task: MakeTask, toml: str, named: str) -> None:
    with pytest.raises(UserError, match=named):
        load_task(make_task(toml))


def test_a_harbor_task_without_our_facts_gets_derived_ones(make_task: MakeTask) -> None:
    task = load_task(make_task('schema_version="1.4"\n[task]\nname="a/b"\n'))
    assert task.cab.category == "mutations"
    assert "category" in task.derived


def test_an_empty_instruction_is_a_mistake(make_task: MakeTask) -> None:
    with pytest.raises(UserError, match="empty"):
        load_task(make_task(instruction="# canary\n"))


def test_tasks_are_found_by_id_and_neighbours_are_suggested(make_task: MakeTask, tmp_path: Path) -> None:
    make_task()
    roots = [tmp_path / "tasks"]
    assert find_task("mutations/swap", roots).task_id == "mutations/swap"
    assert [task.task_id for task in list_tasks(roots)] == ["mutations/swap"]
    with pytest.raises(UserError, match="mutations/swap"):
        find_task("mutations/swp", roots)


def test_a_folder_that_is_no_task_is_told_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a task has a task\.toml; name a task directory or write one"):
        find_task(str(tmp_path), [])
    (tmp_path / "task.toml").mkdir()
    with pytest.raises(UserError, match=r"task\.toml: cannot be read: Is a directory; a task\.toml is a file"):
        find_task(str(tmp_path), [])


def test_roots_come_from_the_flag_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.setenv("CAB_TASKS", str(tmp_path / "b"))
    assert task_roots(tmp_path / "a")[:2] == [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(UserError, match="not a directory"):
        task_roots(tmp_path / "c")
