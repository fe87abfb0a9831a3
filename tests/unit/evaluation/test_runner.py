from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from doubles.answering import CountingTarget
from doubles.suites import a_case, a_content, a_suite, a_system
from roadworthy.domain import Expect
from roadworthy.evaluation import (
    Limits,
    Plan,
    Progress,
    RunFile,
    RunRows,
    Scoring,
    Seal,
    plan,
    read_run,
)
from roadworthy.evaluation import run as run_plan


def planned(*suites, **options) -> Plan:
    system = a_system(*suites)
    return plan(system, a_content(system), **options)


async def run(found: Plan, target: CountingTarget, path, **options) -> RunRows:
    with RunFile(path / "run.jsonl", found, seal=Seal("ours", b"s" * 32)) as runfile:
        return await run_plan(found, target, runfile=runfile, scoring=Scoring(found), **options)


async def test_every_question_is_asked_once_and_scored(tmp_path):
    target = CountingTarget(lambda case, _: "42" if case.id != "c1" else "43")
    done = await run(planned(a_suite("all", 3), repeats=2), target, tmp_path)
    assert len(target.asked) == len(set(target.asked)) == 6
    assert [(row.case, row.repeat) for row in done.rows][:3] == [("c0", 0), ("c0", 1), ("c1", 0)]
    assert [row.scores["exact"] for row in done.rows] == [1, 1, 0, 0, 1, 1]
    assert (done.missing, done.errors, done.stopped) == (0, 0, "")


async def test_no_more_than_so_many_at_a_time(tmp_path):
    target = CountingTarget()
    await run(planned(a_suite("all", 40)), target, tmp_path, limits=Limits(concurrency=7))
    assert target.most_running == 7


async def test_after_a_crash_nothing_finished_is_asked_again(tmp_path):
    found = planned(a_suite("all", 30))
    target = CountingTarget()
    target.crash_at = 11
    with pytest.raises(RuntimeError, match="own"):
        await run(found, target, tmp_path, limits=Limits(concurrency=4))
    kept = {row.case for row in read_run(tmp_path / "run.jsonl")}
    assert 8 <= len(kept) <= 11
    again = CountingTarget()
    done = await run(found, again, tmp_path)
    assert {case for _, case, _ in again.asked} == {item.case.id for item in found.items} - kept
    assert done.missing == 0


async def test_a_complete_run_asks_nothing_and_says_the_same(tmp_path):
    found = planned(a_suite("all", 5))
    first = await run(found, CountingTarget(), tmp_path)
    target = CountingTarget()
    second = await run(found, target, tmp_path)
    assert target.asked == []
    assert (first.digest, first.rows) == (second.digest, second.rows)
    assert len(read_run(tmp_path / "run.jsonl", expected=second.digest)) == 5


async def test_the_digest_does_not_depend_on_the_order_of_the_answers(tmp_path):
    found = planned(a_suite("all", 20))
    one = await run(found, CountingTarget(), tmp_path / "1", limits=Limits(concurrency=1))
    many = await run(found, CountingTarget(), tmp_path / "2", limits=Limits(concurrency=20))
    assert one.digest == many.digest


async def test_errors_are_rows_and_are_asked_again(tmp_path):
    found = planned(a_suite("all", 4))
    bad = CountingTarget(lambda case, _: None if case.id == "c2" else "42")
    first = await run(found, bad, tmp_path)
    assert (first.errors, first.missing) == (1, 0)
    assert first.rows[2].scores == {}
    good = CountingTarget()
    second = await run(found, good, tmp_path)
    assert good.asked == [("all", "c2", 0)]
    assert second.errors == 0


async def test_a_dead_upstream_stops_the_run_early(tmp_path):
    target = CountingTarget(lambda case, _: None)
    done = await run(
        planned(a_suite("all", 50)),
        target,
        tmp_path,
        limits=Limits(concurrency=2, errors_in_a_row=10),
    )
    assert done.stopped == "10 questions in a row failed"
    assert len(target.asked) <= 12
    assert done.missing >= 38


async def test_a_spent_budget_stops_the_run(tmp_path):
    target = CountingTarget()
    target.cost = "0.10"
    done = await run(
        planned(a_suite("all", 50)),
        target,
        tmp_path,
        limits=Limits(concurrency=1, budget=Decimal("0.5")),
    )
    assert len(target.asked) == 5
    assert "budget" in done.stopped
    assert done.progress.spent == {"EUR": Decimal("0.50")}


async def test_progress_says_done_spent_and_left(tmp_path):
    seen: list[Progress] = []
    target = CountingTarget()
    target.cost = "0.25"
    await run(planned(a_suite("all", 4)), target, tmp_path, on_progress=seen.append)
    assert seen[-1].done == seen[-1].total == 4
    assert seen[-1].spent == {"EUR": Decimal("1.00")}
    assert seen[-1].seconds_left == 0.0


async def test_rows_in_memory_hold_no_texts_and_the_file_holds_them(tmp_path):
    done = await run(planned(a_suite("all", 1)), CountingTarget(), tmp_path)
    assert done.rows[0].output == ""
    assert read_run(tmp_path / "run.jsonl")[0].output == "42"


async def test_rows_carry_label_expectation_and_suites(tmp_path):
    case = a_case(1, expect=Expect(label="motor", action="hold", rubric="kind"))
    done = await run(
        planned(a_suite("quick", [case]), a_suite("all", [case])), CountingTarget(), tmp_path
    )
    assert done.rows[0].label == "motor"
    assert done.rows[0].attributes == {
        "suites": ["quick", "all"],
        "expect_action": "hold",
        "not_scored": ["rubric"],
    }


async def test_rows_share_what_they_have_alike_and_say_what_the_file_says(tmp_path):
    done = await run(planned(a_suite("all", 4), repeats=3), CountingTarget(), tmp_path)
    first, *others = done.rows
    for name in ("tags", "facets", "usage", "rails", "scores", "attributes"):
        assert all(getattr(row, name) is getattr(first, name) for row in others), name
    written = read_run(tmp_path / "run.jsonl", expected=done.digest)
    assert [structs.replace(row, output="", raw_output="") for row in written] == [*done.rows]
