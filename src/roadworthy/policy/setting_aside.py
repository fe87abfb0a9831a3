"""Quarantine at the gate: flaky cases that a named person answers for are judged neither way.

Enters: the judged run's flaky cases, today's suites and the day. Leaves: which cases are set
aside, in words, and what keeps the gate closed. What never happens here: a case that passed or
failed in every repeat set aside, one that tests a never event or comes from an incident, one whose
day is over; or so many that what is left no longer speaks for the suite.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct

from roadworthy.domain import (
    Bar,
    Blocker,
    FlakyCase,
    RunSummary,
    Suite,
    Verdict,
    never_set_aside,
)

LARGEST_SHARE = 0.05
"""Of the cases of a bar. Whoever may set aside every case that wavers proves a system that never
wavers: more than this is no exception any more."""

_SHOWN = 5


class SetAside(Struct, frozen=True, kw_only=True):
    """What quarantine means for one decision."""

    shown: tuple[FlakyCase, ...] = ()
    """The cases that were set aside."""
    blockers: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def cases(self) -> frozenset[tuple[str, str]]:
        """(suite, case) of the rows that no objective but those on never events judges."""
        return frozenset((each.suite, each.case) for each in self.shown)


def set_aside(run: RunSummary | None, bar: Bar, suites: Sequence[Suite], *, today: str) -> SetAside:
    """What of the judged run is set aside on this day (`YYYY-MM-DD`).

    `bar` is today's. An entry whose day is over closes the gate, whether its case wavered or not.
    """
    held = {} if bar.quarantine is UNSET else bar.quarantine
    if not held:
        return SetAside()
    over = sorted(name for name, until in held.items() if until < today)
    blockers = [
        _blocker(f"the quarantine of {name} ended on {held[name]}: mend the case, or remove it "
                 "from quarantine.yaml and let it count")
        for name in over
    ]  # fmt: skip
    known = {(suite.name, case.id): case for suite in suites for case in suite.cases}
    shown = []
    for flaky in run.flaky_cases if run is not None else ():
        case = known.get((flaky.suite, flaky.case))
        if not flaky.owner or flaky.until < today or case is None:
            continue
        if reason := never_set_aside(case):
            blockers.append(_blocker(f"{flaky.case} cannot be in quarantine: {reason}"))
        else:
            shown.append(flaky)
    most = int(LARGEST_SHARE * len({case for pin in bar.suites for case in pin.cases}))
    if len(shown) > max(1, most):
        blockers.append(
            _blocker(
                f"{len(shown)} cases are in quarantine, more than {LARGEST_SHARE:.0%} of all: what "
                "is left no longer speaks for the suite"
            )
        )
    return SetAside(shown=tuple(shown), blockers=tuple(blockers), notes=_notes(shown, held))


def _blocker(reason: str) -> Blocker:
    return Blocker(verdict=Verdict.FAIL, reason=reason, phase="suite")


def _notes(shown: Sequence[FlakyCase], held: dict[str, str]) -> tuple[str, ...]:
    told = [
        f"{each.case} ({each.passed} of {each.asked} passed; {each.owner}, until {each.until})"
        for each in shown[:_SHOWN]
    ]
    more = len(shown) - _SHOWN
    count = "1 case is" if len(shown) == 1 else f"{len(shown)} cases are"
    notes = []
    if shown:
        listed = ", ".join(told) + (f" and {more} more" if more > 0 else "")
        notes.append(f"{count} in quarantine and judged neither way: {listed}")
    idle = len(held) - len(shown)
    if idle > 0:
        noun = "1 case" if idle == 1 else f"{idle} cases"
        notes.append(f"{noun} in quarantine did not waver in this run and counted as every other")
    return tuple(notes)
