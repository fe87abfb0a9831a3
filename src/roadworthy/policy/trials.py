"""Asking again is no way to pass: what several runs of one candidate on the same cases allow.

Enters: how many runs there were, and what each says. Leaves: the confidence at which the newest is
judged, and one verdict for all where a verdict rests on an estimate or a count. Never here: a run
that is chosen because it looks good.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from msgspec import structs

from roadworthy.domain import Assessment, Bar, RunSummary, Verdict, parse_target

CONFIDENCE = 0.95
"""Of the two-sided intervals of a first run."""

_HALF = 0.5
"""A run of this share of today's cases was a look at them. Where less than half of what is asked is
old, the estimate is a new one rather than the old one again."""


def confidence_of(runs: int, looks: int = 1) -> float:
    """The confidence at which the newest of `runs` runs is judged.

    A run that could have ended at one of several `looks` shares its alpha among them (Bonferroni):
    its intervals hold at all looks together, so at whichever it ended. They are a confidence
    sequence over the looks, for every indicator that has an interval, by the union bound alone.

    Bonferroni's correction in the form that holds when one stops at the first success (alpha
    spending, Lan and DeMets 1983, https://doi.org/10.1093/biomet/70.3.659): the k-th run has
    alpha / (k (k - 1)), and those of all runs after the first sum to alpha, as the first's own.
    With alpha / k for the k-th they would sum to as much as one likes. A bound is one side of the
    interval, so a candidate below its target passes in at most 5 of 100 such series, however long.
    """
    if runs < 2 and looks < 2:
        return CONFIDENCE
    return 1 - (1 - CONFIDENCE) / (max(1, runs * (runs - 1)) * looks)


def looked_at(fixed: Bar, present: Bar) -> bool:
    """Whether a run under `fixed` already asked at least half of what `present` asks.

    Objectives, seed and repeats do not matter: who changes them asks the same cases again. Nor
    does what a case says now: who touches its tags, or a word of it, does not begin anew. Nor do
    its name, where it asks the same words, and cases that were added, unless they outweigh those
    that were there.
    """
    today = _ids(present)
    return bool(today) and len(_met(fixed, present)) >= _HALF * len(today)


def meets(fixed: Bar, present: Bar) -> bool:
    """Whether a run under `fixed` was to ask any case that is asked today."""
    return bool(_met(fixed, present))


def shares(fixed: Bar, present: Bar) -> bool:
    """Whether two bars ask the same cases: at least half of those of the smaller one.

    So a bar of another system's name still binds when cases of it were deleted, when many were
    added, and when all were given other names. A bar without cases shares nothing.
    """
    fewer = min(len(_ids(fixed)), len(_ids(present)))
    return bool(fewer) and len(_met(fixed, present)) >= _HALF * fewer


def _ids(bar: Bar) -> set[str]:
    return {case for pin in bar.suites for case in pin.cases}


def _met(fixed: Bar, present: Bar) -> set[str]:
    """The cases of today that `fixed` asked, under their name or in their words."""
    asked, words = _ids(fixed), fixed.words
    return {
        case
        for pin in present.suites
        for case in pin.cases
        if case in asked or pin.question(case) in words
    }


def only_adds(fixed: Bar, present: Bar, added: Set[tuple[str, str]]) -> bool:
    """Whether `present` asks what `fixed` did, word for word, and beside it only `added`.

    `added` holds (suite, case). False when nothing was added: then it is the same run's bar.
    """
    before, today = _cases(fixed), _cases(present)
    new = today.keys() - before.keys()
    same = all(today.get(key) == digest for key, digest in before.items())
    return same and bool(new) and new <= added


def _cases(bar: Bar) -> dict[tuple[str, str], str]:
    return {(pin.name, case): digest for pin in bar.suites for case, digest in pin.cases.items()}


def tried_before(others: int) -> str:
    """In words, how many other candidates were asked these cases before; empty for none."""
    if not others:
        return ""
    who = "1 other candidate was" if others == 1 else f"{others} other candidates were"
    return (
        f"{who} asked these cases before this one: the best of many on one suite is lucky as well "
        "as good, and no interval here corrects for that; cases that none of them met would"
    )


def agreed(
    judged: Assessment, earlier: Sequence[tuple[str, Assessment]], unread: Sequence[str] = ()
) -> Assessment:
    """The newest run's verdict, as far as every earlier run bears it out.

    `earlier` is there for what is judged on an estimate or a count, which no confidence corrects.
    A violation of a target at the end of the scale stands, whichever run saw it; an estimate must
    meet its target in each. So another run never turns a miss into a pass. It holds (run, the same
    objective judged there); `unread` names runs that say nothing any more.
    """
    if not judged.verdict.opens:
        return judged
    zero = parse_target(judged.target).end_of_scale
    for run, other in earlier:
        if zero and other.verdict is Verdict.FAIL:
            reason = f"in {run}, the same cases: {other.reason}; a later run does not undo it"
            return structs.replace(
                judged, verdict=Verdict.FAIL, reason=reason, phase=other.phase or "model"
            )
    missed = [run for run, other in earlier if other.verdict is Verdict.FAIL]
    if missed:
        reason = (
            f"{judged.reason}, but missed it in {', '.join(missed)}: {len(earlier) + 1} runs on "
            "the same cases disagree"
        )
        return _open(judged, reason)
    if unread:
        reason = (
            f"{judged.reason}, but what an earlier run on the same cases said is gone or changed: "
            f"restore runs/{unread[0]}.jsonl and its summary from a backup"
        )
        return _open(judged, reason)
    return judged


def _open(judged: Assessment, reason: str) -> Assessment:
    return structs.replace(judged, verdict=Verdict.INCONCLUSIVE, reason=reason, phase="suite")


def in_runs(judged: Assessment, runs: int) -> Assessment:
    """The assessment, its reason saying how many runs it rests on where there were several."""
    if runs < 2 or not judged.reason:
        return judged
    told = f"{judged.reason} ({runs} runs of this candidate on these cases)"
    return structs.replace(judged, reason=told)


def stopped_early(run: RunSummary | None) -> list[str]:
    """In words, for the decision's notes: which suites were asked until a rule was met."""
    found = run.stopped_early if run is not None else ()
    return [
        f"suite {each.suite} stopped early: {each.rule} after {each.asked} of {each.of} cases; "
        f"intervals are at {confidence_of(1, each.looks) * 100:.4g} % to pay for {each.looks} looks"
        for each in found
    ]
