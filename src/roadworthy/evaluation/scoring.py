"""Which scorers look at a row, and the row with their scores.

An expectation is never left unread: where a case says something that no scorer of its suite
reads, its default scorer is added; a rubric, which needs a judge, is named as not scored. The
model's raw output is scored too, as `raw.<name>`, when the rails changed it. A scorer that
cannot look makes the row an error: it is asked again (from the cache) and never counts as good.
An answer that did not leave is never a right one: the fallback's words meet no expectation.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

import msgspec
from msgspec import UNSET

from roadworthy.domain import (
    COUNTING,
    EVERY_REPEAT,
    JUDGED,
    READ_RUBRICS,
    READS,
    SCORERS,
    Case,
    NeverRecord,
    Observation,
    RoadworthyError,
    Scorer,
    ScorerSpec,
    SuiteFile,
    UsageError,
    expects,
    grade_of,
    parse_reducer,
    score_name,
    usual_scorers,
)

from .plan import Item, Plan
from .scorers import DetectorFactory, make_scorer
from .scorers.numbers import AbsoluteError

_RELEASED_ONLY = frozenset({"action"})
"""Expectations of what the request line does; there is no raw form of it."""

_OF_ANSWERS = frozenset({"label", "text", "regex", "schema", "json", "tests", "sql"})
"""Expectations that only an answer can meet."""


class Scoring:
    """The scorers of a run."""

    def __init__(self, planned: Plan, detector_factory: DetectorFactory | None = None) -> None:
        """Make every scorer that the plan needs. Raises UsageError on a wrong one."""
        self._factory = detector_factory
        self._specs = {suite.name: _with_defaults(suite.file) for suite in planned.suites}
        holders = {(item.suite, *item.also) for item in planned.items}
        self._made = {suites: self._make(suites) for suites in sorted(holders)}
        self._reducers = {suites: self._reduced(suites) for suites in self._made}
        self._grades = {suites: self._graded(suites) for suites in self._made}
        self._readers = {suites: self._reading(suites) for suites in self._made}
        self._executes = {suites: self._executing(suites) for suites in self._made}

    def waits(self, item: Item) -> bool:
        """Whether scoring this question's answer runs other processes, so that others wait."""
        reads = self._executes[(item.suite, *item.also)]
        if not reads:
            return False
        turns = item.case.script if item.case.turns else ()
        expects = (item.case.expect, *(turn.expect for turn in turns))
        return any(getattr(each, name) is not UNSET for each in expects for name in reads)

    def scored(self, item: Item, observation: Observation) -> Observation:
        """The observation with label, expectation and scores; an error row is not scored."""
        case = item.case
        attributes = _attributes(item, observation, self._readers[(item.suite, *item.also)])
        if reducers := self._reducers[(item.suite, *item.also)]:
            attributes["reduce"] = reducers
        if grades := self._grades[(item.suite, *item.also)]:
            attributes["graded"] = grades
        label = case.expect.label or ""
        if observation.status == "error":
            attributes["due"] = self._due(item)
            return msgspec.structs.replace(observation, label=label, attributes=attributes)
        try:
            scores = self._scores(item, case, observation)
            if numbers := self._numbers(item, case, observation):
                attributes["numbers"] = numbers
        except RoadworthyError as error:
            attributes["due"] = self._due(item)
            return msgspec.structs.replace(
                observation,
                label=label,
                attributes=attributes,
                status="error",
                error=f"not scored: {error.message}",
            )
        return msgspec.structs.replace(
            observation,
            label=label,
            attributes=attributes,
            scores=scores,
            never=(*observation.never, *_left(case, observation)),
        )

    def _scores(self, item: Item, case: Case, observation: Observation) -> dict[str, float]:
        scorers = self._made[(item.suite, *item.also)]
        scores = dict(observation.scores)
        withheld = _withheld(case, observation)
        for scorer, reads in scorers:
            if withheld and reads in _OF_ANSWERS:
                value = self._of_nothing(item, case, observation, scorer)
            else:
                value = scorer.score(case, observation.output, observation)
            if value is not None:
                scores[scorer.name] = value
        raw = observation.raw_output
        if not raw or raw == observation.output:
            return scores
        said = msgspec.structs.replace(observation, action="answered", output=raw)
        for scorer, reads in scorers:
            value = scorer.score(case, raw, said) if reads not in _RELEASED_ONLY else None
            if value is not None:
                scores[f"raw.{scorer.name}"] = value
        return scores

    def _due(self, item: Item) -> list[str]:
        """The scores that an answer would have had, of a question that has none."""
        return [
            name
            for name, spec in self._all((item.suite, *item.also)).items()
            if _is_about(item.case, spec.scorer)
        ]

    def _numbers(
        self, item: Item, case: Case, observation: Observation
    ) -> dict[str, tuple[float | None, float]]:
        """Score -> the number that was said and the right one, of scorers that read numbers."""
        output = "" if _withheld(case, observation) else observation.output
        return {
            scorer.name: pair
            for scorer, _ in self._made[(item.suite, *item.also)]
            if isinstance(scorer, AbsoluteError)
            and (pair := scorer.numbers(case, output)) is not None
        }

    def _of_nothing(
        self, item: Item, case: Case, observation: Observation, scorer: Scorer
    ) -> float | None:
        """The score of an answer that was due and did not leave: wrong, or that of no words."""
        value = scorer.score(case, "", observation)
        down = self._grades[(item.suite, *item.also)].get(scorer.name) == "down"
        return value if down or value is None else 0.0

    def _make(self, suites: tuple[str, ...]) -> tuple[tuple[Scorer, str], ...]:
        """The scorers of a row that counts in these suites, and which expectation each reads."""
        specs: dict[str, ScorerSpec] = {}
        for suite in suites:
            for name, spec in self._specs[suite].items():
                if specs.setdefault(name, spec) != spec:
                    raise UsageError(
                        f"suites {' and '.join(suites)} share cases and score {name!r} differently",
                        fix="give one of the two scorers a `name:` of its own",
                    )
        return tuple(
            (make_scorer(spec, self._factory), READS.get(spec.scorer, ""))
            for spec in specs.values()
        )

    def _reduced(self, suites: tuple[str, ...]) -> dict[str, str]:
        """Score -> how the repeats of a case become it, where a suite says so."""
        specs = self._all(suites)
        return {name: spec.reduce for name, spec in specs.items() if spec.reduce is not UNSET}

    def _graded(self, suites: tuple[str, ...]) -> dict[str, str]:
        """Score -> `up` or `down`, of those that are matters of degree."""
        return {name: each for name, spec in self._all(suites).items() if (each := grade_of(spec))}

    def _reading(self, suites: tuple[str, ...]) -> frozenset[str]:
        """The scores whose judges are told a case's rubric."""
        specs = self._all(suites).items()
        return frozenset(name for name, spec in specs if spec.scorer in READ_RUBRICS)

    def _executing(self, suites: tuple[str, ...]) -> frozenset[str]:
        """The expectations that are met by running what the answer says."""
        kinds = [SCORERS[spec.scorer] for spec in self._all(suites).values()]
        return frozenset(kind.reads for kind in kinds if kind.executes)

    def _all(self, suites: tuple[str, ...]) -> dict[str, ScorerSpec]:
        return {name: spec for suite in suites for name, spec in self._specs[suite].items()}


def _with_defaults(file: SuiteFile) -> dict[str, ScorerSpec]:
    """A suite's scorers by the name of their score, defaults for what they do not read last."""
    specs = _named(file.scorers)
    if file.reduce is UNSET:
        return specs
    counts = parse_reducer(file.reduce).kind in COUNTING
    return {
        name: spec
        if spec.reduce is not UNSET or spec.scorer in EVERY_REPEAT or (counts and grade_of(spec))
        else msgspec.structs.replace(spec, reduce=file.reduce)
        for name, spec in specs.items()
    }


def _named(named: Iterable[ScorerSpec]) -> dict[str, ScorerSpec]:
    specs: dict[str, ScorerSpec] = {}
    named = list(named)
    for spec in named:
        name = score_name(spec)
        if name in specs:
            raise UsageError(
                f"two scorers of one suite are named {name!r}",
                fix="give one of them a `name:` of its own",
            )
        specs[name] = spec
    for scorer in usual_scorers(named).values():
        specs.setdefault(scorer, ScorerSpec(scorer=scorer))
    return specs


def _is_about(case: Case, scorer: str) -> bool:
    """Whether a scorer looks at answers of the case; judges do, whatever a rubric adds."""
    if scorer in JUDGED:
        return case.expect.action not in ("hold", "block")
    return scorer not in READS or expects(case, READS[scorer])


def _withheld(case: Case, observation: Observation) -> bool:
    """Whether an answer was due and none left: blocked, held, or the fallback in its place."""
    return observation.action != "answered" and case.expect.action not in ("hold", "block")


def _left(case: Case, observation: Observation) -> list[NeverRecord]:
    """The never events that a case is for (tag `never:<id>`) and that left all the same.

    The case is the label: it says that this must be held or blocked, and it was answered.
    """
    if case.expect.action not in ("hold", "block") or observation.action != "answered":
        return []
    events = [tag[6:] for tag in case.tags if tag.startswith("never:")]
    known = {record.event for record in observation.never if record.kind == "violation"}
    return [
        NeverRecord(event=event, kind="violation", found_by="label")
        for event in events
        if event not in known
    ]


def _attributes(item: Item, observation: Observation, readers: Set[str]) -> dict[str, Any]:
    """What a reader must know of the case; `readers` are the scores that read rubrics."""
    expect = item.case.expect
    attributes: dict[str, Any] = dict(observation.attributes)
    if item.also:
        attributes["suites"] = [item.suite, *item.also]
    if item.copy_of is not None:
        attributes["copy_of"] = list(item.copy_of)
    if item.case.grown_from:
        attributes["grown_from"] = item.case.grown_from
    if expect.action is not None:
        attributes["expect_action"] = expect.action
    if expect.rubric is not None and not readers & attributes.get("judges", {}).keys():
        attributes["not_scored"] = ["rubric"]
    return attributes
