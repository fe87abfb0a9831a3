"""A score of a suite, or of what looks at live answers, that no indicator is named after.

Enters: cases that carry it. Leaves: a measurement: a share where every value lies in [0, 1], else a
mean. Never here: a judge's own number taken for what people would say.
"""

from __future__ import annotations

from functools import partial

from msgspec import structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation, score_grades

from .cases import Cases, per_case
from .clusters import mean_of_cases, share_of_cases
from .judged import Judged, judged, said_by_judge
from .reach import ANY, Reach
from .results import absent
from .sampled import over_sample, score_drawn
from .scores import mixed_vectors


def own_score(name: str, cases: Cases, confidence: float, reach: Reach = ANY) -> Measurement:
    """The score of that name: of all cases, or by a random sample of them."""
    spec = _spec(name, cases)
    if drawn := score_drawn(spec, cases):
        measure = partial(_of_some, spec, confidence, reach)
        return over_sample(_reaching(spec, cases, reach), cases, drawn, measure, confidence)
    return _of_some(spec, confidence, reach, cases)


def _spec(name: str, cases: Cases) -> IndicatorSpec:
    down = any(score_grades(row).get(name) == "down" for row in cases.rows)
    return IndicatorSpec(
        name=name,
        definition="a score of the suite",
        needs=(f"score:{name}",),
        higher_is_better=not down,
    )


def _of_some(spec: IndicatorSpec, confidence: float, reach: Reach, cases: Cases) -> Measurement:
    name = spec.name
    if mixed := mixed_vectors(cases, name):
        return absent(spec, mixed)
    if said_by_judge(name, cases):
        return judged(spec, cases, confidence, Judged(score=name))

    def score(row: Observation) -> float | None:
        return row.scores.get(name)

    if _is_share(spec, per_case(cases, score, score=name).values):
        return share_of_cases(spec, cases, score, name, confidence)
    return mean_of_cases(_unbounded(spec, reach), cases, score, name, confidence)


def _is_share(spec: IndicatorSpec, values: list[float]) -> bool:
    return spec.higher_is_better and all(0.0 <= value <= 1.0 for value in values)


def _unbounded(spec: IndicatorSpec, reach: Reach) -> IndicatorSpec:
    """As far as its values are known to go."""
    low = None if spec.higher_is_better else 0.0
    return reach.of(structs.replace(spec, low=low, high=None))


def _reaching(spec: IndicatorSpec, cases: Cases, reach: Reach) -> IndicatorSpec:
    """The same over all that was drawn: what was skipped can be no farther off."""
    said = [row.scores[spec.name] for row in cases.rows if spec.name in row.scores]
    return spec if _is_share(spec, said) else _unbounded(spec, reach)
