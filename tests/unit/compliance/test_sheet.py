"""What is unknown stays open: no answer that is missing is taken for a no."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.compliance import Sheet
from roadworthy.domain import Catalogue, FactSpec, RoleSpec, UsageError

NAMES = ("a", "b", "c")
CONDITIONS = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(lambda x: f"({' '.join(x)})"),
    ),
    max_leaves=6,
)


def a_catalogue(*facts: FactSpec) -> Catalogue:
    roles = [RoleSpec(id="provider", title="Provider"), RoleSpec(id="deployer", title="Deployer")]
    return Catalogue(
        catalogue="x", version="1", title="X", state="2026-01-01", source="a test",
        facts=list(facts), roles=roles,
    )  # fmt: skip


def flag(name: str, **changed: Any) -> FactSpec:
    return FactSpec(id=name, question="Is it?", **changed)


THREE = a_catalogue(*(flag(name) for name in NAMES))


@given(CONDITIONS, st.dictionaries(st.sampled_from(NAMES), st.booleans()))
def test_a_condition_is_decided_exactly_where_every_completion_agrees(
    condition: str, answers: dict[str, bool]
) -> None:
    found = Sheet([THREE], answers, ["provider"]).outcome(condition)
    free = [name for name in NAMES if name not in answers]
    python = condition.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    given_values = {
        eval(python, {}, {**answers, **dict(zip(free, chosen, strict=True))})  # our own words
        for chosen in itertools.product((True, False), repeat=len(free))
    }
    assert set(found.values) == given_values
    assert bool(found.needs) == (len(given_values) > 1)
    assert set(found.needs) <= set(free)


def test_only_an_exemption_that_nobody_claims_does_not_apply() -> None:
    sheet = Sheet([a_catalogue(flag("duty"), flag("exempt", claimed=True))], {}, ["provider"])
    assert sheet.outcome("duty && !exempt").decided is None
    assert sheet.settled("exempt").why == "unclaimed"
    assert sheet.settled("duty").needs == ("duty",)


def test_what_is_not_asked_is_what_the_catalogue_says() -> None:
    facts = (flag("first"), flag("second", asked_when="first", otherwise=False))
    assert Sheet([a_catalogue(*facts)], {"first": False}, ["p"]).settled("second").known
    assert not Sheet([a_catalogue(*facts)], {"first": True}, ["p"]).settled("second").known
    assert not Sheet([a_catalogue(*facts)], {}, ["p"]).settled("second").known


def test_a_number_is_tried_around_each_of_its_cuts() -> None:
    flop = FactSpec(id="flop", kind="number", question="How many?", cuts=[1e23, 1e25])
    sheet = Sheet([a_catalogue(flop)], {}, ["provider"])
    for condition in ("flop > 1e23", "flop > 1e25", "flop == 1e25"):
        assert sheet.outcome(condition).decided is None, condition
    assert Sheet([a_catalogue(flop)], {"flop": 1e25}, ["p"]).outcome("flop > 1e25").decided is False


def test_unknown_roles_are_no_role_and_every_role() -> None:
    sheet = Sheet([THREE], {}, [])
    assert sheet.outcome("'provider' in roles").decided is None
    assert sheet.outcome("'provider' in roles").needs == ("roles",)


@pytest.mark.parametrize("exempt_when", ["out_of_scope || role == 'deployer'", ""])
def test_an_exemption_may_free_one_role_and_not_another(exempt_when: str) -> None:
    plain = a_catalogue(flag("out_of_scope", claimed=True))
    catalogue = msgspec.structs.replace(plain, exempt_when=exempt_when)
    freed = {role: Sheet([catalogue], {}, [role]).exempt(role).decided
             for role in ("provider", "deployer")}  # fmt: skip
    assert freed == {"provider": False, "deployer": bool(exempt_when)}
    claimed = Sheet([catalogue], {"out_of_scope": True}, ["provider"])
    assert claimed.exempt("provider").decided, "a catalogue from before such conditions, too"


def test_the_day_that_is_asked_about_is_a_name_and_all_law_counts_without_one() -> None:
    catalogue = a_catalogue(FactSpec(id="bound", derived="day >= '2026-12-02'"))
    for on, bound in (("2026-12-01", False), ("2026-12-02", True)):
        assert Sheet([catalogue], {}, ["p"], on=on).settled("bound").values == (bound,)
    assert Sheet([catalogue], {}, ["p"]).settled("bound").values == (True,)


def test_too_many_open_facts_leave_a_condition_open_and_end() -> None:
    facts = [flag(f"f{number}") for number in range(20)]
    found = Sheet([a_catalogue(*facts)], {}, ["p"]).outcome(" && ".join(f.id for f in facts))
    assert found.decided is None
    assert len(found.needs) == 20


@pytest.mark.parametrize(
    ("answer", "fits"), [("high", True), ("other", False), ("prohibited", False)]
)
def test_an_answer_to_what_is_worked_out_stands_only_where_it_can_be(
    answer: str, fits: bool
) -> None:
    kind = FactSpec(
        id="kind", kind="choice", choices={"high": "", "other": "", "maybe": ""},
        derived="a ? 'high' : b ? 'maybe' : 'high'",
    )  # fmt: skip
    sheet = Sheet([a_catalogue(*THREE.facts, kind)], {"kind": answer}, ["provider"])
    assert (sheet.contradicts(kind) == ()) is fits
    assert (sheet.settled("kind").values == (answer,)) is fits


@pytest.mark.parametrize("condition", ["choice + 1 == 2", "[flag]",
                                       "{'a': flag}", "choice"])  # fmt: skip
def test_what_is_no_condition_is_named_and_never_a_yes(condition: str) -> None:
    catalogue = Catalogue(
        catalogue="x", version="1", title="X", state="2026-01-01", source="a test",
        roles=[RoleSpec(id="provider", title="P")], obligations=[],
        facts=[FactSpec(id="flag", question="Q?"),
               FactSpec(id="choice", kind="choice", choices={"a": "A"}, question="Q?")],
    )  # fmt: skip
    sheet = Sheet([catalogue], {"flag": True, "choice": "a"}, ["provider"])
    with pytest.raises(UsageError, match="condition of a catalogue"):
        assert sheet.outcome(condition).decided
