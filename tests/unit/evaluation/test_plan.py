from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doubles.suites import a_case, a_content, a_suite, a_system
from roadworthy.domain import Case, Expect, UsageError, digest_of
from roadworthy.evaluation import Plan, case_digest, latest_attempt, pin_suite, plan


def planned(*suites, **options) -> Plan:
    system = a_system(*suites)
    return plan(system, a_content(system), **options)


def keys(found: Plan) -> list[tuple[str, str, int]]:
    return [item.key for item in found.items]


def test_order_is_suite_case_repeat():
    found = planned(a_suite("a", 2), a_suite("b", [a_case(7)]), repeats=2)
    assert keys(found) == [
        ("a", "c0", 0), ("a", "c0", 1), ("a", "c1", 0), ("a", "c1", 1),
        ("b", "c7", 0), ("b", "c7", 1),
    ]  # fmt: skip


def test_a_case_in_two_suites_is_asked_once_and_counted_in_both():
    found = planned(a_suite("quick", 2), a_suite("whole", 3))
    assert keys(found) == [("quick", "c0", 0), ("quick", "c1", 0), ("whole", "c2", 0)]
    assert found.items[0].also == ("whole",)
    assert found.counts == {"quick": 2, "whole": 3}
    assert [len(pin.cases) for pin in found.bar.suites] == [2, 3]


def test_one_id_with_two_contents_is_two_cases():
    found = planned(a_suite("a", [a_case(1)]), a_suite("b", [a_case(1, input="another")]))
    assert keys(found) == [("a", "c1", 0), ("b", "c1", 0)]


def test_repeats_come_from_the_command_then_the_case_then_the_suite():
    suite = a_suite("a", [a_case(0), a_case(1, repeats=3)], repeats=2)
    assert [item.repeat for item in planned(suite).items] == [0, 1, 0, 1, 2]
    assert [item.repeat for item in planned(suite, repeats=1).items] == [0, 0]


def test_the_same_question_has_the_same_run_id():
    assert planned(a_suite()).run == planned(a_suite()).run
    assert planned(a_suite()).run.startswith("run-")
    assert len(planned(a_suite()).run) == len("run-") + 12


@pytest.mark.parametrize("options", [{"seed": 1}, {"repeats": 2}, {"limit": 1}])
def test_another_question_has_another_run_id(options):
    assert planned(a_suite(), **options).run != planned(a_suite()).run


def test_a_changed_case_moves_the_bar():
    before, after = planned(a_suite("a", [a_case(1)])), planned(a_suite("a", [a_case(1, tags=[])]))
    assert before.bar_digest != after.bar_digest
    assert before.bar_digest == digest_of(before.bar)


def test_a_limited_run_does_not_fix_the_whole_suite():
    whole, part = planned(a_suite("a", 3)), planned(a_suite("a", 3), limit=2)
    assert part.bar.suites[0].digest != whole.bar.suites[0].digest
    assert len(part.items) == 2
    assert whole.bar.suites[0] == pin_suite(a_suite("a", 3))


def test_fresh_takes_the_next_attempt_and_without_it_the_newest():
    first = planned(a_suite())
    second = first.at_attempt(1)
    assert latest_attempt(first, set().__contains__).run == first.run
    assert latest_attempt(first, {first.run}.__contains__).run == first.run
    assert latest_attempt(first, {first.run}.__contains__, fresh=True).run == second.run
    assert latest_attempt(first, {first.run, second.run}.__contains__).run == second.run
    assert first.items == second.items


def test_an_unknown_suite_names_the_known_ones():
    with pytest.raises(UsageError, match="no suite 'quik'") as raised:
        planned(a_suite("quick"), suites=["quik"])
    assert "quick" in raised.value.fix


@pytest.mark.parametrize("options", [{"repeats": 0}, {"limit": 0}, {"repeats": -1}])
def test_impossible_numbers_are_refused(options):
    with pytest.raises(UsageError, match="at least 1"):
        planned(a_suite(), **options)


def test_nothing_to_ask_is_an_error_not_an_empty_pass():
    with pytest.raises(UsageError, match="no case"):
        planned(a_suite("empty", 0))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=5,
)


@given(
    text=st.text() | st.dictionaries(st.text("abc"), json_values),
    context=st.dictionaries(st.text("abc"), json_values),
    label=st.none() | st.text(),
    facets=st.dictionaries(st.text("abc"), st.text()),
)
def test_the_fast_case_digest_is_the_digest(text, context, label, facets):
    case = Case(id="c", input=text, context=context, expect=Expect(label=label), facets=facets)
    try:
        expected = digest_of(case)
    except ValueError:
        return
    assert case_digest(case) == expected


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"repeats": 10**9}, "at most 10,000"),
        ({"seed": -1}, "between 0"),
        ({"seed": 2**60}, "--seed"),
    ],
)
def test_numbers_that_would_never_end_or_fit_are_refused(asked, said):
    with pytest.raises(UsageError, match=said):
        planned(a_suite(), **asked)
