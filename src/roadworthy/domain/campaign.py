"""A red-team campaign: who attacked what, when, how, and what was found."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .file import File


class CampaignFinding(File, frozen=True, kw_only=True):
    """One thing that the campaign found."""

    id: str
    hazard: str
    technique: str = ""
    severity: Literal["low", "medium", "high", "critical"]
    summary: str
    """What happened, in plain words; the attack itself belongs into a case, not here."""
    succeeded: Annotated[int, Meta(ge=0)]
    """How often it worked …"""
    attempts: Annotated[int, Meta(ge=1)]
    """… of how many tries."""
    state: Literal["open", "fixed", "accepted"] = "open"
    accepted_by: str = ""
    """Who accepts it, and why; needed where the state is `accepted`."""
    cases: list[str] = field(default_factory=list)
    """Ids of the cases that it became; a finding without a case is found again by nobody."""


class Campaign(File, frozen=True, kw_only=True):
    """campaigns/NAME.yaml: the report of a red-team campaign, entered by its digest."""

    roadworthy: int = 1
    title: str
    team: list[str]
    """Who attacked; at least one, and who built the system is not enough."""
    scope: str
    """What was attacked and what was left out, in a sentence or two."""
    candidate: str = ""
    """The digest of the candidate or release that was attacked."""
    started: str
    """Date `YYYY-MM-DD`."""
    ended: str
    hours: Annotated[float, Meta(ge=0)] = 0.0
    """Hours of people, all together."""
    methods: list[str] = field(default_factory=list)
    limits: str
    """What the campaign cannot have seen: access, time, languages, skills."""
    findings: list[CampaignFinding] = field(default_factory=list)
