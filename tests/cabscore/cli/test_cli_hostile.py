"""Hostile ledgers: truncated, flipped, wrong types, foreign schemas, endless text, cyclic spans. Always a plain answer:
a score that can be one, or one line of error with nothing written; never a traceback."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cabproxy.shell import invoke
from cabscore.cli import cli, serve
from cabscore.site.report import write_report

Command = Callable[[Path, Path], list[str]]
READS: dict[str, Command] = {
    "score": lambda ledger, out: ["score", str(ledger), "--json", "--no-store"],
    "score published": lambda ledger, out: ["score", str(ledger), "--json", "--no-store", "--profile", "published-0.1"],
    "rank": lambda ledger, out: ["rank", str(ledger), "--json", "--sensitivity"],
    "compare": lambda ledger, out: ["compare", str(ledger), "mini", "other", "--each", "--json"],
    "compare scorers": lambda ledger, out: ["compare", str(ledger), "scorer:stored", "scorer:now", "--json"],
    "verify": lambda ledger, out: ["verify", str(ledger), "--json"],
    "audit": lambda ledger, out: ["audit", str(ledger), "--json"],
    "drift": lambda ledger, out: ["drift", str(ledger), "--published", str(ledger.parent / "cells.jsonl"), "--json"],
}
"""Commands that print. Three of them end with 1 and a whole report where they find what they look for:"""
REPORTS = {"verify", "audit", "drift"}
WRITES: dict[str, Command] = {
    "rescore": lambda ledger, out: ["rescore", str(ledger), "--json", "--jobs", "1"],
    "report": lambda ledger, out: ["report", str(ledger), "--out", str(out / "site"), "--jobs", "1"],
    "badge": lambda ledger, out: ["badge", str(ledger), "--run", "r_1", "--out", str(out / "badge.svg")],
    "publish": lambda ledger, out: ["publish", str(ledger), "--to", str(out / "p"), "--key", str(ledger.parent / "k")],
}
FORMATS = ("jsonl", "csv", "parquet", "atif", "inspect", "otlp", "swebench")


def export(name: str) -> Command:
    return lambda ledger, out: ["export", str(ledger), "--format", name, "--out", str(out / name)]


WRITES |= {f"export {name}": export(name) for name in FORMATS}
COMMANDS: dict[str, Command] = READS | WRITES
NASTY = [
    None, "", "text", "{", "[1,", '{"a": 1}', "[]", "null", '"x"', "[[[[", "9" * 400, "\x00\x1b[31m\u202e",
    "x" * 300_000, b"\xff\xfe\x00", b"", -1, 0, 1, 2**62, -(2**63), 1e308, -1e308, float("inf"), 0.5,
    "NaN", "1e999", "../../x", "sha256:",
]  # fmt: skip
TABLES = (
    "run",
    "call",
    "span",
    "file_change",
    "verification",
    "test_result",
    "claim",
    "artifact",
    "score",
    "blob",
    "chain",
    "sealed_row",
    "header",
    "spool",
    "migration",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of three scored cells, closed, all of it in one file; beside it what was published of it and a key."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("cells", Path(__file__).parents[1] / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    path = tmp_path_factory.mktemp("ledger") / "cab.sqlite"
    cells = maker.Cells(path)
    cells.make(run_id="r_1", run_number=1)
    cells.make(run_id="r_2", agent="other", passed=False)
    cells.make(run_id="r_3", calls=0, passed=False, status="infra_invalid", cause="no call")
    cells.writer.close()
    assert invoke(cli, ["rescore", str(path), "--jobs", "1"]) == 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.execute("pragma journal_mode = delete")
    assert invoke(cli, ["export", str(path), "--format", "jsonl", "--out", str(path.with_name("cells.jsonl"))]) == 0
    assert invoke(cli, ["publish", "--new-key", str(path.with_name("k"))]) == 0
    return path


def copied(original: Path, folder: Path) -> Path:
    for name in ("cells.jsonl", "k"):
        shutil.copy(original.with_name(name), folder / name)
    return Path(shutil.copy(original, folder / "cab.sqlite"))


def answers_plainly(ledger: Path, command: str) -> int:
    """One line of error and nothing written, or an answer whose numbers can be ones; never a traceback."""
    out = ledger.parent / "out"
    out.mkdir()
    before = _scores(ledger)
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = invoke(cli, COMMANDS[command](ledger, out))
    assert code in (0, 1, 2)
    assert "Traceback" not in complained.getvalue()
    assert not [path for path in out.rglob("*") if ".part" in path.name]
    if code and command in REPORTS and said.getvalue():
        _sensible(json.loads(said.getvalue(), parse_constant=_no_number))
    elif code:
        assert len(complained.getvalue().splitlines()) == 1, complained.getvalue()
        assert said.getvalue() == "" or command.startswith("score"), said.getvalue()  # score prints run by run
        assert _scores(ledger) == before
        assert not [path for path in out.rglob("*") if path.is_file()], list(out.rglob("*"))
    else:
        _look_at(command, said.getvalue(), out)
    return code


def _look_at(command: str, said: str, out: Path) -> None:
    """Every number that was printed or written is one a measurement can be."""
    if "--json" in COMMANDS[command](out / "x", out):
        for line in [said] if command in REPORTS else said.splitlines():
            _sensible(json.loads(line, parse_constant=_no_number))
    for path in out.rglob("*"):
        if path.is_file() and (path.suffix == ".json" or path.name in ("jsonl", "otlp", "swebench")):
            text = path.read_text(encoding="utf-8")
            for document in [text] if path.suffix == ".json" else text.strip("\n").split("\n"):
                _sensible(json.loads(document, parse_constant=_no_number))


def _no_number(name: str) -> Any:
    raise AssertionError(f"{name} was printed as a number")


SHARES = {"pass_rate", "blast_radius", "refusal", "integrity", "composite"}


def _sensible(found: Any) -> None:
    """Shares lie between 0 and 1, times and tokens are not negative, wherever a score stands."""
    if isinstance(found, dict):
        value = found.get("value")
        if found.get("axis") in SHARES and isinstance(value, int | float):
            assert 0 <= value <= 1, found
        if found.get("axis") in ("tokens", "latency") and isinstance(value, int | float):
            assert value >= 0, found
        for inner in found.values():
            _sensible(inner)
    elif isinstance(found, list):
        for inner in found:
            _sensible(inner)


def _scores(ledger: Path) -> Any:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            return connection.execute("select count(*) from score").fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        return None


few = settings(
    max_examples=int(os.environ.get("CAB_FUZZ", "12")),
    deadline=None,
    derandomize="CAB_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
commands = st.sampled_from(sorted(COMMANDS))
BASE_ID, TABLE_NAME = 4, 1
"""Places of columns whose wrong types once got as far as a traceback."""


@few
@given(st.sampled_from(TABLES), st.integers(0, 60), st.sampled_from(NASTY), commands, st.booleans())
@example("blob", BASE_ID, "", "verify", False)
@example("sealed_row", TABLE_NAME, None, "audit", False)
def test_any_value_in_any_column(
    original: Path, tmp_path_factory: Any, table: str, column: int, value: Any, command: str, everywhere: bool
) -> None:
    folder = tmp_path_factory.mktemp("f")
    ledger = copied(original, folder)
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        names = [row[1] for row in connection.execute(f"pragma table_info('{table}')")]
        where = "" if everywhere else f'where rowid = (select min(rowid) from "{table}")'
        with contextlib.suppress(sqlite3.IntegrityError):  # not null, unique: the schema itself says no
            connection.execute(f'update or ignore "{table}" set "{names[column % len(names)]}" = ? {where}', (value,))
        connection.commit()
    answers_plainly(ledger, command)
    shutil.rmtree(folder)


changed = st.tuples(st.sampled_from(TABLES), st.integers(0, 60), st.sampled_from(NASTY))


@few
@given(st.lists(changed, min_size=1, max_size=4))
def test_what_moves_a_score_shows_when_the_ledger_is_verified(
    original: Path, tmp_path_factory: Any, changes: list[tuple[str, int, Any]]
) -> None:
    """No column that a score is made of is left out of the seals."""
    folder = tmp_path_factory.mktemp("f")
    ledger = copied(original, folder)
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        for table, column, value in changes:
            names = [row[1] for row in connection.execute(f"pragma table_info('{table}')")]
            with contextlib.suppress(sqlite3.IntegrityError):
                connection.execute(f'update or ignore "{table}" set "{names[column % len(names)]}" = ?', (value,))
        connection.commit()
    if answers_plainly(ledger, "verify") == 0:
        said = [io.StringIO(), io.StringIO()]
        for at, path in enumerate((ledger, original)):
            with contextlib.redirect_stdout(said[at]):
                assert invoke(cli, READS["score"](path, folder)) == 0
        assert said[0].getvalue() == said[1].getvalue()
    shutil.rmtree(folder)


@settings(few, max_examples=max(3, few.max_examples // 4))
@given(st.sampled_from(TABLES), st.integers(0, 60), st.sampled_from(NASTY))
def test_a_site_that_is_served_outlives_its_ledger(
    original: Path, tmp_path_factory: Any, table: str, column: int, value: Any
) -> None:
    """The builder of `cabscore serve` says in a line what is wrong, and the pages that stand are kept."""
    folder = tmp_path_factory.mktemp("f")
    ledger, out = copied(original, folder), folder / "out"
    options = {"profile": "cab-1", "title": "t", "follow": True}
    write_report(ledger, out, **options)
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        names = [row[1] for row in connection.execute(f"pragma table_info('{table}')")]
        with contextlib.suppress(sqlite3.IntegrityError):
            connection.execute(f'update or ignore "{table}" set "{names[column % len(names)]}" = ?', (value,))
        connection.commit()
    complained = io.StringIO()
    with contextlib.redirect_stderr(complained):
        serve._keep_building(ledger, out, options, 0.0, _Once())
    said = complained.getvalue().splitlines()
    assert len(said) <= 1, said
    assert all(line.startswith("not built: ") for line in said)
    assert (out / "index.html").is_file()
    shutil.rmtree(folder)


class _Once(threading.Event):
    """Ends the builder where it would wait for the next change."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


@few
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.binary(min_size=1, max_size=40), commands)
def test_any_bytes_anywhere_in_the_file(
    original: Path, tmp_path_factory: Any, at: int, cut: int, noise: bytes, command: str
) -> None:
    folder = tmp_path_factory.mktemp("f")
    data = bytearray(original.read_bytes())
    if cut % 3 == 0:
        del data[cut % len(data) :]
    else:
        at %= len(data)
        data[at : at + len(noise)] = noise
    ledger = copied(original, folder)
    ledger.write_bytes(data)
    answers_plainly(ledger, command)
    shutil.rmtree(folder)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("command", ["score", "rescore", "export jsonl"])
def test_a_table_is_missing(original: Path, tmp_path: Path, table: str, command: str) -> None:
    ledger = copied(original, tmp_path)
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute("drop view if exists call_header")
        connection.execute(f'drop table "{table}"')
        connection.commit()
    answers_plainly(ledger, command)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_cyclic_spans(original: Path, tmp_path: Path, command: str) -> None:
    ledger = copied(original, tmp_path)
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute("update span set parent_id = 'agent' where span_id = 'root'")
        connection.execute("update span set parent_id = 'root' where span_id != 'root'")
        connection.execute("update span set parent_id = span_id where span_id = 'diff'")
        connection.commit()
    assert answers_plainly(ledger, command) == (command in REPORTS or command == "publish")  # those verify the seals


@pytest.mark.parametrize("version", [99, -1])
def test_another_format(original: Path, tmp_path: Path, version: int) -> None:
    ledger = copied(original, tmp_path)
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute(f"pragma user_version = {version}")
    answers_plainly(ledger, "rescore")


def test_a_foreign_database(tmp_path: Path) -> None:
    ledger = tmp_path / "cab.sqlite"
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute("create table run (a)")
        connection.commit()
    assert answers_plainly(ledger, "rescore") == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_more_values_and_bytes() -> None:
    """The properties of this file and of the two beside it with more examples each; CAB_FUZZ says how many."""
    env = {**os.environ, "CAB_FUZZ": os.environ.get("CAB_FUZZ", "100")}
    files = [__file__, *(__file__.replace("_hostile.py", f"_hostile_{name}.py") for name in ("input", "content"))]
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "timeout=590", *files]
    done = subprocess.run([*argv, "-m", "not slow"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
