"""Which tool made what lies there, by what is in it; what none of these made is for others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from roadworthy.domain import Brought, UsageError

from .source import Limits, opened
from .wanted import Wanted

VARIABLE = "MLFLOW_TRACKING_URI"
WORD = "mlflow"
"""In the place of a path: the tracking store that the variable names."""
_ADDRESS = ("http://", "https://")
_SQLITE = "sqlite:///"
_FILE = "file://"


def read_foreign(place: str, wanted: Wanted) -> list[Brought] | None:
    """What lies at a path or an address; None where it is none of these forms.

    Raises UsageError where it is one and cannot be read, EvidenceError where a server fails,
    VerificationError where a signature does not hold.
    """
    if place == WORD and not Path(place).exists():
        place = os.environ.get(VARIABLE, "")
        if not place:
            raise UsageError(f"{VARIABLE} is not set", fix="give a folder, a file or an address")
    if place.startswith(_ADDRESS):
        from .mlflow_server import Server

        return _runs(Server(place), wanted)
    path = Path(place.removeprefix(_SQLITE).removeprefix(_FILE))
    if path.is_dir():
        return _folder(path, wanted)
    return _file(path, wanted) if path.is_file() else None


def _folder(folder: Path, wanted: Wanted) -> list[Brought] | None:
    from .mlflow_files import FileStore, is_store

    if is_store(folder):
        return _runs(FileStore(folder), wanted)
    from .actions import jobs_in, read_run

    return read_run(folder, wanted) if jobs_in(folder) else None


def _file(path: Path, wanted: Wanted) -> list[Brought] | None:
    with opened(path, Limits()) as source:
        head = source.head(1 << 16)
    if head.startswith(b"SQLite format 3\0"):
        from .mlflow_database import Database

        return _runs(Database(path), wanted)
    if b"%PDF-" in head[:1024]:
        from .pdf import read_pdf

        return [read_pdf(path, wanted)]
    from .actions import is_jobs, read_run

    if is_jobs(head) or b"application/vnd.dev.sigstore.bundle" in head:
        return read_run(path, wanted)
    from .langfuse import is_export, read_export

    return [read_export(path)] if is_export(path, head) else None


def _runs(store: object, wanted: Wanted) -> list[Brought]:
    from typing import cast

    from .mlflow_run import NotThereError, Store, brought, chosen, offered

    there = cast(Store, store)
    try:
        ids: Sequence[str] = chosen(there, wanted.runs, wanted.models)
        return [brought(there.run(each), there) for each in ids]
    except NotThereError as error:
        raise UsageError(error.message, fix=offered(there)) from None
