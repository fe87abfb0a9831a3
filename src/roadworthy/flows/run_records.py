"""What the ledger knows about runs, and their rows as it recorded them.

In: a loop and a candidate's digest or a run's id. Out: entries, summaries, rows, each checked
against the digest that the ledger names. Nothing here writes, and nothing is made again that was
lost: what is missing or changed is a fault, and another attempt the way out.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from roadworthy.domain import Bar, Entry, EvidenceError, Observation, RunSummary, VerificationError
from roadworthy.evaluation import read_run
from roadworthy.policy import same_bar

from .loop import Loop

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

    Raises VerificationError when it is gone, was changed or is none.
    """
    digest, run = str(entry.payload.get("summary", "")), entry.payload.get("run")
    try:
        kept = msgspec.convert(loop.blobs.get_json(digest), RunSummary, strict=False)
    except (EvidenceError, msgspec.MsgspecError) as error:
        raise VerificationError(
            f"the summary of {run}, which entry {entry.seq} names, is not there any more: {error}",
            fix=f"restore it from a backup, or {_FRESH}",
        ) from error
    said = {name: str(entry.payload.get(name) or "") for name in _OF_THE_ATTEMPT}
    return msgspec.structs.replace(kept, **{name: text for name, text in said.items() if text})


_OF_THE_ATTEMPT = ("run", "started_at", "ended_at", "file")
"""What the entry says of the attempt, so that summaries of the same answers are the same bytes."""


def rows_of(loop: Loop, run: RunSummary | None) -> list[Observation]:
    """The rows of a run; its file must still be the one that the ledger recorded."""
    if run is None:
        return []
    path = Path(loop.workspace.runs) / f"{run.run}.jsonl"
    return read_run(path, expected=run.observations, whole=run.file)
