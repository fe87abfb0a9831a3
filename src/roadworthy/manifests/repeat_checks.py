"""Repeats: reducers, early stopping, quarantine. What they may say, and of whom they may not."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from roadworthy.domain import (
    COUNTING,
    EVERY_REPEAT,
    FORGIVING,
    INDICATORS,
    Case,
    Quarantined,
    Reducer,
    StopWhen,
    Suite,
    SuiteFile,
    grade_of,
    never_set_aside,
    parse_reducer,
    score_name,
    usual_scorers,
)

from .charter_checks import check_filled
from .document import Document, Path
from .paperwork_checks import check_date
from .reading import QUARANTINE, Reading
from .typed import suggest


def check_repeats(reading: Reading) -> None:
    """Note the faults of reducers, stopping rules and quarantine."""
    for file, suite in reading.suite_files.items():
        loaded = next((one for one in reading.suites if one.path == file), None)
        _check_suite(suite, loaded, reading.document(file))
    _check_quarantine(reading)


def _check_suite(suite: SuiteFile, loaded: Suite | None, document: Document) -> None:
    fewest = _fewest(suite, loaded.cases if loaded is not None else ())
    _check_reducer(suite.reduce, ("reduce",), fewest, document)
    for index, scorer in enumerate(suite.scorers):
        place = ("scorers", index, "reduce")
        reducer = _check_reducer(scorer.reduce, place, fewest, document)
        if reducer is not None and scorer.scorer in EVERY_REPEAT and reducer.kind in FORGIVING:
            document.fault(
                place,
                f"`{reducer}` lets one good repeat excuse the others, but `{scorer.scorer}` looks "
                "for what must not happen in any",
                "write `min` or `pass_hat(k)`, or leave `reduce` out",
            )
        if reducer is not None and reducer.kind in COUNTING and grade_of(scorer):
            document.fault(
                place,
                f"`{reducer}` asks which repeats passed, but `{scorer.scorer}` says how much",
                "write `mean`, `min` or `max`, or make it a verdict with `at_least` or `at_most`",
            )
    if suite.stop_when is not UNSET:
        _check_stop(suite.stop_when, suite, document)


def _fewest(suite: SuiteFile, cases: Iterable[Case]) -> int:
    """How often the least asked case of the suite is asked."""
    return min((case.repeats or suite.repeats for case in cases), default=suite.repeats)


def _check_reducer(
    text: str | UnsetType, place: Path, fewest: int, document: Document
) -> Reducer | None:
    if text is UNSET or not document.sound(place):
        return None
    try:
        reducer = parse_reducer(text)
    except ValueError as error:
        message, _, fix = str(error).partition(": ")
        document.fault(place, message, fix)
        return None
    if reducer.k > fewest:
        document.fault(
            place,
            f"`{reducer}` needs {reducer.k} repeats of every case, and one is asked {fewest} "
            f"time{'' if fewest == 1 else 's'} only",
            f"write `repeats: {reducer.k}` or more",
        )
    elif fewest == 1 and reducer.kind != "mean":
        document.fault(
            place,
            f"`{reducer}` of one repeat is that repeat",
            "write `repeats:` too",
            severity="warning",
        )
    return reducer


def _check_stop(rule: StopWhen, suite: SuiteFile, document: Document) -> None:
    place = ("stop_when", "metric")
    if not document.sound(place):
        return
    own = [*map(score_name, suite.scorers), *usual_scorers(suite.scorers).values()]
    spec = INDICATORS.get(rule.metric)
    if spec is None and rule.metric not in own:
        document.fault(
            place,
            f"there is neither an indicator nor a score of this suite named `{rule.metric}`",
            suggest(rule.metric, [*INDICATORS, *own], "the suite's scores are"),
        )
    elif spec is not None and spec.kind not in ("rate", "score", "calibration"):
        document.fault(
            place,
            f"`{rule.metric}` is a {spec.kind}: how wide its interval is says nothing by itself",
            "name a share, such as `accuracy`",
        )


def _check_quarantine(reading: Reading) -> None:
    if reading.quarantine is None:
        return
    document = reading.document(QUARANTINE)
    suites = {suite.name: {case.id: case for case in suite.cases} for suite in reading.suites}
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(reading.quarantine.cases):
        place: Path = ("cases", index)
        for key in ("owner", "reason"):
            check_filled(getattr(entry, key), (*place, key), document)
        check_date(entry.until, (*place, "until"), document)
        if not document.sound((*place, "case")) or not document.sound((*place, "suite")):
            continue
        if (entry.suite, entry.case) in seen:
            document.fault(place, f"`{entry.case}` is in quarantine twice", "remove one entry")
        seen.add((entry.suite, entry.case))
        _check_set_aside(entry, place, suites, reading)


def _check_set_aside(
    entry: Quarantined, place: Path, suites: dict[str, dict[str, Case]], reading: Reading
) -> None:
    """The suite is there, and the case, which may be set aside: all that is wrong at once."""
    document = reading.document(QUARANTINE)
    known = entry.suite in suites
    if not known:
        document.fault(
            (*place, "suite"),
            f"there is no suite `{entry.suite}`",
            suggest(entry.suite, sorted(suites), "the suites are"),
        )
    # In whichever suite it turns out to be, what is wrong with the case is wrong with it now.
    within = {entry.suite: suites[entry.suite]} if known else suites
    found = [cases[entry.case] for cases in within.values() if entry.case in cases]
    if not found and reading.cases_known:
        ids = sorted({name for cases in within.values() for name in cases})
        where = f"the suite `{entry.suite}` has no" if known else "no suite has a"
        document.fault(
            (*place, "case"),
            f"{where} case `{entry.case}`",
            suggest(entry.case, ids, "its cases are" if known else "the cases are"),
        )
    reasons = [reason for case in found if (reason := never_set_aside(case))]
    if reasons and len(reasons) == len(found):
        document.fault(
            place,
            f"`{entry.case}` cannot be put in quarantine: {reasons[0]}",
            "remove the entry and mend the system",
        )
