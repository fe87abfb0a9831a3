"""Which tool wrote a file, by what is in it and never by its name alone."""

from __future__ import annotations

from pathlib import Path

import msgspec

from roadworthy.domain import Imported, UsageError
from roadworthy.origins import Limits, Source, nearly, opened, without_nan

from . import deepeval, garak, inspect_log, lm_eval, mlflow, promptfoo
from .unknown import READ, unknown

_USUAL = Limits()


def read_results(path: Path, limits: Limits = _USUAL) -> tuple[list[Imported], dict[str, str]]:
    """What a file or the files of a folder say, and of a folder what could not be read and why.

    Raises UsageError on a file of no known form or version, on one that contradicts itself, and
    on a folder without anything that could be read.
    """
    if not path.is_dir():
        return [_read(path, limits)], {}
    found: list[Imported] = []
    unread: dict[str, str] = {}
    for file in _files(path, limits.files):
        try:
            found.append(_read(file, limits))
        except UsageError as error:
            unread[file.relative_to(path).as_posix()] = error.message
    taken = {file.name for each in found for file in each.files}
    unread = {name: why for name, why in unread.items() if Path(name).name not in taken}
    if not found:
        reasons = nearly(path) or "; ".join(list(unread.values())[:3]) or _without(path)
        raise UsageError(f"{path}: nothing in it can be read: {reasons}", fix=READ)
    return found, unread


def _without(folder: Path) -> str:
    return "none of its files has one of the forms" if any(folder.iterdir()) else "it is empty"


def _files(folder: Path, most: int) -> list[Path]:
    """Every file that might be one, in order of name; links are not followed."""
    names = (".json", ".jsonl", ".eval", ".csv")
    found = sorted(
        each
        for each in folder.rglob("*")
        if each.suffix in names and each.is_file() and not each.is_symlink()
    )
    if len(found) > most:
        raise UsageError(f"{folder} holds more than {most:,} files", fix="name one of them")
    return found


def _read(path: Path, limits: Limits) -> Imported:
    with opened(path, limits) as source:
        head = source.head()
        if head.startswith(b"PK"):
            return inspect_log.read_archive(source)
        if path.suffix == ".csv":
            return mlflow.read_csv(source)
        if path.suffix == ".jsonl":
            return _read_lines(source)
        return _read_document(source)


def _read_lines(source: Source) -> Imported:
    first = _keys(next((line for _, line in source.lines()), b""))
    if {"promptIdx", "testCase", "success"} <= first:
        return promptfoo.read_lines(source)
    if "entry_type" in first:
        return garak.read_lines(source)
    if {"doc_id", "doc_hash", "filter"} <= first:
        raise source.fault(
            "samples of lm-eval say nothing of version or model",
            "name the results_*.json beside them",
        )
    raise unknown(source)


def _read_document(source: Source) -> Imported:
    data = source.whole()
    keys = _keys(without_nan(data))
    if not keys and data.lstrip().startswith(b"{"):
        source.decode(data, dict)
    if {"version", "status", "eval"} <= keys:
        return inspect_log.read_document(source)
    if {"results", "configs", "versions"} <= keys:
        return lm_eval.read_document(source)
    if {"results", "config"} <= keys:
        return promptfoo.read_document(source)
    if "testCases" in keys:
        return deepeval.read_document(source)
    if {"columns", "data"} <= keys:
        return mlflow.read_document(source)
    raise unknown(source)


def _keys(data: bytes) -> set[str]:
    """The keys of a mapping; empty for anything else."""
    try:
        return set(msgspec.json.decode(data, type=dict[str, msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return set()
