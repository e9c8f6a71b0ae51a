"""Where the messages of failed tests point: the frames of tracebacks and stacks, in the ways of several languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cabproxy.taskkit.mutate.operators import Mutation


class Frame(NamedTuple):
    """A place that a message names; `innermost`: the error was raised there."""

    path: str
    line: int
    innermost: bool


_PYTHON = re.compile(r'^[ E|]*File "([^"\n]+)", line (\d+)', re.MULTILINE)
_PYTHON_ERROR = re.compile(r"^[ E|]{0,2}[A-Za-z_][\w.]*(?:$|:)", re.MULTILINE)
_PYTEST = re.compile(r"^([^\s:][^:\n]*\.py):(\d+): (.*)$((?:\n    .*)*)(\nE )?", re.MULTILINE)
_AT = re.compile(r"^[#\s]*at (?:[^\n]*\()?(?:file://)?([^\s():]+):(\d+)", re.MULTILINE)
_TAP_STACK = re.compile(r"^\s*stack: \|-\n((?:\s{4,}\S.*\n)+)", re.MULTILINE)
_TAP_FRAME = re.compile(r"(?:\(|^\s*(?:async )?)(?:file://)?([^\s():]+):(\d+):\d+\)?$", re.MULTILINE)
_GOROUTINE = re.compile(r"^goroutine \d+ .*\n((?:\S.*\n\t.*\n)+)", re.MULTILINE)
_GO_FRAME = re.compile(r"^\t(\S+\.go):(\d+)", re.MULTILINE)
_RAISED = (
    re.compile(r"panicked at (?:'[^\n]*', )?([^\s:']+):(\d+):\d+"),  # Rust
    re.compile(r"^(?:[^\s:]+: )?([\w./-]+\.\w+):(\d+): [^\n]*[Aa]ssertion", re.MULTILINE),  # C
)
_PLACE = re.compile(r"(?<![\w./-])([\w./-]+\.\w+):(\d+)\b")


def points_at(mutation: Mutation, output: str) -> bool:
    """Whether an error names the very statement, or was raised in the changed function: then it is the solution."""
    for frame in frames(output):
        if not _same_file(frame.path, mutation.path):
            continue
        if mutation.first_line <= frame.line <= mutation.last_line or frame.line == mutation.line:
            return True
        if frame.innermost and mutation.function_first <= frame.line <= mutation.function_last:
            return True
    return False


def frames(output: str) -> Iterator[Frame]:
    """All places named in the output of tests; one that no language's form accounts for is not taken as innermost."""
    yield from _python(output)
    for path, line, rest, _, error in _PYTEST.findall(output):
        # the innermost has the error's name behind it, or with --tb=short the error below it
        within = rest.startswith("in ")
        yield Frame(path, int(line), bool(error) if within else re.match(r"\w", rest) is not None)
    yield from _at(output)
    for block in _TAP_STACK.findall(output):
        yield from _first_own(_TAP_FRAME.findall(block))
    for block in _GOROUTINE.findall(output):
        yield from _first_own(_GO_FRAME.findall(block))
    for pattern in _RAISED:
        yield from (Frame(path, int(line), True) for path, line in pattern.findall(output))
    yield from (Frame(path, int(line), False) for path, line in _PLACE.findall(output))


def _same_file(told: str, path: str) -> bool:
    """Messages name files in full, relative to the work tree, or by their last name only."""
    return told == path or told.endswith(f"/{path}") or ("/" not in told and path.endswith(f"/{told}"))


def _python(output: str) -> Iterator[Frame]:
    """A traceback lists the innermost frame last, before the line with the error, which is not indented as deep."""
    found = list(_PYTHON.finditer(output))
    for number, match in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        between = output[match.end() : following.start() if following else None]
        yield Frame(match[1], int(match[2]), following is None or _PYTHON_ERROR.search(between) is not None)


def _at(output: str) -> Iterator[Frame]:
    """Stacks of JavaScript and Java: lines with `at`, the innermost first."""
    block: list[tuple[str, str]] = []
    end = 0
    for match in _AT.finditer(output):
        if block and output.count("\n", end, match.start()) > 1:
            yield from _first_own(block)
            block = []
        block.append((match[1], match[2]))
        end = match.end()
    yield from _first_own(block)


def _first_own(block: list[tuple[str, str]]) -> Iterator[Frame]:
    """The first frame that is not of the language's own runtime is where the error comes from."""
    own = [(path, int(line)) for path, line in block if not _runtime(path)]
    for number, (path, line) in enumerate(own):
        yield Frame(path, line, number == 0)


def _runtime(path: str) -> bool:
    return path.startswith("node:") or "/src/runtime/" in path or "/src/testing/" in path
