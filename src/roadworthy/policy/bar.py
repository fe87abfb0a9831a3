"""The bar is fixed before the run. A bar that moved, or lost a case, is seen here."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from roadworthy.domain import Bar, Blocker, Verdict


class Removed(Struct, frozen=True, kw_only=True):
    """A case that an earlier bar had and this one has not."""

    suite: str
    case: str
    bar_fixed_at: str


def same_bar(fixed: Bar, present: Bar) -> list[Blocker]:
    """What differs between the bar that the run was held to and the files of today.

    Cases that were added since ask for a new run; changed targets, too: a bar is never moved
    after the run.
    """
    blockers = []
    if fixed.slos != present.slos:
        blockers.append("safety-slos.yaml changed after the run")
    today = {pin.name: pin for pin in present.suites}
    for pin in fixed.suites:
        now = today.get(pin.name)
        if now is None:
            blockers.append(f"suite {pin.name} of the run is gone")
        elif now.digest != pin.digest:
            blockers.append(f"suite {pin.name} changed after the run")
    for name in sorted(set(today) - {pin.name for pin in fixed.suites}):
        blockers.append(f"suite {name} was not run")
    return [
        Blocker(
            verdict=Verdict.INCONCLUSIVE,
            reason=f"{text}: run `roadworthy eval` again, the bar is fixed before the run",
            phase="suite",
        )
        for text in blockers
    ]


def removed_cases(earlier: Iterable[tuple[str, Bar]], present: Bar) -> list[Removed]:
    """Cases of earlier bars of the same suites that today's bar has lost, each once.

    `earlier` holds (instant, bar), oldest first. A case that moved to another suite of today's
    bar is not lost; a whole suite that is gone has lost all its cases.
    """
    kept = {case for pin in present.suites for case in pin.cases}
    lost: dict[str, Removed] = {}
    for fixed_at, bar in earlier:
        for pin in bar.suites:
            for case in pin.cases:
                if case not in kept and case not in lost:
                    lost[case] = Removed(suite=pin.name, case=case, bar_fixed_at=fixed_at)
    return [lost[case] for case in sorted(lost)]
