"""Evidence that was made elsewhere becomes an entry: where from, what was checked, how far trusted.

    1 read     what lies there, bounded, whole or not at all
    2 hold     it against what stands: the system that it names, what was entered before
    3 keep     the original and what was read of it, by digest
    4 enter    all of it at once, signed by who brings it

Enters: a path or an address, a person's key. Leaves: entries `evidence.received`. What never
happens here: something from outside that is `own`, opens a gate, or is entered in half.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from roadworthy.domain import (
    Brought,
    Draft,
    Entry,
    Received,
    UsageError,
    by_machine,
    canonical,
    plain,
    reaches,
)
from roadworthy.ledger import sign_draft
from roadworthy.origins import Wanted, read_foreign

from ..findings.received_entries import RECEIVED
from ..workspace.loop import Loop
from ..workspace.people import Acting, require_voucher
from .coverage import load_evidence_kinds

_APART = dt.timedelta(days=1)
"""So far may clocks and zones of time be apart."""
MOST_FIGURES = 50
"""Figures that the entry itself holds; the rest is in the blob that it names."""


class Taken(Struct, frozen=True, kw_only=True):
    """What was received, and the entry that names it."""

    received: Received
    entry: Entry
    repeated: bool = False
    """The same bytes were entered before, for as much and trusted as far; nothing was added."""


class About(Struct, frozen=True, kw_only=True):
    """What the importer says of it."""

    system: str
    kinds: tuple[str, ...] = ()
    """Kinds of evidence that it is to prove."""
    candidate: str = ""


def read(place: str, wanted: Wanted) -> list[Brought] | None:
    """1. What lies there; None where it is none of these forms. Raises as `read_foreign`."""
    return read_foreign(place, wanted)


def receive(found: Sequence[Brought], loop: Loop, about: About, by: Acting) -> list[Taken]:
    """2 to 4. Enter what was read, each original once.

    Raises UsageError where it says it is about another system, or a kind of evidence is unknown or
    what only people make, AccessError for an auditor.
    """
    _require_known(about)
    require_voucher(loop, by)
    before = list(loop.ledger.entries(kind=RECEIVED))
    found = [_noted(each, before, about.system, loop) for each in found]
    for each in found:
        _require_fitting(each.received, about)
        _require_ours(each.received, before, about.system)
    done: list[Taken] = []
    new: list[tuple[Received, Draft]] = []
    for each in found:
        old = next((one for one in before if _covers(one, each.received, about)), None)
        if old is not None:
            done.append(Taken(received=each.received, entry=old, repeated=True))
        elif all(each.received.subject != one.subject for one, _ in new):
            new.append((each.received, _draft(each, loop, about, by)))
    if new:
        entries = loop.ledger.record(*(sign_draft(draft, by.signer) for _, draft in new))
        done += [
            Taken(received=one, entry=entry) for (one, _), entry in zip(new, entries, strict=True)
        ]
    return done


def _require_known(about: About) -> None:
    known = load_evidence_kinds()
    for name in about.kinds:
        if name not in known:
            alike = [one for one in known if name[:4] in one]
            raise UsageError(
                f"{name!r} is no kind of evidence",
                fix=f"one of {', '.join(alike or known)}"[:400],
            )
        if known[name].of == "release" and not about.candidate:
            raise UsageError(
                f"{name} counts for a release, and no candidate is named",
                fix="say which one it is about: --candidate candidate.yaml",
            )


def _require_fitting(found: Received, about: About) -> None:
    """What people did or decided is shown by no run and no export of a machine."""
    known = load_evidence_kinds()
    people = [name for name in about.kinds if known[name].people]
    if people and by_machine(found.origin.tool):
        raise UsageError(
            f"{found.origin.place}: {people[0]} ({known[people[0]].title}) is what people did, "
            f"decided or wrote, and this is {found.origin.tool}'s: no machine's run shows it",
            fix=f"bring their paper: roadworthy record {people[0]} FILE, or import it signed (PDF)",
        )


def _require_ours(found: Received, before: Sequence[Entry], system: str) -> None:
    """What says that it is of another system, or was entered for one, is not of this one."""
    if found.system not in ("", system):
        raise UsageError(
            f"{found.origin.place}: {found.id} says that it is about {found.system!r},"
            f" and this is {system!r}",
            fix=f"import it for {found.system}, or correct what it says there",
        )
    if not found.one_system:
        return
    for entry in before:
        told = entry.payload
        same = told["id"] == found.id and told["origin"]["tool"] == found.origin.tool
        if same and entry.system != system:
            raise UsageError(
                f"{found.origin.place}: {found.id} was entered for {entry.system!r}"
                f" (entry {entry.seq}), and this is {system!r}",
                fix="a run belongs to one system: give the run of this one",
            )


def _noted(brought: Brought, before: Sequence[Entry], system: str, loop: Loop) -> Brought:
    """The same with what stands out beside what was entered before, and beside the clock."""
    told = brought.received
    notes = [
        f"entry {one.seq} has the same id and other contents: it went on since, or one of both is"
        " not as it was made"
        for one in before
        if told.id
        and (one.payload["id"], one.system, one.payload["origin"]["tool"])
        == (told.id, system, told.origin.tool)
        and one.subject != told.subject
    ]
    if _is_ahead(told.origin.exported_at, loop.clock.now()):
        notes.append(
            f"it says that it was made at {told.origin.exported_at}, which is still to come: its"
            " age is counted from its entry"
        )
    return replace(brought, received=replace(told, notes=(*told.notes, *notes)))


def _is_ahead(said: str, now: dt.datetime) -> bool:
    """Whether a moment is further ahead than clocks go apart; one that is none is not."""
    try:
        made = dt.datetime.fromisoformat(said)
    except ValueError:
        return False
    return (made if made.tzinfo else made.replace(tzinfo=dt.UTC)) > now + _APART


def _covers(entry: Entry, found: Received, about: About) -> bool:
    """Whether an entry says all that this one would."""
    told = entry.payload
    return (
        entry.subject == found.subject
        and entry.system == about.system
        and set(about.kinds) <= set(told["kinds"])
        and about.candidate in ("", told["candidate"])
        and reaches(told["trust"], found.trust)
    )


def _draft(brought: Brought, loop: Loop, about: About, by: Acting) -> Draft:
    found = brought.received
    content = canonical(found)
    for data in brought.files:
        loop.blobs.put(data)
    return Draft(
        system=about.system,
        kind=RECEIVED,
        subject=found.subject,
        actor=f"person:{by.key.key_id}",
        payload={
            "trust": found.trust,
            "by": found.by,
            "kinds": list(about.kinds),
            "origin": plain(found.origin),
            "id": found.id,
            "title": found.title,
            "checks": plain(found.checks),
            "figures": plain(found.figures[:MOST_FIGURES]),
            "figures_in_all": len(found.figures),
            "files": plain(found.files),
            "notes": list(found.notes),
            "candidate": about.candidate,
            "content": loop.blobs.put(content),
            "original": loop.blobs.put(brought.original) if brought.original else "",
            "imported_by": by.name,
        },
    )
