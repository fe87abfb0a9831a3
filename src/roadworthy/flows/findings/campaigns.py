"""A red-team campaign becomes an entry: who, what, when, how, what was found, what became of it.

Enters: a report as loaded, its bytes, a person's key. Leaves: one signed entry whose subject is
the report's digest. What never happens here: a judgement (the findings' cases are judged by the
gate, like all others), or the text of an attack in the ledger (it belongs into a case).
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import Campaign, Draft, Entry, System, plain, sha256
from roadworthy.ledger import sign_draft

from ..workspace.loop import Loop
from ..workspace.people import Acting

KIND = "redteam.recorded"


class Recorded(Struct, frozen=True, kw_only=True):
    """The entry, and what the findings still lack."""

    entry: Entry
    without_case: tuple[str, ...]
    """Findings that became no case of any suite: nothing will find them again."""
    unknown_cases: tuple[str, ...]
    """Cases that the report names and that no suite has."""
    repeated: int = 0
    """The number of an earlier entry of the same bytes; 0: there is none."""


def record_campaign(
    campaign: Campaign, data: bytes, system: System, loop: Loop, by: Acting
) -> Recorded:
    """Enter a campaign. The same bytes are entered once; the earlier entry is then returned."""
    cases = {case.id for suite in system.suites for case in suite.cases}
    named = [case for finding in campaign.findings for case in finding.cases]
    unknown = tuple(dict.fromkeys(case for case in named if case not in cases))
    without = tuple(
        finding.id for finding in campaign.findings if not cases.intersection(finding.cases)
    )
    subject = sha256(data)
    earlier = next(
        iter(loop.ledger.entries(kind=KIND, subject=subject, system=system.charter.system)), None
    )
    if earlier is not None:
        return Recorded(
            entry=earlier, without_case=without, unknown_cases=unknown, repeated=earlier.seq
        )
    payload = dict(plain(campaign))
    payload.pop("roadworthy", None)
    payload["open"] = [each.id for each in campaign.findings if each.state == "open"]
    draft = Draft(
        system=system.charter.system,
        kind=KIND,
        subject=subject,
        actor=f"person:{by.key.key_id}",
        payload=payload,
    )
    (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return Recorded(entry=entry, without_case=without, unknown_cases=unknown)


def campaigns_of(loop: Loop, system: str) -> list[Entry]:
    """Every campaign of a system, oldest first."""
    return list(loop.ledger.entries(kind=KIND, system=system))
