"""What a run came to, for people: indicators, worst slices, repeats, cost and the next step."""

from __future__ import annotations

from roadworthy.domain import (
    INDICATORS,
    Measurement,
    RunSummary,
    Spending,
    Unchecked,
    split_aggregation,
)
from roadworthy.flows.runs.evaluating import Evaluated


def show(evaluated: Evaluated, same: str) -> None:
    """The table, the counts, what nobody looked at, and what comes next, for people."""
    from .terminal import say, table, warn

    summary = evaluated.summary
    again = ", already complete" if evaluated.reprinted else ""
    table(
        ("indicator", "value", f"{_level(summary)} interval", "n"),
        [cells(each.name, each) for each in summary.indicators if _tells(each)],
        title=f"{summary.run}: {summary.candidate_name} of {summary.system}{again}",
    )
    _print_slices(summary)
    _print_moved(summary)
    if few := [each for each in summary.indicators if _calibrates(each) and each.n < _CALIBRATION]:
        names = ", ".join(f"{each.name} (n={each.n})" for each in few)
        say(f"Left out, too few cases to say anything (fewer than {_CALIBRATION}): {names}.")
    for one in summary.unchecked:
        warn(_unchecked(one))
    say(f"Candidate: {summary.candidate}")
    ended = {each.suite: f"{each.asked} of {each.of} cases" for each in summary.stopped_early}
    counts = ", ".join(f"{name} {ended.get(name, n)}" for name, n in summary.suites.items())
    often = f", each asked {evaluated.repeats} times" if evaluated.repeats > 1 else ""
    say(f"Rows: {summary.n} ({counts}) of {evaluated.cases} cases{often}; {summary.errors} failed.")
    if any(each.rows > each.n for each in summary.indicators):
        say("n counts a question once, however often it was asked or stands in the suites.")
    if summary.n and summary.errors == summary.n:
        failed = "the only call failed" if summary.n == 1 else f"all {summary.n} calls failed"
        warn(f"No answer came: {failed}, so nothing says what the candidate is worth.")
    elif not any(_judges(each) for each in summary.indicators):
        warn(
            "Nothing says whether an answer was right: no case was scored. Cases need a label or an"
            " expectation that a scorer reads; a rubric needs a judge (scorer `rubric`) or raters."
        )
    if evaluated.progress is not None and evaluated.progress.found:
        say(f"{evaluated.progress.found} answers came from the cache and cost nothing again.")
    if evaluated.distrusted:
        warn(
            f"{evaluated.distrusted} answers in the cache were not written by this workspace with"
            " its present key, or were changed; asked again"
        )
    if summary.cost is not None:
        say(f"Cost of the run when it was paid for: {summary.cost}.")
    for spent in summary.spent:
        say(_spent(spent))
    _print_repeats(summary)
    say(f"Rows and answers: {evaluated.run_file}")
    for fault, count in evaluated.faults.items():
        warn(f"{count} x {fault}")
    if summary.status == "complete":
        say(f"Next: roadworthy gate{same}")
        return
    warn(f"Not complete: {evaluated.stopped or 'too many questions failed'}.")
    warn("Next: the same command goes on with what is missing.")


def _spent(spent: Spending) -> str:
    """What was paid beside the answers, in one line."""
    said = f"Of which {spent.by}: {spent.cost or 'no price is known'}, {spent.calls} calls"
    unknown = f", {spent.unpriced} of unknown price" if spent.cost and spent.unpriced else ""
    tokens = f"{spent.input_tokens} tokens in and {spent.output_tokens} out"
    return f"{said}{unknown}, {tokens}."


def _print_repeats(summary: RunSummary) -> None:
    """Cases that cannot make up their mind, and suites that ended early."""
    from .terminal import say, table

    for ended in summary.stopped_early:
        say(
            f"Suite {ended.suite} stopped early: {ended.rule} after {ended.asked} of {ended.of} "
            f"cases; intervals pay for {summary.looks} looks."
        )
    if not summary.flaky_cases:
        return
    table(
        ("flaky case", "passed", "quarantine"),
        [
            (
                f"{each.suite}/{each.case}",
                f"{each.passed} of {each.asked}",
                f"{each.owner}, until {each.until}" if each.owner else "-",
            )
            for each in summary.flaky_cases[:_FLAKY_SHOWN]
        ],
        title=f"{len(summary.flaky_cases)} flaky: some repeats passed, some did not",
    )
    left = len(summary.flaky_cases) - _FLAKY_SHOWN
    if left > 0:
        say(f"{left} more flaky cases are in the run's summary ({summary.run}.summary.json).")


_FLAKY_SHOWN = 20


def _unchecked(one: Unchecked) -> str:
    """What nobody looked at, in one line."""
    if one.blocked:
        count = _answers(one.blocked)
        return f"{count} blocked because `{one.rail}` could not look: {one.reason}."
    return f"`{one.rail}` was not checked in {one.rows} rows: {one.reason}."


def _answers(count: int) -> str:
    return "1 answer was" if count == 1 else f"{count} answers were"


_SAME_AS_ACCURACY = frozenset({"precision_micro", "recall_micro", "f1_micro"})
"""Equal to accuracy where every case has one label and one decision; JSON has them."""

_CALIBRATION = 30
"""Cases below which a figure of calibration is noise: the gate asks for as many of a point."""


def _judges(each: Measurement) -> bool:
    """Whether it says of answers if they were right: a score, or what a case expected."""
    spec = INDICATORS.get(split_aggregation(each.name)[0])
    if spec is None:
        return True
    return any(need.partition(":")[0] in _EXPECTED for need in spec.needs)


_EXPECTED = frozenset({"label", "score", "expect", "tag"})
"""What an indicator needs of a case that says what is right."""


def _calibrates(each: Measurement) -> bool:
    spec = INDICATORS.get(each.name)
    return spec is not None and spec.kind == "calibration"


def _tells(each: Measurement) -> bool:
    """Whether an indicator stands in the table; JSON has all of them."""
    few = _calibrates(each) and each.n < _CALIBRATION
    return each.name not in _SAME_AS_ACCURACY and not few


_SLICE_ROWS = 10
"""Slices with fewer rows are left out of the table: their intervals say next to nothing."""

_SLICES_SHOWN = 8


def _print_slices(summary: RunSummary) -> None:
    """Where the first indicator that has slices does worst."""
    from .terminal import say, table

    each = next((each for each in summary.indicators if each.slices), None)
    if each is None:
        return
    every = list(each.slices.items())
    large = [item for item in every if item[1].n >= _SLICE_ROWS] or every
    large.sort(key=lambda item: item[1].value or 0.0, reverse=not each.higher_is_better)
    table(
        (f"{each.name}, worst slices", "value", "95 % interval", "n"),
        [cells(name, part, each.name) for name, part in large[:_SLICES_SHOWN]],
    )
    left = len(each.slices) - min(len(large), _SLICES_SHOWN)
    if left:
        more = "1 more slice is" if left == 1 else f"{left} more slices are"
        say(f"{more} in the run's summary ({summary.run}.summary.json).")


def _level(summary: RunSummary) -> str:
    from roadworthy.policy import confidence_of, percent

    return percent(confidence_of(1, summary.looks))


def numbers(each: Measurement) -> dict[str, object]:
    """An indicator for scripts."""
    return {
        "name": each.name, "value": each.value, "low": each.low, "high": each.high, "n": each.n,
    }  # fmt: skip


def _print_moved(summary: RunSummary) -> None:
    """What moved beyond chance, and what that calls for."""
    from .terminal import printable, say

    for each in summary.indicators:
        if wanted := calls_for(each):
            say(printable(f"{each.name}: {each.reason or wanted}."))


def calls_for(each: Measurement) -> str:
    """What an indicator calls for that is bad beyond chance; empty where none does."""
    spec = INDICATORS.get(each.name)
    return spec.calls_for if spec is not None and each.low is not None and each.low > 0 else ""


def cells(name: str, each: Measurement, metric: str = "") -> tuple[str, str, str, str]:
    """One line of a table; `metric` where the line is a slice of it."""
    from roadworthy.policy import bounds, counted, shown

    stem, said = split_aggregation(metric or name)
    spec = INDICATORS.get(stem)
    usual = spec.default_aggregation if spec is not None and not said else ""
    between = each.doubt.partition(":")[0] or bounds(each.low, each.high, spec)
    named = f"{name} ({usual})" if usual and not metric else name
    return named, shown(each.value, each.unit), between, counted(each.n, each.rows, spec)
