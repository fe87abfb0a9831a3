"""Where the system of an incident stands in the law, by all that states it; the strictest counts.

    1 the classification that people entered   2 the answers of its folder, as they are today
    3 the charter of the incident's release

Enters: an incident's system and release, a folder. Leaves: a law, for `clocks_of`. What never
happens here: a source that cannot be read taken for one that says no.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.compliance import EU_AI_ACT, UNDECIDED, classify
from roadworthy.domain import (
    Catalogue,
    Classification,
    Entry,
    FactSheet,
    FactValue,
    RoadworthyError,
    format_instant,
)
from roadworthy.incidents import Law, Stated, strictest
from roadworthy.manifests import CHARTER, checked_facts, load_charter

from ..entries.answering_content import answering_content
from ..workspace.loop import Loop
from .answers import FACTS, ai_act, read_answers_of
from .assure import CLASSIFIED
from .signed_acts import is_signed

_HIGH = ("high_risk_annex_i", "high_risk_annex_iii")
_RELEASE = "the release's charter"
_PROVIDER = "A73-2"
"""The duty that says whether the organisation may be a provider as its facts are."""


def law_for(
    system: str,
    release: str,
    loop: Loop,
    *,
    root: Path | None,
    holidays: tuple[str, ...] = (),
) -> Law:
    """By all sources there are. `release`: empty where none answered; `root`: its own folder."""
    act = ai_act()
    on = format_instant(loop.clock.now())[:10]
    stated: list[Stated] = []
    known: dict[str, FactValue] = {}
    sources = (
        _entered(system, loop, act),
        _of_folder(root, act),
        _of_release(system, release, loop, act),
    )
    for source in sources:
        if source is None:
            continue
        own = source.sheet.facts if source.sheet is not None else {}
        stated += _stated(source, {**(known if source.part else {}), **own}, act, on)
        known |= own
    return strictest(stated, holidays)


class _Source(Struct, frozen=True, kw_only=True):
    """What one source answers."""

    name: str
    sheet: FactSheet | None
    """None: it cannot be read, and leaves open what it would say."""
    roles: tuple[str, ...] = ()
    time_zone: str = ""
    claims: dict[str, FactValue] = {}
    """What it says of the class itself, beside what follows from its answers."""
    part: bool = False
    """Its answers are a part: the rest stands in what was read before."""


def _entered(system: str, loop: Loop, act: list[Catalogue]) -> _Source | None:
    """1. The newest that whoever entered it signed."""
    found: Entry | None = None
    for entry in loop.ledger.entries(kind=CLASSIFIED, system=system):
        same = entry.payload.get("catalogue", EU_AI_ACT) == EU_AI_ACT
        if same and is_signed(entry, loop.trust):
            found = entry
    if found is None:
        return None
    entered = str(found.payload.get("class", "")) or UNDECIDED
    sheet = _checked(found.payload.get("facts", {}), act)
    return _Source(
        name=f"entry {found.seq}",
        sheet=sheet,
        roles=tuple(map(str, found.payload.get("roles", ()))),
        claims={"risk_class": entered} if entered != "prohibited" else {},
    )


def _of_folder(root: Path | None, act: list[Catalogue]) -> _Source | None:
    """2."""
    if root is None:
        return None
    try:
        charter = load_charter(root)
        sheet, name = read_answers_of(root, charter, act, None)
    except (RoadworthyError, OSError):
        return _Source(name=f"{CHARTER} or {FACTS}", sheet=None)
    return _Source(name=name, sheet=sheet, roles=sheet.roles, time_zone=charter.time_zone,
                   claims=_claims(sheet))  # fmt: skip


def _of_release(system: str, release: str, loop: Loop, act: list[Catalogue]) -> _Source | None:
    """3. A release holds no facts.yaml: its charter's answers are a part."""
    if not release:
        return None
    try:
        charter = answering_content(loop.workspace, system, release).charter
    except (RoadworthyError, OSError):
        return _Source(name=_RELEASE, sheet=None)
    sheet = _checked(charter.facts, act)
    return _Source(
        name=_RELEASE,
        sheet=sheet,
        roles=tuple(charter.roles),
        time_zone=charter.time_zone,
        claims=_claims(sheet),
        part=True,
    )


def _checked(facts: Mapping[str, Any], act: list[Catalogue]) -> FactSheet | None:
    """Answers as they may be given; numbers stand in the ledger as text."""
    numbers = {fact.id for one in act for fact in one.facts if fact.kind == "number"}
    try:
        said = {
            name: float(value) if name in numbers and isinstance(value, str) else value
            for name, value in facts.items()
        }
        return checked_facts(said, act, file=CHARTER)
    except (RoadworthyError, ValueError):
        return None


def _claims(sheet: FactSheet | None) -> dict[str, FactValue]:
    facts = sheet.facts if sheet is not None else {}
    return {name: facts[name] for name in ("risk_class", "systemic_risk") if name in facts}


def _stated(
    source: _Source, facts: dict[str, FactValue], act: list[Catalogue], on: str
) -> Iterator[Stated]:
    """What a source claims, and what follows from its answers; from none nothing does."""
    yield Stated(
        source=source.name,
        roles=source.roles,
        facts=source.claims,
        time_zone=source.time_zone,
        unread=source.sheet is None,
    )
    if source.sheet is None or not source.sheet.facts:
        return
    happened = {**facts, "serious_incident": True}
    found = classify(act, happened, source.roles, on=on)
    follows: dict[str, Any] = {
        "risk_class": _class_of(found),
        "systemic_risk": _settled(found, "systemic_risk"),
    }
    if follows["risk_class"] == "high":
        follows["high_risk_route"] = _settled(found, "high_risk_route")
    yield Stated(source=source.name, roles=found.roles, may_be=_may_be(found), facts=follows)


def _class_of(found: Classification) -> str:
    """A prohibited practice may be high-risk, too: then the clocks of those are kept."""
    if found.risk_class != "prohibited":
        return found.risk_class
    values = [_settled(found, name) for name in _HIGH]
    return "high" if True in values else UNDECIDED if UNDECIDED in values else found.risk_class


def _settled(found: Classification, name: str) -> Any:
    settled = found.facts[name]
    return settled.values[0] if settled.known else UNDECIDED


def _may_be(found: Classification) -> tuple[str, ...]:
    """Whether it is open that it is a provider, too (Article 25(1))."""
    duty = next((one for one in found.applied if one.id == _PROVIDER), None)
    return duty.roles if duty is not None and duty.applies is None else ()
