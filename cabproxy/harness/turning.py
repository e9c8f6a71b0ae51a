"""Assertions turned wrong: one literal of one asserting line changed, in the languages tests are written in."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

SCRIPTS = frozenset((".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php"))
"""Here quotes of both kinds enclose strings; elsewhere single ones enclose one character."""
SOURCES = SCRIPTS | frozenset((".rs", ".go", ".java", ".kt", ".c", ".cc", ".cpp", ".cxx", ".cs"))
_HASH_COMMENTS = frozenset((".py", ".rb", ".php"))
_ASSERTS = re.compile(r"assert|expect|\bwant\b|\bequal|\b(?:CHECK|REQUIRE|ENSURE|VERIFY)\w*\s*\(", re.IGNORECASE)
_NO_ASSERTION = ("//", "/*", "*", "#", "def ", "fn ", "import", "use ", "for ", "throw ", '"')
_GO_IF = re.compile(r"\s*(?:\} else )?if .*\{\s*$")
_GO_FAILS = re.compile(r"\s*\w+\.(?:Error|Fatal|Fail)\w*\(")
_LOOSE = re.compile(r" [<>]=? |\bnot\b|[nN]ot(?=[A-Z_])|_(?:ne|NE)\b|Greater|Less|AtLeast|AtMost|InDelta|Range")
"""Where more than one value is right, another right program may pass what the reference fails."""
_COMPARES = re.compile(r"assert|expect|equal|check|require|ensure|verify|prefix|^to[A-Z]|^(?:Ok|Err|Some|vec!)$", re.I)
"""Calls whose arguments are what is expected; the arguments of others are what is tested."""
_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_SLASHES = re.compile(rf"{_QUOTED}|(//|/\*)")
_HASH = re.compile(rf"{_QUOTED}|(#)")
_TOKEN = re.compile(
    rf"(?P<string>{_QUOTED})|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?![\w.]))|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
)
_PLAIN = re.compile(r".[^\\{}]+.")
_CALLED = re.compile(r"[\w!]+\Z")


def candidates(tests: Path, inputs: bool = False) -> Iterator[tuple[str, str]]:
    """(path, text) of the tests' files, each time with one literal of one asserting line changed, see `turn`."""
    for path in sorted(tests.rglob("*")):
        if path.suffix not in SOURCES or path.is_symlink() or not path.is_file():
            continue
        with contextlib.suppress(OSError, UnicodeDecodeError):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            for number, line in enumerate(lines):
                following = lines[number + 1] if number + 1 < len(lines) else ""
                turned = turn(line, path.suffix, following, inputs)
                if turned is not None:
                    changed = "".join([*lines[:number], turned, *lines[number + 1 :]])
                    yield path.relative_to(tests).as_posix(), changed


def turn(line: str, suffix: str = ".py", following: str = "", inputs: bool = False) -> str | None:
    """The line with the last number, else the last string, that it expects changed; None where there is none.

    `suffix` is its file's; `following` the line below, which in Go tells whether an `if` asserts. With `inputs` a
    literal may also be what goes in: right programs agree on what comes out then as far as the task says it.
    """
    code, rest = _uncommented(line, suffix)
    found = list(_literals(code, inputs)) if _asserts(code, suffix, following) else []
    if not found:
        return None
    last = ([one for one in found if one["number"]] or found)[-1]
    return f"{code[: last.start()]}{_other(last[0], suffix)}{code[last.end() :]}{rest}"


def spread(found: list[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """At most so many, evenly over all: neighbouring lines belong to one test."""
    if len(found) <= count:
        return found
    return [found[round(number * (len(found) - 1) / (count - 1))] for number in range(count)]


def _asserts(code: str, suffix: str, following: str) -> bool:
    """Whether a line says that something is this and nothing else. In Go a test fails where its `if` holds."""
    if code.lstrip().startswith(_NO_ASSERTION) or _LOOSE.search(code):
        return False
    if suffix == ".go" and _GO_IF.match(code):
        return bool(_GO_FAILS.match(following)) and " == " not in code
    return bool(_ASSERTS.search(code)) and not re.search(r" !==? ", code)


def _literals(code: str, inputs: bool) -> Iterator[re.Match[str]]:
    """Literals that stand for what is expected: in no call but a comparing one, and no index.

    Whatever passes with one of them cannot pass with another, however it was written.
    """
    within: list[bool] = []
    for token in _TOKEN.finditer(code):
        before = code[: token.start()]
        if token["open"] == "[":
            within.append(not before.endswith((")", "]")) and (not _CALLED.search(before) or before.endswith("vec!")))
        elif token["open"]:
            called = _CALLED.search(before) if token["open"] == "(" else None
            within.append(inputs or called is None or bool(_COMPARES.search(called[0])))
        elif token["close"]:
            del within[-1:]
        elif all(within) and (token["number"] or _PLAIN.fullmatch(token["string"])):
            yield token


def _uncommented(line: str, suffix: str) -> tuple[str, str]:
    """The line's code and the comment at its end: a literal in a comment asserts nothing."""
    pattern = _HASH if suffix in _HASH_COMMENTS else _SLASHES
    at = next((found.start() for found in pattern.finditer(line) if found[1]), len(line))
    return line[:at], line[at:]


def _other(literal: str, suffix: str) -> str:
    """Another literal of the same kind; a character stays a single one."""
    if literal[0].isdigit():
        whole, point, part = literal.partition(".")
        return f"{int(whole) + 1}{point}{part}"
    if literal[0] == "'" and suffix not in SCRIPTS:
        return "'~'" if literal != "'~'" else "'!'"
    return f"{literal[:-1]}~{literal[-1]}"
