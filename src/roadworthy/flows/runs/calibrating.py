"""Calibrate: what a candidate's confidences are worth, on a suite that judges nothing.

    calibrate   1 the suite, which must be one for calibration
                2 ask it through the request path, without the calibration that stands
                3 fit: the map, the threshold with its guarantee
                4 the fit into the ledger

Enters: a checked system, a suite's name, what is to be promised. Leaves: a calibration, for the
file that the candidate names. What never happens here: a fit on cases that the gate judges by, a
threshold that merely looks good, a case that grew from another counted as a case of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import msgspec
from msgspec import UNSET, Struct

from roadworthy.domain import (
    Calibration,
    Draft,
    FittedMap,
    FittedThreshold,
    Guarantee,
    MapKind,
    RefusedError,
    Reliability,
    Suite,
    System,
    UndecidedError,
    UsageError,
    digest_of,
    plain,
)
from roadworthy.evaluation import pin_suite
from roadworthy.monitoring import labelled_confidences
from roadworthy.release import fitted_for, uncalibrated
from roadworthy.serving import compile_map
from roadworthy.statistics import (
    IsotonicMap,
    LogisticMap,
    RiskPoint,
    brier,
    controlled_threshold,
    equal_mass,
    gap_of,
    isotonic,
    platt,
    proven_threshold,
    risk_coverage,
    temperature,
)

from ..entries.run_records import completion, rows_of
from .evaluating import Asked, Evaluated, EvaluatingDeps, evaluate

FEWEST = 30
"""Cases below which nothing is fitted."""

FOLDS = 5

_FITS: dict[MapKind, Callable[[Sequence[float], Sequence[bool]], IsotonicMap | LogisticMap]] = {
    "isotonic": isotonic,
    "platt": platt,
    "temperature": temperature,
}


class Wanted(Struct, frozen=True, kw_only=True):
    """What a person asks of a calibration."""

    suite: str
    map: MapKind | None = None
    """None: confidences stay as the model says them."""
    limit: float | None = None
    """The share of wrong answers that is allowed; None: no threshold is wanted."""
    guarantee: Guarantee = "answered"
    certainty: float = 0.95


class Calibrated(Struct, frozen=True, kw_only=True):
    """A calibration, and what it was fitted on."""

    calibration: Calibration
    evaluated: Evaluated
    curve: tuple[RiskPoint, ...]
    left_out: int
    """Answers that carry no confidence, or say what another of them says."""


async def calibrate(
    system: System, wanted: Wanted, deps: EvaluatingDeps, asked: Asked | None = None
) -> Calibrated:
    """Fit what is wanted. The model is asked only what no run has asked before.

    Raises UsageError on an unknown suite, RefusedError on one that judges, UndecidedError when the
    run is not complete or too few of its cases say anything.
    """
    suite = _suite(system, wanted)  # 1
    asking = msgspec.structs.replace(uncalibrated(system), suites=(suite,), calibration=())
    evaluated = await evaluate(asking, asked or Asked(), deps)  # 2
    summary = evaluated.summary
    if summary.status != "complete":
        raise UndecidedError(
            f"{summary.run} is not complete: nothing is fitted on a part of a suite",
            fix="the same command goes on with what is missing",
        )
    entry = completion(deps.loop, summary.candidate, summary.run)
    answers = rows_of(deps.loop, summary)
    found = labelled_confidences(answers)
    calibration = Calibration(
        system=summary.system,
        candidate=fitted_for(system),
        suite=suite.name,
        suite_digest=pin_suite(suite).digest,
        run=summary.run,
        date=entry.time if entry is not None else summary.ended_at,
        n=max(1, len(found.right)),
        before=Reliability(adaptive_ece=0.0, brier=0.0),
    )
    fitted = fit(calibration, found.confidences, found.right, wanted)  # 3
    deps.loop.ledger.record(_entry(fitted, deps.loop.machine))  # 4
    return Calibrated(
        calibration=fitted,
        evaluated=evaluated,
        curve=tuple(risk_coverage(found.confidences, found.right)),
        left_out=len(answers) - len(found.right),
    )


def _suite(system: System, wanted: Wanted) -> Suite:
    found = next((one for one in system.calibration if one.name == wanted.suite), None)
    if found is not None:
        # Every case is asked: a stop that a look at the answers caused would choose among them.
        file = msgspec.structs.replace(found.file, stop_when=UNSET)
        return msgspec.structs.replace(found, file=file)
    if system.suite(wanted.suite) is not None:
        raise RefusedError(
            f"the gate judges by the suite {wanted.suite!r}: what is fitted on its cases does well "
            "on them and proves nothing",
            fix="write other cases into a suite with `purpose: calibration`",
        )
    known = ", ".join(one.name for one in system.calibration) or "none"
    raise UsageError(
        f"there is no suite {wanted.suite!r} for calibration",
        fix=f"suites with `purpose: calibration`: {known}",
    )


def fit(
    blank: Calibration, confidences: Sequence[float], right: Sequence[bool], wanted: Wanted
) -> Calibration:
    """The calibration with what was fitted. The threshold is one of the model's own confidence.

    Raises UndecidedError with fewer than 30 cases, or only right or only wrong ones for a map.
    """
    if len(right) < FEWEST:
        raise UndecidedError(
            f"{len(right)} labelled cases with a confidence: at least {FEWEST} are needed",
            fix="add cases to the suite; a limit of 5 % takes some hundred",
        )
    try:
        return msgspec.structs.replace(
            blank,
            n=len(right),
            before=_reliability(confidences, right),
            map=None if wanted.map is None else _map(wanted.map, confidences, right),
            after=None
            if wanted.map is None
            else _crossed(wanted.map, confidences, right, _folds(right, blank.suite_digest)),
            threshold=None if wanted.limit is None else _threshold(confidences, right, wanted),
        )
    except ValueError as error:
        raise UndecidedError(
            f"nothing can be fitted: {error}", fix="add cases to the suite"
        ) from None


def _map(kind: MapKind, confidences: Sequence[float], right: Sequence[bool]) -> FittedMap:
    found = _FITS[kind](confidences, right)
    if isinstance(found, IsotonicMap):
        return FittedMap(kind=kind, confidences=list(found.confidences), shares=list(found.shares))
    if found.slope <= 0:
        raise ValueError("the surer the model said it was, the less often it was right")
    return FittedMap(kind=kind, slope=found.slope, offset=found.offset)


def _folds(right: Sequence[bool], seed: str) -> list[int]:
    """The fold of each answer: right and wrong ones dealt out evenly, in an order by lot.

    The lot is drawn by the suite's digest: its cases decide, not where they stand in the file.
    """
    folds = [0] * len(right)
    source = random.Random(seed)  # noqa: S311 - an order, not a secret
    for said in (False, True):
        same = [index for index, each in enumerate(right) if each is said]
        source.shuffle(same)
        for place, index in enumerate(same):
            folds[index] = place % FOLDS
    return folds


def _crossed(
    kind: MapKind, confidences: Sequence[float], right: Sequence[bool], folds: Sequence[int]
) -> Reliability:
    """Every fifth by a map of the other four: a map does well on what it was fitted on."""
    mapped = [0.0] * len(right)
    for fold in range(FOLDS):
        others = [index for index in range(len(right)) if folds[index] != fold]
        fitted = _map(kind, [confidences[i] for i in others], [right[i] for i in others])
        recalibrated = compile_map(fitted)
        for index, own in enumerate(folds):
            if own == fold:
                mapped[index] = recalibrated(confidences[index])
    return _reliability(mapped, right)


def _reliability(confidences: Sequence[float], right: Sequence[bool]) -> Reliability:
    return Reliability(
        adaptive_ece=gap_of(equal_mass(confidences, right)), brier=brier(confidences, right)
    )


def _threshold(
    confidences: Sequence[float], right: Sequence[bool], wanted: Wanted
) -> FittedThreshold:
    assert wanted.limit is not None
    proven = wanted.guarantee == "answered"
    found = (
        proven_threshold(confidences, right, limit=wanted.limit, certainty=wanted.certainty)
        if proven
        else controlled_threshold(confidences, right, limit=wanted.limit)
    )
    return FittedThreshold(
        guarantee=wanted.guarantee,
        limit=wanted.limit,
        certainty=wanted.certainty if proven else None,
        threshold=None if found is None else found.threshold,
        answered=0 if found is None else round(found.answered),
        wrong=0 if found is None else round(found.wrong),
    )


def promise(threshold: FittedThreshold) -> str:
    """In words, what the threshold guarantees, and of what."""
    share = f"{threshold.limit * 100:g} %"
    if threshold.threshold is None:
        return f"No threshold keeps wrong answers within {share}: everything goes to a person."
    if threshold.guarantee == "all":
        return (
            f"Of all requests at most {share} are answered wrongly, on average "
            "(conformal risk control), if they are like the suite's cases."
        )
    sure = f"{(threshold.certainty or 0.0) * 100:g} %"
    return (
        f"Of the requests that are answered at most {share} are wrong, with {sure} certainty "
        "(learn then test), if they are like the suite's cases."
    )


def _entry(calibration: Calibration, actor: str) -> Draft:
    payload = {
        "calibration": digest_of(calibration),
        "suite": calibration.suite,
        "suite_digest": calibration.suite_digest,
        "run": calibration.run,
        "n": calibration.n,
        "map": calibration.map.kind if calibration.map else "",
        "threshold": calibration.threshold,
    }
    return Draft(
        system=calibration.system,
        kind="calibration.fitted",
        subject=calibration.candidate,
        actor=actor,
        payload=plain(payload),
    )
