"""Records to rows and back: each field a column, lists and objects as JSON text, usage as `usage_*` columns.

An empty list or object is NULL. What cannot be stored (lone surrogates, integers over 64 bits) is made storable in
`storable`, so that a hostile endpoint cannot keep a call out of the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct, structs
from msgspec.inspect import BoolType, DictType, StructType, UnionType, VarTupleType, type_info

from cabproxy.ledger import hashes
from cabproxy.ledger.record import (
    Artifact,
    Call,
    Claim,
    FileChange,
    Run,
    Score,
    Span,
    StoredScore,
    TestResult,
    Usage,
    Verification,
)

R = TypeVar("R", bound=Struct)
encode_json = msgspec.json.Encoder().encode
decode_json = msgspec.json.Decoder().decode
_MAX_INT = 2**63 - 1


class Table(Generic[R]):
    """How records of one kind lie in one table: `columns` in order, `encode` and `decode` for rows of them."""

    def __init__(
        self, cls: type[R], name: str, *, prefix: str = "", skip: Sequence[str] = (), packed: Sequence[str] = ()
    ) -> None:
        self.cls = cls
        self.name = name
        info = type_info(cls)
        assert isinstance(info, StructType)
        fields = [field for field in info.fields if field.name not in skip]
        self.fields = tuple(field.name for field in fields)
        self.columns = tuple(prefix + name.rstrip("_") for name in self.fields)
        self._where = tuple(structs.fields(cls)[i].name for i in range(len(structs.fields(cls))))
        self._kept = [self._where.index(name) for name in self.fields]
        self._whole = self._kept == list(range(len(self._where)))
        self._lists = [i for i, field in enumerate(fields) if isinstance(field.type, VarTupleType)]
        self._dicts = [i for i, field in enumerate(fields) if isinstance(field.type, DictType)]
        self._hashes = [
            (i, hashes.KEY if name == "request_key" else hashes.SHA256)
            for i, name in enumerate(self.fields)
            if name in packed
        ]
        self._bools = [i for i, field in enumerate(fields) if _is_bool(field.type)]

    def encode(self, record: R) -> list[Any]:
        """The values of one row."""
        values = list(structs.astuple(record))
        if not self._whole:
            values = [values[i] for i in self._kept]
        for i in self._lists:
            values[i] = encode_json(values[i]).decode() if values[i] else None
        for i in self._dicts:
            values[i] = encode_json(values[i]).decode() if values[i] else None
        for i in self._bools:
            if values[i] is not None:
                values[i] = int(values[i])
        for i, _ in self._hashes:
            values[i] = hashes.packed(values[i])
        return values

    def decode(self, row: Sequence[Any], **more: Any) -> R:
        """The record of one row; `more` are the skipped fields. Raises msgspec.ValidationError for a wrong type."""
        fields = self.fields
        values = dict(zip(fields, row, strict=True))
        for i in self._lists:
            values[fields[i]] = tuple(decode_json(row[i])) if row[i] else ()
        for i in self._dicts:
            values[fields[i]] = decode_json(row[i]) if row[i] else {}
        for i in self._bools:
            if row[i] is not None:
                values[fields[i]] = bool(row[i])
        for i, tag in self._hashes:
            if row[i] is not None:
                values[fields[i]] = hashes.tagged(row[i], tag)
        values.update(more)
        return msgspec.convert(values, self.cls)

    def select(self, rest: str = "") -> str:
        """The SQL that reads these columns; `rest` is what follows the table."""
        return select_sql(self.name, self.columns, rest)

    def insert(self, verb: str = "insert") -> str:
        """The SQL that writes one row."""
        return insert_sql(self.name, self.columns, verb)


def select_sql(table: str, columns: Sequence[str], rest: str = "") -> str:
    """SQL that reads columns; names are ours, never a peer's."""
    return f"select {', '.join(map(_quoted, columns))} from {_quoted(table)} {rest}"  # noqa: S608


def insert_sql(table: str, columns: Sequence[str], verb: str = "insert") -> str:
    """SQL that writes one row; `verb` may be `insert or replace`."""
    holes = ", ".join("?" * len(columns))
    return f"{verb} into {_quoted(table)} ({', '.join(map(_quoted, columns))}) values ({holes})"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _is_bool(kind: msgspec.inspect.Type) -> bool:
    return isinstance(kind, BoolType) or (isinstance(kind, UnionType) and any(map(_is_bool, kind.types)))


RUN = Table(Run, "run")
SPAN = Table(Span, "span")
FILE_CHANGE = Table(FileChange, "file_change")
VERIFICATION = Table(Verification, "verification", skip=["tests"])
TEST_RESULT = Table(TestResult, "test_result")
CLAIM = Table(Claim, "claim")
ARTIFACT = Table(Artifact, "artifact")
STORED_SCORE = Table(StoredScore, "score", skip=["score"])
SCORE = Table(Score, "score")
USAGE = Table(Usage, "call", prefix="usage_")
PACKED = ("request_key", "request_sha256", "response_sha256", "chunks_sha256", "prev_hash", "row_hash")
"""A call's hashes, which its row holds as bytes."""
CALL = Table(Call, "call", skip=["usage", "request_headers", "response_headers"], packed=PACKED)

CALL_COLUMNS = (*CALL.columns, *USAGE.columns, "request_headers", "response_headers")
INSERT_CALL = insert_sql("call", CALL_COLUMNS, "insert or replace")
SELECT_CALL = select_sql("call", CALL_COLUMNS)
_NO_USAGE = [None] * len(USAGE.columns)


def call_row(call: Call, request_headers: str | None, response_headers: str | None) -> list[Any]:
    """A call's row; headers are JSON lists of ids in the table `header`."""
    usage = _NO_USAGE if call.usage is None else USAGE.encode(call.usage)
    return [*CALL.encode(call), *usage, request_headers, response_headers]


def call_of(row: Sequence[Any], headers: dict[int, tuple[str, str]]) -> Call:
    """The call of a row; `headers` knows every id the row names. Raises KeyError where one is missing."""
    cut = len(CALL.columns)
    usage = row[cut:-2]
    return CALL.decode(
        row[:cut],
        usage=None if usage[0] is None else USAGE.decode(usage),
        request_headers=tuple(headers[i] for i in decode_json(row[-2])) if row[-2] else (),
        response_headers=tuple(headers[i] for i in decode_json(row[-1])) if row[-1] else (),
    )


def storable_call(call: Call) -> Call:
    """The same call as SQLite can hold it; what was derived falls away where it has the wrong types."""
    safe: Call = storable(call)
    try:
        return msgspec.convert(structs.asdict(safe), Call)
    except msgspec.ValidationError as error:
        usage = Usage(source="missing", reason=f"what was derived cannot be stored: {storable(str(error))}")
        derived = (
            "dialect",
            "model_asked",
            "model_served",
            "response_id",
            "streaming",
            "finish_reason",
            "refusal",
            "error",
        )
        return structs.replace(safe, usage=usage, sampling={}, **dict.fromkeys(derived))


def storable(value: Any) -> Any:
    """The same value without what SQLite or JSON cannot hold: surrogates as text, too large integers as None."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not -_MAX_INT <= value <= _MAX_INT:
        return None
    if isinstance(value, tuple | list):
        return tuple(storable(item) for item in value)
    if isinstance(value, dict):
        return {str(storable(key)): storable(item) for key, item in value.items()}
    if isinstance(value, Struct):
        return structs.replace(value, **{name: storable(getattr(value, name)) for name in value.__struct_fields__})
    return value
