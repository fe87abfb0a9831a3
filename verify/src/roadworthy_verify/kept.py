"""Evidence that a workspace keeps in blobs/: all that its entries name is there, as it was.

In: entries as they pass, the workspace. Out: what is gone, what was changed, each with the entry
that names it. Never: a file that nobody hashed; silence about one that is not there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .named import NAMES, names_in
from .plain_file import PlainFileError, open_plain

BLOBS = "blobs"
NOTED = "deliberation.recorded"
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "bar.fixed": ("never",), "evidence.received": ("original",), "evidence.imported": ("results",),
    "deliberation.opened": ("preread",), "sentinel.recorded": ("answers",),
    "pull.judged": ("digest",), "rating.sheet_issued": ("sheet",),
    "rating.submitted": ("sheet", "ratings"),
}  # fmt: skip
"""Kind -> fields beside those of NAMES, which a dossier does not carry, that name a blob."""
KINDS = tuple(sorted({*NAMES, *_FIELDS, NOTED, "rating.task_fixed"}))
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_CHUNK = 1 << 20
_TOLD = 5
"""So many of a kind are told."""


@dataclass
class Kept:
    """What was found in blobs/."""

    named: int = 0
    gone: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def details(self) -> dict[str, Any]:
        """The same for programs."""
        return {"named": self.named, "gone": self.gone, "changed": self.changed}

    def faults(self) -> list[str]:
        """A sentence for what is gone, one for what was changed."""
        return [
            f"{_some(found)} {verb}: {said}"
            for verb, found, said in (
                ("was changed", self.changed, "it has not the digest that it is named by"),
                ("is gone", self.gone, "an entry names it"),
            )
            if found
        ]


def check_kept(folder: Path, entries: Iterable[tuple[int, str, str, Mapping[str, Any]]]) -> Kept:
    """Hold blobs/ against entries (number, kind, subject, payload). Raises OSError."""
    found = Kept()
    first: dict[str, str] = {}
    for seq, kind, subject, payload in entries:
        for name in _named(kind, subject, payload):
            first.setdefault(name, f"entry {seq}, {kind}")
    found.named = len(first)
    there = set()
    for path in _files(folder):
        there.add(path.name)
        if _hash(path) != path.name:
            who = first.get(path.name)
            found.changed.append(f"{BLOBS}/{path.parent.name}/{path.name}{_by(who)}")
    for name, who in first.items():
        if name not in there:
            found.gone.append(f"{BLOBS}/{name[:2]}/{name}{_by(who)}")
    return found


def _named(kind: str, subject: str, payload: Mapping[str, Any]) -> Iterator[str]:
    said = [*names_in(kind, payload), *(payload.get(one) for one in _FIELDS.get(kind, ()))]
    if kind == "rating.task_fixed" or (kind == NOTED and "preread" in payload):
        said.append(subject)  # a note of before has no such field, and its text was not kept
    for one in said:
        match = _DIGEST.fullmatch(one) if isinstance(one, str) else None
        if match:
            yield match[1]


def _files(folder: Path) -> Iterator[Path]:
    """Everything in blobs/ that a blob's name stands on, in order."""
    if not folder.is_dir():
        return
    for path in sorted(folder.glob("??/*")):
        if _DIGEST.fullmatch(f"sha256:{path.name}") and path.parent.name == path.name[:2]:
            yield path


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with open_plain(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except PlainFileError:
        return ""
    return digest.hexdigest()


def _by(who: str | None) -> str:
    return f" ({who})" if who else ""


def _some(found: list[str]) -> str:
    more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return ", ".join(found[:_TOLD]) + more
