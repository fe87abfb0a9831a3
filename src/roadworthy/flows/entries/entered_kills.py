"""Which kills stand: the ledger's flags are the authority, the routing table is a copy of them.

Enters: a loop, a routing table. Leaves: flags as they were entered, and those of them that the
table lacks or has otherwise. What never happens here: a flag of the table that speaks for one that
was entered; two flags of one id of which only one counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import ValidationError, convert

from roadworthy.domain import Entry, KillFlag, RoutingTable, VerificationError

from ..workspace.loop import Loop


def entered_kills(loop: Loop) -> list[KillFlag]:
    """Every kill that was ever set, as it was entered.

    Raises VerificationError when an entry is no kill: what it stopped is not known.
    """
    return [_flag_of(entry) for entry in loop.ledger.entries(kind="kill.set")]


def ledger_kills(loop: Loop) -> list[KillFlag]:
    """Every kill that stands by the ledger: set, and never lifted. Raises as `entered_kills`."""
    lifted = {entry.subject for entry in loop.ledger.entries(kind="kill.lifted")}
    return [flag for flag in entered_kills(loop) if flag.id not in lifted]


def _flag_of(entry: Entry) -> KillFlag:
    try:
        flag = convert(entry.payload, KillFlag)
    except ValidationError as error:
        raise VerificationError(f"entry {entry.seq} is no kill: {error}") from None
    if flag.id != entry.subject:
        raise VerificationError(f"entry {entry.seq} is no kill: it is about {entry.subject}")
    return flag


def known_kills(table: RoutingTable, loop: Loop) -> list[KillFlag]:
    """Every kill that stands by the ledger or the table, each once, as it was entered.

    A flag that nobody entered yet is as the table has it; of several under one id each counts.
    """
    entered = entered_kills(loop)
    ids = {flag.id for flag in entered}
    there = {flag.id for flag in table.kills}
    flags = [
        *ledger_kills(loop),
        *(flag for flag in entered if flag.id in there),
        *(flag for flag in table.kills if flag.id not in ids),
    ]
    return list(dict.fromkeys(flags))


def lost_kills(table: RoutingTable, stand: Iterable[KillFlag]) -> list[KillFlag]:
    """Those of the flags that a routing table lacks, or has otherwise, or has otherwise too."""
    right = list(stand)
    ids = {flag.id for flag in right}
    forged = {flag.id for flag in table.kills if flag.id in ids and flag not in right}
    return [flag for flag in right if flag.id in forged or flag not in table.kills]
