"""What differs from another run, how surely, and which cases flipped."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from roadworthy.flows.gate.comparing import METHODS, TESTS, Difference
from roadworthy.flows.gate.inspection import Against, Inspection

from .charts import domain_of, interval_bar, number
from .links import Links

SHOWN = 60
"""Flipped cases named in the fixed part; the list of cases has all of them."""


class FlipRow(Struct, frozen=True, kw_only=True):
    """One score, paired."""

    score: str
    before: str
    after: str
    difference: str
    interval: str
    chart: str
    n: str
    fixed: int
    broken: int
    p: str
    adjusted: str
    unpaired: int
    direction: str
    """better, worse, or empty while the interval holds 0."""
    flips: bool
    """Whether its cases are right or wrong, so that they can flip."""
    method: str
    typical: str
    """Of a matter of degree: the typical case's change."""


class FlippedCase(Struct, frozen=True):
    """A case by its number in the list."""

    id: str
    link: int


class FlipsView(Struct, frozen=True, kw_only=True):
    """What the template draws."""

    run: str
    name: str
    candidate: str
    rows: tuple[FlipRow, ...]
    words: str
    fixed: tuple[FlippedCase, ...]
    broken: tuple[FlippedCase, ...]
    all_fixed: int
    all_broken: int
    link_fixed: int
    link_broken: int
    changed: int


def flips_view(
    inspection: Inspection, links: Links, numbers: Mapping[str, int]
) -> FlipsView | None:
    """The comparison; None without another run. `numbers`: flipped case -> its place."""
    against = inspection.against
    if against is None:
        return None
    first = against.differences[0] if against.differences else None
    fixed, broken = (first.fixed, first.broken) if first is not None else ((), ())
    return FlipsView(
        run=against.run.run,
        name=against.run.candidate_name or against.run.candidate[:19],
        candidate=against.run.candidate,
        rows=tuple(_row(each) for each in against.differences),
        words=_words(first) if first is not None else "The two runs share no case that was judged.",
        fixed=_listed(fixed, links, numbers),
        broken=_listed(broken, links, numbers),
        all_fixed=len(fixed),
        all_broken=len(broken),
        link_fixed=links.to(flip="fixed"),
        link_broken=links.to(flip="broken"),
        changed=len(against.changed),
    )


def flip_of(against: Against | None, key: tuple[str, str], flipped: Mapping[str, str]) -> str:
    """`fixed`, `broken`, `same`, or empty where the case was not compared."""
    if against is None or key in against.changed or not against.rows.holds(key):
        return ""
    return flipped.get(key[1], "same")


def flipped_cases(against: Against | None) -> dict[str, str]:
    """Case id -> `fixed` or `broken`, over all scores of a case."""
    if against is None or not against.differences:
        return {}
    first = against.differences[0]
    return {**dict.fromkeys(first.fixed, "fixed"), **dict.fromkeys(first.broken, "broken")}


def _listed(
    cases: tuple[str, ...], links: Links, numbers: Mapping[str, int]
) -> tuple[FlippedCase, ...]:
    known = [case for case in cases[:SHOWN] if case in numbers]
    return tuple(FlippedCase(case, links.to(case=numbers[case])) for case in known)


def _row(each: Difference) -> FlipRow:
    bounds = each.interval
    low, high = (bounds.low, bounds.high) if bounds else (each.difference, each.difference)
    edge = max(abs(low), abs(high), 0.05)
    edge = domain_of([edge], share=False)[1]
    direction = each.direction
    told = f"{low:+.3f} to {high:+.3f}" if bounds else "no interval"
    return FlipRow(
        score=each.score,
        before=number(each.before),
        after=number(each.after),
        difference=f"{each.difference:+.3f}",
        interval=told,
        chart=interval_bar(
            each.difference,
            (low, high) if bounds else None,
            target=("=", 0.0),
            domain=(-edge, edge),
            verdict={"better": "pass", "worse": "fail"}.get(direction, "none"),
            says=f"{each.score}: difference {each.difference:+.3f}, {told}",
        ),
        n=f"{each.n:,}",
        fixed=len(each.fixed),
        broken=len(each.broken),
        p=_p(each.p_value),
        adjusted=_p(each.adjusted),
        unpaired=each.unpaired,
        direction=direction,
        flips=each.typical is None,
        method=f"{TESTS[each.test]}; {METHODS[each.method]}",
        typical=f"{each.typical.value:+.3f}" if each.typical is not None else "",
    )


def _words(first: Difference) -> str:
    """The comparison over all scores in one sentence that claims no more than its interval."""
    moved = f"{len(first.fixed):,} cases were fixed and {len(first.broken):,} broken"
    if first.direction == "better":
        return f"Better: {moved}, and the 95 % interval of the difference lies above 0."
    if first.direction == "worse":
        return f"Worse: {moved}, and the 95 % interval of the difference lies below 0."
    return (
        f"No difference is shown: {moved}, and the 95 % interval of the difference holds 0. That"
        " does not show that there is none."
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
