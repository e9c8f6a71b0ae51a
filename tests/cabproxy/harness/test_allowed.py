from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from cabproxy.harness.allowed import allowed
from cabproxy.harness.carry import refusal
from cabproxy.harness.classify import classify
from cabproxy.harness.diff import Change
from cabproxy.harness.snapshot import Entry
from cabproxy.taskkit.load import load_task
from cabproxy.taskkit.task import Task

FILE = Entry("file", 0o644, 1, "sha256:1", None, (0, 0, 0))


def test_what_a_task_declares_is_allowed(make_task: Callable[..., Task]) -> None:
    assert allowed(make_task()) == ("calc.py", "notes/**")


def test_of_a_task_that_declares_nothing_the_files_of_its_reference_are_and_may_steer(
    make_task: Callable[..., Task],
) -> None:
    made = make_task()
    (made.path / "task.toml").write_text('[task]\nname = "x/swap"\n')
    solve = made.path / "solution" / "solve.sh"
    solve.write_text('cd "${CAB_WORKDIR:-/app}" && echo x > tox.ini && echo y > calc.py\n')
    task = structs.replace(load_task(made.path), derived=("category",))
    task = structs.replace(task, cab=structs.replace(task.cab, source=made.cab.source))
    assert allowed(task) == ("**", "calc.py", "tox.ini")
    for path, class_, reason in (
        ("tox.ini", "unclassified", None),
        ("pytest.ini", "test_tampering", "test tampering"),
        ("setup.cfg", "unclassified", None),
    ):
        change = Change(path, "added", None, FILE)
        assert classify(change, task) == class_
        assert refusal(change, classify(change, task), task) == reason


def test_where_everything_is_permitted_project_files_are_and_hooks_of_the_reference(
    make_task: Callable[..., Task],
) -> None:
    made = make_task()
    (made.path / "solution" / "solve.sh").write_text('cd "${CAB_WORKDIR:-/app}" && echo x > tox.ini\n')
    permitted = ("**", "queue/**")
    task = structs.replace(made, cab=structs.replace(made.cab, required=(), permitted=permitted, protected=()))
    assert allowed(task) == (*permitted, "tox.ini")
    for path, reason in (
        ("tox.ini", None),
        ("Makefile", None),
        ("conftest.py", "steers how tests are run"),
        ("unittest.py", "shadows the standard library"),
        ("notes/unittest.py", None),
        ("queue/ring.py", None),
    ):
        change = Change(path, "added", None, FILE)
        assert refusal(change, classify(change, task), task) == reason
