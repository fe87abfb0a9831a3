"""How far somebody read the journal: a small file beside its segments, replaced whole."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from roadworthy_verify.plain_file import read_plain


def read_marks(path: Path) -> dict[str, int]:
    """Segment -> offset; nothing where there is no such file, or none that can be read."""
    try:
        return msgspec.json.decode(read_plain(path), type=dict[str, int])
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}  # read everything again: what was entered already is recognised


def write_marks(path: Path, marks: dict[str, int]) -> None:
    """Write them, whole or not at all."""
    draft = path.with_name(f".{path.name}.writing")
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(marks))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
