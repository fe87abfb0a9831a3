"""The bar is fixed before the run. A bar that moved, or lost a case, is seen here."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, Struct

from roadworthy.domain import Bar, Blocker, Verdict

_SHOWN = 5
"""Cases named in one reason; more are counted."""


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
    blockers, parts = [], []
    if fixed.slos != present.slos:
        blockers.append("safety-slos.yaml changed after the run")
    today = {pin.name: pin for pin in present.suites}
    for pin in fixed.suites:
        now = today.get(pin.name)
        if now is None:
            blockers.append(f"suite {pin.name} of the run is gone")
        elif pin.cases.items() < now.cases.items():
            parts.append(f"{len(pin.cases)} of the {len(now.cases)} cases of suite {pin.name}")
        elif now.digest != pin.digest:
            blockers.append(f"suite {pin.name} changed after the run")
    if fixed.quarantine != present.quarantine:
        blockers.append("quarantine.yaml changed after the run")
    if fixed.repeats != present.repeats:
        blockers.append(
            f"the run asked every case {fixed.repeats} times, cases and suites say otherwise "
            "(`repeats:` in the suite makes it part of the contract)"
        )
    reasons = [
        f"{text}: run `roadworthy eval` again, the bar is fixed before the run" for text in blockers
    ]
    if parts:
        reasons.append(
            f"the run asked only {', '.join(parts)}: `roadworthy eval` without --limit asks all, "
            "answers in the cache cost nothing again"
        )
    if unasked := sorted(set(today) - {pin.name for pin in fixed.suites}):
        asked = ", ".join(pin.name for pin in fixed.suites) or "no suite"
        reasons.append(
            f"no run asked all suites in one: the newest asked {asked}, not {', '.join(unasked)}; "
            "`roadworthy eval` without --suite asks all, answers in the cache cost nothing again"
        )
    return [
        Blocker(verdict=Verdict.INCONCLUSIVE, reason=reason, phase="suite") for reason in reasons
    ]


def removed_cases(earlier: Iterable[tuple[str, Bar]], present: Bar) -> list[Removed]:
    """Cases of earlier bars of the same suites that today's bar has lost, each once.

    `earlier` holds (instant, bar), oldest first. A case that moved to another suite of today's
    bar is not lost; a whole suite that is gone has lost all its cases. What was only fitted on was
    never judged by.
    """
    kept = {case for pin in present.suites for case in pin.cases}
    lost: dict[str, Removed] = {}
    for fixed_at, bar in earlier:
        for pin in bar.suites:
            judged = pin.cases if pin.purpose is UNSET else ()
            for case in judged:
                if case not in kept and case not in lost:
                    lost[case] = Removed(suite=pin.name, case=case, bar_fixed_at=fixed_at)
    return [lost[case] for case in sorted(lost)]


def removal_blockers(lost: Iterable[Removed]) -> list[Blocker]:
    """One blocker for each suite and bar that lost cases, with their number and the first few."""
    by_bar: dict[tuple[str, str], list[str]] = {}
    for each in lost:
        by_bar.setdefault((each.suite, each.bar_fixed_at), []).append(each.case)
    were = {True: ("was", "it"), False: ("were", "them")}
    return [
        Blocker(
            verdict=Verdict.FAIL,
            reason=f"{_told(cases)} of suite {suite} {were[len(cases) == 1][0]} removed since the "
            f"bar fixed at {fixed_at[:19]}Z: a case is never deleted to go green; put "
            f"{were[len(cases) == 1][1]} back",
            phase="suite",
        )
        for (suite, fixed_at), cases in by_bar.items()
    ]


def _told(cases: list[str]) -> str:
    if len(cases) == 1:
        return f"case {cases[0]}"
    more = len(cases) - _SHOWN
    tail = f" and {more} more" if more > 0 else ""
    return f"{len(cases)} cases ({', '.join(cases[:_SHOWN])}{tail})"


def moved_since(earlier: Iterable[tuple[str, Bar]], present: Bar) -> list[str]:
    """In words, for the decision's notes: what earlier bars held otherwise than today's.

    A corrected label or a new target is no fault. It is said, because an easier case or a lower
    target opens the gate as well as a deleted case would. `earlier` as in `removed_cases`.
    """
    today: dict[str, set[str]] = {}
    for pin in present.suites:
        for case, digest in pin.cases.items():
            today.setdefault(case, set()).add(digest)
    changed: set[str] = set()
    targets = ""
    for fixed_at, bar in earlier:
        if bar.slos != present.slos:
            targets = fixed_at
        for pin in bar.suites:
            changed |= {
                case
                for case, digest in pin.cases.items()
                if case in today and digest not in today[case]
            }
    notes = []
    if targets:
        notes.append(f"safety-slos.yaml is another than in the bar fixed at {targets[:19]}Z")
    if changed:
        shown = ", ".join(sorted(changed)[:5]) + (", …" if len(changed) > 5 else "")
        what = "1 case is" if len(changed) == 1 else f"{len(changed)} cases are"
        notes.append(f"{what} no longer as an earlier bar fixed it: {shown}")
    return notes
