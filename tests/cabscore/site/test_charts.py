"""Charts: dots within the frame, and a frontier that is one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cabscore.leaderboard import Row, leaderboard
from cabscore.site.charts import CHAR, HEIGHT, WIDTH, _box, _meet, finished_chart, pareto_chart

rows = st.lists(
    st.builds(
        Row,
        name=st.sampled_from("abcd"),
        task=st.sampled_from("xyz"),
        status=st.sampled_from(["ok", "infra_invalid"]),
        passed=st.sampled_from([None, 0.0, 1.0]),
        composite=st.none(),
        agent_s=st.one_of(st.none(), st.floats(0.001, 1e6)),
        tokens=st.one_of(st.none(), st.integers(0, 10**9)),
    ),
    max_size=12,
)


@given(rows)
def test_dots_lie_in_the_frame_and_nobody_beats_the_frontier(found: list[Row]) -> None:
    chart = pareto_chart(leaderboard(found, resamples=50))
    if chart is None:
        return
    for dot in chart.dots:
        assert 0 <= dot.x <= WIDTH
        assert 0 <= dot.y <= HEIGHT
        better = [o for o in chart.dots if o.cost <= dot.cost and o.passed >= dot.passed]
        beaten = any((o.cost, o.passed) != (dot.cost, dot.passed) for o in better)
        assert dot.on != beaten
    assert any(dot.on for dot in chart.dots)


def test_nothing_finished_has_no_line() -> None:
    assert finished_chart([]) is None


@given(st.lists(st.tuples(st.text("abc×", min_size=1, max_size=30), st.integers(1, 10**6), st.booleans()), max_size=30))
def test_names_cover_neither_each_other_nor_a_dot(found: list[tuple[str, int, bool]]) -> None:
    made = [
        Row(name=f"{name}{at}", task="t", status="ok", passed=float(ok), composite=None, agent_s=cost / 10, tokens=cost)
        for at, (name, cost, ok) in enumerate(found)
    ]
    chart = pareto_chart(leaderboard(made, resamples=50), "agent_s")
    if chart is None:
        return
    named = [dot for dot in chart.dots if dot.label]
    boxes = [_box(dot.label, len(dot.name) * CHAR) for dot in named if dot.label]
    spots = [(dot.x - 1, dot.y - 1, dot.x + 1, dot.y + 1) for dot in chart.dots]
    assert named
    assert not [1 for at, box in enumerate(boxes) for other in boxes[:at] if _meet(box, other)]
    assert not [1 for box in boxes for spot in spots if _meet(box, spot)]
    assert all(box[0] >= 0 and box[2] <= WIDTH and box[1] >= 0 for box in boxes)
