"""What the ledger knows about runs, and their rows as it recorded them.

In: a loop and a candidate's digest or a run's id. Out: entries, summaries, rows, each checked
against the digest that the ledger names, and the copy of a summary that lies beside its rows.
Nothing is made again that was lost: what is missing or changed is a fault, and another attempt the
way out. Only that copy can be written again: the blob that the ledger names has all of it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from roadworthy.domain import (
    Bar,
    Entry,
    EvidenceError,
    Observation,
    RunSummary,
    VerificationError,
    canonical,
    sha256,
    timeless,
)
from roadworthy.evaluation import read_run
from roadworthy.manifests import Workspace
from roadworthy.policy import same_bar

from ..workspace.loop import Loop

_FRESH = "`roadworthy eval --fresh` begins another attempt; answers paid for are in the cache"


def newest_run(loop: Loop, candidate: str, *, bar: Bar | None = None) -> RunSummary | None:
    """The newest run of a candidate that the ledger knows, or None.

    With `bar`, the newest whole run that was held to it counts before any other: a quick run
    after a full one does not undo it. Raises VerificationError when what the ledger recorded of
    that run is gone, was changed or was entered twice; an older run is never taken instead.
    """
    entries = list(loop.ledger.entries(kind="run.completed", subject=candidate))
    if not entries:
        return None
    chosen = entries[-1]
    if bar is not None:
        whole = (entry for entry in reversed(entries) if entry.payload.get("status") == "complete")
        held = (e for e in whole if not same_bar(bar_of(loop, str(e.payload["bar"])), bar))
        chosen = next(held, chosen)
    completion(loop, candidate, str(chosen.payload.get("run")))
    return summary_of(loop, chosen)


def bar_of(loop: Loop, digest: str) -> Bar:
    """The bar of that digest: what a run was held to."""
    return msgspec.convert(loop.blobs.get_json(digest), Bar, strict=False)


def completion(loop: Loop, candidate: str, run: str) -> Entry | None:
    """The entry that says how a run ended; of a partial run that went on the last one.

    Raises VerificationError when a complete run was entered again with something else in it.
    """
    found: Entry | None = None
    for entry in loop.ledger.entries(kind="run.completed", subject=candidate):
        if entry.payload.get("run") != run:
            continue
        if found is not None and found.payload.get("status") == "complete":
            if entry.payload.get("summary") != found.payload.get("summary"):
                raise VerificationError(
                    f"{run} was complete at entry {found.seq}, and entry {entry.seq} says"
                    " something else of it",
                    fix=_FRESH,
                )
            continue
        found = entry
    return found


def summary_of(loop: Loop, entry: Entry) -> RunSummary:
    """The summary that a `run.completed` names.

    Raises VerificationError when it is gone, was changed or is none, and when the copy of it that
    lies beside the rows of a complete run was changed.
    """
    digest, run = str(entry.payload.get("summary", "")), entry.payload.get("run")
    try:
        kept = msgspec.convert(loop.blobs.get_json(digest), RunSummary, strict=False)
    except (EvidenceError, msgspec.MsgspecError) as error:
        raise VerificationError(
            f"the summary of {run}, which entry {entry.seq} names, is not there any more: {error}",
            fix=f"restore it from a backup, or {_FRESH}",
        ) from error
    if entry.payload.get("status") == "complete":
        _refuse_changed_copy(summary_path(loop.workspace, str(run)), entry)
    said = {name: str(entry.payload.get(name) or "") for name in _OF_THE_ATTEMPT}
    return msgspec.structs.replace(kept, **{name: text for name, text in said.items() if text})


_OF_THE_ATTEMPT = ("run", "started_at", "ended_at", "file")
"""What the entry says of the attempt, so that summaries of the same answers are the same bytes."""


def rows_of(loop: Loop, run: RunSummary | None) -> list[Observation]:
    """The rows of a run; its file must still be the one that the ledger recorded."""
    if run is None:
        return []
    path = run_path(loop.workspace, run.run)
    if not path.exists():
        raise _gone(path)
    return read_run(path, expected=run.observations, whole=run.file)


def require_run_file(loop: Loop, run: RunSummary) -> None:
    """The file of a complete run is the one that was recorded, byte for byte.

    Reads it without decoding a row. Raises VerificationError when it is gone or was changed.
    """
    path = run_path(loop.workspace, run.run)
    try:
        with path.open("rb") as file:
            found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except FileNotFoundError:
        raise _gone(path) from None
    except OSError as error:
        raise EvidenceError(f"the run file {path} cannot be read: {error.strerror}") from error
    if run.file and found == run.file:
        return
    rows_of(loop, run)  # an entry that names no file's digest still names that of the rows


def _gone(path: Path) -> VerificationError:
    return VerificationError(
        f"{path} is gone: the rows of a run that the ledger has",
        fix=f"restore it from a backup, or {_FRESH}",
    )


def run_path(workspace: Workspace, run_id: str) -> Path:
    """Where a run's rows lie."""
    return workspace.runs / f"{run_id}.jsonl"


def summary_path(workspace: Workspace, run_id: str) -> Path:
    """Where a run's summary lies beside its rows, for whoever reads files."""
    return workspace.runs / f"{run_id}.summary.json"


def write_summary(workspace: Workspace, summary: RunSummary) -> None:
    """Write that copy so that a reader sees all of it or the one before. Raises EvidenceError."""
    path = summary_path(workspace, summary.run)
    temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(timeless(summary)))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _refuse_changed_copy(path: Path, entry: Entry) -> None:
    """What people and scripts read must say what the ledger says; that it is gone changes nothing.

    The copy holds numbers where the blob holds decimal strings. It must be the shortest text of
    its values: a name that stands twice would tell two readers two things.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
    try:
        values = msgspec.json.decode(data)
        same = sha256(canonical(values)) == entry.payload.get("summary")
        same = same and msgspec.json.encode(values) == data
    except (msgspec.DecodeError, ValueError, RecursionError):
        same = False
    if not same:
        raise VerificationError(
            f"{path} is not the summary that entry {entry.seq} names",
            fix="remove it: `roadworthy eval` writes it again as it was recorded",
        )
