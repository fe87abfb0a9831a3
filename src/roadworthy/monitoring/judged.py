"""Scores that a judge gave, corrected by what people said of some of the same answers.

Enters: cases with a judge's score, some of them with people's (`human.<name>`). Leaves: the rate
or mean that people would have given, with the noise of both; or the judge's own number, marked, and
no interval: a judge is not believed, neither above a target nor below it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from roadworthy.domain import JUDGE_SHOWN, IndicatorSpec, Measurement, Observation
from roadworthy.statistics import (
    Corrected,
    Interval,
    JudgeErrors,
    clopper_pearson,
    prediction_powered,
    rogan_gladen,
)

from .cases import Asking, Cases, PerCase, per_case
from .clusters import clusters, share_of_cases
from .results import absent

UNCORRECTED = "uncorrected judge"

FEWEST_RATED = 20
"""Cases that people must have rated, too; with fewer the errors of a judge are a guess."""


class Judged(Struct, frozen=True, kw_only=True):
    """Which score a measurement is of."""

    score: str
    people: str = ""
    """The score that people gave, `human.<name>`."""
    harm: bool = False
    """Whether it counts what the score lacks of 1, of answers that left: what did not leave did no
    harm, where a good that did not leave is worth nothing."""

    def of_judge(self, row: Observation) -> float | None:
        """What the judge said of a row."""
        return self._of(row, self.score)

    def of_people(self, row: Observation) -> float | None:
        """What people said of a row."""
        return self._of(row, self.people)

    def _of(self, row: Observation, score: str) -> float | None:
        value = row.scores.get(score)
        if value is None or not self.harm:
            return value
        return 1.0 - value if row.action == "answered" else None


def said_by_judge(name: str, cases: Cases) -> bool:
    """Whether a judge gave this score."""
    return any(name in judges_in(row) for row in cases.rows)


def judges_of(rows: Iterable[Observation]) -> list[str]:
    """The scores that judges gave, by name."""
    return sorted({name for row in rows for name in judges_in(row)})


def without_judges(rows: Iterable[Observation]) -> list[Observation]:
    """The rows without what judges said of them."""
    return [
        structs.replace(
            row,
            scores={name: said for name, said in row.scores.items() if name not in judges_in(row)},
        )
        if judges_in(row)
        else row
        for row in rows
    ]


def beside_baseline(rows: Sequence[Observation], run: str) -> tuple[list[Observation], set[str]]:
    """The rows without verdicts on pairs with another baseline than `run`, and which those were."""
    others: set[str] = set()
    kept: list[Observation] = []
    for row in rows:
        stale = {
            name: str(said["baseline"])
            for name, said in judges_in(row).items()
            if said.get("baseline", run) != run
        }
        if stale:
            others.update(stale.values())
            left = {name: said for name, said in judges_in(row).items() if name not in stale}
            scores = {name: said for name, said in row.scores.items() if name not in stale}
            row = structs.replace(row, scores=scores, attributes={**row.attributes, "judges": left})
        kept.append(row)
    return kept, others


def ready_rubric(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """What the score of a ready rubric says: a judge's corrected, any other scorer's as it is."""
    asked = Judged(score=JUDGE_SHOWN[spec.name], harm=not spec.higher_is_better)
    if said_by_judge(asked.score, cases):
        return judged(spec, cases, confidence, asked)
    return share_of_cases(spec, cases, asked.of_judge, asked.score, confidence)


def judge_score(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """What the one rubric, or the one scorer of pairs, of these cases says."""
    pairs = spec.name == "win_rate"
    names = {
        name
        for row in cases.rows
        for name, said in judges_in(row).items()
        if bool(said.get("people")) is pairs  # a judge of pairs says with whose votes it is held
    }
    if len(names) == 1:
        return judged(spec, cases, confidence, Judged(score=names.pop()))
    kind = "pairs" if pairs else "a rubric"
    if not names:
        return absent(spec, f"no judge of {kind} looked at these cases")
    told = ", ".join(sorted(names))
    return absent(spec, f"several judges looked at these cases ({told}): name one as the metric")


def judged(spec: IndicatorSpec, cases: Cases, confidence: float, of: Judged) -> Measurement:
    """The score as people would have given it."""
    people = f"human.{first_said(of.score, 'people', cases) or of.score}"
    of = structs.replace(of, people=people)
    found = per_case(cases, of.of_judge, score="" if of.harm else of.score)
    n = len(found.values)
    if not n:
        return absent(spec, found.fault)
    raw = math.fsum(found.values) / n
    plain = Measurement(
        name=spec.name, value=raw, n=n, rows=found.rows, unit=spec.unit, confidence=confidence,
        reason=_order(of.score, cases), higher_is_better=spec.higher_is_better,
    )  # fmt: skip
    drifted = first_said(of.score, "drift", cases)
    if drifted:
        return doubted(plain, drifted)
    split = _split(of, cases)
    if len(split.seen) < FEWEST_RATED:
        return doubted(plain, too_few(len(split.seen)))
    try:
        corrected, method = _corrected(split, confidence)
    except ValueError as error:
        return doubted(plain, str(error))
    if corrected.interval == Interval(0.0, 1.0):
        return doubted(plain, "on what people rated it is not proven better than chance")
    worth = worth_of(cases, of.of_judge, n)
    low, high = spread(corrected.value, corrected.interval, n / worth)
    beside = f"the judge says {raw:.3g}, people rated {len(split.seen)} of its cases"
    return structs.replace(
        plain, value=corrected.value, low=low, high=high, method=method,
        reason="; ".join(filter(None, (beside, plain.reason))),
        count=sum(1 for _, said in split.seen if said > 0.0),
        every=n - split.withheld - sum(1 for _, said in split.seen if said < 1.0),
        independent=min(len(split.seen), int(worth)),
    )  # fmt: skip


def worth_of(cases: Cases, question: Asking, n: int) -> float:
    """How many of `n` cases they are worth if those of a group said all the same: never more."""
    groups = clusters(cases, question) if n > 1 else []
    return len(groups) ** 2 / sum(size * size for size in Counter(groups).values()) if groups else n


def spread(
    value: float, bounds: Interval, effect: float, *, least: float = 0.0
) -> tuple[float, float]:
    """The bounds at a design effect: judge and people both saw that many cases fewer."""
    wider = math.sqrt(effect)
    low, high = value - wider * (value - bounds.low), value + wider * (bounds.high - value)
    return max(least, low), min(1.0, high)


def too_few(rated: int) -> str:
    """Why a judge's errors are not known."""
    told = f"people rated {rated} of its cases, at least {FEWEST_RATED} are needed"
    return f"{told} (`roadworthy rate start`)"


def beside_people(of: Judged, cases: Cases) -> list[tuple[float, float]]:
    """(judge, people) of every case of which both looked at an answer that left."""
    return _split(of, cases).seen


class _Split(Struct, frozen=True):
    """A judge's cases, by who else looked at them."""

    seen: list[tuple[float, float]]
    """(judge, people)."""
    alone: list[float]
    """By the judge alone."""
    withheld: int
    """Cases of which no answer left: worth 0, and no error of the judge's."""


def _split(of: Judged, cases: Cases) -> _Split:
    seen, alone, withheld = [], [], 0
    for group in cases.each():
        rows = [row for row in group if of.of_judge(row) is not None]
        answered = [row for row in rows if row.action == "answered"]
        if rows and not answered:
            withheld += 1
        elif answered:
            both = [row for row in answered if of.of_people(row) is not None]
            if both:
                seen.append((_mean(both, of.of_judge), _mean(both, of.of_people)))
            else:
                alone.append(_mean(answered, of.of_judge))
    return _Split(seen, alone, withheld)


def _mean(rows: list[Observation], said: Asking) -> float:
    return math.fsum(said(row) or 0.0 for row in rows) / len(rows)


def _corrected(split: _Split, confidence: float) -> tuple[Corrected, str]:
    """Of all cases; what was withheld lowers it, with both noises at a stricter level each."""
    level = confidence if not split.withheld else (1 + confidence) / 2
    found, method = _of_answered(split, level)
    answered = len(split.seen) + len(split.alone)
    if not split.withheld:
        return found, method
    share = answered / (answered + split.withheld)
    bounds = clopper_pearson(answered, answered + split.withheld, level)
    low = max(0.0, found.interval.low) * bounds.low
    high = min(1.0, found.interval.high) * bounds.high
    return structs.replace(found, value=found.value * share, interval=Interval(low, high)), method


def _of_answered(split: _Split, level: float) -> tuple[Corrected, str]:
    """By sensitivity and specificity where every verdict is yes or no, else by differences."""
    values = [*split.alone, *(value for pair in split.seen for value in pair)]
    if all(value in (0.0, 1.0) for value in values):
        good = [judge for judge, people in split.seen if people == 1.0]
        bad = [judge for judge, people in split.seen if people == 0.0]
        errors = JudgeErrors(
            passed_good=sum(1 for judge in good if judge == 1.0), good=len(good),
            failed_bad=sum(1 for judge in bad if judge == 0.0), bad=len(bad),
        )  # fmt: skip
        judges = [*split.alone, *(judge for judge, _ in split.seen)]
        passed = sum(1 for value in judges if value == 1.0)
        return rogan_gladen(passed, len(judges), errors, level), "rogan_gladen"
    found = prediction_powered(split.alone, split.seen, level)
    low, high = max(0.0, found.interval.low), min(1.0, found.interval.high)
    value = min(1.0, max(0.0, found.value))
    return structs.replace(found, value=value, interval=Interval(low, high)), "prediction_powered"


def doubted(plain: Measurement, why: str) -> Measurement:
    """The judge's own number, which carries no verdict."""
    doubt = f"{UNCORRECTED}: it says {plain.value:.3g} of {plain.n} cases, and {why}"
    return structs.replace(plain, doubt=doubt)


def judges_in(row: Observation) -> dict[str, dict[str, object]]:
    """Score -> which judge gave it, and what it said."""
    found = row.attributes.get("judges")
    return found if isinstance(found, dict) else {}


def first_said(name: str, key: str, cases: Cases) -> str:
    """What the judge's record says under a key, where it says something."""
    said = (judges_in(row).get(name, {}).get(key) for row in cases.rows)
    return next((str(found) for found in said if found), "")


def _order(name: str, cases: Cases) -> str:
    """How many verdicts on pairs changed with their order."""

    def inconsistent(row: Observation) -> float | None:
        said = judges_in(row).get(name)
        return None if said is None else float(bool(said.get("inconsistent")))

    turned: PerCase = per_case(cases, inconsistent)
    count = sum(1 for value in turned.values if value > 0)
    return f"{count} verdicts changed with the order of the answers: ties" if count else ""
