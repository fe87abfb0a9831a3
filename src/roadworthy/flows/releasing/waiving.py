"""Waivers: a person's key signs one, and it holds only while that signature does.

    sign     1 the waiver as written   2 may this person   3 the signed entry
    standing what the ledger knows of every waiver of a system
    require  at signing and activation: what the gate let pass is still let pass

Enters: waivers as loaded, a loop. Leaves: entries, or how each waiver stands. Never: a waiver
that holds because a file says who approved it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    AccessError,
    Assessment,
    Blocker,
    Charter,
    Draft,
    Entry,
    GateDecision,
    Incident,
    RefusedError,
    ReleaseContent,
    System,
    Trust,
    UsageError,
    Waiver,
    WaiverUse,
    digest_of,
    format_instant,
    plain,
    unwaivable,
)
from roadworthy.ledger import require_role, require_signature, sign_draft
from roadworthy.manifests import WAIVERS, load_waivers
from roadworthy.policy import (
    Held,
    Removed,
    Terms,
    accept_failures,
    accept_removals,
    held,
    removal_blockers,
    unsound_waiver,
    waivers_in_use,
)
from roadworthy.release import APPROVERS, pin, wanted_people

from ..entries.release_records import BUILT
from ..suites.growing import replace_file
from ..workspace.loop import Loop
from ..workspace.people import Acting
from ..workspace.trusting import agreed_trust

WAIVED = "waiver.signed"


def sign_waiver(
    waiver: Waiver, content: ReleaseContent, loop: Loop, by: Acting
) -> tuple[Entry, Held]:
    """Sign a waiver as it is written; its entry, and how it stands with that.

    Raises RefusedError when it could not hold, AccessError when this person may not sign it.
    """
    trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
    terms = _terms(content, loop, trust)
    _require_waivable(waiver, content)  # 1
    if reason := unsound_waiver(waiver, terms):
        raise RefusedError(f"waiver {waiver.id} cannot hold: {reason}")
    at = format_instant(loop.clock.now())
    key = require_role(trust, by.key.key_id, APPROVERS, at)  # 2
    name = key.name.casefold()
    if name == waiver.author.strip().casefold():
        raise AccessError(f"{key.name} asks for this waiver and cannot approve it")
    if name in {author.casefold() for author in terms.authors}:
        raise AccessError(f"{key.name} built this candidate and cannot excuse it")
    if terms.wanted == 1 and name != waiver.approved_by.strip().casefold():
        raise AccessError(
            f"{waiver.approved_by} is to approve this waiver, not {key.name}",
            fix=f"--as {waiver.approved_by}, or change `approved_by`",
        )
    entry = next(
        (
            entry
            for entry in _entries(waiver, content.system, loop)
            if entry.actor == f"person:{key.key_id}"
        ),
        None,
    )
    if entry is None:  # 3
        draft = Draft(
            system=content.system,
            kind=WAIVED,
            subject=digest_of(waiver),
            actor=f"person:{key.key_id}",
            payload={"waiver": plain(waiver), "signed_at": at},
        )
        (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return entry, held(waiver, _signers(waiver, content.system, loop, trust), terms)


def accept_by_waiver(
    system: System,
    loop: Loop,
    by: Acting,
    *,
    finding: str,
    reason: str,
    until: str,
    author: str,
) -> tuple[Path, Entry]:
    """Accept one finding: its waiver, signed first, then written whole.

    Raises UsageError when the file is there already, and as `sign_waiver`.
    """
    content = pin(system)
    waiver = Waiver(
        id=f"accept-{finding.replace('/', '-')}",
        findings=[finding],
        reason=reason,
        author=author,
        approved_by=by.name,
        until=until,
    )
    path = Path(system.root) / WAIVERS / f"{waiver.id}.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already", fix=f"roadworthy waiver sign {waiver.id}")
    entry, _ = sign_waiver(waiver, content, loop, by)
    path.parent.mkdir(exist_ok=True)
    replace_file(path, msgspec.yaml.encode(waiver))
    return path, entry


def _require_waivable(waiver: Waiver, content: ReleaseContent) -> None:
    """1. It names something, and that can be excused."""
    if not (waiver.slo or waiver.cases or waiver.findings):
        raise UsageError(f"waiver {waiver.id} accepts nothing", fix="name an `slo`, or `findings`")
    slo = next((each for each in content.slos.slos if each.name == waiver.slo), None)
    if waiver.slo and slo is None:
        raise UsageError(f"waiver {waiver.id} is about {waiver.slo}, which is no objective here")
    if slo is not None and (reason := unwaivable(slo)):
        raise RefusedError(f"{waiver.slo} cannot be waived: {reason}")


def standing(
    waivers: Sequence[Waiver], content: ReleaseContent, loop: Loop, trust: Trust
) -> list[Held]:
    """How every waiver stands for this candidate, now."""
    terms = _terms(content, loop, trust)
    return [
        held(waiver, _signers(waiver, content.system, loop, trust), terms) for waiver in waivers
    ]


class Excuses(Struct, frozen=True, kw_only=True):
    """What people accept of a candidate's failures and of what its suites have lost."""

    waivers: list[Held]
    lost: list[Removed]
    removals: dict[str, str]
    """Removed case -> the waiver that accepts it."""

    def blockers(self) -> list[Blocker]:
        """Cases that an earlier bar had and no waiver lets go keep the gate closed."""
        return removal_blockers(each for each in self.lost if each.case not in self.removals)

    def applied(
        self, assessments: Iterable[Assessment], findings: Mapping[str, str]
    ) -> tuple[list[Assessment], tuple[WaiverUse, ...], list[str]]:
        """The assessments with their waivers, the waivers that were needed, notes on the others.

        `findings`: accepted finding -> the waiver that accepts it.
        """
        accepted = accept_failures(assessments, self.waivers)
        others = {f"case {case}": by for case, by in self.removals.items()}
        others |= {f"finding {each}": by for each, by in findings.items()}
        return accepted, *waivers_in_use(self.waivers, accepted, others)


def excuses_of(
    system: System,
    content: ReleaseContent,
    loop: Loop,
    lost: list[Removed],
    incidents: Iterable[Incident],
) -> Excuses:
    """What is excused of this candidate, now."""
    waivers = standing(system.waivers, content, loop, loop.trust)
    required = {pin.id for each in incidents for pin in each.required}
    removals = accept_removals([each.case for each in lost], waivers, required)
    return Excuses(waivers=waivers, lost=lost, removals=removals)


def require_waivers(
    root: Path, content: ReleaseContent, loop: Loop, *, trust: Trust, decision: GateDecision
) -> None:
    """Every waiver that the gate's decision rests on is still there, word for word, and holds.

    Raises RefusedError.
    """
    again = "put it back as it was and let it be signed, or run `roadworthy gate` again"
    missing = {item.waived_by for item in decision.slos if item.waived_by}
    if unnamed := sorted(missing - {use.id for use in decision.waivers}):
        raise RefusedError(
            f"the gate let a failure pass under waiver {unnamed[0]} and did not pin it",
            fix="run `roadworthy gate` again",
        )
    if not decision.waivers:
        return
    present = {digest_of(waiver): waiver for waiver in load_waivers(root)}
    for use in decision.waivers:
        waiver = present.get(use.digest)
        if waiver is None:
            raise RefusedError(
                f"the gate let a failure pass under waiver {use.id}, which is not there as it was",
                fix=again,
            )
        (found,) = standing([waiver], content, loop, trust)
        if not found.holds:
            raise RefusedError(f"waiver {use.id} holds no more: {found.refused}", fix=again)


def _terms(content: ReleaseContent, loop: Loop, trust: Trust) -> Terms:
    people = {key.name for key in trust.keys if key.kind == "person"}
    return Terms(
        today=_today(content.charter, loop),
        people=people,
        authors=builders_of(loop, content, trust),
        wanted=wanted_people(content.charter, "waiver", least=1),
    )


def _today(charter: Charter, loop: Loop) -> dt.date:
    return loop.clock.now().astimezone(ZoneInfo(charter.time_zone)).date()


def builders_of(loop: Loop, content: ReleaseContent, trust: Trust) -> Collection[str]:
    """Names of everybody who ever built this candidate here."""
    built = loop.ledger.entries(kind=BUILT, system=content.system)
    keys = [
        trust.find(entry.actor.partition(":")[2])
        for entry in built
        if entry.payload.get("candidate") == content.candidate_digest
    ]
    return {key.name for key in keys if key is not None}


def _signers(waiver: Waiver, system: str, loop: Loop, trust: Trust) -> set[str]:
    """Names of whose keys signed these words, in a role that may, and are still valid.

    A key that has ended since counts no more. Raises VerificationError when an entry's signature
    does not hold.
    """
    now = format_instant(loop.clock.now())
    names = set()
    for entry in _entries(waiver, system, loop):
        at = str(entry.payload["signed_at"])
        key = trust.find(require_signature(entry, trust, at=at))
        if key is None or at > now or not key.valid_at(now):
            continue
        if key.kind == "person" and set(key.roles) & set(APPROVERS):
            names.add(key.name)
    return names


def _entries(waiver: Waiver, system: str, loop: Loop) -> list[Entry]:
    return list(loop.ledger.entries(kind=WAIVED, subject=digest_of(waiver), system=system))
