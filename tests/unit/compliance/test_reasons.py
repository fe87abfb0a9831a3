"""Why a duty does not apply: what makes its condition false, in the catalogue's words."""

from __future__ import annotations

import pytest

from roadworthy.compliance import Sheet
from roadworthy.compliance.reasons import not_the_case, other_role, parts
from roadworthy.domain import Catalogue, FactSpec, Obligation, RoleSpec

FACTS = [
    FactSpec(id="fast", question="Is it fast?"),
    FactSpec(id="loud", question="Is it loud?", asked_when="fast"),
    FactSpec(id="free", question="Is it free?", claimed=True),
    FactSpec(id="kind", kind="choice", title="Kind", derived="fast ? 'car' : 'cart'",
             choices={"car": "a motor car", "cart": "a cart"}),
]  # fmt: skip


def a_sheet(**answers: bool) -> Sheet:
    catalogue = Catalogue(
        catalogue="x", version="1", title="X", state="2026-01-01", source="a test", facts=FACTS,
        roles=[RoleSpec(id="maker", title="Maker"), RoleSpec(id="driver", title="Driver")],
    )  # fmt: skip
    return Sheet([catalogue], answers, ["maker"])


def a_duty(condition: str) -> Obligation:
    return Obligation(
        id="D", article="1", title="T", actor=["driver"], applies_when=condition, duty="Do it.",
        evidence=[], applicable_from="2026-01-01",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("a && b", ["a", "b"]),
        ("a && (b || c) && d in ['x && y', '(']", ["a", "(b || c)", "d in ['x && y', '(']"]),
        ("a && b || c", ["a && b || c"]),
        ("!(a && b)", ["!(a && b)"]),
        ('(role == "driver") && !b', ['(role == "driver")', "!b"]),
        ("a", ["a"]),
    ],
)
def test_a_condition_is_parted_at_its_top_alone(condition: str, found: list[str]) -> None:
    assert parts(condition) == found


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("role == 'maker' && kind == 'car'", "Kind: a cart"),
        ("fast && loud", "Is it fast? no"),
        ("loud", "Is it loud? not asked"),
        ("free", "Is it free? not claimed"),
        ("fast || free", "Is it fast? no; Is it free? not claimed"),
        ("role == 'driver' && fast", "Is it fast? no"),
        ("role == 'driver'", "not as Maker"),
    ],
)
def test_what_makes_it_false_is_said_and_nothing_else(condition: str, said: str) -> None:
    found = not_the_case(a_duty(condition), a_sheet(fast=False), "maker")
    assert found == f"not the case: {said}"


def test_whom_it_binds_is_said_by_title() -> None:
    assert other_role(a_duty("fast"), a_sheet()) == "it binds others: Driver; held: Maker"
