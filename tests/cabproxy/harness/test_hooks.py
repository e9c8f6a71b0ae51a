from __future__ import annotations

import pytest

from cabproxy.harness.hooks import shadows_standard_library, steers


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("json.py", True),
        ("json/__init__.py", True),
        ("json/data.txt", False),
        ("json.md", False),
        ("calc.py", False),
        ("pytest.py", True),
        ("_pytest/python.py", True),
        ("pytest.ini", False),
        ("src/json.py", False),
        ("os.cpython-311-x86_64-linux-gnu.so", True),
    ],
)
def test_shadowing(path: str, expected: bool) -> None:
    assert shadows_standard_library(path) is expected


@pytest.mark.parametrize(
    ("path", "allowed", "expected"),
    [
        ("src/lib.rs", (), False),
        ("conftest.py", (), True),
        ("tests/conftest.py", ("tests/**",), True),
        ("tests/conftest.py", ("tests",), True),
        ("tests/conftest.py", ("tests/*.py",), True),
        ("tests/conftest.py", ("tests/**", "**/conftest.py"), False),
        ("src/package.json", ("src/**",), True),
        ("src/package.json", ("src/package.json",), False),
        ("package.json", ("src/package.json",), True),
        ("package.json", ("**",), False),
        ("conftest.py", ("**",), True),
        ("conftest.py", ("**", "conftest.py"), False),
    ],
)
def test_a_file_that_steers_must_be_named_by_its_own_name(path: str, allowed: tuple[str, ...], expected: bool) -> None:
    assert steers(path, allowed) is expected
