from __future__ import annotations

import pytest

from doubles.answering import CountingTarget, an_observation
from doubles.suites import a_case, a_content, a_suite, a_system
from roadworthy.domain import Expect, StopWhen
from roadworthy.evaluation import Limits, RunFile, Scoring, Seal, plan, run
from roadworthy.evaluation.stopping import Stopping, look_sizes, must_be_asked


def planned(cases=100, *, first=20, seed=0, **file):
    rule = StopWhen(metric="exact_match", width=0.2, first=first)
    system = a_system(a_suite("all", cases, stop_when=rule, **file))
    return plan(system, a_content(system), seed=seed)


def asked_of(rounds):
    return [[item.case.id for item in items] for items in rounds]


def rows_of(ids):
    return [an_observation(suite="all", case=case, scores={"exact": 1.0}) for case in ids]


@pytest.mark.parametrize(
    ("cases", "first", "sizes"),
    [(100, 20, (20, 40, 80, 100)), (80, 20, (20, 40, 80)), (20, 20, (20,)), (5, 20, (5,))],
)
def test_looks_double_and_end_with_all(cases, first, sizes):
    assert look_sizes(cases, first) == sizes


def test_without_a_rule_there_is_one_round_in_the_plans_order():
    system = a_system(a_suite("all", 5))
    one = plan(system, a_content(system))
    stopping = Stopping(one, lambda *_: True)
    assert list(stopping.rounds(lambda: [])) == [one.items]
    assert (stopping.looks, stopping.left_out, stopping.stopped) == (1, 0, ())


def test_a_suite_ends_where_its_rule_is_met():
    stopping = Stopping(planned(), lambda rule, rows, looks: len(rows) >= 40)
    seen: list[str] = []

    def so_far():
        return rows_of(seen)

    for items in stopping.rounds(so_far):
        seen += [item.case.id for item in items]
    assert len(seen) == len(set(seen)) == 40
    assert stopping.left_out == 60
    (ended,) = stopping.stopped
    assert (ended.asked, ended.of, ended.looks) == (40, 100, 4)
    assert ended.rule == "exact_match within 0.2"


def test_a_rule_that_is_never_met_asks_every_case():
    stopping = Stopping(planned(), lambda *_: False)
    rounds = asked_of(stopping.rounds(lambda: []))
    assert [len(each) for each in rounds] == [20, 20, 40, 20]
    assert len({case for each in rounds for case in each}) == 100
    assert (stopping.left_out, stopping.stopped) == (0, ())


def test_the_order_is_drawn_with_the_seed_and_not_the_files():
    def first_round(seed, cases):
        one = planned([a_case(n) for n in cases], seed=seed)
        return asked_of(Stopping(one, lambda *_: True).rounds(lambda: []))[0]

    numbers = range(100)
    assert first_round(0, numbers) == first_round(0, reversed(numbers))
    assert first_round(0, numbers) != first_round(1, numbers)
    assert set(first_round(0, numbers)) != {f"c{n}" for n in range(20)}


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ["never:leak"]},
        {"tags": ["incident:i1"]},
        {"expect": Expect(action="block")},
        {"expect": Expect(action="hold")},
    ],
)
def test_what_must_not_happen_is_asked_whatever_the_rule_says(change):
    safety = [a_case(1000 + n, **change) for n in range(30)]
    assert all(map(must_be_asked, safety))
    stopping = Stopping(planned([*map(a_case, range(100)), *safety]), lambda *_: True)
    (only,) = asked_of(stopping.rounds(lambda: []))
    assert {case.id for case in safety} <= set(only)
    assert len(only) == 50
    assert stopping.stopped[0].of == 130


def test_repeats_of_a_case_are_never_parted():
    stopping = Stopping(planned(repeats=3), lambda *_: True)
    (only,) = asked_of(stopping.rounds(lambda: []))
    assert len(only) == 60
    assert all(only.count(case) == 3 for case in only)


def test_two_suites_with_rules_pay_for_the_looks_of_both():
    rule = StopWhen(metric="exact_match", width=0.2, first=20)
    suites = [
        a_suite(name, [a_case(n, id=f"{name}{n}") for n in range(80)], stop_when=rule)
        for name in ("a", "b")
    ]
    system = a_system(*suites)
    assert Stopping(plan(system, a_content(system)), lambda *_: True).looks == 9


@pytest.mark.parametrize("concurrency", [1, 7])
async def test_how_many_run_at_a_time_changes_no_answer(tmp_path, concurrency):
    one = planned()
    target = CountingTarget(lambda case, _: "42" if case.id != "c7" else "41")
    with RunFile(tmp_path / "run.jsonl", one, seal=Seal("key", b"secret")) as file:
        found = await run(
            one,
            target,
            runfile=file,
            scoring=Scoring(one),
            limits=Limits(concurrency=concurrency),
            enough=lambda rule, rows, looks: len(rows) >= 40,
        )
    assert (len(found.rows), found.missing, found.looks) == (40, 0, 4)
    assert {row.case for row in found.rows} == {
        item.case.id
        for items in list(Stopping(one, lambda *_: False).rounds(lambda: []))[:2]
        for item in items
    }


async def test_a_run_that_was_cut_off_goes_on_to_the_same_end(tmp_path):
    one = planned()
    path = tmp_path / "run.jsonl"

    def enough(rule, rows, looks):
        return len(rows) >= 40

    crashing = CountingTarget()
    crashing.crash_at = 25
    with pytest.raises(RuntimeError), RunFile(path, one, seal=Seal("key", b"secret")) as file:
        await run(one, crashing, runfile=file, scoring=Scoring(one), enough=enough)
    target = CountingTarget()
    with RunFile(path, one, seal=Seal("key", b"secret")) as file:
        found = await run(one, target, runfile=file, scoring=Scoring(one), enough=enough)
    assert (len(found.rows), found.missing) == (40, 0)
    assert len(target.asked) < 40
