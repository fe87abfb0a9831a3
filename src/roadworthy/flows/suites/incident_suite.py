"""The suites that the road grows, of incidents and of triage: what they hold, what is added.

Enters: a system's folder of suites. Leaves: cases by id. Never: a case that is there already
written over, a file half-written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import Case, Fault, ManifestError, SuiteFile

from ..workspace.own_files import kept_bytes

SUITE = "incidents"
"""Its name; `roadworthy init` need not know it."""


TRIAGE = "triage"
"""What became of feedback and fact checks."""

_WHY = {
    SUITE: "Cases that incidents became. Never delete one to go green.",
    TRIAGE: "Cases that answers became of which people said that they were wrong.",
}


def written_cases(folder: Path, suite: str = SUITE) -> dict[str, Case]:
    """What such a suite holds, by id. Raises ManifestError on a line that is no case."""
    path = folder / f"{suite}.jsonl"
    found: dict[str, Case] = {}
    for number, line in enumerate(kept_bytes(path).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            case = msgspec.json.decode(line, type=Case)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            fault = Fault(
                file=f"suites/{path.name}",
                line=number,
                message=f"this is no case: {error}",
                fix="`roadworthy check` says what is wrong with it",
            )
            raise ManifestError([fault]) from error
        found[case.id] = case
    return found


def add_cases(folder: Path, new: Sequence[Case], suite: str = SUITE) -> None:
    """Append cases; whole files are written beside and renamed."""
    folder.mkdir(exist_ok=True)
    lines = folder / f"{suite}.jsonl"
    if new:
        kept = kept_bytes(lines)
        if kept and not kept.endswith(b"\n"):
            kept += b"\n"
        body = b"".join(msgspec.json.encode(_plainly(case)) + b"\n" for case in new)
        _replace(lines, kept + body)
    about = folder / f"{suite}.yaml"
    if not about.exists():
        file = SuiteFile(name=suite, description=_WHY[suite], cases=[lines.name])
        _replace(about, msgspec.yaml.encode(_plainly(file)))


def _plainly(value: Struct) -> dict[str, object]:
    """A file's struct without the fields that only say their default, at every depth."""
    given = msgspec.structs.asdict(value)
    found = {
        key: _plainly(item) if isinstance(item, Struct) else item for key, item in given.items()
    }
    return {
        key: item for key, item in found.items() if item not in ("", [], {}, None, msgspec.UNSET)
    }


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
