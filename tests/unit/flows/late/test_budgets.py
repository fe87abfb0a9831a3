"""What was taken of a budget outlives the process, and what is not known counts as taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import EvidenceError
from roadworthy.flows.late.budgets import UNKNOWN, USED_UP, Budgets

HOUR = 3600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "online-budgets.json"


def taken(budgets: Budgets, times: int, score: str = "aa kind") -> list[str]:
    return [budgets.take(score, 3, HOUR) for _ in range(times)]


def test_each_score_of_each_release_has_its_own_and_gets_it_back(path: Path) -> None:
    clock = SetClock()
    budgets = Budgets(path, clock)
    assert taken(budgets, 4) == [""] * 3 + [USED_UP]
    assert taken(budgets, 1, "bb kind") == taken(budgets, 1, "aa short") == [""]
    clock.advance(HOUR)
    assert taken(budgets, 1) == [USED_UP], "its minute is not over"
    clock.advance(60)
    assert taken(budgets, 4) == [""] * 3 + [USED_UP]


def test_what_was_taken_is_known_to_the_next_process(path: Path) -> None:
    clock = SetClock()
    first = Budgets(path, clock)
    taken(first, 2)
    first.keep()
    clock.advance(600)
    assert taken(Budgets(path, clock), 2) == ["", USED_UP]
    clock.advance(HOUR)
    assert taken(Budgets(path, clock), 1) == [""]


def test_a_process_that_is_killed_loses_a_second_of_it(path: Path) -> None:
    clock = SetClock()
    killed = Budgets(path, clock)
    for _ in range(3):
        assert taken(killed, 1) == [""]
        clock.advance(1)
    assert taken(Budgets(path, clock), 1) == [USED_UP]


def test_a_clock_that_goes_back_sets_nothing_free_and_blocks_nothing_for_long(path: Path) -> None:
    ahead = SetClock("2036-11-21T20:00:00+00:00")
    taken(Budgets(path, ahead), 3)
    clock = SetClock()
    budgets = Budgets(path, clock)
    budgets.take("aa kind", 9, HOUR)
    assert budgets.take("aa kind", 2, HOUR) == USED_UP
    clock.advance(HOUR + 60)
    assert taken(budgets, 1) == [""]


def test_what_is_not_known_is_used_up_until_it_would_be_over(path: Path) -> None:
    clock = SetClock()
    path.write_bytes(b"{")
    budgets = Budgets(path, clock)
    assert taken(budgets, 1) == [UNKNOWN]
    clock.advance(600)
    assert taken(Budgets(path, clock), 1) == [UNKNOWN], "a restart knows no more"
    clock.advance(HOUR)
    assert taken(Budgets(path, clock), 1) == [""]
    assert budgets.take("aa upheld", 3, 24 * HOUR) == UNKNOWN


def test_a_file_that_cannot_be_written_or_read_is_named(path: Path) -> None:
    budgets = Budgets(path / "gone", SetClock())
    with pytest.raises(EvidenceError, match="gone"):
        budgets.take("aa kind", 3, HOUR)
    path.mkdir()
    with pytest.raises(EvidenceError, match=path.name):
        Budgets(path, SetClock())


def test_what_is_over_is_not_kept(path: Path) -> None:
    clock = SetClock()
    budgets = Budgets(path, clock)
    taken(budgets, 1)
    clock.advance(25 * HOUR)
    taken(budgets, 1, "bb kind")
    budgets.keep()
    assert b"aa kind" not in path.read_bytes()
