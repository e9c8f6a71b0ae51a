"""One literal of one assertion changed: in each language, and nothing that would not compile or assert nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cabproxy.harness.control import unseen
from cabproxy.harness.turning import candidates, spread, turn
from cabproxy.taskkit.load import list_tasks, task_roots


@pytest.mark.parametrize(
    ("suffix", "line", "turned"),
    [
        (".py", "        self.assertEqual(calc.add(5, 5), 10)", "        self.assertEqual(calc.add(5, 5), 11)"),
        (".py", "    assert f(2) == 4  # as 2 * 2", "    assert f(2) == 5  # as 2 * 2"),
        (".py", '    assert say() == "# of a"', '    assert say() == "# of a~"'),
        (".py", "    assert rows[0] == 'x'", "    assert rows[0] == 'x~'"),
        (".py", "    assert found() == [7]", "    assert found() == [8]"),
        (".py", "    assert f(1, 2) == g(3)", None),
        (".py", "    assert len(found) >= 3", None),
        (".py", "    assert found() != 3", None),
        (".py", "        self.assertNotEqual(found(), 3)", None),
        (".py", "    assert not found(3)", None),
        (".rs", "    assert_eq!(parse(\"a b\"), 'x');", "    assert_eq!(parse(\"a b\"), '~');"),
        (".rs", "    assert_eq!(tilde(), '~');", "    assert_eq!(tilde(), '!');"),
        (".rs", "    assert_eq!(parse(), Ok(vec![5, -7]));", "    assert_eq!(parse(), Ok(vec![5, -8]));"),
        (".rs", "    assert_eq!(parse(1), NONE);", None),
        (".rs", '    assert_eq!(split("it\'s"), ["", "x"]);', '    assert_eq!(split("it\'s"), ["", "x~"]);'),
        (".js", '  expect(say()).toBe("hello");', '  expect(say()).toBe("hello~");'),
        (".js", "  expect(say()).toBe('a'); // not \"b\"", "  expect(say()).toBe('a~'); // not \"b\""),
        (".js", '  expect(url()).toBe("http://a");', '  expect(url()).toBe("http://a~");'),
        (".c", "    CHECK(step(300, 312) == 5); /* 26 */", "    CHECK(step(300, 312) == 6); /* 26 */"),
        (".c", "    CHECK(step(300, 312) == LOW); /* 26 */", None),
        (".c", "    assert(count == 3);", "    assert(count == 4);"),
        (".c", '    CHECK_STR("sat on", out.items[1]);', '    CHECK_STR("sat on~", out.items[1]);'),
        (".c", "    TEST_ASSERT_EQUAL_INT(12, sum);", "    TEST_ASSERT_EQUAL_INT(13, sum);"),
        (".cpp", "    CHECK_EQUAL(10, cache.peek(1).value());", "    CHECK_EQUAL(11, cache.peek(1).value());"),
        (".cpp", '    REQUIRE(name() == "a");', '    REQUIRE(name() == "a~");'),
        (".cpp", '    CHECK_EQUAL(3.25, evaluate("1 + 2.25"));', '    CHECK_EQUAL(4.25, evaluate("1 + 2.25"));'),
        (".cpp", "    EXPECT_EQ(sum(), 4);", "    EXPECT_EQ(sum(), 5);"),
        (".go", "\twant := 42", "\twant := 43"),
        (".py", "    # assert 1 == 1", None),
        (".py", "    x = 10", None),
        (".py", "def test_assert_10():", None),
        (".py", "    assert name1 == other2", None),
        (".c", "#define CHECK(condition) check(condition, 1)", None),
        (".c", "    /* CHECK(1 == 1) */", None),
        (".c", "    total += 3;", None),
    ],
)
def test_a_line_is_turned_by_one_literal(suffix: str, line: str, turned: str | None) -> None:
    assert turn(line + "\n", suffix) == (turned and turned + "\n")


@pytest.mark.parametrize(
    ("line", "following", "turned"),
    [
        ("\tif n := ended(); n != 2 {\n", "\t\tt.Errorf(x)\n", "\tif n := ended(); n != 3 {\n"),
        ('\t} else if got != "a" {\n', "\t\tt.Fatal(got)\n", '\t} else if got != "a~" {\n'),
        (
            '\tif !reflect.DeepEqual(v, []string{"a"}) {\n',
            "\tt.Error()\n",
            '\tif !reflect.DeepEqual(v, []string{"a~"}) {\n',
        ),
        ("\tif n > 2 {\n", "\t\tt.Error()\n", None),
        ("\tif n == 2 {\n", "\t\tt.Error()\n", None),
        ("\tif n != 2 {\n", "\t\tn = 2\n", None),
        ("\tif got != want {\n", "\t\tt.FailNow()\n", None),
    ],
)
def test_in_go_an_if_asserts_where_the_line_below_it_fails(line: str, following: str, turned: str | None) -> None:
    assert turn(line, ".go", following) == turned


@pytest.mark.parametrize(
    ("line", "turned"),
    [
        ("    CHECK(pairs(points, 7) == by_hand(points, 7));", "    CHECK(pairs(points, 7) == by_hand(points, 8));"),
        ('    assertTrue(span("a").holds("b"));', '    assertTrue(span("a").holds("b~"));'),
        ("    CHECK(rows[2] == other);", None),
        ("    CHECK(count(2) > 1);", None),
    ],
)
def test_what_goes_in_may_be_turned_where_that_is_asked_for(line: str, turned: str | None) -> None:
    assert turn(line, ".cpp") is None
    assert turn(line, ".cpp", inputs=True) == turned


def test_candidates_change_one_line_each_and_are_spread(tmp_path: Path) -> None:
    lines = [f"assert f({number}) == {number}\n" for number in range(20)]
    (tmp_path / "test_x.py").write_text("".join(lines))
    (tmp_path / "data.txt").write_text("assert 1 == 1")
    (tmp_path / "bad.py").write_bytes(b"assert 1 == \xff")
    found = list(candidates(tmp_path))
    assert len(found) == 20
    assert all(
        sum(a != b for a, b in zip(text.splitlines(), "".join(lines).splitlines(), strict=True)) == 1
        for _, text in found
    )
    chosen = spread(found, 8)
    assert (len(chosen), chosen[0], chosen[-1]) == (8, found[0], found[-1])


def test_every_task_that_is_to_be_done_asserts_something_that_can_be_turned() -> None:
    bare = [task.task_id for task in list_tasks(task_roots()) if not task.cab.expected_refusal and not unseen(task)]
    assert bare == []
