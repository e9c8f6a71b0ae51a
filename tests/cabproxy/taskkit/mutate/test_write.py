"""The verifier of a mutant: what is missing, skipped or fails under the same name is not passed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cabproxy.taskkit.scaffold import TEMPLATE

OUTPUT = """ok 1 - a
not ok 2 - a
ok 3 - b
ok 4 - c # SKIP
not ok 5 - d # TODO
ok 6 - d
test x::y ... ok
test x::z ... ok
test x::z ... FAILED
--- PASS: T (0.00s)
--- FAIL: U (0.00s)
"""


@pytest.mark.parametrize(
    ("expected", "reward"),
    [("b", "1"), ("b d x::y T", "1"), ("a", "0"), ("b c", "0"), ("x::z", "0"), ("U", "0"), ("nowhere", "0")],
)
def test_each_expected_test_has_to_be_seen_to_pass(tmp_path: Path, expected: str, reward: str) -> None:
    (tmp_path / "output.txt").write_text(OUTPUT)
    names = tmp_path / "expected.txt"
    names.write_text("".join(f"{name}\n" for name in expected.split()))
    script = (TEMPLATE / "mutant" / "grade.py.txt").read_text()
    subprocess.run([sys.executable, "-c", script, str(tmp_path), str(names)], check=True, capture_output=True)
    assert (tmp_path / "reward.txt").read_text().strip() == reward
