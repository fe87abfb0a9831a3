"""A pass that rests on nobody having looked is none."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from roadworthy.domain import Assessment, Verdict


def undecided_by(judged: Assessment, gaps: Sequence[str]) -> Assessment:
    """The assessment, INCONCLUSIVE instead of PASS where something was not looked for."""
    if not gaps or not judged.verdict.opens:
        return judged
    reason = f"{'; '.join(gaps)}; elsewhere {judged.reason}"
    return structs.replace(judged, verdict=Verdict.INCONCLUSIVE, reason=reason, phase="policy")
