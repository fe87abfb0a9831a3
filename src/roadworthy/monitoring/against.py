"""What rows are held against: the part of a release's reference that measurements of drift need."""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import Reference, ReferenceCounts


class Against(Struct, frozen=True, kw_only=True):
    """A reference as later rows are held against it."""

    digest: str
    """Of the reference file: rows that were looked at beside another one are left out."""
    counts: ReferenceCounts
    false_alarm: float
    """The share of the purpose's own inputs that may be flagged, as it was set."""
    held: int
    """References on which the threshold was set."""


def against(reference: Reference | None, digest: str) -> Against | None:
    """What of a reference is needed to measure drift; None without one."""
    if reference is None:
        return None
    return Against(
        digest=digest,
        counts=reference.counts,
        false_alarm=reference.false_alarm,
        held=reference.held,
    )
