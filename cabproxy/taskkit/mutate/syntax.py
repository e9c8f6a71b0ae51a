"""What the grammars call the same thing: operators, conditions, functions, loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cabproxy.taskkit.mutate.grammar import Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

Edit = tuple[int, int, bytes]
"""Start and end as byte offsets, and what comes in between."""
Operator = Callable[["Node", Grammar], Iterator[Edit]]

OPERATED = {"binary_operator", "binary_expression", "comparison_operator", "boolean_operator"}
CONDITIONAL = {
    "if_statement",
    "while_statement",
    "do_statement",
    "for_statement",
    "for_clause",
    "if_expression",
    "while_expression",
    "elif_clause",
    "ternary_expression",
}
CALLS = {"call", "call_expression", "method_invocation", "new_expression", "object_creation_expression"}
ARGUMENTS = {"argument_list", "arguments"}
FUNCTIONS = {
    "function_definition",
    "function_declaration",
    "function_expression",
    "generator_function_declaration",
    "method_definition",
    "method_declaration",
    "constructor_declaration",
    "function_item",
    "func_literal",
    "arrow_function",
}
LOOPS = {
    "for_statement",
    "for_in_statement",
    "enhanced_for_statement",
    "for_range_loop",
    "while_statement",
    "do_statement",
    "for_expression",
    "while_expression",
    "loop_expression",
}
SWITCHES = {
    "switch_statement",
    "switch_expression",
    "expression_switch_statement",
    "type_switch_statement",
    "select_statement",
}
TYPES = {"type", "type_annotation", "type_arguments", "type_parameters"}
BODIES = ("body", "consequence", "block")
_CASES = ("_case", "case_statement", "_group", "match_arm")
_STATEMENTS = ("statement", "definition", "declaration", "clause", "_item", *_CASES)


def text(node: Node) -> bytes:
    """The source of a node."""
    return node.text or b""


def whole(node: Node, new: bytes) -> Edit:
    """The edit that puts something in the place of a node."""
    return node.start_byte, node.end_byte, new


def ancestor(node: Node, kinds: set[str]) -> Node | None:
    """The innermost node around this one that is of these kinds."""
    parent = node.parent
    while parent is not None and parent.type not in kinds:
        parent = parent.parent
    return parent


def operands(node: Node) -> tuple[Node, Node, Node] | None:
    """Left, operator and right of a binary expression; None for a chain of comparisons."""
    if node.type not in OPERATED or len(node.children) != 3:
        return None
    left, sign, right = node.children
    return left, sign, right


def condition_of(node: Node) -> Node | None:
    """The condition of an if, a loop or a conditional expression."""
    if node.type == "conditional_expression":
        named = node.child_by_field_name("condition")
        return named if named is not None else node.named_children[1] if len(node.named_children) == 3 else None
    return node.child_by_field_name("condition") if node.type in CONDITIONAL else None


def header(node: Node, start: int) -> tuple[int, int]:
    """First and last line of the statement around `node`; of one with a body only what stands before the body.

    What stands in a body without being a statement (the value of a block, a case) has its own lines.
    """
    statement = node
    while statement.parent is not None and not statement.type.endswith(_STATEMENTS):
        statement = statement.parent
    own = node.start_point[0] + 1, node.end_point[0] + 1
    if statement.type.endswith(_CASES):
        return own
    for name in BODIES:
        body = statement.child_by_field_name(name)
        if body is not None and start >= body.start_byte:
            return own
        if body is not None and body.prev_sibling is not None:
            return statement.start_point[0] + 1, max(body.prev_sibling.end_point[0], node.start_point[0]) + 1
    return statement.start_point[0] + 1, statement.end_point[0] + 1


def function_lines(node: Node) -> tuple[int, int]:
    """First and last line of the function around a node; (0, -1) outside of any."""
    function = ancestor(node, FUNCTIONS)
    return (0, -1) if function is None else (function.start_point[0] + 1, function.end_point[0] + 1)
