"""What must never happen: the row of every decision, and a pass that rests on nobody looking."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from roadworthy.domain import Assessment, SafetySLO, Verdict

NEVER_EVENTS = SafetySLO(
    name="never_events",
    metric="never_event_violations",
    objective="No answer of the judged run violates a never event.",
    target="== 0",
    action_on_breach="kill_switch",
    min_samples=1,
)
"""Built in: over every case of the run, none set aside, at the gate. A file can ask for more (sixty
cases, a proven rate) under `never_event_violations`, and for nothing less."""


def undecided_by(seen: Assessment, gaps: Sequence[str]) -> Assessment:
    """What was looked at, as judged, INCONCLUSIVE because of what was not.

    `seen` counts the rows that were looked at and no other, so that n and the rate that they
    exclude are theirs.
    """
    reason = "; ".join(gaps)
    if seen.n:
        reason += f"; of what was looked at: {seen.reason}"
    return structs.replace(seen, verdict=Verdict.INCONCLUSIVE, reason=reason, phase="policy")
