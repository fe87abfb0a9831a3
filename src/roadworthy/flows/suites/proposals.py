"""suites/NAME.proposed.jsonl: cases that wait for a person, and what a model was asked and said.

No suite names such a file, so no run asks what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from roadworthy.domain import Case, Fault, ManifestError, UsageError
from roadworthy.evaluation import case_lines

from ..workspace.own_files import kept_bytes
from .growing import SUITES, replace_file, require_name


class Proposal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case that waits. A person may edit `case` in the file before accepting it."""

    case: Case
    pair: Case | None = None
    """The unchanged case that it is compared with."""
    asked: str
    """What the model was asked."""
    answer: str
    """What it said, whole."""
    model: str
    digest: str
    """Its pinned digest or version."""
    written: str
    """The case's digest as proposed: another one means that a person edited it."""
    state: Literal["proposed", "rejected"] = "proposed"
    reason: str = ""
    """Why it was rejected."""


def proposals_path(root: Path, suite: str) -> Path:
    """Where the proposals of a suite lie."""
    require_name(suite)
    return root / SUITES / f"{suite}.proposed.jsonl"


def read_proposals(path: Path) -> list[Proposal]:
    """Every proposal, in order; none without a file. Raises ManifestError with each bad line."""
    if not path.exists():
        return []
    decoder = msgspec.json.Decoder(Proposal)
    found: list[Proposal] = []
    faults: list[Fault] = []
    known: dict[str, int] = {}
    for number, line in enumerate(kept_bytes(path).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            proposal = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            faults.append(_fault(path, number, str(error), "mend the line, or remove it"))
            continue
        if proposal.case.id in known:
            first = known[proposal.case.id]
            message = f"the case `{proposal.case.id}` stands on line {first} already"
            faults.append(_fault(path, number, message, "give it another id"))
        known.setdefault(proposal.case.id, number)
        found.append(proposal)
    if faults:
        raise ManifestError(faults)
    return found


def _fault(path: Path, line: int, message: str, fix: str) -> Fault:
    return Fault(file=f"{SUITES}/{path.name}", line=line, message=message, fix=fix)


def write_proposals(path: Path, proposals: Sequence[Proposal]) -> None:
    """Replace the file; without a proposal it is removed."""
    if not proposals:
        path.unlink(missing_ok=True)
        return
    replace_file(path, b"".join(_line(one) + b"\n" for one in proposals))


def add_proposals(path: Path, new: Sequence[Proposal]) -> list[Proposal]:
    """Append those whose id is not there yet; a person may be editing the others."""
    there = read_proposals(path)
    known = {one.case.id for one in there}
    added = [one for one in new if one.case.id not in known]
    if added:
        write_proposals(path, [*there, *added])
    return added


def _line(proposal: Proposal) -> bytes:
    built = msgspec.to_builtins(proposal)
    built["case"] = case_lines.spoken(proposal.case)
    built["pair"] = case_lines.spoken(proposal.pair) if proposal.pair else None
    return msgspec.json.encode(
        {key: value for key, value in built.items() if value not in ("", None)}
    )


def chosen(proposals: Sequence[Proposal], ids: Sequence[str], *, every: bool) -> list[Proposal]:
    """Those that a person means. Raises UsageError on an id that does not wait."""
    waiting = {one.case.id: one for one in proposals if one.state == "proposed"}
    if every:
        return list(waiting.values())
    strange = [name for name in ids if name not in waiting]
    if strange:
        some = ", ".join(list(waiting)[:5]) or "nothing"
        raise UsageError(f"{strange[0]!r} does not wait here", fix=f"waiting: {some}")
    return [waiting[name] for name in dict.fromkeys(ids)]
