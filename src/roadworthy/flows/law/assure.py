"""What the law asks of a system: catalogues, answers, the class, and that it was said by somebody.

1 load the catalogues, 2 load the answers, 3 refuse what contradicts itself, 4 classify,
5 record who answered what, and for which purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.compliance import EU_AI_ACT, UNDECIDED, classify
from roadworthy.domain import (
    Catalogue,
    Charter,
    Classification,
    Draft,
    Entry,
    FactSheet,
    ManifestError,
    PersonRole,
    UsageError,
    digest_of,
    format_instant,
)
from roadworthy.ledger import require_role, sign_draft
from roadworthy.manifests import checked_facts

from ..workspace.loop import Loop
from ..workspace.people import Acting
from .answers import (
    FACTS,
    ai_act,
    chosen,
    load_catalogues,
    places_of,
    read_answers_of,
    require_agreement,
    require_known,
)
from .incident_facts import NOTHING, Happened

CLASSIFIED = "system.classified"
CLASSIFIERS: tuple[PersonRole, ...] = ("risk_officer", "engineer", "admin")


class Assured(Struct, frozen=True, kw_only=True):
    """A classification with what it was made from."""

    system: str
    classification: Classification
    sheet: FactSheet
    answers: str
    """Which file the answers came from."""
    purpose: str
    """Digest of the intended purpose: another one asks for another classification."""
    own: bool = True
    """The answers are the system's own; not so of a file that looks at it as another."""


def assure(
    root: Path, charter: Charter, *, on: str, given: Path | None = None,
    catalogue: str = EU_AI_ACT, known: Happened = NOTHING,
) -> Assured:  # fmt: skip
    """A folder's system: its class, its duties. Raises ManifestError for contradictions.

    `known`: what the ledger knows to have happened; answers that deny it are one, too.
    """
    everything = load_catalogues(root)
    loaded = chosen(everything, catalogue)
    catalogues = [one.catalogue for one in loaded]
    sheet, file = read_answers_of(root, charter, catalogues, given)
    places = places_of(root, charter, given)
    require_known(sheet, [one.catalogue for one in everything], places)
    require_agreement(sheet, catalogues, places, on=on)
    known.require(sheet, places)
    happened = FactSheet(facts=known.decided(sheet), roles=sheet.roles)
    found = classify_sheet(catalogues, happened, on=on, digest=loaded[-1].digest)
    purpose = purpose_of(charter.use.intended_purpose)
    answers = ", ".join(filter(None, (file, known.source)))
    return Assured(
        system=charter.system, classification=found, sheet=sheet, answers=answers, purpose=purpose,
        own=given is None or _is_own(sheet, root, charter, catalogues),
    )  # fmt: skip


def _is_own(
    sheet: FactSheet, root: Path, charter: Charter, catalogues: Sequence[Catalogue]
) -> bool:
    """Whether a given file answers as the system's own files do."""
    try:
        own, _ = read_answers_of(root, charter, catalogues, None)
    except ManifestError:
        return False
    return own.facts == sheet.facts and set(own.roles) == set(sheet.roles)


def present_class(charter: Charter, root: Path | None, *, on: str) -> str:
    """The AI Act's class by the charter's facts and facts.yaml of `root`; empty where none decides.

    Raises ManifestError for answers that contradict each other.
    """
    if not charter.facts and (root is None or not (root / FACTS).is_file()):
        return ""
    catalogues = ai_act()
    if root is None:
        said = checked_facts(charter.facts, catalogues, file="charter.yaml")
        sheet = FactSheet(facts=said.facts, roles=tuple(charter.roles))
    else:
        sheet, _ = read_answers_of(root, charter, catalogues, None)
    require_agreement(sheet, catalogues, places_of(root or Path(), charter, None), on=on)
    found = classify_sheet(catalogues, sheet, on=on).risk_class
    return "" if found == UNDECIDED else found


def purpose_of(intended: str) -> str:
    """The digest by which entries name an intended purpose."""
    return digest_of({"purpose": intended})


def classify_sheet(
    catalogues: Sequence[Catalogue], sheet: FactSheet, *, on: str, digest: str = ""
) -> Classification:
    """What answers make of a system, by the last of these catalogues."""
    return classify(catalogues, sheet.facts, sheet.roles, on=on, digest=digest)


def record_classification(assured: Assured, loop: Loop, person: Acting) -> Entry:
    """The answers, who gave them, and what followed, as one entry.

    Raises AccessError, UsageError for answers that are not the system's own: a look at it as
    another one is no statement about it.
    """
    if not assured.own:
        raise UsageError(
            f"{assured.answers} looks at {assured.system} as another system: it does not answer as"
            " the system's own files do, so it is not recorded",
            fix=f"put the answers into {FACTS} (or `facts` of charter.yaml) and leave --answers"
            " away",
        )
    now = format_instant(loop.clock.now())
    require_role(loop.trust, person.key.key_id, CLASSIFIERS, now)
    draft = Draft(
        system=assured.system,
        kind=CLASSIFIED,
        subject=digest_of(_evidence(assured.sheet.facts)),
        actor=f"person:{person.key.key_id}",
        payload=classified_payload(assured, person.name),
    )
    (entry,) = loop.ledger.record(sign_draft(draft, person.signer))
    return entry


def classified_payload(assured: Assured, by: str) -> dict[str, Any]:
    """What the ledger keeps of a classification."""
    found = assured.classification
    return {
        "catalogue": found.catalogue,
        "version": found.version,
        "catalogue_digest": found.digest,
        "on": found.on,
        "by": by,
        "roles": list(found.roles),
        "facts": _evidence(assured.sheet.facts),
        "purpose": assured.purpose,
        "class": found.risk_class,
        "duties": [one.id for one in found.now],
        "coming": {one.id: one.since or "" for one in found.coming},
        "undecided": [one.id for one in found.undecided],
    }


def _evidence(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as the ledger keeps them: no floats."""
    return {
        name: format(value, ".6g") if isinstance(value, float) else value
        for name, value in sorted(facts.items())
    }
