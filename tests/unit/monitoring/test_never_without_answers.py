"""A question that failed is no evidence that nothing left."""

from __future__ import annotations

from roadworthy.domain import NeverRecord, Observation
from roadworthy.monitoring import measure

AT = "2026-11-22T00:00:00.000000Z"


def row(number: int, *, failed: bool, event: bool = False) -> Observation:
    return Observation(
        id=f"o{number}",
        time=AT,
        system="s",
        release="r",
        stage="eval",
        suite="s",
        case=f"c{number}",
        status="error" if failed else "ok",
        never=(NeverRecord(event="e", kind="violation", found_by="label"),) if event else (),
    )


def test_failed_questions_are_in_no_count_of_never_events() -> None:
    found = measure("never_event_violations", [row(n, failed=True) for n in range(115)])
    assert found.value is None and found.n == 0
    half = measure("never_event_violations", [row(n, failed=n % 2 == 0) for n in range(100)])
    assert (half.value, half.n) == (0.0, 50)


def test_an_event_before_the_failure_counts() -> None:
    found = measure("never_event_violations", [row(1, failed=True, event=True)])
    assert (found.value, found.n) == (1.0, 1)
