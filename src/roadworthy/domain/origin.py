"""Evidence that was made elsewhere: where it comes from, what was checked, how far it is trusted.

The scale has four steps. Nothing that comes from outside reaches the first one.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from msgspec import Struct, field

from .entry import Entry
from .imported import ImportedFile

TrustLevel = Literal["own", "verified", "signed", "claimed"]
"""Strongest first. `own`: made and signed by this workspace. `verified`: signed elsewhere, the
signature holds over everything and leads to a root that the importer named. `signed`: signed
elsewhere, and whose signature it is was not verified. `claimed`: nothing of it is proved."""

TRUST_WORDS: dict[str, str] = {
    "own": "own",
    "verified": "signed elsewhere, verified",
    "signed": "signed elsewhere, not verified",
    "claimed": "claimed, not verified",
}

_STEPS: tuple[str, ...] = get_args(TrustLevel)


def reaches(level: TrustLevel, least: TrustLevel) -> bool:
    """Whether a level is at least another one."""
    return _STEPS.index(level) <= _STEPS.index(least)


def trusted(level: TrustLevel, by: str) -> str:
    """Who says it, and how far that is trusted: `claimed by MLflow 3.17.2, not verified`."""
    if level == "claimed" and by:
        return f"claimed by {by}, not verified"
    return f"{TRUST_WORDS[level]} ({by})" if by else TRUST_WORDS[level]


def trust_in(entry: Entry) -> tuple[TrustLevel, str]:
    """How far an entry's evidence is trusted, and who claims it where the entry says so."""
    told = entry.payload
    match entry.kind:
        case "evidence.received":
            level = told.get("trust")
            by, who = str(told.get("by", "")), str(told.get("imported_by", ""))
            if level in ("verified", "signed"):
                return level, by
            return "claimed", f"{who} (from {by})" if who and by else who or by
        case "evidence.imported":
            return "claimed", f"{told.get('tool', '')} {told.get('version', '')}".strip()
        case "evidence.recorded":
            return "claimed", ""
    return "own", ""


def by_machine(tool: str) -> bool:
    """Whether a tool made it by itself: a run, an export. A signed paper is what people wrote."""
    return tool not in _PAPERS


_PAPERS = frozenset(("pdf",))


class Origin(Struct, frozen=True, kw_only=True):
    """Where it was made."""

    tool: str
    version: str = ""
    """The tool's own; empty where nothing names it."""
    form: str
    """The form that was read, and its version."""
    place: str
    """Address, or name of the file; never a secret."""
    exported_at: str = ""
    """When it was made or exported, as it says itself; empty where it does not."""


class Checked(Struct, frozen=True, kw_only=True):
    """One thing that was checked, or was not."""

    what: str
    result: Literal["holds", "not checked"]
    """What does not hold is refused, so it never stands here."""
    why: str = ""


class ToldFigure(Struct, frozen=True, kw_only=True):
    """A figure that another tool reports. It is nobody's measurement here."""

    name: str
    value: str
    """A decimal number, as text."""
    n: int = 0
    """Of how many; 0 where nothing says it."""
    what: str = ""
    """Which one of several: `last of 3`, `mean`."""


class Received(Struct, frozen=True, kw_only=True):
    """One piece of evidence from elsewhere, read and checked as far as it can be."""

    origin: Origin
    id: str
    """What its tool calls it: a run, a document."""
    title: str
    subject: str
    """Digest of the original: the same bytes are entered once."""
    trust: TrustLevel
    by: str
    """Who claims or signed it: a certificate's subject, a tool."""
    system: str = ""
    """The system that it says it is about; empty where it does not."""
    figures: tuple[ToldFigure, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    """What else it says: no floats."""
    checks: tuple[Checked, ...] = ()
    files: tuple[ImportedFile, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not read, and why."""
    one_system: bool = False
    """What has this id belongs to one system: a run is not of two."""


class Brought(Struct, frozen=True, kw_only=True):
    """Something received, with the bytes that it was read from."""

    received: Received
    original: bytes = b""
    """Empty where it is not kept: too large, or full of what people said."""
    files: tuple[bytes, ...] = ()
    """Of an original that lists several files: these."""
