"""Per-test results, read from what a test runner prints or from a report file it leaves.

Code of an agent's may have written any of it: nothing here takes more than linear time, follows a link or gives up on
nonsense.
"""

from __future__ import annotations

import json
import os
import re
import stat
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable
from pathlib import Path

from cabproxy.ledger.record import TestOutcome, TestResult

REPORT_LIMIT = 16 * 1024 * 1024
MESSAGE_LIMIT = 2000
REPORTS, ENTRIES, DEPTH_LIMIT = 500, 100_000, 20
"""Report files that are read, entries and levels of folders that are looked through for them."""
_WORST: tuple[TestOutcome, ...] = ("error", "failed", "skipped", "passed")


def read_results(kind: str, output: str, logs: Path, visible: Iterable[str] = ()) -> tuple[TestResult, ...]:
    """The tests in order of first appearance; one reported twice has its worse outcome. `hidden`: not in `visible`.

    `kind` is CabFacts.report; `output` is stdout and stderr; `logs` is where report files lie.
    """
    shown = set(visible)
    found: dict[str, TestResult] = {}
    for result in _PARSERS[kind](output, logs):
        name = result.name
        if name in found and _WORST.index(found[name].outcome) <= _WORST.index(result.outcome):
            continue
        message = result.message[:MESSAGE_LIMIT] if result.message else None
        found[name] = TestResult(name=name, outcome=result.outcome, hidden=name not in shown, message=message)
    return tuple(found.values())


def read_file(path: Path, limit: int = REPORT_LIMIT) -> bytes | None:
    """A regular file's bytes; None for what is missing, a link, a device or too big: agents' code may have left it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size > limit:
            return None
        return stream.read(limit)


def reports_below(logs: Path, suffix: str) -> list[Path]:
    """Paths that end so, in order; bounded in number and depth, and links to folders are not followed."""
    found: list[Path] = []
    looked_at = 0
    for folder, folders, names in os.walk(logs):
        folders.sort()
        if len(Path(folder).relative_to(logs).parts) >= DEPTH_LIMIT:
            folders.clear()
        found += [Path(folder) / name for name in sorted(names) if name.endswith(suffix)]
        looked_at += len(folders) + len(names)
        if len(found) >= REPORTS or looked_at > ENTRIES:
            break
    return sorted(found[:REPORTS])


_CARGO = re.compile(r"^test (\S.*?) \.\.\. (.*)$", re.MULTILINE)
_CARGO_END = re.compile(r"(ok|FAILED|ignored)(?:,.*)?$")
_CARGO_SAID = re.compile(r"^---- (\S.*?) stdout ----\n(.*?)(?=^---- |^failures:$|\Z)", re.MULTILINE | re.DOTALL)


def _cargo(output: str, logs: Path) -> Iterable[TestResult]:
    said = {name: text.strip() for name, text in _CARGO_SAID.findall(output)}
    outcomes: dict[str, TestOutcome] = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
    for name, rest in _CARGO.findall(output):
        end = _CARGO_END.search(rest)
        if end is None:
            continue
        name, word = name.removesuffix(" - should panic"), end[1]
        yield TestResult(name=name, outcome=outcomes[word], message=said.get(name) if word == "FAILED" else None)


_UNITTEST = re.compile(r"^(?P<method>\S+) \((?P<where>[\w.<>]+)\)(?P<rest>.*)$")
_ENDS: dict[str, TestOutcome] = {
    "ok": "passed",
    "FAIL": "failed",
    "ERROR": "error",
    "expected failure": "passed",
    "unexpected success": "failed",
}


def _unittest(output: str, logs: Path) -> Iterable[TestResult]:
    """`test_x (module.Class.test_x) ... ok`; a docstring's line or printed text may stand before the outcome."""
    said = _unittest_messages(output)
    name: str | None = None
    for line in output.splitlines():
        begun = _UNITTEST.match(line)
        if begun and (begun["rest"] == "" or " ... " in begun["rest"] + " "):
            name = _dotted(begun["method"], begun["where"])
        if name is None:
            continue
        outcome = _unittest_outcome(line)
        if outcome is not None:
            yield TestResult(name=name, outcome=outcome, message=said.get(name))
            name = None


def _unittest_outcome(line: str) -> TestOutcome | None:
    text = line.rpartition(" ... ")[2] if " ... " in line else line
    if text.startswith("skipped "):
        return "skipped"
    return _ENDS.get(text.strip()) or next((_ENDS[end] for end in _ENDS if text.endswith(end)), None)


def _dotted(method: str, where: str) -> str:
    """Python before 3.11 leaves the method out of the brackets."""
    return where if where.rpartition(".")[2] == method else f"{where}.{method}"


def _unittest_messages(output: str) -> dict[str, str]:
    found = {}
    for block in re.split(r"^={70}$", output, flags=re.MULTILINE)[1:]:
        head = re.match(r"\n(?:FAIL|ERROR): (\S+) \(([\w.<>]+)\)", block)
        if head:
            body = block.partition("-" * 70)[2].strip()
            found[_dotted(head[1], head[2])] = body.partition("\n\n" + "-" * 70)[0][-MESSAGE_LIMIT:]
    return found


_TAP = re.compile(
    r"^(not )?ok\b[ \t]*(\d+)?[ \t]*(?:-[ \t]*)?(.*?)(?:(?<=[ \t])#[ \t]*(SKIP|TODO)\b(.*))?$",
    re.MULTILINE | re.IGNORECASE,
)


def _tap(output: str, logs: Path) -> Iterable[TestResult]:
    for failed, number, title, directive, why in _TAP.findall(output):
        name = title.strip() or f"test {number}"
        outcome: TestOutcome = "skipped" if directive else "failed" if failed else "passed"
        yield TestResult(name=name, outcome=outcome, message=why.strip() or None)


_GO = re.compile(r"^[ \t]*--- (PASS|FAIL|SKIP): (\S+)", re.MULTILINE)


def _go(output: str, logs: Path) -> Iterable[TestResult]:
    outcomes: dict[str, TestOutcome] = {"PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}
    for word, name in _GO.findall(output):
        yield TestResult(name=name, outcome=outcomes[word])


def _junit(output: str, logs: Path) -> Iterable[TestResult]:
    """Every *.xml below the logs; one that declares entities is left out, since expanding them is unbounded."""
    for path in reports_below(logs, ".xml"):
        data = read_file(path) or b""
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            continue
        try:
            root = ElementTree.fromstring(data)  # noqa: S314 - no entity can be declared, see above
        except (ElementTree.ParseError, LookupError, ValueError):  # the latter two: an encoding there is not
            continue
        for case in root.iter("testcase"):
            name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
            children = {child.tag: child for child in case}
            outcome: TestOutcome = next(
                (kind for tag, kind in _JUNIT.items() if tag in children),
                "passed",
            )
            bad = children.get("failure", children.get("error"))
            yield TestResult(name=name, outcome=outcome, message=bad.get("message") if bad is not None else None)


_JUNIT: dict[str, TestOutcome] = {"error": "error", "failure": "failed", "skipped": "skipped"}


def _ctrf(output: str, logs: Path) -> Iterable[TestResult]:
    """`ctrf.json` among the logs."""
    outcomes: dict[str, TestOutcome] = {
        "passed": "passed",
        "failed": "failed",
        "skipped": "skipped",
        "pending": "skipped",
    }
    try:
        tests = json.loads(read_file(logs / "ctrf.json") or b"{}")["results"]["tests"]
        for test in tests:
            message = test.get("message")
            yield TestResult(
                name=str(test["name"]),
                outcome=outcomes.get(test.get("status"), "error"),
                message=message if isinstance(message, str) else None,
            )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return


_PARSERS: dict[str, Callable[[str, Path], Iterable[TestResult]]] = {
    "cargo": _cargo,
    "unittest": _unittest,
    "tap": _tap,
    "go": _go,
    "junit": _junit,
    "ctrf": _ctrf,
}
