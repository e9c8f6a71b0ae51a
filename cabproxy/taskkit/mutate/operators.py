"""Mutation operators: each looks at one node of a syntax tree and says what could stand there instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cabproxy.taskkit.mutate.expressions import (
    ARITHMETIC,
    BOUNDARY,
    COMPARISON,
    LOGICAL,
    change_constant,
    off_by_one,
    swap_operands,
    tokens,
)
from cabproxy.taskkit.mutate.flow import (
    invert_error,
    lose_break,
    lose_continue,
    lose_return,
    negate_condition,
    remove_await,
    remove_statement,
    swallow_exception,
)
from cabproxy.taskkit.mutate.grammar import grammar_of, parse
from cabproxy.taskkit.mutate.names import swap_arguments, wrong_variable
from cabproxy.taskkit.mutate.syntax import TYPES, Edit, Operator, function_lines, header, text

if TYPE_CHECKING:
    from tree_sitter import Node


class Mutation(Struct, frozen=True, kw_only=True):
    """One change of one file; lines count from 1, offsets are bytes, `before` and `after` are the changed pieces."""

    path: str
    operator: str
    line: int
    first_line: int  # of the statement around it, without its body
    last_line: int
    start: int
    end: int
    before: str
    after: str
    function_first: int = 0  # lines of the function around it; 0 and -1 where there is none
    function_last: int = -1

    def apply(self, source: bytes) -> bytes:
        """The source with the change made."""
        return source[: self.start] + self.after.encode() + source[self.end :]


OPERATORS: dict[str, Operator] = {
    "invert-error": invert_error,
    "boundary": tokens(BOUNDARY),
    "negate-comparison": tokens(COMPARISON),
    "swap-arithmetic": tokens(ARITHMETIC),
    "swap-logical": tokens(LOGICAL),
    "swap-operands": swap_operands,
    "negate-condition": negate_condition,
    "swap-arguments": swap_arguments,
    "off-by-one": off_by_one,
    "change-constant": change_constant,
    "remove-statement": remove_statement,
    "remove-await": remove_await,
    "lose-break": lose_break,
    "lose-continue": lose_continue,
    "lose-return": lose_return,
    "swallow-exception": swallow_exception,
    "wrong-variable": wrong_variable,
}


def mutations(path: str, source: bytes) -> list[Mutation]:
    """All mutations of a file, in the order of the file; none for a language without a grammar or a broken source.

    What two operators would change alike is the first one's. A source that is not UTF-8 has none: a task's reference
    is text.
    """
    grammar = grammar_of(path)
    if grammar is None or not _is_text(source):
        return []
    tree = parse(grammar, source)
    if tree.root_node.has_error:
        return []
    found: dict[Edit, Mutation] = {}
    pending = [tree.root_node]
    while pending:
        node = pending.pop()
        if without_effect(node):
            continue
        pending += reversed(node.children)
        for name, operator in OPERATORS.items():
            for edit in operator(node, grammar):
                if source[edit[0] : edit[1]] != edit[2] and edit not in found:
                    found[edit] = _made(path, source, node, name, edit)
    return sorted(found.values(), key=lambda one: (one.start, one.operator, one.after))


def without_effect(node: Node) -> bool:
    """Whether it is only there for a type checker: tests run as well with any annotation."""
    if node.type in TYPES and node.is_named:
        return True
    decisive = node.child_by_field_name({"if_statement": "condition", "assignment": "left"}.get(node.type, ""))
    return decisive is not None and text(decisive).rpartition(b".")[2] == b"TYPE_CHECKING"


def well_formed(mutation: Mutation, source: bytes) -> bool:
    """Whether the mutated source still parses."""
    grammar = grammar_of(mutation.path)
    return grammar is not None and not parse(grammar, mutation.apply(source)).root_node.has_error


def _is_text(source: bytes) -> bool:
    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _made(path: str, source: bytes, node: Node, operator: str, edit: Edit) -> Mutation:
    start, end, after = edit
    first, last = header(node, start)
    inside = function_lines(node)
    return Mutation(
        path=path,
        operator=operator,
        line=source.count(b"\n", 0, start) + 1,
        first_line=first,
        last_line=last,
        start=start,
        end=end,
        before=source[start:end].decode("utf-8"),
        after=after.decode("utf-8"),
        function_first=inside[0],
        function_last=inside[1],
    )
