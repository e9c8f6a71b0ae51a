from __future__ import annotations

from pathlib import Path

import pytest

from cabproxy.harness.provider import LocalProvider
from cabproxy.harness.trial import Trial, _of_proof, try_task
from cabproxy.taskkit.load import load_task
from cabproxy.taskkit.scaffold import new_task


@pytest.fixture
def folder(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAB_CACHE", str(cache))
    return new_task("mutations/clamp", "python", tmp_path / "tasks")


async def trial(folder: Path, tmp_path: Path, runs: int = 1) -> Trial:
    return await try_task(load_task(folder), LocalProvider(tmp_path / "scratch"), {}, runs)


def defects(found: Trial) -> dict[str, str]:
    return {one.check: one.detail for one in found.defects}


async def test_a_sound_task(folder: Path, tmp_path: Path) -> None:
    found = await trial(folder, tmp_path, runs=2)
    assert defects(found) == {}
    assert {"solved", "steady", "nothing", "control", "cheat: hardcoded", "cheat: tests emptied", "reach"} <= {
        one.check for one in found.findings
    }
    assert (found.runs, found.flaky_runs) == (2, 0)
    (control,) = [one for one in found.findings if one.check == "control"]
    assert (control.level, control.detail.partition(": ")[0]) == ("ok", "overlay/tests/test_bounds.py")


async def test_a_verifier_that_rewards_everything(folder: Path, tmp_path: Path) -> None:
    (folder / "tests" / "test.sh").write_text('mkdir -p "$CAB_LOGS"; echo 1 >"$CAB_LOGS/reward.txt"\n')
    found = defects(await trial(folder, tmp_path))
    assert found["nothing"] == "doing nothing passes"
    assert found["cheat: tests emptied"] == "passes"


async def test_a_verifier_whose_reward_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "tests" / "test.sh").write_text('mkdir -p "$CAB_LOGS"; echo nan >"$CAB_LOGS/reward.txt"\n')
    said = "the reward is not a finite number"
    found = defects(await trial(folder, tmp_path))
    assert found["nothing"] == f"nobody knows if doing nothing passes: {said}"
    assert said in found["solved"]


async def test_hidden_tests_that_see_no_more_than_the_visible_ones(folder: Path, tmp_path: Path) -> None:
    hidden = folder / "tests" / "overlay" / "tests" / "test_bounds.py"
    hidden.write_text(
        hidden.read_text()
        .replace("clamp(100, 20, 30), 30", "clamp(12, 1, 9), 9")
        .replace("-3, 1, 9), 1", "2, 1, 9), 2")
    )
    assert defects(await trial(folder, tmp_path))["cheat: hardcoded"] == "passes"


async def test_a_cheat_that_proves_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "solution" / "cheats" / "hardcoded" / "clamp" / "__init__.py").write_text("clamp = None\n")
    assert "proves nothing" in defects(await trial(folder, tmp_path))["cheat: hardcoded"]


async def test_a_reference_that_is_wrong(folder: Path, tmp_path: Path) -> None:
    fixed = folder / "solution" / "app" / "clamp" / "__init__.py"
    fixed.write_text(fixed.read_text().replace("high))", "low))"))
    found = await trial(folder, tmp_path)
    assert "passes 0 of 1" in defects(found)["solved"]
    assert [one.level for one in found.findings if one.check == "control"] == ["note"]


async def test_results_that_differ_from_run_to_run(folder: Path, tmp_path: Path) -> None:
    test_sh = folder / "tests" / "test.sh"
    test_sh.write_text(f'echo "test_x (tests.T.test_$RANDOM$RANDOM) ... ok"\n{test_sh.read_text()}')
    found = await trial(folder, tmp_path, runs=3)
    assert (found.flaky_runs, "2 of 3 runs" in defects(found)["steady"]) == (2, True)


async def test_visible_tests_that_are_not_run(folder: Path, tmp_path: Path) -> None:
    toml = folder / "task.toml"
    toml.write_text(toml.read_text().replace("ClampTest.test_above", "ClampTest.test_beyond"))
    assert "test_beyond" in defects(await trial(folder, tmp_path))["visible"]


def test_a_task_that_no_cheat_was_written_for_says_so_or_why_none_can_be(folder: Path) -> None:
    assert _of_proof(load_task(folder)).level == "ok"
    (folder / "solution" / "cheats" / "hardcoded").rename(folder / "solution" / "cheats" / "other")
    assert _of_proof(load_task(folder)).level == "note"
    toml = folder / "task.toml"
    text = toml.read_text()
    toml.write_text("".join(line for line in text.splitlines(True) if not line.startswith("visible_tests")))
    found = _of_proof(load_task(folder))
    assert (found.level, "no visible test" in found.detail) == ("waived", True)
    toml.write_text(text.replace("[agent]", 'expected_refusal = true\nrefusal_documents = ["NO.md"]\n\n[agent]', 1))
    found = _of_proof(load_task(folder))
    assert (found.level, found.detail.endswith("written for it instead: other")) == ("waived", True)


async def test_a_verifier_that_reports_no_test_by_name(folder: Path, tmp_path: Path) -> None:
    """Harbor asks for a reward alone; whether it turns is all that can be seen then."""
    script = folder / "tests" / "test.sh"
    script.write_text(
        'cd "$CAB_WORKDIR" && mkdir -p "$CAB_LOGS"\n'
        'grep -q "max(low" clamp/__init__.py; echo $((1 - $?)) >"$CAB_LOGS/reward.txt"\n'
    )
    toml = folder / "task.toml"
    toml.write_text("".join(one for one in toml.read_text().splitlines(True) if not one.startswith("visible_tests")))
    found = await trial(folder, tmp_path)
    assert "nothing" not in defects(found) and "solved" not in defects(found)
    assert "the reward turns" in next(one.detail for one in found.findings if one.check == "nothing")


async def test_a_healthcheck_that_fails_is_a_defect(folder: Path, tmp_path: Path) -> None:
    with (folder / "task.toml").open("a") as file:
        file.write('\n[environment.healthcheck]\ncommand = "false"\nretries = 1\n')
    assert "environment.healthcheck" in defects(await trial(folder, tmp_path))["sandbox"]
