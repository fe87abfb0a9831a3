"""quarantine.yaml: flaky cases that a named person answers for until a day, and what they did."""

from __future__ import annotations

from msgspec import Struct, field

from .case import Case
from .file import File


class Quarantined(File, frozen=True, kw_only=True):
    """One flaky case that is set aside: asked and shown, neither a pass nor a failure."""

    case: str
    """The case's id."""
    suite: str
    """The suite that it is in."""
    owner: str
    """Who mends it: one person, by name."""
    reason: str
    until: str
    """Date `YYYY-MM-DD`, the last day on which it holds."""


class QuarantineFile(File, frozen=True, kw_only=True):
    """The whole of quarantine.yaml."""

    roadworthy: int = 1
    cases: list[Quarantined] = field(default_factory=list)


class FlakyCase(Struct, frozen=True, kw_only=True):
    """A case of a run of which some repeats passed and some did not."""

    suite: str
    case: str
    passed: int
    """Repeats that passed."""
    asked: int
    """Repeats that were judged."""
    owner: str = ""
    """Who answers for it in quarantine; empty: nobody, it counts as every other case."""
    until: str = ""


def never_set_aside(case: Case) -> str:
    """Why a case cannot be put in quarantine; empty where it can be."""
    for tag in case.tags:
        if tag.startswith("never:"):
            return "it tests a never event, and what must never happen is never flaky enough"
        if tag.startswith("incident:"):
            return "it comes from an incident, and what happened once is judged every time"
    return ""
