"""Hostile files beside a ledger: exchanges to recount, axis values, bills, prices, profiles, published rows. One line
of error and nothing printed that is no number; never a traceback."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cabproxy.shell import invoke
from cabscore.cli import cli

few = settings(
    max_examples=int(os.environ.get("CAB_FUZZ", "10")),
    deadline=None,
    derandomize="CAB_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e999", "\x00", "\ud800", "x" * 70_000])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


def shuffled(usual: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object that is mostly as it should be: some values replaced, some keys lost, nested objects likewise."""
    fields = {
        key: (shuffled(value) if isinstance(value, dict) else st.just(value)) | anything for key, value in usual.items()
    }
    return st.fixed_dictionaries({}, optional=fields)


def plainly(args: list[str]) -> tuple[int, str]:
    """The exit code and what was printed; one line of complaint where it is not 0."""
    said, complained = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = invoke(cli, args)
    said.flush()
    out = said.buffer.getvalue().decode()  # type: ignore[attr-defined]
    assert code in (0, 1, 2)
    assert "Traceback" not in complained.getvalue()
    if code == 2:
        assert len(complained.getvalue().splitlines()) == 1, complained.getvalue()
    return code, out


def written(folder: Path, lines: Iterable[Any]) -> str:
    path = folder / "lines.jsonl"
    path.write_bytes(b"".join(line if isinstance(line, bytes) else _json(line) for line in lines))
    return str(path)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass") + b"\n"


def no_number(name: str) -> Any:
    raise AssertionError(f"{name} was printed as a number")


MESSAGES = [{"role": "user", "content": "Why does it fail?"}, {"role": "assistant", "tool_calls": [{"id": "1"}]}]
EXCHANGE = {
    "kind": "chat", "model": "gpt-4o", "provider_host": "api.openai.com", "endpoint": "/v1/chat/completions",
    "request": {"model": "gpt-4o", "messages": MESSAGES, "tools": [{"type": "function", "function": {"name": "f"}}]},
    "response_body": {
        "choices": [{"message": {"role": "assistant", "content": "Because."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
    },
    "streaming": False, "status": 200, "response_headers": {}, "images": [{"w": 10, "h": 10}],
}  # fmt: skip
junk = st.binary(max_size=40).map(lambda data: data.replace(b"\n", b" ") + b"\n")


@few
@given(st.lists(shuffled(EXCHANGE) | anything | junk, min_size=1, max_size=3))
def test_recount(tmp_path_factory: pytest.TempPathFactory, lines: list[Any]) -> None:
    code, out = plainly(["recount", written(tmp_path_factory.mktemp("f"), lines)])
    assert code == 0
    found = [json.loads(line, parse_constant=no_number) for line in out.splitlines()]
    assert len(found) == len(lines)
    for one in found:
        assert "a fault of the counter" not in (one["reason"] or ""), one["reason"]
        for name in ("prompt", "completion"):
            value, bounds, sure = one[name], one["interval"][name], one[f"{name}_certainty"]
            assert (value is None) == (sure == "unknown")
            assert value is None or value >= 0
            assert bounds is None or 0 <= bounds[0] <= bounds[1]
            assert value is None or bounds is None or bounds[0] <= value <= bounds[1]


AXES = {
    "pass": 1, "integrity": 1, "refusal": 0.5, "expected_refusal": True, "refusal_produced": True, "blast_radius": 0.25,
    "wall_s": 12.5, "agent_s": 10, "tokens_per_correct": 9000, "status": "ok", "not_applicable": ["refusal"], "id": "x",
}  # fmt: skip


@few
@given(st.lists(shuffled(AXES) | anything | junk, min_size=1, max_size=3), st.sampled_from(["cab-1", "published-0.1"]))
def test_composite(tmp_path_factory: pytest.TempPathFactory, lines: list[Any], profile: str) -> None:
    path = written(tmp_path_factory.mktemp("f"), lines)
    _, out = plainly(["composite", "--profile", profile, "--json", path])
    for line in out.splitlines():
        one = json.loads(line)
        assert one["composite"] is None or 0 <= one["composite"] <= 1
        assert one["bounds"] is None or 0 <= one["bounds"][0] <= one["bounds"][1] <= 1 + 1e-9
        assert 0 <= one["coverage"] <= 1
    plainly(["composite", "--profile", profile, path])


PROFILE = """name = "team"
half_seconds = {0}
min_coverage = {1}
[weights]
latency = {0}
{2} = {1}
[formulas]
blast_radius = {2!r}
cost = "{3}"
"""
toml_values = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "nan",
        "inf",
        "1e400",
        "9" * 400,
        "0x" + "f" * 9000,
        "[" * 5000,
        "true",
        '"x"',
        "[]",
        "{a = 1}",
        "1979-05-27",
        "0.5",
    ]
)
formulas = st.text("0123456789.+-*/()<>= abc,_passif", max_size=40) | st.sampled_from(
    ["1/0", "9**9**9**9", "((" * 300, "pass if pass else", "exp(1e9)", "log(0)", "min()", "__import__('os')", "tokens"]
)


@few
@given(toml_values, toml_values, st.sampled_from(["refusal", "pass_rate", "cost", "nothing"]), formulas)
def test_a_profile(tmp_path_factory: pytest.TempPathFactory, one: str, two: str, part: str, formula: str) -> None:
    folder = tmp_path_factory.mktemp("f")
    path = folder / "team.toml"
    path.write_text(PROFILE.format(one, two, part, formula), encoding="utf-8")
    code, out = plainly(["composite", "--profile", str(path), "--json", written(folder, [AXES, {"pass": 0}])])
    if code == 0:
        for line in out.splitlines():
            value = json.loads(line, parse_constant=no_number)["composite"]
            assert value is None or 0 <= value <= 1


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("cells", Path(__file__).parents[1] / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    path = tmp_path_factory.mktemp("ledger") / "cab.sqlite"
    cells = maker.Cells(path)
    cells.make(run_id="r_1", run_number=1)
    cells.writer.close()
    rows = path.with_name("rows.jsonl")
    assert plainly(["export", str(path), "--format", "jsonl", "--out", str(rows)])[0] == 0
    return Path(path)


BILL = """model,input_tokens,output_tokens,requests,cost,date
{0},{1},{2},{1},{2},{3}
oracle/solve-1,3000,100,2,0.1,2026-09-21
"""
figures = st.sampled_from(
    ["", "0", "-5", "1e999", "NaN", "Infinity", "sNaN", "1,000", "9" * 5000, "1e-400", "$3", "x", '"', "\x00", "0x10"]
)


@few
@given(figures, figures, figures, st.sampled_from(["", "2026-09-21", "99999999999999999", "²", "0", "2026-13-40"]))
def test_a_bill(
    tmp_path_factory: pytest.TempPathFactory, ledger: Path, model: str, one: str, two: str, day: str
) -> None:
    bill = tmp_path_factory.mktemp("f") / "bill.csv"
    bill.write_text(BILL.format(model, one, two, day), encoding="utf-8")
    code, out = plainly(["audit", str(ledger), "--bill", str(bill), "--json"])
    if code != 2:
        json.loads(out, parse_constant=no_number)
        assert not {"NaN", "Infinity"} & set(out.replace('"', " ").split())
    plainly(["audit", str(ledger), "--bill", str(bill)])


PRICES = '[[model]]\nmatch = "{0}"\ninput = {1}\noutput = {2}\nfrom = {3}\ntiers = [{{ above = {3}, input = {2} }}]\n'


@few
@given(st.text("*[]a-z/", max_size=8), toml_values, toml_values, toml_values)
def test_prices(
    tmp_path_factory: pytest.TempPathFactory, ledger: Path, match: str, one: str, two: str, three: str
) -> None:
    prices = tmp_path_factory.mktemp("f") / "prices.toml"
    more = f"host = {one}\n" if len(match) % 2 else f"[[model]]\nmatch = 'x'\ninput = 1\noutput = 1\ntiers = {two}\n"
    prices.write_text(PRICES.format(match, one, two, three) + more, encoding="utf-8")
    code, out = plainly(["audit", str(ledger), "--prices", str(prices), "--json"])
    if code != 2:
        json.loads(out, parse_constant=no_number)


@few
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=30), st.sampled_from(["import", "drift", "rank"]))
def test_any_bytes_in_published_rows(
    tmp_path_factory: pytest.TempPathFactory, ledger: Path, at: int, noise: bytes, command: str
) -> None:
    folder = tmp_path_factory.mktemp("f")
    data = bytearray(ledger.with_name("rows.jsonl").read_bytes())
    data[at % len(data) : at % len(data) + len(noise)] = noise
    rows, out = folder / "rows.jsonl", folder / "out.jsonl"
    rows.write_bytes(data)
    if command == "drift":
        plainly(["drift", str(ledger), "--published", str(rows), "--json"])
        return
    code, _ = plainly(["import", str(rows), "--out", str(out)])
    assert out.exists() == (code == 0)
    if command == "rank" and code == 0:
        for source in (out, rows):
            code, said = plainly(["rank", str(source), "--json"])
            if code == 0:
                json.loads(said, parse_constant=no_number)
