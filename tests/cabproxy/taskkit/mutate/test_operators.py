from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabproxy.taskkit.mutate.operators import OPERATORS, mutations, well_formed

pytest.importorskip("tree_sitter", reason="needs the extra `mutate`")

SOURCES = {
    "a.py": """
async def f(a, b, items):
    if a < b and a == 1:
        await send(a, b)
    for item in items:
        if not item:
            break
        total += item + 2
    raise ValueError(a)
""",
    "a.js": """
async function f(a, b) {
  while (a <= b || a === 1) { await send(a, b); break; }
  total += a * 2;
  throw new Error("x" + a);
}
""",
    "a.ts": "function f(a: number, b: number): boolean {\n  if (a > b) { g(a, b); }\n  return a !== 3 && true;\n}\n",
    "a.rs": "fn f(a: i32, b: i32) -> i32 {\n  while a < b { g(a, b); break; }\n  if a == 1 && b != 2 { 3 } else { a + b }\n}\n",  # noqa: E501
    "a.go": "package a\n\nfunc f(a, b int) error {\n\tfor a < b {\n\t\tg(a, b)\n\t\tbreak\n\t}\n\tif err != nil || a == 2 {\n\t\treturn err\n\t}\n\treturn nil\n}\n",  # noqa: E501
    "A.java": "class A {\n  int f(int a, int b) {\n    while (a < b) { g(a, b); break; }\n    if (a == 1 && true) throw new E();\n    return a + b;\n  }\n}\n",  # noqa: E501
    "a.c": "int f(int a, int b)\n{\n    while (a < b) { g(a, b); break; }\n    return a == 1 || a + b > 2;\n}\n",
    "a.cpp": "int f(int a, int b)\n{\n    while (a < b) { g(a, b); break; }\n    if (a == 1) throw 1;\n    return a - b;\n}\n",  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize("path", SOURCES)
def test_every_language_is_mutated_in_several_ways(path: str) -> None:
    found = {one.operator for one in mutations(path, SOURCES[path].encode())}
    assert {"boundary", "negate-comparison", "swap-arguments", "change-constant"} <= found
    assert found <= set(OPERATORS)


@pytest.mark.parametrize("path", SOURCES)
def test_a_mutation_changes_what_it_says_and_nothing_else(path: str) -> None:
    source = SOURCES[path].encode()
    for one in mutations(path, source):
        mutated = one.apply(source)
        assert source[one.start : one.end].decode() == one.before != one.after
        assert mutated[: one.start] == source[: one.start]
        assert mutated.endswith(source[one.end :])
        assert one.first_line <= one.line <= one.last_line
        assert source.count(b"\n", 0, one.start) + 1 == one.line


def test_text_is_not_subtracted() -> None:
    assert [
        one.before for one in mutations("a.js", b'x = "a" + b;\ny = 1 + b;\n') if one.operator == "swap-arithmetic"
    ] == ["+"]


def test_what_is_for_type_checkers_only_is_left_alone() -> None:
    source = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import a
    LIMIT = 3
else:
    TYPE_CHECKING = False

def f(x: int | None = 1, y: "dict[str, 2]" = {}) -> list[int | str]:
    z: tuple[int, 4] = x + 1
"""
    found = {(one.line, one.before) for one in mutations("a.py", source.encode())}
    assert {line for line, _ in found} == {9, 10}
    assert not {before for _, before in found} & {"|", "2", "4", "int", "str"}
    typed = mutations("a.ts", b"const a: Array<1 | 2> = f<3>(4)\n")
    assert {one.before for one in typed} == {"4"}


def test_sources_that_are_none() -> None:
    assert mutations("a.py", b"def (") == []
    assert mutations("a.txt", b"1 < 2") == []


@given(st.sampled_from(sorted(SOURCES)))
def test_most_mutants_parse(path: str) -> None:
    source = SOURCES[path].encode()
    found = mutations(path, source)
    assert sum(well_formed(one, source) for one in found) > 0.8 * len(found)
