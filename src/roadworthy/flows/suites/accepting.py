"""A person settles proposals: accepted ones become cases, rejected ones stay on record.

Steps
  1 look     at the proposals that are meant; each must be a sound case of an id that is free
  2 record   the signed entry: who accepted which case, by digest, and which of them were edited
  3 write    the cases, then the suite that names them, then the proposals that are left

What enters: a loop, a person's key. What leaves: cases and an entry. What never happens here: a
case without the entry. After a crash between 2 and 3 the same command enters it again, which is
harmless: a case is a case by its file, and the entry says who vouches for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import Case, Draft, Entry, ScorerSpec, SuiteFile, System, UsageError
from roadworthy.evaluation import case_digest, case_lines
from roadworthy.ledger import sign_draft

from ..workspace.loop import Loop
from ..workspace.own_files import kept_bytes
from ..workspace.people import Acting
from .growing import SUITES, replace_file, spoken_file, with_cases_file
from .proposals import Proposal, chosen, proposals_path, read_proposals, write_proposals


class Settle(Struct, frozen=True, kw_only=True):
    """What a person decides."""

    suite: str
    ids: tuple[str, ...] = ()
    every: bool = False
    reject: str = ""
    """The reason, to reject instead of accept."""


class Settled(Struct, frozen=True, kw_only=True):
    """What became of it."""

    entry: Entry
    cases: tuple[str, ...]
    edited: tuple[str, ...]
    file: str
    """Where the cases are; empty when they were rejected."""
    waiting: int


def settle(system: System, asked: Settle, loop: Loop, by: Acting) -> Settled:
    """Accept or reject proposals. Raises UsageError, ManifestError before anything is written."""
    # 1 look
    root = Path(system.root)
    path = proposals_path(root, asked.suite)
    proposals = read_proposals(path)
    meant = chosen(proposals, asked.ids, every=asked.every)
    if not meant:
        raise UsageError(f"nothing waits in {SUITES}/{path.name}", fix="name ids, or --all")
    cases = [] if asked.reject else _cases(system, meant, by.name)
    edited = tuple(one.case.id for one in meant if case_digest(one.case) != one.written)
    # 2 record
    entry = _record(system, asked, meant, edited, loop, by)
    # 3 write
    file = "" if asked.reject else _write(system, asked.suite, cases)
    left = _left(proposals, meant, asked.reject)
    write_proposals(path, left)
    return Settled(
        entry=entry,
        cases=tuple(one.case.id for one in meant),
        edited=edited,
        file=file,
        waiting=sum(one.state == "proposed" for one in left),
    )


def _cases(system: System, meant: Sequence[Proposal], name: str) -> list[Case]:
    """The accepted cases, each after the unchanged one that it is compared with."""
    taken = {case.id for suite in system.suites for case in suite.cases}
    cases: list[Case] = []
    for one in meant:
        origin = {**one.case.origin, "accepted_by": name}
        case = msgspec.structs.replace(one.case, origin=origin)
        if not case.id.strip() or not case.input:
            raise UsageError(f"the proposal {case.id!r} has no id or no input", fix="reject it")
        for each in (one.pair, case):
            if each is None:
                continue
            if each.id in taken:
                raise UsageError(
                    f"the case id {each.id!r} is taken already", fix="give it another id"
                )
            taken.add(each.id)
            cases.append(each)
    return cases


def _record(
    system: System,
    asked: Settle,
    meant: Sequence[Proposal],
    edited: Sequence[str],
    loop: Loop,
    by: Acting,
) -> Entry:
    payload: dict[str, object] = {
        "suite": asked.suite,
        "cases": {one.case.id: case_digest(one.case) for one in meant},
        "edited": list(edited),
        "models": sorted({f"{one.model} {one.digest}" for one in meant}),
    }
    if asked.reject:
        payload["reason"] = asked.reject
    draft = Draft(
        system=system.charter.system,
        kind="cases.rejected" if asked.reject else "cases.accepted",
        subject=asked.suite,
        actor=f"person:{by.key.key_id}",
        payload=payload,
    )
    (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return entry


def _write(system: System, name: str, cases: Sequence[Case]) -> str:
    """Append to the accepted cases; the suite's file comes to name them."""
    root = Path(system.root)
    suite = system.suite(name)
    path = root / suite.path if suite else root / SUITES / f"{name}.yaml"
    lines = path.parent / f"{path.stem}.accepted.jsonl"
    kept = kept_bytes(lines)
    if kept and not kept.endswith(b"\n"):
        kept += b"\n"
    known = {msgspec.json.decode(line)["id"] for line in kept.splitlines() if line.strip()}
    new = [case for case in cases if case.id not in known]
    replace_file(lines, kept + case_lines.case_lines(new))
    if suite is None:
        written = SuiteFile(
            name=name,
            description="Cases that a model proposed and a person accepted.",
            cases=[lines.name],
            scorers=[ScorerSpec(scorer="contains", options={"ignore_case": True})],
        )
        replace_file(path, msgspec.yaml.encode(spoken_file(written)))
    elif lines.name not in suite.file.cases:
        before = path.read_text(encoding="utf-8")
        replace_file(path, with_cases_file(before, lines.name).encode())
    return lines.relative_to(root).as_posix()


def _left(proposals: Sequence[Proposal], meant: Sequence[Proposal], reason: str) -> list[Proposal]:
    """What stays in the file: what waits, and what was rejected with its reason."""
    ids = {one.case.id for one in meant}
    left = []
    for one in proposals:
        if one.case.id not in ids:
            left.append(one)
        elif reason:
            left.append(msgspec.structs.replace(one, state="rejected", reason=reason))
    return left
