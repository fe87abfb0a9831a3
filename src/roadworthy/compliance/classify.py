"""Which class a system has and which duties, step by step, each with what it rests on.

Source: the AI Act's own order (Articles 2, 3, 5, 6, 50, 51); the catalogue holds the facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from roadworthy.domain import (
    Applied,
    Catalogue,
    Classification,
    FactValue,
    LaterClass,
    Obligation,
    Settled,
    TreeStep,
)

from .dates import applicable_from
from .reasons import not_the_case, other_role
from .sheet import ALL_LAW, DAY, ROLE, ROLES, Outcome, Sheet

UNDECIDED = "undecided"
NO_LAW = ("policy", "standard")
"""What binds whoever takes it on: no exemption from the law ends it."""
_OF_THE_DAY = re.compile(rf"\b{DAY}\b")
_DAY = re.compile(r"'(\d{4}-\d{2}-\d{2})'")


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
    sheet = _with_following_roles(catalogues, answers, roles, on)
    wider, why_wider = _with_possible_roles(catalogues, answers, sheet)
    facts = {fact.id: sheet.settled(fact.id) for one in catalogues for fact in one.facts}
    strict = [
        fact.id for one in catalogues for fact in one.facts
        if fact.strict and not facts[fact.id].known
    ]  # fmt: skip
    later = tuple(_later(catalogues, answers, roles, on))
    now = _class(catalogue, sheet, wider)
    if strict and any(each.risk_class == UNDECIDED for each in later):
        now = UNDECIDED  # of a limb that comes, too, unknown is never no
    return Classification(
        catalogue=catalogue.catalogue,
        version=catalogue.version,
        digest=digest,
        on=on,
        roles=sheet.roles,
        risk_class=now,
        facts=facts,
        applied=tuple(_applied(duty, sheet, wider, why_wider) for duty in catalogue.obligations),
        steps=tuple(_steps(catalogue, sheet, wider)),
        open_questions=tuple(_open(catalogues, sheet, facts)),
        blocked_by=tuple(strict),
        unknown_names=tuple(sorted(set(answers) - set(facts))),
        later=tuple(each for each in later if each.risk_class != now),
    )


def _later(
    catalogues: Sequence[Catalogue],
    answers: Mapping[str, FactValue],
    roles: Iterable[str],
    on: str,
) -> Iterable[LaterClass]:
    """The class on each later day that a condition names."""
    said = [fact.derived for one in catalogues for fact in one.facts]
    days = {day for each in said if _OF_THE_DAY.search(each) for day in _DAY.findall(each)}
    for day in sorted(each for each in days if each > on):
        sheet = _with_following_roles(catalogues, answers, roles, day)
        wider, _ = _with_possible_roles(catalogues, answers, sheet)
        yield LaterClass(since=day, risk_class=_class(catalogues[-1], sheet, wider))


def contradictions(
    catalogues: Sequence[Catalogue],
    answers: Mapping[str, FactValue],
    roles: Iterable[str],
    *,
    on: str = ALL_LAW,
) -> list[tuple[str, Any, tuple[Any, ...]]]:
    """(fact, what was answered, what follows from the other answers) of each that cannot be."""
    sheet = Sheet(catalogues, answers, roles, on=on)
    found = []
    for spec in (fact for one in catalogues for fact in one.facts):
        must = sheet.contradicts(spec)
        if must:
            found.append((spec.id, answers[spec.id], must))
    return found


def conflict(
    catalogues: Sequence[Catalogue],
    answers: Mapping[str, FactValue],
    roles: Iterable[str],
    name: str,
    *,
    on: str = ALL_LAW,
) -> tuple[str, ...]:
    """The other answers that rule one out, none of which can be missed."""
    held = tuple(roles)
    needed = dict(answers)
    for other in answers:
        without = {fact: answer for fact, answer in needed.items() if fact != other}
        if other != name and any(
            fact == name for fact, _, _ in contradictions(catalogues, without, held, on=on)
        ):
            needed = without
    return tuple(fact for fact in needed if fact != name)


def _with_following_roles(
    catalogues: Sequence[Catalogue],
    answers: Mapping[str, FactValue],
    roles: Iterable[str],
    on: str,
) -> Sheet:
    """The roles that are held, and those that follow from them: roles accumulate (Art. 25(1))."""
    sheet = Sheet(catalogues, answers, roles, on=on)
    while more := [role for role, one in _following(catalogues, sheet) if one.decided]:
        sheet = Sheet(catalogues, answers, (*sheet.roles, *more), on=on)
    return sheet


def _with_possible_roles(
    catalogues: Sequence[Catalogue], answers: Mapping[str, FactValue], sheet: Sheet
) -> tuple[Sheet, dict[str, tuple[str, ...]]]:
    """The same with each role that may follow, and the open facts that decide whether it does."""
    needs: dict[str, tuple[str, ...]] = {}
    while more := {role: one.needs for role, one in _following(catalogues, sheet)}:
        needs |= more
        sheet = Sheet(catalogues, answers, (*sheet.roles, *more), on=sheet.on)
    return sheet, needs


def _following(catalogues: Sequence[Catalogue], sheet: Sheet) -> list[tuple[str, Outcome]]:
    """Roles that are not held and surely or perhaps follow, one outcome for each."""
    found = []
    for spec in (role for one in catalogues for role in one.roles):
        if not spec.also_when or spec.id in sheet.roles:
            continue
        outcomes = [sheet.outcome(spec.also_when, **{ROLE: role}) for role in sheet.roles]
        sure = [one for one in outcomes if one.decided]
        found += [(spec.id, one) for one in (*sure, *outcomes) if one.decided is not False][:1]
    return found


def _class(catalogue: Catalogue, sheet: Sheet, wider: Sheet) -> str:
    """The class; open, too, where a role that may follow would give another one."""
    if not catalogue.class_fact:
        return ""
    settled = _either(sheet, wider, catalogue.class_fact)
    return str(settled.values[0]) if settled.known else UNDECIDED


def _either(sheet: Sheet, wider: Sheet, name: str) -> Settled:
    """What a fact may be, with the roles that are held and with those that may follow."""
    one, other = sheet.settled(name), wider.settled(name)
    values = tuple(dict.fromkeys((*one.values, *other.values)))
    if values == one.values:
        return one
    return Settled(values=values, needs=tuple(dict.fromkeys((*one.needs, *other.needs))))


def _applied(
    duty: Obligation, sheet: Sheet, wider: Sheet, why_wider: Mapping[str, tuple[str, ...]]
) -> Applied:
    """Whether one duty applies; open where it would by a role that may follow from the others."""
    found = replace(
        _by_roles(duty, sheet),
        confidence=duty.date_confidence,
        formal_from=duty.formal_from or "",
    )
    if found.applies is not False or not why_wider.keys() & set(duty.actor):
        return found
    perhaps = _by_roles(duty, wider)
    roles = tuple(role for role in perhaps.roles if role in why_wider)
    if perhaps.applies is False or not roles:
        return found
    needs = (*(name for role in roles for name in why_wider[role]), *perhaps.needs)
    return replace(found, applies=None, roles=roles, needs=tuple(dict.fromkeys(needs)), why="")


def _by_roles(duty: Obligation, sheet: Sheet) -> Applied:
    """Whether one duty applies: for any of the roles, if none is held for all of them."""
    if not sheet.roles:
        return Applied(
            id=duty.id, applies=None, needs=(ROLES,), why="nobody said which roles are held"
        )
    bound = [role for role in sheet.roles if role in duty.actor]
    if not bound:
        return Applied(id=duty.id, applies=False, why=other_role(duty, sheet))
    freed = {role: _freed(duty, sheet, role) for role in bound}
    held = [role for role in bound if freed[role].decided is not True]
    if not held:
        return Applied(id=duty.id, applies=False, why="an exemption from scope is claimed")
    outcomes = {role: sheet.outcome(duty.applies_when, **{ROLE: role}) for role in held}
    yes = tuple(role for role in held if outcomes[role].decided and freed[role].decided is False)
    if yes:
        since, why, needs = applicable_from(duty, sheet)
        if since is None:
            caught = None if needs else False
            return Applied(id=duty.id, applies=caught, roles=yes, why=why, needs=needs)
        return Applied(id=duty.id, applies=True, roles=yes, since=since, why=why)
    maybe = tuple(role for role in held if outcomes[role].decided is not False)
    if maybe:
        open_ones = dict.fromkeys(
            name for role in maybe for name in (*outcomes[role].needs, *freed[role].needs)
        )
        return Applied(id=duty.id, applies=None, roles=maybe, needs=tuple(open_ones))
    return Applied(id=duty.id, applies=False, why=not_the_case(duty, sheet, held[0]))


def _freed(duty: Obligation, sheet: Sheet, role: str) -> Outcome:
    """Whether an exemption from scope ends a duty for one role."""
    return Outcome((False,), ()) if duty.binding in NO_LAW else sheet.exempt(role)


def _steps(catalogue: Catalogue, sheet: Sheet, wider: Sheet) -> Iterable[TreeStep]:
    """What was found at each step: of what nobody was asked nothing is said."""
    for spec in catalogue.steps:
        taken, perhaps = (one.outcome(spec.when or "true") for one in (sheet, wider))
        if taken.decided is False and perhaps.decided is False:
            yield TreeStep(title=spec.title, finding=spec.skipped, cite=spec.cite)
            continue
        settled = _either(sheet, wider, spec.fact)
        said = str(settled.values[0])
        said = said.lower() if isinstance(settled.values[0], bool) else said
        decided = settled.known and taken.decided is True
        finding = spec.words.get(said, said) if decided else spec.open
        needs = tuple(dict.fromkeys((*taken.needs, *settled.needs)))
        yield TreeStep(title=spec.title, finding=finding, cite=spec.cite, facts=needs)


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
