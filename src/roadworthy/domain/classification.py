"""What people answered about a system, and what a catalogue makes of it on one day."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from .file import File
from .obligation import Confidence, FactValue


class FactsFile(File, frozen=True, kw_only=True):
    """facts.yaml: what decides which duties a system has."""

    roadworthy: int = 1
    roles: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """Fact -> answer; null or `unknown` where nobody knows."""


class FactSheet(Struct, frozen=True, kw_only=True):
    """What people answered about one system."""

    facts: dict[str, FactValue] = field(default_factory=dict)
    """Without those that are unknown."""
    roles: tuple[str, ...] = ()


class Settled(Struct, frozen=True, kw_only=True):
    """What a fact may still be: one value is known, several are open."""

    values: tuple[Any, ...]
    why: Literal["answered", "derived", "not_asked", "unclaimed", "open"] = "open"
    needs: tuple[str, ...] = ()
    """Facts whose answers would settle it."""

    @property
    def known(self) -> bool:
        """Whether only one value is left."""
        return len(self.values) == 1


def day_in_words(since: str, confidence: Confidence, formal_from: str) -> str:
    """A date of application, how sure it is, and the other one that the text itself gives."""
    text = f"the text itself says {formal_from}" if formal_from else ""
    sure = "" if confidence == "high" else f"{confidence} confidence"
    told = "; ".join(one for one in (sure, text) if one)
    return f"{since} ({told})" if told and since else since


class Applied(Struct, frozen=True, kw_only=True):
    """Whether a duty applies to one system, as far as is known."""

    id: str
    applies: bool | None
    """None: undecided."""
    roles: tuple[str, ...] = ()
    """For which of the system's roles it applies, or may."""
    needs: tuple[str, ...] = ()
    """Of an undecided one: facts whose answers would decide."""
    since: str | None = None
    """From when on it applies to this system."""
    why: str = ""
    confidence: Confidence = "high"
    """How sure that day is."""
    formal_from: str = ""
    """The day that the text itself gives, where it is another one."""

    @property
    def from_in_words(self) -> str:
        """The day, and what is to be known of it where it is not sure."""
        return day_in_words(self.since or "", self.confidence, self.formal_from)


class LaterClass(Struct, frozen=True, kw_only=True):
    """Another class that the same answers give from a later day on."""

    since: str
    risk_class: str


class TreeStep(Struct, frozen=True, kw_only=True):
    """One step of the way to the class, with what it rests on."""

    title: str
    finding: str
    cite: str
    facts: tuple[str, ...] = ()


class Classification(Struct, frozen=True, kw_only=True):
    """What a system is in the eyes of one catalogue, on one day."""

    catalogue: str
    version: str
    digest: str
    on: str
    roles: tuple[str, ...]
    risk_class: str
    """A value of the catalogue's class fact; `undecided`, or empty where it has none."""
    facts: dict[str, Settled]
    applied: tuple[Applied, ...]
    steps: tuple[TreeStep, ...] = ()
    open_questions: tuple[str, ...] = ()
    """Facts that are to be asked next, in order."""
    blocked_by: tuple[str, ...] = ()
    """Strict facts that are unknown: nothing is permitted while they are."""
    unknown_names: tuple[str, ...] = ()
    """Answers to questions that the catalogue does not have."""
    later: tuple[LaterClass, ...] = ()
    """Classes that follow by the law as it is, the next one first."""

    def class_on(self, day: str) -> str:
        """The class on that day or a later one than `on`, by the law as it is."""
        past = [each.risk_class for each in self.later if each.since <= day]
        return past[-1] if past else self.risk_class

    @property
    def now(self) -> tuple[Applied, ...]:
        """Duties that apply on that day."""
        return tuple(one for one in self.applied if one.applies and _in_force(one, self.on))

    @property
    def coming(self) -> tuple[Applied, ...]:
        """Duties that will apply, by the law as it is."""
        return tuple(one for one in self.applied if one.applies and not _in_force(one, self.on))

    @property
    def undecided(self) -> tuple[Applied, ...]:
        """Duties of which nobody can say yet whether they apply."""
        return tuple(one for one in self.applied if one.applies is None)


def _in_force(one: Applied, day: str) -> bool:
    return one.since is None or one.since <= day
