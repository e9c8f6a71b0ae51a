from __future__ import annotations

import pytest

from cabproxy.taskkit.mutate.frames import points_at
from cabproxy.taskkit.mutate.operators import Mutation

UNITTEST = """Traceback (most recent call last):
  File "/w/tests/test_m.py", line 9, in test_x
    self.assertEqual(m.f(1), 2)
                     ^^^^^^
  File "/w/src/m.py", line {outer}, in f
    return g(x)
  File "/w/src/{inner_file}", line {inner}, in g
    raise ValueError(x)
ValueError: 1

----------------------------------------------------------------------
Ran 1 test in 0.001s
"""
PYTEST = """tests/test_m.py:9: in test_x
    m.f(1)
src/m.py:{outer}: in f
    return g(x)
src/{inner_file}:{inner}: ValueError
"""
PYTEST_SHORT = """tests/test_m.py:9: in test_x
    m.f(1)
    ^^^^^^
src/m.py:{outer}: in f
    return g(x)
src/{inner_file}:{inner}: in g
    raise ValueError(x)
E   ValueError: 1
"""
NODE = """not ok 1 - a
  ---
  location: '/w/test/m.test.js:2:1'
  stack: |-
    g (/w/src/{inner_file}:{inner}:31)
    async f (/w/src/m.py:{outer}:7)
    TestContext.<anonymous> (/w/test/m.test.js:2:34)
    node:internal/test_runner/harness:255:12
  ...
"""
JAVA = """java.lang.IllegalStateException: x
\tat a.B.g(/w/src/{inner_file}:{inner})
\tat a.B.f(/w/src/m.py:{outer})
\tat a.BTest.test(BTest.java:9)
"""
FORMS = {"unittest": UNITTEST, "pytest": PYTEST, "pytest, short": PYTEST_SHORT, "node": NODE, "java": JAVA}


def mutation(path: str = "src/m.py") -> Mutation:
    """Line 7 of a function in lines 5 to 12."""
    return Mutation(
        path=path,
        operator="boundary",
        line=7,
        first_line=7,
        last_line=8,
        start=0,
        end=1,
        before="<",
        after="<=",
        function_first=5,
        function_last=12,
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("outer", "inner_file", "inner", "told"),
    [
        (7, "other.py", 3, True),  # the very line, anywhere in the stack
        (8, "other.py", 3, True),  # the statement's second line
        (10, "m.py", 11, True),  # raised in the changed function
        (10, "m.py", 40, False),  # raised elsewhere, called from the changed function
        (10, "other.py", 7, False),  # another file
    ],
)
def test_what_a_stack_points_at(form: str, outer: int, inner_file: str, inner: int, told: bool) -> None:
    assert points_at(mutation(), FORMS[form].format(outer=outer, inner_file=inner_file, inner=inner)) is told


@pytest.mark.parametrize(
    ("path", "output"),
    [
        ("src/lib.rs", "thread 'x' panicked at src/lib.rs:11:5:\nattempt to subtract with overflow\n"),
        ("src/a.c", "prog: src/a.c:11: f: Assertion `n > 0' failed.\n"),
        (
            "a.go",
            "panic: x\n\ngoroutine 7 [running]:\n"
            "testing.tRunner.func1.2({0x1})\n\t/usr/go/src/testing/testing.go:1631 +0x\n"
            "m.f(...)\n\t/w/a.go:11 +0x1d\n",
        ),
    ],
)
def test_where_a_compiled_program_was_ended(path: str, output: str) -> None:
    assert points_at(mutation(path), output)
    assert not points_at(mutation(path), output.replace(":11", ":40"))


def test_an_assertion_in_a_test_points_nowhere() -> None:
    assert not points_at(mutation(), "tests/test_m.py:7: AssertionError\n")
    assert not points_at(mutation(), 'File "/w/tests/m.py", line 7, in test_x\nAssertionError: 1 != 2\n')
    assert not points_at(mutation(), "")


def test_a_second_traceback_has_its_own_innermost_frame() -> None:
    first = UNITTEST.format(outer=10, inner_file="m.py", inner=11)
    second = UNITTEST.format(outer=40, inner_file="other.py", inner=3)
    assert points_at(mutation(), first + second)
    assert points_at(mutation(), second + first)
    assert not points_at(mutation(), second + second)
