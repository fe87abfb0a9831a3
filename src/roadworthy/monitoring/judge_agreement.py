"""How far judges agree with people beyond chance: the least of all judges of these cases.

Enters: cases with judges' scores and people's. Leaves: Krippendorff's alpha with an interval that
holds for all judges together. What never happens here: a judge that nobody was held against passed
over.
"""

from __future__ import annotations

from msgspec import structs

from roadworthy.domain import IndicatorSpec, Measurement
from roadworthy.statistics import krippendorff_alpha

from .cases import Cases
from .judged import (
    FEWEST_RATED,
    Judged,
    beside_people,
    first_said,
    judges_in,
    spread,
    too_few,
    worth_of,
)
from .results import absent


def judge_agreement(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The least agreement of a judge with people; without a verdict where one is not known."""
    names = sorted({name for row in cases.rows for name in judges_in(row)})
    if not names:
        return absent(spec, "no judge looked at these cases")
    level = 1 - (1 - confidence) / len(names)  # Bonferroni: the least of several
    found = [_agreement(spec, cases, name, level) for name in names]
    known = [each for each in found if each.value is not None]
    if not known:
        return found[0]
    least = min(known, key=lambda each: each.value or 0.0)
    doubts = [each.doubt or each.reason for each in found if each.doubt or each.value is None]
    if doubts:
        return structs.replace(least, low=None, high=None, doubt="; ".join(doubts), reason="")
    lows = [each.low for each in known if each.low is not None]
    highs = [each.high for each in known if each.high is not None]
    return structs.replace(least, low=min(lows), high=min(highs), confidence=confidence)


def _agreement(spec: IndicatorSpec, cases: Cases, name: str, level: float) -> Measurement:
    people = first_said(name, "people", cases) or name
    of = Judged(score=name, people=f"human.{people}")
    pairs = beside_people(of, cases)
    if not pairs:
        return absent(spec, f"judge {name}: {too_few(0)}")
    try:
        alpha = krippendorff_alpha(pairs, "ordinal", confidence=level)
    except ValueError as error:
        return absent(spec, f"judge {name}: {error}")
    plain = Measurement(
        name=spec.name, value=alpha.value, n=len(pairs), rows=len(pairs), confidence=level,
        method="bca_bootstrap", reason=f"judge {name}",
    )  # fmt: skip
    if len(pairs) < FEWEST_RATED:
        return structs.replace(plain, doubt=f"judge {name}: {too_few(len(pairs))}")
    if alpha.interval is None:
        return structs.replace(plain, doubt=f"judge {name}: the cases vary too little to resample")
    worth = worth_of(cases, of.of_people, len(pairs))
    low, high = spread(alpha.value, alpha.interval, len(pairs) / worth, least=-1.0)
    return structs.replace(plain, low=low, high=high)
