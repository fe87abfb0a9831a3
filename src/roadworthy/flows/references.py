"""What a release's rows are held against: its reference, as measurements of drift need it."""

from __future__ import annotations

from roadworthy.domain import ReleaseContent
from roadworthy.monitoring import Against, against
from roadworthy.release import reference_digest, reference_of


def against_reference(content: ReleaseContent) -> Against | None:
    """The candidate's reference; None where it names none. Raises ManifestError if it is broken."""
    return against(reference_of(content), reference_digest(content))
