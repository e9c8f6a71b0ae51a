from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from cabproxy.harness.baseline import tree_of
from cabproxy.harness.sandbox.base import Finished
from cabproxy.harness.sandbox.local import LocalSandbox
from cabproxy.harness.verify import judge, read_reward, verify
from cabproxy.taskkit.task import Task

OK = b"test_a (m.C.test_a) ... ok\n"
FAIL = b"test_a (m.C.test_a) ... FAIL\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"reward.txt": "1\n"}, 1.0),
        ({"reward.txt": "0.25"}, 0.25),
        ({"reward.json": '{"reward": 1, "style": 0.5}', "reward.txt": "0"}, 1.0),
        ({"reward.json": '{"a": 1, "b": 0.5}'}, 0.5),
        ({"reward.txt": "nan"}, "finite"),
        ({"reward.txt": "yes"}, "one number"),
        ({"reward.txt": ""}, "empty"),
        ({"reward.json": "{}"}, "finite"),
        ({"reward.json": '{"reward": true}'}, "finite"),
        ({"reward.json": '{"reward": "1"}'}, "finite"),
        ({"reward.json": "[1"}, "flat object"),
        ({"reward.json": "[" * 100_000}, "flat object"),
        ({"reward.json": '{"reward": 1' + "0" * 4000 + "}"}, "finite"),
        ({"reward.json": '{"reward": -1e999}'}, "finite"),
        ({}, "no reward file"),
    ],
)
def test_rewards_are_read_as_harbor_reads_them(tmp_path: Path, files: dict[str, str], expected: float | str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    value, complaint = read_reward(tmp_path)
    if isinstance(expected, str):
        assert value is None
        assert expected in (complaint or "")
    else:
        assert (value, complaint) == (expected, None)


@pytest.mark.parametrize(
    ("reward", "output", "code", "expected", "verdict"),
    [
        ("1", OK, 0, ("m.C.test_a",), True),
        ("1", OK, 3, (), True),  # the exit code is kept, not judged
        ("1", OK, 0, ("m.C.test_b",), False),  # a test of the reference was not seen
        ("1", FAIL, 0, ("m.C.test_a",), False),
        ("0", OK, 0, (), False),
        ("0.99", OK, 0, (), False),
        (None, OK, 0, (), True),
        (None, OK, 1, (), False),
        (None, FAIL, 0, (), False),
        (None, b"", 1, (), False),
        (None, b"", 0, (), None),
    ],
)
def test_verdicts(
    make_task: Callable[..., Task],
    tmp_path: Path,
    reward: str | None,
    output: bytes,
    code: int,
    expected: tuple[str, ...],
    verdict: bool | None,
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    if reward is not None:
        (logs / "reward.txt").write_text(reward)
    done = Finished(exit_code=code, stdout=output, stdout_size=len(output), started_ns=1, ended_ns=5)
    found = judge(make_task(), "after", done, logs, expected).verification
    assert found.passed is verdict
    assert found.exit_code == code
    assert found.duration_ns == 4


def test_a_time_limit_is_a_failure_of_its_own(make_task: Callable[..., Task], tmp_path: Path) -> None:
    (tmp_path / "reward.txt").write_text("1")
    done = Finished(exit_code=None, timed_out=True, stdout=OK, stdout_size=len(OK) + 9)
    found = judge(make_task(), "after", done, tmp_path).verification
    assert (found.passed, found.timed_out, found.output_truncated) == (False, True, True)
    assert "time limit" in (found.error or "")


async def test_the_tests_run_in_a_sandbox_of_their_own(make_task: Callable[..., Task], tmp_path: Path) -> None:
    task = make_task()
    before = await verify(
        task, "before", tree_of(task, "before"), lambda fill: LocalSandbox(fill, scratch_root=tmp_path / "s")
    )
    after = await verify(
        task, "reference", tree_of(task, "reference"), lambda fill: LocalSandbox(fill, scratch_root=tmp_path / "s")
    )
    assert (before.verification.passed, before.verification.reward) == (False, 0.0)
    assert (after.verification.passed, after.verification.reward) == (True, 1.0)
    assert len(after.verification.tests) == 4
    assert list((tmp_path / "s").iterdir()) == []


async def test_a_hanging_test_command_is_ended(make_task: Callable[..., Task], tmp_path: Path) -> None:
    task = structs.replace(make_task(test_sh="sleep 60"), verifier_timeout_s=0.2)
    found = await verify(task, "after", tree_of(task, "before"), lambda fill: LocalSandbox(fill, scratch_root=tmp_path))
    assert (found.verification.timed_out, found.verification.passed) == (True, False)
