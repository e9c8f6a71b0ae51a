"""The part of verifying that follows runs: their calls, the chain over these, the seal over everything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec
from msgspec import Struct, structs

from cabproxy.errors import LedgerError
from cabproxy.ledger import rows, seal, tables
from cabproxy.ledger.record import Call, Run


class Defect(Struct, frozen=True, kw_only=True):
    """Something that is not what it was: in which table, which row, what about it."""

    table: str
    row: str
    problem: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.problem}"


class RunVerifier:
    """Goes through every run once; `sizes` are those of the blobs that are there, by sha256."""

    def __init__(self, connection: sqlite3.Connection, sizes: dict[str, int]) -> None:
        self._connection = connection
        self._headers = tables.Headers(connection)
        self._sizes = sizes
        self.runs = self.sealed = self.calls = self.chained = 0

    def defects(self) -> Iterator[Defect]:
        """All that is wrong with runs, their calls and their evidence."""
        for row in self._connection.execute(rows.RUN.select("order by opened_wall_ns, rowid")).fetchall():
            self.runs += 1
            try:
                run = _well_typed(tables.decoded(rows.RUN, row))
                yield from self._calls_of(run)
                yield from self._seal_of(run)
                yield from self._bytes_of(run)
            except LedgerError as error:
                yield Defect(table="run", row=str(row[0]), problem=str(error))

    def _calls_of(self, run: Run) -> Iterator[Defect]:
        """Sequence numbers without gaps, then the chain over those that ended."""
        ended: list[Call] = []
        seq = 0
        for row in self._connection.execute(rows.SELECT_CALL + "where run_id = ? order by seq", (run.run_id,)):
            self.calls += 1
            try:
                call = _well_typed(tables.call_of(row, self._headers))
            except LedgerError as error:
                yield Defect(table="call", row=str(row[0]), problem=str(error))
                continue
            if call.seq != seq + 1:
                yield Defect(table="call", row=_name(call), problem=f"follows seq {seq}: a row is missing or moved")
            seq = call.seq
            if call.state != "in_flight":
                ended.append(call)
                yield from self._bodies_of(call)
        ended.sort(key=lambda call: call.chain_seq or 0)
        yield from self._chain(run, ended)
        yield from self._head(run, ended, seq)

    def _chain(self, run: Run, ended: list[Call]) -> Iterator[Defect]:
        before: Call | None = None
        for call in ended:
            self.chained += 1
            number, head = (before.chain_seq or 0, before.row_hash) if before else (0, None)
            derived = seal.row_hash(call)
            if call.row_hash != derived:
                problem = f"changed: its hash is {derived}, was {call.row_hash}"
                yield Defect(table="call", row=_name(call), problem=problem)
            if call.chain_seq != number + 1:
                problem = f"chain_seq {call.chain_seq} follows {number}: a row is missing or moved"
                yield Defect(table="call", row=_name(call), problem=problem)
            elif call.prev_hash != head:
                problem = (
                    f"does not follow {_name(before) if before else 'nothing'}: a row was changed, put in or moved"
                )
                yield Defect(table="call", row=_name(call), problem=problem)
            if run.seal is not None and (call.chain_seq or 0) > (run.call_count or 0):
                yield Defect(table="call", row=_name(call), problem="ended after its run was sealed: no seal covers it")
            before = call

    def _head(self, run: Run, ended: list[Call], last_seq: int) -> Iterator[Defect]:
        """What the chain's end is said to be, in the table `chain` and under the seal."""
        number, head = (ended[-1].chain_seq, ended[-1].row_hash) if ended else (0, None)
        said = self._connection.execute(
            "select seq, chain_seq, head from chain where run_id = ?", (run.run_id,)
        ).fetchone()
        if (said or (0, 0, None)) != (last_seq, number, head):
            problem = f"ends at seq, chain_seq, head {said}, the calls at {(last_seq, number, head)}: a row is missing"
            yield Defect(table="chain", row=run.run_id, problem=problem)
        if run.seal is None:
            return
        sealed = [call for call in ended if call.chain_seq == run.call_count]
        if run.call_count and not sealed:
            problem = f"{run.call_count} calls were sealed, the chain ends at {number}"
            yield Defect(table="run", row=run.run_id, problem=problem)
        if sealed and sealed[0].row_hash != run.chain_head:
            problem = f"is not the one that was sealed ({run.chain_head})"
            yield Defect(table="call", row=_name(sealed[0]), problem=f"its hash {problem}")

    def _seal_of(self, run: Run) -> Iterator[Defect]:
        listed = {
            (table, name): digest
            for table, name, digest in self._connection.execute(
                "select table_name, row_name, row_hash from sealed_row where run_id = ?", (run.run_id,)
            )
        }
        if run.seal is None:
            if listed or run.closed_wall_ns is not None:
                yield Defect(table="run", row=run.run_id, problem="was closed, but its seal is missing")
            return
        self.sealed += 1
        there = {
            (table, name): digest
            for table, name, digest in seal.sealed_rows(tables.evidence(self._connection, run.run_id))
        }
        for table, name in sorted(listed.keys() | there.keys(), key=_as_text):
            was, now = listed.get((table, name)), there.get((table, name))
            if was != now:
                problem = "missing" if now is None else "added after the seal" if was is None else "changed"
                yield Defect(table=str(table), row=f"{run.run_id} {name}", problem=problem)
        derived = seal.seal(run, sorted(((*key, digest) for key, digest in listed.items()), key=_as_text))
        if derived != run.seal:
            problem = f"its row, or a sealed_row of it, was changed: the seal is {derived}, was {run.seal}"
            yield Defect(table="run", row=run.run_id, problem=problem)

    def _bytes_of(self, run: Run) -> Iterator[Defect]:
        for artifact in tables.artifacts(self._connection, run.run_id):
            yield from self._needs("artifact", f"{run.run_id} {artifact.name}", artifact.sha256, artifact.size)
        for verification in tables.verifications(self._connection, run.run_id):
            if verification.output_sha256:
                yield from self._needs("verification", f"{run.run_id} {verification.phase}", verification.output_sha256)

    def _bodies_of(self, call: Call) -> Iterator[Defect]:
        sizes = {call.request_sha256: call.request_bytes, call.response_sha256: call.response_bytes}
        for sha256, size in sizes.items():
            if sha256:
                yield from self._needs("call", _name(call), sha256, size)
        if call.chunks_sha256:
            yield from self._needs("call", _name(call), call.chunks_sha256)

    def _needs(self, table: str, row: str, sha256: str, size: int | None = None) -> Iterator[Defect]:
        stored = self._sizes.get(sha256)
        if stored is None:
            yield Defect(table=table, row=row, problem=f"its {sha256} is not in the ledger")
        elif size is not None and size != stored:
            yield Defect(table=table, row=row, problem=f"{sha256} has {stored} bytes, not {size}")


def _as_text(row: tuple[object, ...]) -> tuple[str, ...]:
    """An order for rows that may hold anything; for those of a seal it is their own."""
    return tuple(map(str, row))


def _name(call: Call) -> str:
    return f"{call.call_id} (run {call.run_id}, seq {call.seq})"


def _well_typed(record: rows.R) -> rows.R:
    """The same record. Raises LedgerError where a column holds what it cannot hold, as SQLite lets anyone write."""
    try:
        return msgspec.convert(structs.asdict(record), type(record))
    except msgspec.ValidationError as error:
        raise LedgerError(f"a column holds what it cannot: {error}") from error
