"""Objectives by many slices: what was before is read once for all of them."""

from __future__ import annotations

from collections.abc import Iterator

from doubles.slo_engine import slo
from roadworthy.domain import Observation, Verdict
from roadworthy.flows.objectives.live_judging import Looking, judge_live
from roadworthy.flows.objectives.live_rows import LiveRows
from roadworthy.journal import Record

SLICES = 120


class CountedRows(LiveRows):
    """Says how often a window was read."""

    read = 0

    def window(self, *args: object, **kwargs: object) -> Iterator[Observation]:
        self.read += 1
        return super().window(*args, **kwargs)  # type: ignore[arg-type]


def test_a_target_against_the_time_before_reads_it_once_for_all_slices() -> None:
    rows = CountedRows()
    for at, hour in enumerate(("09", "10")):
        for place in range(SLICES * 20):
            part = place % SLICES
            failed = at == 1 and part == 7
            seen = Observation(
                id=f"{hour}-{place}", time=f"2026-11-22T{hour}:30:00.000000Z", system="letters",
                release="sha256:a", stage="live", facets={"supplier": f"S-{part}"},
                status="error" if failed or place < SLICES else "ok", action="answered",
            )  # fmt: skip
            rows.take(Record(kind="close", at=seen.time, observation=seen))
    objective = slo(
        by=["supplier"], target="<= 2 x previous 1h", window="1h", action_on_breach="alert"
    )
    looking = Looking(
        system="letters", release="sha256:a", live_since="2026-11-22T00:00:00.000000Z",
        now="2026-11-22T11:00:00.000000Z",
    )  # fmt: skip
    found = {each.part: each.found for each in judge_live([objective], rows, looking)}
    assert len(found) == SLICES and rows.read == 2
    assert found["supplier=S-7"].verdict is Verdict.FAIL
    assert found["supplier=S-8"].verdict is not Verdict.FAIL
