"""The rules of the house, as tests: small files, tests that mirror the packages, modules that stand alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("cabproxy", "cabscore")
MAX_LINES = 500
MAX_MEAN_LINES = 200
TOP_LEVEL = {"pyproject.toml", "cabproxy", "cabscore", "tasks", "tests", "docs"}
TOP_LEVEL_EXTRA = {"README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile"}


def tracked(*patterns: str) -> list[Path]:
    if shutil.which("git") is None:
        pytest.skip("no git here")
    done = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [Path(name) for name in done.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def modules() -> list[Path]:
    return [path for path in tracked("cabproxy/*.py", "cabscore/*.py") if path.name != "__main__.py"]


def dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def line_count(path: Path) -> int:
    return (ROOT / path).read_bytes().count(b"\n")


def test_no_python_file_is_over_the_line_limit() -> None:
    long = {str(path): line_count(path) for path in tracked("*.py") if line_count(path) > MAX_LINES}
    assert not long


def test_files_are_small_on_average() -> None:
    counts = [line_count(path) for path in modules() if path.name != "__init__.py"]
    assert sum(counts) / len(counts) < MAX_MEAN_LINES


def test_the_top_level_stays_as_agreed() -> None:
    names = {path.parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL | TOP_LEVEL_EXTRA


def test_every_test_file_mirrors_a_module_or_package() -> None:
    strays = []
    for path in tracked("tests/cabproxy/*.py", "tests/cabscore/*.py"):
        if not path.name.startswith("test_"):
            continue
        package = ROOT / Path(*path.parent.parts[1:])
        stem = path.stem.removeprefix("test_")
        mirrored = any(f"{stem}_".startswith(f"{name}_") or name.startswith(f"{stem}_") for name in _names(package))
        if not mirrored:
            strays.append(str(path))
    assert not strays


def _names(package: Path) -> set[str]:
    """Modules and folders of a package, and the package's own name for what spans it."""
    inside = {entry.stem for entry in package.iterdir() if entry.name != "__pycache__"} if package.is_dir() else set()
    return inside | {package.name}


IMPORT_EACH_ALONE = """
import importlib, os, sys
import aiohttp.web, click, docker, httptools, jinja2, msgspec, numpy, orjson, pygments.lexers, rich.table, tiktoken
import sqlite_utils
failed = []  # what others wrote is loaded once, so that each of ours costs only itself
for name in sys.argv[1:]:
    if pid := os.fork():
        if os.waitpid(pid, 0)[1]:
            failed.append(name)
        continue
    try:
        importlib.import_module(name)
        os._exit(0)
    except BaseException as error:
        print(name, repr(error), flush=True)
        os._exit(1)
sys.exit(bool(failed))
"""


@pytest.mark.slow
def test_each_module_imports_alone() -> None:
    names = [dotted(path) for path in modules() if "images" not in path.parts]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH_ALONE, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_the_package_stays_light(package: str) -> None:
    code = f"import sys, {package}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"aiohttp", "docker", "numpy", "tiktoken", "jinja2"} & set(loaded)


@pytest.mark.parametrize("name", ["score_run", "rescore", "audit", "recount", "PROFILES"])
def test_the_scorer_loads_neither_network_nor_containers(name: str) -> None:
    code = f"import sys, cabscore; cabscore.{name}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not {"aiohttp", "docker", "cabproxy.proxy", "cabproxy.harness"} & set(done.stdout.split())


def test_no_path_of_a_machine_and_no_registry_address_is_tracked() -> None:
    """A lock file or a log that names a download address or a home directory does not travel."""
    needles = (
        b"/ro" + b"ot/.pyenv",
        b"/ro" + b"ot/.cargo",
        b"/wo" + b"rk/main",
        b'"resol' + b'ved": "http',
        b"index" + b"-url",
    )
    found = []
    for path in tracked():
        data = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b""
        found += [f"{path}: {needle.decode()}" for needle in needles if needle in data]
    assert not found


def test_executables_are_marked_so() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
