"""What fills a form from what happened: approvals, waivers, logs, drills, DORA's measures."""

from __future__ import annotations

from roadworthy.domain import Block, Cell, Entry, Gap, Language, Paragraph

from ..dora import DoraMeasure
from .blocks import grid, listing, of_entry, of_file
from .gathered import Gathered
from .registry import filler
from .words import said, told

_MOST = 30


@filler("approvals")
def _approvals(found: Gathered, language: Language) -> tuple[Block, ...]:
    """What people did by their own keys; a machine accepts nothing."""
    kinds = ("release.approved", "release.signed", "release.activated")
    entries = [
        found.newest[kind]
        for kind in kinds
        if kind in found.newest and found.newest[kind].actor.startswith("person:")
    ]
    rows = [
        (
            Cell(told(entry.kind, language)),
            Cell(_name(found, entry.actor)),
            Cell(entry.time[:19] + "Z", of_entry(entry)),
        )
        for entry in entries
    ]
    missing = "no release was approved"
    return (grid(("what", "who", "when"), rows, None, missing, language),)


@filler("waivers")
def _waivers(found: Gathered, language: Language) -> tuple[Block, ...]:
    files = [file for file in found.sources if file.startswith("waivers/")]
    waivers = found.system.waivers
    if not waivers:
        return (Paragraph(cell=Cell(said("nothing is waived", language), of_file("waivers/"))),)
    named = files if len(files) == len(waivers) else ["waivers/"] * len(waivers)
    rows = [
        (one.id, one.slo or ", ".join((*one.cases, *one.findings)), one.reason, one.approved_by,
         Cell(one.until, found.source(file)))
        for file, one in zip(named, waivers, strict=True)
    ]  # fmt: skip
    columns = ("id", "what", "reasons", "approved by", "until")
    return (grid(columns, rows, None, "nothing is waived", language),)


@filler("deliberation")
def _deliberation(found: Gathered, language: Language) -> tuple[Block, ...]:
    note, entry = found.system.deliberation, found.newest.get("deliberation.recorded")
    if note is None or entry is None or entry.subject != note.digest:
        other = note is not None and entry is not None
        words = "the note is not the one that is entered"
        what = said(words if other else "no deliberation is entered", language)
        return (Gap(what=what, command="roadworthy deliberate DIR --record --as NAME"),)
    heard = [f"{one.name} ({one.voice})" for one in note.header.participants]
    source = of_entry(entry)
    decided = f"{said('decision', language)}: {note.header.decision}, {note.header.date}"
    parts: list[Block] = [
        Paragraph(cell=Cell(decided, source)),
        listing(heard, source, "nobody is named", language),
    ]
    if note.header.dissent:
        parts.append(listing(note.header.dissent, source, "nobody is named", language))
    return tuple(parts)


@filler("unchecked")
def _unchecked(found: Gathered, language: Language) -> tuple[Block, ...]:
    missing = "no complete run of this candidate is in the ledger"
    if found.run is None or found.run_entry is None:
        return (Gap(what=said(missing, language), command="roadworthy eval DIR"),)
    source = of_entry(found.run_entry)
    rows = [(one.rail, one.reason, str(one.rows)) for one in found.run.unchecked[:_MOST]]
    if not rows:
        return (Paragraph(cell=Cell(said("everything was looked at", language), source)),)
    return (grid(("what", "reasons", "answers"), rows, source, missing, language),)


@filler("journal")
def _journal(found: Gathered, language: Language) -> tuple[Block, ...]:
    """What is recorded of each answer, and that it is sealed."""
    sealed = found.sealed
    if sealed is None:
        what = said("no segment of the journal is sealed yet", language)
        return (Gap(what=what, command="roadworthy serve DIR"),)
    source = of_entry(sealed)
    text = (
        f"{said('newest sealed segment', language)}: {sealed.payload.get('records')}"
        f" {said('records', language)}, {str(sealed.payload.get('last_at'))[:19]}Z"
    )
    return (Paragraph(cell=Cell(text, source)),)


@filler("drills")
def _drills(found: Gathered, language: Language) -> tuple[Block, ...]:
    entries = [entry for kind, entry in found.newest.items() if kind.startswith("drill.")]
    rows = [
        (
            Cell(told(entry.kind, language)),
            Cell(_drilled(entry, language)),
            Cell(_name(found, entry.actor)),
            Cell(entry.time[:19] + "Z", of_entry(entry)),
        )
        for entry in entries
    ]
    if not rows:
        what = said("nothing was drilled", language)
        return (Gap(what=what, command="roadworthy drill kill DIR"),)
    columns = ("what", "result", "who", "when")
    return (grid(columns, rows, None, "nothing was drilled", language),)


_RESULTS = {"held": "in time", "missed": "too late", "interrupted": "cut off"}


def _drilled(entry: Entry, language: Language) -> str:
    """How it went, with the figures; one that says nothing did not pass."""
    result = said(_RESULTS.get(str(entry.payload.get("result")), "cut off"), language)
    took, most = entry.payload.get("stopped_in_ms"), entry.payload.get("within_ms")
    return f"{result}: {took} ms (<= {most} ms)" if took is not None else result


@filler("dora")
def _dora(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (said(one.name, language), _measure(one, language))
        for one in found.dora
        if one.value is not None
    ]
    missing = "nothing was activated yet"
    return (
        grid(("measure", "value"), rows, found.ledger, missing, language),
        *(
            Gap(what=f"{said(one.name, language)}: {said(one.why, language)} (n = {one.n})")
            for one in found.dora
            if one.value is None
        ),
    )


def _measure(one: DoraMeasure, language: Language) -> str:
    if one.of is not None:
        return f"{one.value:g} {said('of', language)} {one.of}"
    value = f"{one.value:.3g}".replace(".", "," if language == "de" else ".")
    return f"{value} {said(one.unit, language)} (n = {one.n})"


def _name(found: Gathered, actor: str) -> str:
    key = actor.partition(":")[2]
    return next((one.name for one in found.people if one.key_id == key), actor)
