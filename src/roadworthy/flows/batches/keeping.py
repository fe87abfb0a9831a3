"""Files of batches that are past their time, or that their tenant deleted, leave the disk.

What never happens here: a file that a legal hold touches is removed (it stays, and its tenant does
not see it), or one that a batch still reads. Nothing is entered: a file is its tenant's own copy;
the exchanges that were made of it are in the journal, under the journal's rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    BatchState,
    Hold,
    Instant,
    RoadworthyError,
    StoredFile,
    TextScope,
    format_instant,
)

from ..journals.holding import keeping, standing_holds
from ..workspace.loop import Loop
from .files import read_record, tenant_folder
from .ids import result_id
from .store import waiting_in

TORN_S = 86_400.0
"""A draft that nobody wrote for so long is nobody's."""


class Swept(Struct, frozen=True):
    """What a sweep did."""

    removed: int
    """Files and batches."""
    held: int
    """Files that a hold keeps."""


def sweep(loop: Loop, *, keep_days: int) -> Swept:
    """Remove what is past its time. Raises EvidenceError, VerificationError, OSError.

    `keep_days`: so long a batch that is over is told of, longer where a file of it is there.
    """
    root = loop.workspace.batches
    if not root.is_dir():
        return Swept(0, 0)
    now = loop.clock.now()
    oldest = format_instant(now - dt.timedelta(days=keep_days))
    removed = held = 0
    with keeping(loop):
        holds = standing_holds(loop)
        needed = _needed(root)
        for folder in sorted(root.glob("*/files")):
            for file in _past(folder, format_instant(now)):
                if file.id in needed:
                    continue
                if _is_held(file, holds):
                    held += 1
                    continue
                (folder / f"{file.id}.lines").unlink(missing_ok=True)
                (folder / f"{file.id}.json").unlink(missing_ok=True)
                removed += 1
            removed += _remove_torn(folder, needed, now.timestamp())
        for folder in sorted(root.glob("*/batches")):
            removed += _remove_over(folder, oldest)
    return Swept(removed, held)


def _needed(root: Path) -> set[str]:
    """The files of batches that are not over."""
    found: set[str] = set()
    for id_, tenant in waiting_in(root):
        path = tenant_folder(root, tenant) / "batches" / f"{id_}.json"
        state = read_record(path, BatchState)
        if state is not None:
            found |= {state.input_file, *_results(state)}
    return found


def _results(state: BatchState) -> tuple[str, str]:
    return result_id(state, "output"), result_id(state, "errors")


def _past(folder: Path, now: Instant) -> Iterator[StoredFile]:
    for path in sorted(folder.glob("*.json")):
        with suppress(RoadworthyError):  # who reads it is told; nothing is removed on a guess
            file = read_record(path, StoredFile)
            if file is not None and file.id == path.stem and file.gone(now):
                yield file


def _is_held(file: StoredFile, holds: list[Hold]) -> bool:
    """Its lines may be of several days: a hold on any text of the tenant keeps it."""
    scope = TextScope(tenant=file.tenant)
    return any(hold.scope.touches(scope) for hold in holds)


def _remove_torn(folder: Path, needed: set[str], now_s: float) -> int:
    """Remove what an upload or a batch left half when its process died."""
    removed = 0
    torn = [*folder.glob("*.part"), *folder.glob("*.lines")]
    for path in torn:
        with suppress(FileNotFoundError):
            whole = path.suffix == ".lines" and path.with_suffix(".json").exists()
            if not whole and path.stem not in needed and now_s - path.stat().st_mtime > TORN_S:
                path.unlink()
                removed += 1
    return removed


def _remove_over(folder: Path, oldest: Instant) -> int:
    """Remove batches that ended long ago and of which no file is there any more."""
    removed = 0
    for path in sorted(folder.glob("*.json")):
        with suppress(RoadworthyError):
            state = read_record(path, BatchState)
            if state is None or not state.over or state.ended_at >= oldest:
                continue
            files = folder.parent / "files"
            if any((files / f"{id_}.json").exists() for id_ in _results(state)):
                continue
            for suffix in (".cancel", ".words", ".json"):
                path.with_suffix(suffix).unlink(missing_ok=True)
            removed += 1
    return removed
