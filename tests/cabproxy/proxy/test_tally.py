from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path

import pytest

from cabproxy.config import Share
from cabproxy.errors import CabError
from cabproxy.proxy.tally import Row, Tally


def tallies(folder: Path, count: int) -> list[Tally]:
    return [Tally(Share(folder, number, count), "run") for number in range(count)]


def test_each_sees_what_the_others_have(tmp_path: Path) -> None:
    first, second, third = tallies(tmp_path, 3)
    assert first.others() == Row()
    first.put(Row(3, 500, Decimal("0.000000125"), 1))
    third.put(Row(1, 7, Decimal("1.5"), 0, True))
    assert first.others() == Row(1, 7, Decimal("1.5"), 0, True)
    assert second.others() == Row(4, 507, Decimal("1.500000125"), 1, True)
    assert Tally(Share(tmp_path, 1, 3), "another run").others() == Row()
    for tally in (first, second, third):
        tally.close()


def test_what_was_spent_before_is_said_once(tmp_path: Path) -> None:
    first, second = tallies(tmp_path, 2)
    first.begin(Row(2, 20))
    second.begin(Row(9, 90))
    assert first.others() == second.others() == Row(2, 20)


def test_a_number_that_no_endpoint_can_mean_is_beyond_every_limit_and_breaks_nothing(tmp_path: Path) -> None:
    first, second = tallies(tmp_path, 2)
    first.put(Row(1, 10**30, Decimal(10) ** 20))
    assert second.others().tokens == (1 << 63) - 1
    assert second.others().cost_usd > 9 * 10**9
    for tally in (first, second):
        tally.close()


def test_only_one_at_a_time_looks_and_writes(tmp_path: Path) -> None:
    first, second = tallies(tmp_path, 2)
    entered = threading.Event()

    def enter() -> None:
        with second.locked():
            entered.set()

    thread = threading.Thread(target=enter)
    with first.locked():
        thread.start()
        assert not entered.wait(0.05)
    thread.join(10)
    assert entered.is_set()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CabError, match="cannot be kept there"):
        Tally(Share(tmp_path / "none", 0, 1), "run")
