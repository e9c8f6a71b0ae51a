"""Files that steer how tests are found, built or run: an agent that plants one could forge a verdict with it."""

from __future__ import annotations

import sys
from collections.abc import Collection

from cabproxy.taskkit.globs import matches

PLANTED = (
    "**/conftest.py",
    "**/sitecustomize.py",
    "**/usercustomize.py",
    "**/*.pth",
    "**/pytest.ini",
    "**/.pytest.ini",
    "**/pytest.toml",
    "**/.pytest.toml",
    "**/tox.ini",
    "**/.pdbrc",
    "**/build.rs",
    "**/.cargo/**",
    "**/rust-toolchain",
    "**/rust-toolchain.toml",
    "**/.npmrc",
    "**/.yarnrc*",
    "**/.mocharc*",
    "**/jest.config.*",
    "**/vitest.config.*",
    "**/ava.config.*",
    "**/karma.conf.*",
    "**/playwright.config.*",
    "**/cypress.config.*",
    "**/node_modules/**",
    "**/.envrc",
    "**/.bashrc",
    "**/.bash_profile",
    "**/.profile",
    "**/.gitconfig",
    "**/.rspec",
    "**/go.work",
    "**/.mvn/**",
    "**/META-INF/services/**",
    "**/junit-platform.properties",
)
"""Run or read by a test runner without being asked for. Making one is tampering unless the task allows it."""

STEERING = (
    "**/Cargo.toml",
    "**/Cargo.lock",
    "**/package.json",
    "**/package-lock.json",
    "**/yarn.lock",
    "**/pnpm-lock.yaml",
    "**/pnpm-workspace.yaml",
    "**/tsconfig*.json",
    "**/babel.config.*",
    "**/.babelrc*",
    "**/.swcrc",
    "**/bunfig.toml",
    "**/deno.json*",
    "**/pyproject.toml",
    "**/setup.py",
    "**/setup.cfg",
    "**/.coveragerc",
    "**/noxfile.py",
    "**/.python-version",
    "**/.tool-versions",
    "**/.nvmrc",
    "**/go.mod",
    "**/go.sum",
    "**/Makefile",
    "**/makefile",
    "**/GNUmakefile",
    "**/CMakeLists.txt",
    "**/CMakePresets.json",
    "**/CMakeUserPresets.json",
    "**/meson.build",
    "**/pom.xml",
    "**/build.gradle*",
    "**/settings.gradle*",
    "**/gradle.properties",
    "**/gradlew",
    "**/gradle/wrapper/**",
    "**/vendor/modules.txt",
    "**/Rakefile",
    "**/Gemfile*",
    "**/phpunit.xml*",
    "**/.gitattributes",
    "**/.gitmodules",
)
"""Project files: changing one is a normal change, but the verifier keeps the original unless told otherwise."""


RUNNERS = frozenset(
    (
        *("pytest", "_pytest", "py", "pluggy", "iniconfig", "exceptiongroup", "xdist", "pytest_asyncio", "anyio"),
        *("nose", "nose2", "unittest2", "xmlrunner", "coverage", "hypothesis", "trial", "twisted", "behave"),
    )
)
"""Modules of Python's test runners outside of its standard library."""


EVERYTHING = "**"
"""The pattern of a task that permits everything, as imported ones do."""


def is_hook(path: str) -> bool:
    """Whether a file is one of those."""
    return matches(path, (*PLANTED, *STEERING))


def steers(path: str, allowed: Collection[str]) -> bool:
    """Whether a file steers tools, and no pattern of `allowed` names it by its own name.

    A pattern for whatever lies in a folder was not written with such files in mind. Where all of the tree is allowed,
    project files are, too: they are part of the work there.
    """
    if not is_hook(path) or names_itself(path, allowed):
        return False
    everything = any(pattern.strip("/") == EVERYTHING for pattern in allowed)
    return not everything or matches(path, PLANTED)


def names_itself(path: str, allowed: Collection[str]) -> bool:
    """Whether one of the patterns is the path, or finds it and ends in its name."""
    own = path.rpartition("/")[2]
    return path in allowed or any(
        pattern.rpartition("/")[2] == own and matches(path, (pattern,)) for pattern in allowed
    )


def shadows_standard_library(path: str) -> bool:
    """Whether a Python file at the root would be imported in place of the standard library's, or of a test runner's."""
    first, _, rest = path.partition("/")
    name = first if rest else first.removesuffix(".py").partition(".")[0] if first.endswith((".py", ".so")) else ""
    return (name in sys.stdlib_module_names or name in RUNNERS) and (not rest or rest.endswith((".py", ".so", ".pyc")))
