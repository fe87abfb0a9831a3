"""What an incident led to, as people state it, and who was told.

A person's statement each, with the time at which it was given. Which duties follow is in
`legal_clock`.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from .clock import Instant

Harm = Literal[
    "none",
    "death",
    "health",
    "critical_infrastructure",
    "fundamental_rights",
    "widespread_infringement",
    "property_environment",
    "cyber",
]
"""What it led to, or may have: EU AI Act, Article 3(49) and (61); `cyber` is a word of the
GPAI Code of Practice (measure 9.3); `none`: a person says that it is no serious incident."""

HARMS: tuple[Harm, ...] = get_args(Harm)

Recipient = Literal["provider", "authority", "ai_office"]

ReportStage = Literal["initial", "follow_up", "combined", "final", "final_not_reportable"]
"""An incomplete initial report may be followed by a complete one: Article 73(5). `combined`: the
initial and the final one in one; `final_not_reportable`: it turned out not to be reportable."""


class LegalStatement(Struct, frozen=True, kw_only=True):
    """What a person says that it led to, and since when the organisation knew."""

    harms: tuple[Harm, ...]
    aware_at: Instant
    """When the organisation became aware: a person's statement, never read from a machine."""
    by: str
    at: Instant
    reason: str = ""

    @property
    def serious(self) -> bool:
        """Whether a person calls it a serious incident."""
        return bool(set(self.harms) - {"none"})


class SentReport(Struct, frozen=True, kw_only=True):
    """That a report went out: who was told, when, and which document by its digest."""

    to: Recipient
    stage: ReportStage
    sent_at: Instant
    by: str
    at: Instant
    digest: str = ""
    """Of the document that was sent; empty where none was named."""
    reference: str = ""
    """The receiver's number."""
    missing: tuple[str, ...] = ()
    """Paragraphs that the document itself marks as missing: a complete report is still owed."""
