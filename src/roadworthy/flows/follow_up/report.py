"""The report of an incident: what the ledger and the journal know, beside what people wrote.

    1 the incident   2 what its release says of itself   3 reach, from the journal   4 clocks
    5 what people wrote, from `incidents/ID.yaml` in the system's folder   6 the document

Enters: an incident. Leaves: a document, and what nobody wrote. What never happens here: a paragraph
made up, a report sent.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Fault,
    Incident,
    ManifestError,
    Recipient,
    ReleaseContent,
    ReportStage,
    UsageError,
    format_instant,
)
from roadworthy.incidents import (
    HUMAN,
    Document,
    Known,
    Language,
    Law,
    Reached,
    asked_of,
    clocks_of,
    report_document,
    what_is_asked,
)

from ..workspace.loop import Loop
from ..workspace.own_files import kept_bytes, write_own
from .reach import Reach, reach_of

FOLDER = "incidents"


class Wanted(Struct, frozen=True, kw_only=True):
    """Which report it is to be."""

    to: Recipient
    stage: ReportStage = "initial"
    language: Language = "en"


def written_file(root: Path, incident: str) -> Path:
    """Where people write the paragraphs of an incident's report."""
    return root / FOLDER / f"{incident}.yaml"


def make_report(
    incident: Incident,
    loop: Loop,
    content: ReleaseContent | None,
    *,
    root: Path,
    wanted: Wanted,
    law: Law,
) -> Document:
    """The report as it is now. Raises ManifestError on a file of paragraphs that cannot be read."""
    to = wanted.to
    now = format_instant(loop.clock.now())
    charter = content.charter if content is not None else None
    slos = content.slos.slos if content is not None else ()
    clocks = [each for each in clocks_of(incident, law, now) if each.to == to]
    newest = loop.ledger.newest_checkpoint()
    model = content.candidate.model if content is not None else None
    return report_document(
        Known(
            incident=incident,
            to=to,
            stage=wanted.stage,
            title=charter.title if charter is not None else "",
            version=charter.version if charter is not None else "",
            purpose=charter.use.intended_purpose if charter is not None else "",
            roles=law.roles,
            model=f"{model.provider} {model.name}" if model is not None else "",
            clocks=tuple(clocks),
            reached=_reached(reach_of(incident, loop, slos)),
            ledger=f"{newest.size} {newest.root}" if newest is not None else "",
            written=written_paragraphs(root, incident.id, wanted.language),
        ),
        wanted.language,
    )


def written_paragraphs(root: Path, incident: str, language: Language) -> dict[str, str]:
    """What people wrote: a text, or one for each language. Raises ManifestError."""
    return {
        name: said if isinstance(said, str) else (said or {}).get(language, "")
        for name, said in _given(written_file(root, incident)).items()
    }


def _given(path: Path) -> dict[str, str | dict[str, str] | None]:
    data = kept_bytes(path)
    if not data.strip():
        return {}
    try:
        given = msgspec.yaml.decode(data, type=dict[str, str | dict[str, str] | None])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ManifestError([_fault(path, f"this holds no paragraphs: {error}")]) from error
    if unknown := sorted(set(given) - set(HUMAN)):
        raise ManifestError([_fault(path, f"there is no paragraph `{unknown[0]}`")])
    return given


def write_template(root: Path, incident: str, wanted: Wanted) -> Path:
    """A file of paragraphs to write; one that is there gets those that it lacks.

    Raises UsageError where it has them all, ManifestError where it cannot be read.
    """
    path = written_file(root, incident)
    known = _given(path)
    lacking = [name for name in asked_of(wanted.to, wanted.stage) if name not in known]
    if not lacking:
        raise UsageError(f"{path} has all of them already", fix="write in it, or move it away")
    lines = [f"# What people say of {incident}. Nothing here is filled in by a machine."]
    before = kept_bytes(path).decode()
    if before:
        lines = [before.rstrip("\n")]
    for name in lacking:
        lines += [f"# {what_is_asked(name, wanted.language)}", f"{name}: ''"]
    path.parent.mkdir(exist_ok=True)
    write_own(path, ("\n".join(lines) + "\n").encode())
    return path


def _reached(reach: Reach) -> Reached:
    return Reached(
        exposed=reach.exposed,
        showing=reach.showing,
        since=reach.since,
        until=reach.until,
        first=reach.first,
        last=reach.last,
        tenants=len(reach.by_tenant),
        slices=tuple(each for each in reach.by_slice if each),
        end_users=reach.end_users,
        unnamed=reach.unnamed,
        left=reach.left,
    )


def _fault(path: Path, message: str) -> Fault:
    known = ", ".join(HUMAN)
    return Fault(
        file=f"{FOLDER}/{path.name}",
        line=1,
        message=message,
        fix=f"write `NAME: TEXT`, or a text for each language; names: {known}",
    )
