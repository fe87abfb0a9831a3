"""What the output rails of a sound contract mean for a stream, before anything is released.

Steps
  1 compile  every rail and never event, as a release would
  2 explain  which of them collect the whole answer, and how much the others hold back
  3 blame    where it does not compile: each rail and never event by itself, for its line

Enters: a system's folder, read and without a fault. Leaves: one row per output rail, or a fault
noted in the file that is to blame. What never happens here: a look at a contract that is broken.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from roadworthy.domain import (
    Charter,
    Clock,
    Fault,
    ManifestError,
    NeverEvent,
    Rail,
    Rails,
    format_instant,
)
from roadworthy.manifests import CHARTER, QUARANTINE, Reading
from roadworthy.serving import RailExplanation, RailLine, explain_rails


def explain_streams(reading: Reading) -> list[RailExplanation] | None:
    """One row per output rail; None where the contract is broken, or turns out to be here."""
    sound = not any(fault.severity == "error" for fault in reading.folder.faults())
    if reading.charter is None or not sound:
        return None
    try:
        line = _compiled(reading, reading.charter, reading.rails)  # 1
    except ManifestError as wrong:
        _blame(reading, reading.charter, wrong)
        return None
    return explain_rails(line)  # 2


def note_expired(reading: Reading, clock: Clock) -> None:
    """Note what is set aside no longer: a quarantine whose last day is over is a fault."""
    today = format_instant(clock.now())[:10]
    for index, entry in enumerate(reading.quarantine.cases if reading.quarantine else ()):
        document = reading.document(QUARANTINE)
        if entry.until < today and document.sound(("cases", index, "until")):
            document.fault(
                ("cases", index, "until"),
                f"the quarantine of `{entry.case}` ended on {entry.until}",
                f"mend the case ({entry.owner} answers for it), or remove the entry and let it "
                "count",
            )


def _compiled(reading: Reading, charter: Charter, rails: Rails) -> RailLine:
    return RailLine.compile(
        rails=rails, charter=charter, assets=reading.folder.assets, prompt=reading.prompt
    )


def _blame(reading: Reading, charter: Charter, wrong: ManifestError) -> None:
    """3. Note each fault at the rail or never event that has it; at its file when none has."""
    found = 0
    for index, rail in enumerate(reading.rails.rails):
        faults = _faults(reading, charter, rails=[rail])
        found += _note(reading, reading.rails_file, ("rails", index), faults)
    for index, event in enumerate(charter.never):
        faults = _faults(reading, charter, never=[event])
        found += _note(reading, CHARTER, ("never", index), faults)
    if not found:
        _note(reading, reading.rails_file or CHARTER, (), wrong.faults)


def _faults(
    reading: Reading,
    charter: Charter,
    *,
    rails: Sequence[Rail] = (),
    never: Sequence[NeverEvent] = (),
) -> tuple[Fault, ...]:
    """What is wrong with these alone."""
    alone = replace(charter, never=list(never))
    try:
        _compiled(reading, alone, replace(reading.rails, rails=list(rails), egress=UNSET))
    except ManifestError as wrong:
        return wrong.faults
    return ()


def _note(
    reading: Reading, file: str, place: tuple[str | int, ...], faults: Sequence[Fault]
) -> int:
    for fault in faults:
        reading.document(file).fault(place, fault.message, fault.fix)
    return len(faults)
