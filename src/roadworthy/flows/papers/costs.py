"""What each phase of a system cost, by the ledger, the runs and the journal.

    known     1 what people entered: invoices, hours, energy, by phase
              2 what evaluations cost: by prices of the day, and by the machine's counters
              3 what live answers cost: the same
    unknown   what has no price, and what nobody measured

Enters: a ledger, a charter. Leaves: a row for each phase and measure. Never: an entry counted
twice, answers that were asked once counted twice, a guess for what is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice

from msgspec import UNSET, Struct

from roadworthy.compliance import sums
from roadworthy.domain import (
    COST_PHASES,
    Charter,
    Cost,
    CostPhase,
    CostSum,
    Draft,
    Entry,
    Estimate,
    Measure,
    Measurement,
    UnknownCost,
    UsageError,
    digest_of,
)
from roadworthy.journal import Wanted, query, read_host
from roadworthy.ledger import sign_draft
from roadworthy.monitoring import host_indicators

from ..entries.run_records import summary_of
from ..objectives.live_indicators import TRAFFIC
from ..workspace.loop import Loop
from ..workspace.people import Acting, require_voucher
from .currencies import CURRENCIES

RECORDED = "cost.recorded"
MOST_ANSWERS = 200_000
"""Live answers that are added up one by one here; of more, what they cost is said to be unknown."""
_WH = Decimal(1000)
_FIELDS: tuple[tuple[Measure, str, str], ...] = (
    ("money", "amount", ""), ("hours", "hours", "h"), ("energy", "kwh", "kWh"),
)  # fmt: skip
"""Measure, field of an entry, unit; of money the entry says it."""
_LARGEST = Decimal(10) ** 12


def costs_of(loop: Loop, charter: Charter, *, most: int = MOST_ANSWERS) -> tuple[CostSum, ...]:
    """Every phase of a system, estimate against actual; `most`: live answers that are added up."""
    known: list[Cost] = list(entered(loop, charter.system))  # 1
    unknown: list[UnknownCost] = []
    _evaluations(loop, charter.system, known, unknown)  # 2
    _answers(loop, charter.system, most, known, unknown)  # 3
    return sums(estimates_of(charter), known, unknown)


def estimates_of(charter: Charter) -> dict[CostPhase, Estimate]:
    """What people expected; empty where nobody did."""
    value = charter.value
    return {} if value is None or value.estimates is UNSET else value.estimates


def entered(loop: Loop, system: str) -> Iterator[Cost]:
    """What people entered; of one subject, phase, measure and unit the newest alone."""
    newest: dict[tuple[str, ...], Cost] = {}
    for entry in loop.ledger.entries(kind=RECORDED, system=system):
        newest |= {(entry.subject, one.phase, one.measure, one.unit): one for one in _costs(entry)}
    yield from newest.values()


def _costs(entry: Entry) -> Iterator[Cost]:
    """What one entry says was spent."""
    said = entry.payload
    what = str(said.get("file") or said.get("note") or "").strip()
    source = f"entry {entry.seq}{f' ({what})' if what else ''}"
    for measure, field, unit in _FIELDS:
        if said.get(field):
            yield Cost(
                phase=said["phase"], measure=measure, amount=str(said[field]),
                unit=unit or str(said.get("currency", "")), source=source,
            )  # fmt: skip


def replaced_by(loop: Loop, entry: Entry) -> tuple[Cost, ...]:
    """What stood before an entry for the same file, phase, measure and unit: it counts no more."""
    before: dict[tuple[str, ...], Cost] = {}
    for one in loop.ledger.entries(kind=RECORDED, subject=entry.subject, system=entry.system):
        if one.seq < entry.seq:
            before |= {(each.phase, each.measure, each.unit): each for each in _costs(one)}
    new = [(each.phase, each.measure, each.unit) for each in _costs(entry)]
    return tuple(before[key] for key in new if key in before)


class Receipt(Struct, frozen=True, kw_only=True):
    """What shows a cost: a file by its digest, or a sentence."""

    digest: str = ""
    file: str = ""
    note: str = ""


def parse_spent(texts: Iterable[str]) -> dict[str, str]:
    """`1200 EUR`, `12 h`, `3.5 kWh` as fields of an entry. Raises UsageError."""
    found: dict[str, str] = {}
    for text in texts:
        amount, _, unit = text.strip().partition(" ")
        try:
            value = Decimal(amount)
        except InvalidOperation:
            value = Decimal("NaN")
        name = {"h": "hours", "kWh": "kwh"}.get(unit.strip(), "amount")
        if not value.is_finite() or value < 0 or value > _LARGEST:
            raise UsageError(f"{text!r} is no cost", fix="such as '1200 EUR', '12 h' or '3.5 kWh'")
        if name == "amount" and unit.strip() not in CURRENCIES:
            raise UsageError(
                f"{text!r} is no cost: {unit.strip()!r} is no currency of ISO 4217, nor h or kWh",
                fix="such as '1200 EUR', '12 h' or '3.5 kWh'",
            )
        if name in found:
            raise UsageError(
                f"{text!r} is a second one of its kind",
                fix="enter each by itself: both count where the unit is another one, and in the"
                " same unit the newer takes the place of the older (give the sum)",
            )
        found[name] = f"{value:f}"
        if name == "amount":
            found["currency"] = unit.strip()
    return found


def record_cost(
    loop: Loop, system: str, person: Acting, *, phase: str, spent: dict[str, str], receipt: Receipt
) -> Entry:
    """Enter what something of a phase cost, signed by who says so.

    `spent`: `amount` and `currency`, `hours`, `kwh`, decimals. Entered again for the same file,
    phase and unit it takes the place of what was said before (`replaced_by`). Raises UsageError,
    AccessError for an auditor.
    """
    if phase not in COST_PHASES:
        raise UsageError(f"{phase!r} is no phase", fix=f"one of {', '.join(COST_PHASES)}")
    if not spent:
        raise UsageError("nothing was spent", fix="--money '1200 EUR', --hours 12 or --kwh 3.5")
    require_voucher(loop, person)
    draft = Draft(
        system=system,
        kind=RECORDED,
        subject=receipt.digest or digest_of({"note": receipt.note}),
        actor=f"person:{person.key.key_id}",
        payload={"phase": phase, **spent, "file": receipt.file, "note": receipt.note,
                 "by": person.name},
    )  # fmt: skip
    (entry,) = loop.ledger.record(sign_draft(draft, person.signer))
    return entry


def _evaluations(loop: Loop, system: str, known: list[Cost], unknown: list[UnknownCost]) -> None:
    """Runs, each set of answers once: what is answered from the cache again costs nothing again."""
    seen: set[str] = set()
    unpriced = unmeasured = runs = 0
    for entry in loop.ledger.entries(kind="run.completed", system=system):
        if not entry.payload.get("summary"):
            continue
        run = summary_of(loop, entry)
        if run.observations in seen:
            continue
        seen.add(run.observations)
        runs += 1
        source = f"entry {entry.seq} ({run.run}, {run.n} answers)"
        priced = list(_amounts(run.cost))
        for amount, unit in priced:
            known.append(_of("evaluation", "money", amount, unit, source))
        part = sum(each.unpriced for each in run.spent)
        unpriced += not priced or part > 0
        energy = next((one for one in run.indicators if one.name == "energy"), None)
        kwh = _kwh(energy, run.n)
        if kwh is None:
            unmeasured += 1
        else:
            known.append(_of("evaluation", "energy", kwh, "kWh", f"{source}: {_how(energy)}"))
    if unpriced:
        why = f"in {unpriced} of {runs} runs answers or judges have no known price"
        unknown.append(UnknownCost(phase="evaluation", measure="money", why=why))
    if unmeasured:
        why = f"in {unmeasured} of {runs} runs nobody measured the energy"
        unknown.append(UnknownCost(phase="evaluation", measure="energy", why=why))


def _answers(
    loop: Loop, system: str, most: int, known: list[Cost], unknown: list[UnknownCost]
) -> None:
    """Live answers: by the prices in their records, and the machine's energy an answer."""
    if not loop.workspace.journal.is_dir():
        return
    sums_of: dict[str, Decimal] = {}
    answers = unpriced = 0
    first = last = ""
    found = query(loop.workspace.journal, Wanted(system=system))
    counted = (row for row in found if row.closed and row.seen.stage in TRAFFIC)
    for row in islice(counted, most + 1):
        answers += 1
        first, last = min(first or row.seen.time, row.seen.time), max(last, row.seen.time)
        if row.seen.cost is None:
            unpriced += 1
        else:
            unit = row.seen.currency
            sums_of[unit] = sums_of.get(unit, Decimal(0)) + Decimal(row.seen.cost)
    if not answers:
        return
    if answers > most:
        why = f"there are more than {most} live answers: roadworthy journal query"
        unknown += [
            UnknownCost(phase="monitoring", measure="money", why=why),
            UnknownCost(phase="monitoring", measure="energy", why=why),
        ]
        return
    source = f"journal ({answers} answers, {first[:10]} to {last[:10]})"
    for unit, amount in sums_of.items():
        known.append(_of("monitoring", "money", f"{amount:f}", unit, source))
    if unpriced:
        why = f"{unpriced} of {answers} live answers have no known price"
        unknown.append(UnknownCost(phase="monitoring", measure="money", why=why))
    read = host_indicators(read_host(loop.workspace.host, since=first))
    energy = next((one for one in read if one.name == "energy"), None)
    kwh = _kwh(energy, answers)
    if kwh is None:
        why = f"nobody measured the energy of {answers} live answers"
        unknown.append(UnknownCost(phase="monitoring", measure="energy", why=why))
    else:
        known.append(_of("monitoring", "energy", kwh, "kWh", f"{source}: {_how(energy)}"))


def _of(phase: CostPhase, measure: Measure, amount: str, unit: str, source: str) -> Cost:
    return Cost(phase=phase, measure=measure, amount=amount, unit=unit, source=source)


def _amounts(said: str | None) -> Iterator[tuple[str, str]]:
    """Amounts with their currency out of `1.2 EUR + 3 USD`; nothing where no price is known."""
    for part in (said or "").split(" + "):
        amount, _, unit = part.strip().partition(" ")
        try:
            if amount and Decimal(amount).is_finite():
                yield amount, unit
        except InvalidOperation:
            continue


def _kwh(energy: Measurement | None, answers: int) -> str | None:
    """Energy of so many answers; None where nobody measured it."""
    if energy is None or energy.value is None:
        return None
    return f"{Decimal(repr(energy.value)) * answers / _WH:f}"


def _how(energy: Measurement | None) -> str:
    return "" if energy is None else f"{energy.reason or 'measured'} (n={energy.n})"
