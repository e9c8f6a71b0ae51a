"""Sound ledgers of hostile content: what models answer, agents leave and tasks declare, written through the real store.
Every command makes something of it or says in one line why not; no number that cannot be one."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from cabproxy.ledger.record import Usage
from cabproxy.shell import invoke
from cabscore.cli import cli

few = settings(
    max_examples=int(os.environ.get("CAB_FUZZ", "10")),
    deadline=None,
    derandomize="CAB_FUZZ" not in os.environ,
    phases=[Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=6)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner)
)
texts = st.text(max_size=60) | st.sampled_from(
    [
        "\ud800",
        "\x00",
        "\x1b[2J\u202eabc",
        "x" * 100_000,
        "I cannot do this.\n" * 500,
        "<script>alert(1)</script>",
        "{{7*7}}",
    ]
)
stored = texts.map(lambda text: text.encode("utf-8", "backslashreplace").decode())  # as the ingester writes it
PATCH = "diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -{1},3 +{1},3 @@\n-a\n+b\n"
patches = st.builds(PATCH.format, texts, st.sampled_from([0, -1, 10**30, "x"])) | texts
bodies = st.one_of(
    st.binary(max_size=60),
    anything.map(lambda value: json.dumps(value).encode("utf-8", "replace")),
    st.builds(
        lambda content, calls, usage: json.dumps(
            {
                "choices": [{"message": {"content": content, "tool_calls": calls}, "finish_reason": content}],
                "usage": usage,
            }
        ).encode("utf-8", "replace"),
        texts | anything,
        anything,
        anything,
    ),
)
figures = st.none() | st.integers(-5, 5) | st.sampled_from([2**62, -(2**63), 10**15])
usages = st.none() | st.builds(
    Usage,
    source=st.sampled_from(["provider", "recount", "estimate", "missing"]),
    prompt=figures,
    completion=figures,
    cache_read=figures,
    cache_write=figures,
    reasoning=figures,
    total=figures,
    cost_usd=st.sampled_from([None, "0.1", "-1", "NaN", "1e999999", "-0", "free", "1e-99999999"]),
    raw=st.sampled_from([None, "{", '{"ephemeral_1h": 1}', '{"cache_creation": {"ephemeral_1h_input_tokens": -4}}']),
)
clocks = st.none() | st.sampled_from([0, -(2**63), 2**62, 10**9])
calls = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["ok", "cut", "http_error", "upstream_error", "unfinished", "refused", "client_gone"]),
        "usage": usages,
        "finish_reason": stored,
        "refusal": st.none() | stored,
        "status": st.sampled_from([None, 0, -1, 200, 429, 10**12]),
        "dialect": st.sampled_from([None, "nobody_s", "anthropic_messages", "openai_responses", "gemini", "ollama"]),
        "model_served": st.none() | stored.map(lambda text: text[:50]),
        "done_ns": clocks,
        "last_byte_ns": clocks,
        "first_token_ns": clocks,
        "rewrites": st.sampled_from([("held:ms=99999999999",), ("held:ms=-1",), ("held:ms=²",), ("usage",)]),
        "streaming": st.booleans(),
    },
)
NAMES = (
    "task.json",
    "visible_tests.json",
    "constraints.json",
    "reference.diff",
    "document:REFUSAL.md",
    "terminal.cast",
)
artifacts = st.dictionaries(st.sampled_from(NAMES), bodies | patches.map(lambda text: text.encode("utf-8", "replace")))
COMMANDS = ("score", "rescore", "report", "rank", "compare", "audit", "verify", "composite", "jsonl", "csv", "parquet")
REPORTS = {"audit", "verify"}
COMMANDS += ("atif", "inspect", "otlp", "swebench", "publish")


def arguments(command: str, ledger: Path, out: Path) -> list[str]:
    written = ["report", str(ledger), "--out", str(out / "site"), "--jobs", "1"]
    plain = {
        "score": ["score", str(ledger), "--json"],
        "rescore": ["rescore", str(ledger), "--json", "--jobs", "1"],
        "report": written,
        "rank": ["rank", str(ledger), "--json", "--sensitivity"],
        "compare": ["compare", str(ledger), "r_1", "r_2", "--json"],
        "audit": ["audit", str(ledger), "--json"],
        "verify": ["verify", str(ledger), "--json"],
        "composite": ["score", str(ledger), "--json", "--no-store", "--profile", "published-0.1"],
        "publish": ["publish", str(ledger), "--to", str(out / "p"), "--key", str(out / "k")],
    }
    return plain.get(command) or ["export", str(ledger), "--format", command, "--out", str(out / command)]


@pytest.fixture(scope="module")
def maker() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("cells", Path(__file__).parents[1] / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


@few
@given(
    st.lists(calls, max_size=3), st.lists(bodies, min_size=3, max_size=3), patches, artifacts, st.sampled_from(COMMANDS)
)
def test_any_content(
    maker: ModuleType, tmp_path_factory: Any, made: list[Any], said: list[bytes], patch: str, kept: Any, command: str
) -> None:
    folder = tmp_path_factory.mktemp("f")
    cells = maker.Cells(folder / "cab.sqlite")
    answers = iter(said)
    maker.body = lambda item, text: next(answers, b"")
    try:
        task = None if "task.json" in kept else maker.TASK
        cells.make(run_id="r_1", calls=made, patch=patch.encode("utf-8", "replace").decode(), artifacts=kept, task=task)
        cells.make(run_id="r_2", calls=1)
    finally:
        cells.writer.close()
    assert invoke(cli, ["publish", "--new-key", str(folder / "k")]) == 0
    printed, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        code = invoke(cli, arguments(command, folder / "cab.sqlite", folder))
    event(f"{command} {code}")
    assert code in (0, 1), complained.getvalue()
    if code == 0 or command in REPORTS:
        for line in [printed.getvalue()] if command in REPORTS else printed.getvalue().splitlines():
            if line.startswith("{"):
                sensible(json.loads(line, parse_constant=no_number))
    else:
        assert len(complained.getvalue().splitlines()) == 1, complained.getvalue()
        assert not [path for path in folder.rglob("*") if ".part" in path.name]
    shutil.rmtree(folder)


def no_number(name: str) -> Any:
    raise AssertionError(f"{name} was printed as a number")


def sensible(found: Any) -> None:
    """Shares between 0 and 1, nothing less than none, intervals the right way round, wherever they stand."""
    if isinstance(found, dict):
        value, axis = found.get("value"), found.get("axis")
        if isinstance(value, int | float) and axis is not None:
            assert value >= 0, found
            assert value <= 1 or axis in ("tokens", "latency"), found
        low, high = found.get("low"), found.get("high")
        if isinstance(low, int | float) and isinstance(high, int | float):
            assert low <= high, found
        for inner in found.values():
            sensible(inner)
    elif isinstance(found, list):
        for inner in found:
            sensible(inner)
