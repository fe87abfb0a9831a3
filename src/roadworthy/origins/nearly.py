"""What a place lacks to be one of the forms that are read: a file, columns, the folder above it.

Enters: a path that no reader took. Leaves: words for whoever gave it. Never: a guess that is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from roadworthy.domain import UsageError

from . import langfuse, sarif
from .source import Limits, Source, opened

FORMS = (
    "MLflow (folder mlruns/, mlflow.db, server), Langfuse exports (.csv, .json, .jsonl), runs of "
    "GitHub Actions (a folder with jobs.json), signed PDFs"
)
_FETCH = 'gh api "repos/OWNER/REPO/actions/runs/ID/jobs?per_page=100" > FOLDER/jobs.json'
_OF_A_RUN = (b"<testsuite", b"vnd.dev.sigstore.bundle", b'"workflow_id"')
_LIMITS = Limits(streamed=1 << 30, line=16 << 20)
_MOST_FILES = 500


def nearly(place: Path) -> str:
    """What is missing; empty where it is like none of the forms, or cannot be read."""
    try:
        return _folder(place) if place.is_dir() else _file(place)
    except UsageError:
        return ""


def _folder(folder: Path) -> str:
    if (folder / "meta.yaml").is_file():
        return "it is a part of an MLflow store: give the tracking folder above it, and --run ID"
    if any(_is_of_a_run(each) for each in _some(folder)):
        return f"it holds parts of a run of GitHub Actions, and no jobs.json: {_FETCH}"
    return ""


def _some(folder: Path) -> Iterator[Path]:
    for number, each in enumerate(sorted(folder.rglob("*"))):
        if number < _MOST_FILES and each.is_file() and not each.is_symlink():
            yield each


def _is_of_a_run(path: Path) -> bool:
    with opened(path, _LIMITS) as source:
        head = source.head(1 << 16)
    return sarif.is_sarif(head) or any(sign in head for sign in _OF_A_RUN)


def _file(path: Path) -> str:
    if _is_of_a_run(path):
        return f"it is part of a run of GitHub Actions: put it beside its jobs.json ({_FETCH})"
    with opened(path, _LIMITS) as source:
        if path.suffix == ".csv":
            line = source.head(1 << 16).decode("utf-8-sig", "replace").partition("\n")[0]
            return langfuse.lacking({cell.strip().strip('"') for cell in line.split(",")})
        if path.suffix in (".jsonl", ".ndjson"):
            return _lines(source)
        if path.suffix == ".json":
            return langfuse.lacking(langfuse.first_keys(source.whole()))
    return ""


def _lines(source: Source) -> str:
    """The first line that is none, by its number; else what the first one lacks."""
    first: set[str] = set()
    for number, line in source.lines():
        try:
            keys = set(msgspec.json.decode(line, type=dict[str, msgspec.Raw]))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return f"line {number} was cut off, or is no JSON object"
        first = first or keys
    return langfuse.lacking(first)
