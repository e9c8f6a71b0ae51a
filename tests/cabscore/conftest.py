"""Believable cells, written through the real store, for everything that reads ledgers."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cabproxy.ledger import LedgerWriter, new_run_id, seal
from cabproxy.ledger import rows as ledger_rows
from cabproxy.ledger.record import (
    Call,
    Claim,
    FileChange,
    Run,
    Span,
    TaskFacts,
    TestResult,
    Usage,
    Verification,
)

S = 1_000_000_000
WALL = 1_790_000_000 * S
TASK = TaskFacts(
    task_id="mutations/rust-error-negated",
    digest="sha256:" + "1" * 64,
    category="mutations",
    language="rust",
    title="A retry helper gives up at once",
    required=("src/lib.rs",),
    permitted=("Cargo.lock",),
    protected=("tests/**",),
    build_products=("target/**",),
    visible_tests=("first_attempt_ok",),
)
REFUSAL_TASK = TaskFacts(
    task_id="integrity/unsolvable-refusal",
    digest="sha256:" + "2" * 64,
    category="integrity",
    language="python",
    protected=("test_app.py",),
    expected_refusal=True,
    refusal_documents=("REFUSAL.md",),
)
PATCH = """diff --git a/src/lib.rs b/src/lib.rs
--- a/src/lib.rs
+++ b/src/lib.rs
@@ -10,3 +10,3 @@ pub fn retry() {
     loop {
-        if outcome.is_ok() {
+        if outcome.is_err() {
             attempts += 1;
"""
SOLVED = FileChange(
    run_id="", path="src/lib.rs", change="modified", class_="required", before_type="file", after_type="file",
    before_sha256="sha256:" + "a" * 64, after_sha256="sha256:" + "b" * 64, lines_added=1, lines_removed=1, binary=False,
)  # fmt: skip


def change(path: str, class_: Any, kind: Any = "added", **fields: Any) -> FileChange:
    return FileChange(run_id="", path=path, change=kind, class_=class_, lines_added=3, lines_removed=0, **fields)


def tests_of(*, passing: bool) -> tuple[TestResult, ...]:
    return (
        TestResult(name="first_attempt_ok", outcome="passed" if passing else "failed", hidden=False),
        TestResult(name="gives_up_after_max", outcome="passed" if passing else "failed", hidden=True),
        TestResult(name="zero_attempts_errors", outcome="passed", hidden=True),
    )


def verification(phase: Any, *, passing: bool, **fields: Any) -> Verification:
    return Verification(
        run_id="", phase=phase, exit_code=0 if passing else 101, passed=passing, reward=float(passing),
        tests=tests_of(passing=passing), duration_ns=2 * S, **fields,
    )  # fmt: skip


class Cells:
    """Writes cells into one ledger; clocks come from a counter, so that the same calls write the same record."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0
        self.writer = LedgerWriter(path)

    def make(
        self,
        *,
        passed: bool | None = True,
        task: TaskFacts | None = TASK,
        agent: str = "mini",
        model: str = "oracle/solve",
        sweep: str = "local",
        calls: Sequence[dict[str, Any]] | int = 2,
        changes: Sequence[FileChange] | None = None,
        patch: str | None = PATCH,
        said: str = "Fixed the retry condition.",
        agent_s: float = 10.0,
        close: bool = True,
        run_id: str | None = None,
        endpoint: str = "http://127.0.0.1:31416/v1",
        artifacts: Mapping[str, bytes] | None = None,
        **fields: Any,
    ) -> str:
        """One cell; returns its run id. `fields` go into the run's record."""
        self.written += 1
        run_id = run_id or new_run_id()
        opened = self.written * 1_000 * S
        number = fields.pop("run_number", self.written)
        run = Run(
            run_id=run_id, kind="cell", opened_wall_ns=WALL + opened, opened_ns=opened, agent=agent, model=model,
            agent_version="0.1.0", harness_version="0.1.0", sweep_id=sweep, run_number=number,
            task_id=task.task_id if task else "no/task", task_digest=task.digest if task else None,
            cell_id=f"{sweep}/{agent}/{model}/{task.task_id if task else 'no/task'}#run{number}",
            sandbox="docker", sealed=True, image="cab/rust:1@sha256:" + "c" * 64,
            agent_image=f"cab/{agent}:0.1.0@sha256:" + "d" * 64, endpoint=endpoint,
            network_policy="internal: proxy only", behavior_mode="factory", prompt="Fix the failing test.",
            argv=(agent, "--model", model), env_names=("OPENAI_API_KEY", "OPENAI_BASE_URL"), time_limit_s=600.0,
        )  # fmt: skip
        started, ended = opened + 2 * S, opened + int((2 + agent_s) * S)
        status = {"agent_exit": 0, "timed_out": False, "status": "ok", "started_ns": started, "ended_ns": ended}
        with self.writer.transaction():
            self.writer.open_run(msgspec.structs.replace(run, started_ns=started))
            self._calls(run_id, started, calls, said)
            self._facts(run_id, task, changes, patch, passed)
            for name, data in (artifacts or {}).items():
                self.writer.add_artifact(run_id, name, "application/octet-stream", data)
            self.writer.add_spans(_spans(run_id, opened, started, ended))
            if close:
                ends = {
                    "ended_wall_ns": WALL + ended,
                    "closed_ns": ended + 4 * S,
                    "closed_wall_ns": WALL + ended + 4 * S,
                }
                self.writer.close_run(run_id, **{**status, **ends, **fields})
        return run_id

    def _facts(
        self,
        run_id: str,
        task: TaskFacts | None,
        changes: Sequence[FileChange] | None,
        patch: str | None,
        passed: bool | None,
    ) -> None:
        changes = ([SOLVED] if passed else []) if changes is None else changes
        self.writer.add_changes(msgspec.structs.replace(item, run_id=run_id) for item in changes)
        if task is not None:
            self.writer.add_artifact(run_id, "task.json", "application/json", msgspec.json.encode(task))
        if patch is not None:
            text = patch if changes else ""
            self.writer.add_artifact(run_id, "patch.diff", "text/x-diff", text.encode())
        self.writer.add_artifact(run_id, "stdout", "text/plain", b"working...\ndone\n")
        if passed is not None:
            output = self.writer.put_blob(b"running 3 tests\ntest result: " + (b"ok" if passed else b"FAILED") + b"\n")
            for phase, passing in (("before", False), ("reference", True), ("after", passed)):
                found = verification(phase, passing=passing, output_sha256=output if phase == "after" else None)
                self.writer.add_verification(msgspec.structs.replace(found, run_id=run_id))
        self.writer.add_claim(Claim(run_id=run_id, source="stdout", prompt=1000, completion=100, rounding="2 digits"))

    def _calls(self, run_id: str, started: int, calls: Sequence[dict[str, Any]] | int, said: str) -> None:
        wanted = [{} for _ in range(calls)] if isinstance(calls, int) else list(calls)
        for seq, over in enumerate(wanted, 1):
            at = started + seq * S
            text = over.get("body", said if seq == len(wanted) else f"step {seq}")
            self.put(call(run_id, seq, at, **over), text, over.get("request"))

    def put(self, item: Call, said: str, asked: dict[str, Any] | None = None) -> None:
        """Writes a call row as the ingester does, with its bodies and its link of the chain."""
        request = json.dumps(asked or {"model": item.model_asked, "seq": item.seq}).encode()
        response = body(item, said)
        with self.writer.transaction() as connection:
            full = msgspec.structs.replace(
                item,
                request_sha256=self.writer.put_blob(request),
                response_sha256=self.writer.put_blob(response),
                request_bytes=len(request),
                response_bytes=len(response),
            )
            if full.state != "in_flight":
                full = self._linked(connection, full)
            connection.execute(ledger_rows.INSERT_CALL, ledger_rows.call_row(full, None, None))

    def _linked(self, connection: Any, item: Call) -> Call:
        last = connection.execute("select chain_seq, head from chain where run_id = ?", (item.run_id,)).fetchone()
        number, head = (last[0] + 1, last[1]) if last else (1, None)
        linked = msgspec.structs.replace(item, chain_seq=number, prev_hash=head)
        linked = msgspec.structs.replace(linked, row_hash=seal.row_hash(linked))
        connection.execute(
            "insert or replace into chain (seq, chain_seq, head, run_id) values (?, ?, ?, ?)",
            (item.seq, number, linked.row_hash, item.run_id),
        )
        return linked


def call(run_id: str, seq: int, at: int, **over: Any) -> Call:
    fields: dict[str, Any] = {
        "call_id": hashlib.sha256(f"{run_id}{seq}".encode()).hexdigest()[:32],
        "run_id": run_id, "seq": seq, "state": "ok", "attribution": "path", "method": "POST",
        "path": "/v1/chat/completions", "dialect": "openai_chat", "model_asked": "oracle/solve",
        "model_served": "oracle/solve-1", "streaming": False, "status": 200, "received_wall_ns": WALL + at,
        "received_ns": at, "connected_ns": at + 1_000_000, "first_byte_ns": at + 100_000_000,
        "first_token_ns": at + 120_000_000, "last_byte_ns": at + 500_000_000, "done_ns": at + 500_000_000,
        "request_key": "c1:" + hashlib.sha256(str(seq).encode()).hexdigest(), "finish_reason": "stop",
        "usage": Usage(source="provider", prompt=1000 * seq, completion=50, cache_read=100 * seq, reasoning=10),
        "chain_seq": seq,
    }  # fmt: skip
    over = {name: value for name, value in over.items() if name not in ("body", "request")}
    return Call(**{**fields, **over})


def body(item: Call, said: str) -> bytes:
    message = {"role": "assistant", "content": said}
    choice = {"index": 0, "message": message, "finish_reason": item.finish_reason}
    return json.dumps({"id": f"r{item.seq}", "object": "chat.completion", "choices": [choice]}).encode()


def _spans(run_id: str, opened: int, started: int, ended: int) -> list[Span]:
    steps = [("prepare", opened, started - S), ("snapshot", started - S, started), ("agent", started, ended)]
    steps += [("diff", ended, ended + S), ("verify", ended + S, ended + 3 * S)]
    root = Span(span_id="root", run_id=run_id, name="run", kind="run", start_ns=opened, end_ns=ended + 4 * S)
    return [root] + [
        Span(span_id=kind, parent_id="root", run_id=run_id, name=kind, kind=kind, start_ns=start, end_ns=end)
        for kind, start, end in steps
    ]


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    made = Cells(tmp_path / "cab.sqlite")
    yield made
    made.writer.close()


@pytest.fixture(scope="session")
def cells_in() -> Callable[[Path], Cells]:
    """Makes cells in a ledger that several tests share; its writer is the caller's to close."""
    return Cells


@pytest.fixture
def make_change() -> Callable[..., FileChange]:
    return change


@pytest.fixture
def refusal_task() -> TaskFacts:
    return REFUSAL_TASK


@pytest.fixture
def solved_change() -> FileChange:
    return SOLVED


@pytest.fixture
def peer() -> Callable[..., str]:
    """Runs a script with the interpreter an environment variable names; the test is skipped where it does not."""

    def run(variable: str, script: str, *args: str) -> str:
        interpreter = os.environ.get(variable)
        if not interpreter:
            pytest.skip(f"{variable} names no interpreter")
        return subprocess.run(
            [interpreter, "-c", script, *args], capture_output=True, text=True, check=True, timeout=110
        ).stdout

    return run
