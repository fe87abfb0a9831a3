"""Results of another tool become an entry: whose they are, which files, and who ran them.

    read     the files, whole, or nothing
    enter    one entry a set of files, signed by who vouches for it; the figures as a blob
    told     what was entered, for the gate's notes and the report

Enters: a path and a person's key. Leaves: an entry `evidence.imported`. What never happens here: an
imported figure that becomes a measurement, an observation or a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import NOT_RUN_HERE, Draft, Entry, Imported, plain
from roadworthy.evaluation import importers
from roadworthy.ledger import sign_draft

from ..workspace.loop import Loop
from ..workspace.people import Acting
from .received_entries import in_words as received_in_words

KIND = "evidence.imported"
BEGUN = "outside.begun"
"""Another tool began to ask the candidate here; how it ended is an entry of the other kind."""

ASKED_HERE = "asked here, scored by"
"""And the tool's name: this workspace put the questions and saw every answer, the tool judged."""


class Entered(Struct, frozen=True, kw_only=True):
    """What a file says, and the entry that names it."""

    found: Imported
    entry: Entry
    repeated: bool = False
    """Files of the same bytes were entered before, whatever they were called, for the same
    candidate, or this time for none; nothing was added."""


def read(path: Path) -> tuple[list[Imported], dict[str, str]]:
    """What the files say, and why others were not read. Raises UsageError as `read_results`."""
    return importers.read_results(path)


def enter(
    found: Sequence[Imported], loop: Loop, *, system: str, candidate: str, by: Acting
) -> list[Entered]:
    """Enter what was read, each set of files once. `candidate`: what the person says it is about.

    Raises EvidenceError, VerificationError as the ledger does.
    """
    done = []
    for each in found:
        before = next(
            (one for one in imports_of(loop, system) if _same(one, each, candidate)), None
        )
        if before is not None:
            done.append(Entered(found=each, entry=before, repeated=True))
            continue
        (entry,) = loop.ledger.record(
            sign_draft(_draft(each, loop, system, candidate, by), by.signer)
        )
        done.append(Entered(found=each, entry=entry))
    return done


def imports_of(loop: Loop, system: str) -> list[Entry]:
    """Every import of a system, oldest first."""
    return list(loop.ledger.entries(kind=KIND, system=system))


def imported(loop: Loop, entry: Entry) -> Imported:
    """The figures that an entry names. Raises VerificationError when they were changed."""
    return msgspec.convert(
        loop.blobs.get_json(str(entry.payload["results"])), Imported, strict=False
    )


def _tool(told: dict[str, Any]) -> str:
    """The tool and its version, where its file names one."""
    return f"{told['tool']} {told['version']}".strip()


def in_words(loop: Loop, system: str, candidate: str) -> list[str]:
    """What came from outside about a candidate, a sentence each. It judges nothing."""
    about = [each for each in imports_of(loop, system) if each.payload["candidate"] == candidate]
    said = [
        f"{told['trust']}: {_tool(told)} on {told['task'] or 'no named task'}, "
        f"{told['cases']} cases ({told['status']}), entry {entry.seq}; no objective is judged on it"
        for entry in about
        if (told := entry.payload)
    ]
    ended = {each.payload.get("run") for each in about}
    begun = loop.ledger.entries(kind=BEGUN, subject=candidate, system=system)
    open_ended = [each for each in begun if each.payload["run"] not in ended]
    if open_ended:
        names = ", ".join(sorted({str(each.payload["task"]) for each in open_ended}))
        said.append(f"{len(open_ended)} runs of other tools were begun and gave no result: {names}")
    return [*said, *received_in_words(loop, system, candidate)]


def _same(entry: Entry, found: Imported, candidate: str) -> bool:
    told = entry.payload
    before = sorted(str(each["digest"]) for each in told["files"])
    now = sorted(each.digest for each in found.files)
    return before == now and candidate in ("", told["candidate"])


def _draft(found: Imported, loop: Loop, system: str, candidate: str, by: Acting) -> Draft:
    return Draft(
        system=system,
        kind=KIND,
        subject=found.subject,
        actor=f"person:{by.key.key_id}",
        payload=plain(payload_of(found, loop, candidate=candidate, trust=NOT_RUN_HERE)),
    )


def payload_of(found: Imported, loop: Loop, *, candidate: str, trust: str) -> dict[str, Any]:
    """What the entry of a set of files says; the figures are kept as a blob."""
    return {
        "trust": trust,
        "tool": found.tool,
        "version": found.version,
        "format": found.format,
        "task": found.task,
        "model": found.model,
        "made_at": found.made_at,
        "status": found.status,
        "cases": found.cases,
        "rows": found.rows,
        "failed": found.failed,
        "candidate": candidate,
        "files": [*found.files],
        "results": loop.blobs.put_json(found),
    }
