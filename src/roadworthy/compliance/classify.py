"""Which class a system has and which duties, step by step, each with what it rests on.

Source: the AI Act's own order (Articles 2, 3, 5, 6, 50, 51); the catalogue holds the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from roadworthy.domain import (
    Applied,
    Catalogue,
    Classification,
    FactValue,
    Obligation,
    Settled,
    TreeStep,
)

from .dates import applicable_from
from .sheet import ROLE, ROLES, Sheet

UNDECIDED = "undecided"


def classify(
    catalogues: Sequence[Catalogue],
    answers: Mapping[str, FactValue],
    roles: Iterable[str],
    *,
    on: str,
    digest: str = "",
) -> Classification:
    """One system on one day, by the last catalogue; those before it lend their facts."""
    catalogue = catalogues[-1]
    sheet = Sheet(catalogues, answers, _all_roles(catalogues, answers, roles))
    facts = {fact.id: sheet.settled(fact.id) for one in catalogues for fact in one.facts}
    strict = [
        fact.id for one in catalogues for fact in one.facts
        if fact.strict and not facts[fact.id].known
    ]  # fmt: skip
    return Classification(
        catalogue=catalogue.catalogue,
        version=catalogue.version,
        digest=digest,
        on=on,
        roles=sheet.roles,
        risk_class=_class(catalogue, facts),
        facts=facts,
        applied=tuple(_applied(duty, sheet, on) for duty in catalogue.obligations),
        steps=tuple(_steps(catalogue, facts)),
        open_questions=tuple(_open(catalogues, sheet, facts)),
        blocked_by=tuple(strict),
        unknown_names=tuple(sorted(set(answers) - set(facts))),
    )


def contradictions(
    catalogues: Sequence[Catalogue], answers: Mapping[str, FactValue], roles: Iterable[str]
) -> list[tuple[str, Any, tuple[Any, ...]]]:
    """(fact, what was answered, what follows from the other answers) of each that cannot be."""
    sheet = Sheet(catalogues, answers, roles)
    found = []
    for spec in (fact for one in catalogues for fact in one.facts):
        must = sheet.contradicts(spec)
        if must:
            found.append((spec.id, answers[spec.id], must))
    return found


def _all_roles(
    catalogues: Sequence[Catalogue],
    answers: Mapping[str, FactValue],
    roles: Iterable[str],
) -> tuple[str, ...]:
    """The roles that are held, and those that follow from them: roles accumulate (Art. 25(1))."""
    held = tuple(dict.fromkeys(roles))
    sheet = Sheet(catalogues, answers, held)
    more = [
        spec.id
        for one in catalogues
        for spec in one.roles
        if spec.also_when and spec.id not in held
        and any(sheet.outcome(spec.also_when, role=role).decided for role in held)
    ]  # fmt: skip
    return (*held, *more)


def _class(catalogue: Catalogue, facts: Mapping[str, Settled]) -> str:
    if not catalogue.class_fact:
        return ""
    settled = facts[catalogue.class_fact]
    return str(settled.values[0]) if settled.known else UNDECIDED


def _applied(duty: Obligation, sheet: Sheet, on: str) -> Applied:
    """Whether one duty applies: for any of the roles, if none is held for all of them."""
    if not sheet.roles:
        return Applied(
            id=duty.id, applies=None, needs=(ROLES,), why="nobody said which roles are held"
        )
    bound = [role for role in sheet.roles if role in duty.actor]
    if not bound:
        return Applied(id=duty.id, applies=False, why=f"it binds {', '.join(duty.actor)}")
    outcomes = {role: sheet.outcome(duty.applies_when, **{ROLE: role}) for role in bound}
    scoped = sheet.outcome("out_of_scope").decided if sheet.has("out_of_scope") else False
    yes = tuple(role for role, one in outcomes.items() if one.decided is True)
    if scoped and duty.binding not in ("policy", "standard"):
        return Applied(id=duty.id, applies=False, why="an exemption from scope is claimed")
    if yes:
        since, why = applicable_from(duty, sheet)
        if since is None:
            return Applied(id=duty.id, applies=False, roles=yes, why=why)
        return Applied(id=duty.id, applies=True, roles=yes, since=since, why=why)
    maybe = tuple(role for role, one in outcomes.items() if one.decided is None)
    if maybe:
        needs = dict.fromkeys(name for role in maybe for name in outcomes[role].needs)
        return Applied(id=duty.id, applies=None, roles=maybe, needs=tuple(needs))
    return Applied(id=duty.id, applies=False, why=f"not the case: {duty.applies_when}")


def _steps(catalogue: Catalogue, facts: Mapping[str, Settled]) -> Iterable[TreeStep]:
    for spec in catalogue.steps:
        settled = facts[spec.fact]
        said = str(settled.values[0])
        said = said.lower() if isinstance(settled.values[0], bool) else said
        finding = spec.words.get(said, said) if settled.known else spec.open
        yield TreeStep(title=spec.title, finding=finding, cite=spec.cite, facts=settled.needs)


def _open(
    catalogues: Sequence[Catalogue], sheet: Sheet, facts: Mapping[str, Settled]
) -> Iterable[str]:
    """What is to be asked next, in the order of the tree: only what surely matters by now."""
    if not sheet.roles:
        yield ROLES
    for one in catalogues:
        for fact in one.facts:
            if facts[fact.id].known or fact.derived or fact.kind == "date":
                continue
            if not fact.asked_when or sheet.outcome(fact.asked_when).decided:
                yield fact.id
