"""What fills a form from incidents, from the threshold of systemic risk, from the weights' log.

Enters: incidents as they stand, the classification, entries. Leaves: blocks. Never here: an
incident without a cause that looks understood, a log without accesses that looks complete.
"""

from __future__ import annotations

from collections.abc import Iterator

from roadworthy.domain import (
    HOSTED,
    Applied,
    Block,
    Cell,
    CorrectiveAction,
    Gap,
    Incident,
    Language,
    Paragraph,
    Source,
    parse_instant,
)

from .blocks import grid, of_entry
from .gathered import Gathered
from .registry import filler
from .words import said

MOST_INCIDENTS = 20
"""The newest ones, each with its own table."""
MOST_ACCESSES = 200
WEIGHTS_ACCESS = "weights_access"
"""The kind of evidence by which people enter an access."""

_NOTIFICATION = "A52-1"
_ASKED = (
    ("gpai", "general-purpose model"), ("training_flop", "training compute"),
    ("designated_systemic_risk", "designated by the Commission"),
    ("systemic_risk_rebutted", "rebuttal accepted by the Commission"),
    ("systemic_risk", "systemic risk"),
)  # fmt: skip


@filler("incidents_learned")
def _learned(found: Gathered, language: Language) -> tuple[Block, ...]:
    real = _real(found)
    if not real:
        return _nothing(found, language)
    shown = real[-MOST_INCIDENTS:]
    left = len(real) - len(shown)
    rest = f"{left} {said('older incidents are in the ledger', language)}"
    older = (Paragraph(cell=Cell(rest, found.ledger)),) if left else ()
    return (*older, *(block for one in shown for block in _one(one, found, language)))


@filler("nothing_happened")
def _nothing(found: Gathered, language: Language) -> tuple[Block, ...]:
    """That there is nothing to say; nothing where people must."""
    if _real(found):
        return ()
    return (Paragraph(cell=Cell(f"{said('incidents so far', language)}: 0", found.ledger)),)


def _real(found: Gathered) -> list[Incident]:
    return [one for one in found.incidents if one.state != "dismissed"]


def _one(one: Incident, found: Gathered, language: Language) -> Iterator[Block]:
    entry = found.told.get(one.id)
    source = of_entry(entry) if entry is not None else found.ledger
    rows = [
        ("incident", f"{one.id}: {one.title}"),
        ("severity", said(str(one.severity), language)),
        ("state", said(one.state, language)),
        ("release", one.release),
        ("found", _at(one.aware_at)),
        ("entered", _at(one.opened_at)),
        ("seen by a person", _at(one.acknowledged_at)),
        ("led to", _harms(one, language)),
        ("aware since", _at(one.legal.aware_at) if one.legal else ""),
        ("reported", _reports(one)),
        ("stopped by", ", ".join((*one.kills, *one.mitigations))),
        ("cause", "; ".join(each.text for each in one.causes)),
        ("corrective actions", "; ".join(_action(each, language) for each in one.actions)),
        ("cases in every later gate", ", ".join(pin.id for pin in one.required)),
        ("closed", _at(one.closed_at)),
        ("days from found to closed", _days(one)),
    ]  # fmt: skip
    told = [(said(name, language), value) for name, value in rows if value]
    yield grid(("what", "value"), told, source, "none so far", language)
    for what, command in _lacks(one):
        yield Gap(what=f"{one.id}: {said(what, language)}", command=f"{command} {one.id} DIR")


def _lacks(one: Incident) -> Iterator[tuple[str, str]]:
    if one.legal is None:
        yield "nobody has said what it led to", "roadworthy incident classify"
    if not one.causes:
        yield "nobody has named its cause", "roadworthy incident cause"
    if not one.actions and not one.pins:
        what = "nothing keeps it from happening again: no action, no case"
        yield what, "roadworthy incident action"


def _harms(one: Incident, language: Language) -> str:
    if one.legal is None:
        return ""
    named = ["no serious incident" if each == "none" else each for each in one.legal.harms]
    return ", ".join(said(each, language).replace("_", " ") for each in named)


def _reports(one: Incident) -> str:
    told = (
        f"{each.stage}, {each.to}, {_at(each.sent_at)}"
        + (f" (- {', '.join(each.missing)})" if each.missing else "")
        for each in one.reports
    )
    return "; ".join(told)


def _action(action: CorrectiveAction, language: Language) -> str:
    done = action.done_at[:10]
    end = f"{said('done', language)} {done}" if done else f"{said('until', language)} {action.due}"
    return f"{action.text} ({action.owner}, {end})"


def _days(one: Incident) -> str:
    if not one.closed_at:
        return ""
    lasted = parse_instant(one.closed_at) - parse_instant(one.aware_at)
    return str(max(0, lasted.days))


def _at(instant: str) -> str:
    return f"{instant[:19]}Z" if instant else ""


@filler("systemic_risk")
def _systemic(found: Gathered, language: Language) -> tuple[Block, ...]:
    """The facts that decide it, and whether the notification is owed."""
    source = _classified(found)
    facts = found.classification.facts
    rows = [
        (said(words, language), _value(facts[name].values[0], language))
        for name, words in _ASKED
        if name in facts and facts[name].known and facts[name].why != "not_asked"
    ]
    duty = _duty(found)
    owed: Block
    if duty is None or duty.applies is None:
        needs = ", ".join(duty.needs) if duty is not None else ""
        what = said("it is open whether a notification is owed", language)
        owed = Gap(what=f"{what}: {needs}", command="roadworthy classify DIR --ask")
    else:
        words = "a notification is owed, within two weeks" if duty.applies else "not owed"
        owed = Paragraph(cell=Cell(said(words, language), source))
    missing = "no classification is entered"
    return (owed, grid(("what", "value"), rows, source, missing, language)) if rows else (owed,)


@filler("no_notification_owed")
def _not_owed(found: Gathered, language: Language) -> tuple[Block, ...]:
    """That nothing is to be written; nothing where it is owed, or open."""
    duty = _duty(found)
    if duty is None or duty.applies is not False:
        return ()
    return (Paragraph(cell=Cell(said("not owed", language), _classified(found))),)


def _duty(found: Gathered) -> Applied | None:
    duties = (one for one in found.classification.applied if one.id == _NOTIFICATION)
    return next(duties, None)


def _classified(found: Gathered) -> Source:
    entry = found.classified
    return of_entry(entry) if entry is not None else found.source("facts.yaml")


def _value(value: object, language: Language) -> str:
    if isinstance(value, bool):
        return said("yes" if value else "no", language)
    return f"{value:.1e} FLOP" if isinstance(value, int | float) else str(value)


@filler("weights")
def _weights(found: Gathered, language: Language) -> tuple[Block, ...]:
    source = found.source(found.system.candidate_file)
    rows = [
        (
            one.wanted.part,
            one.wanted.words,
            one.wanted.identity.digest or "-",
            said("at the maker" if one.wanted.identity.provider in HOSTED else "here", language),
        )
        for one in found.models
    ]
    columns = ("part", "model", "digest", "where its weights are")
    return (grid(columns, rows, source, "no model is registered", language),)


@filler("weights_accesses")
def _accesses(found: Gathered, language: Language) -> tuple[Block, ...]:
    """What people entered, oldest first; who reaches files beside this tool it cannot see."""
    names = {key.key_id: key.name for key in found.people}
    shown = found.accesses[-MOST_ACCESSES:]
    rows = [
        (
            Cell(entry.time[:19] + "Z"),
            Cell(names.get(entry.actor.partition(":")[2], entry.actor)),
            Cell(str(entry.payload.get("file", ""))),
            Cell(str(entry.payload.get("note", "")) or "-"),
            Cell(entry.subject, of_entry(entry)),
        )
        for entry in shown
    ]
    columns = ("when", "who", "document", "what", "digest")
    if not rows:
        what = said("no access to weights is entered; what nobody enters is not known", language)
        return (Gap(what=what, command=f"roadworthy record {WEIGHTS_ACCESS} FILE DIR --as NAME"),)
    left = len(found.accesses) - len(shown)
    rest = f"{left} {said('older accesses are in the ledger', language)}"
    older = (Paragraph(cell=Cell(rest, found.ledger)),) if left else ()
    return (*older, grid(columns, rows, None, "none so far", language))
