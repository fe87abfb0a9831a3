"""A target whose answers a judge looks at, right after each was given.

Enters: a target and the judges of its cases. Leaves: the same observations with the judges' scores,
and under `attributes.judges` who judged, what was said and how sure. What never happens here: a
judge that failed counts as a verdict (the row is an error and is asked again), or an answer that
did not leave is judged (it is worth 0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    BASELINE,
    PREFERENCE,
    REFERENCE,
    Case,
    JudgeOptions,
    Model,
    Observation,
    PairwiseOptions,
    Provider,
    ProviderError,
    Target,
    judge_digest,
    judge_options,
    judges_asking,
    score_name,
    told_of,
)
from roadworthy.providers import PairwiseJudge, RubricJudge

from ..asked import asked_of
from ..plan import Plan


class Opponent(Struct, frozen=True):
    """The run that pairs are compared with."""

    run: str
    said: Callable[[str, str, int], str]
    """(suite, case, repeat) -> its answer; empty when it has none."""


class Judge(Struct, frozen=True, kw_only=True):
    """One judge, ready to be asked."""

    name: str = ""
    digest: str
    options: JudgeOptions
    asks: RubricJudge | PairwiseJudge
    opponent: Opponent | None = None
    drift: str = ""
    """Why it counts as drifted."""


def judges_of(
    planned: Plan, provider: Callable[[Model], Provider], opponents: Mapping[str, Opponent]
) -> dict[str, tuple[Judge, ...]]:
    """The judges of every suite of a plan. Raises UsageError on a wrong or unpinned one."""
    made: dict[str, Judge] = {}
    found: dict[str, tuple[Judge, ...]] = {}
    for suite in planned.suites:
        specs = judges_asking(suite.file)
        for spec in specs:
            digest = judge_digest(spec)
            if digest not in made:
                made[digest] = _made(judge_options(spec), digest, provider, opponents)
        found[suite.name] = tuple(
            msgspec.structs.replace(made[judge_digest(spec)], name=score_name(spec))
            for spec in specs
        )
    return found


def _made(
    options: JudgeOptions,
    digest: str,
    provider: Callable[[Model], Provider],
    opponents: Mapping[str, Opponent],
) -> Judge:
    assert options.model is not None
    return Judge(
        digest=digest,
        options=options,
        asks=asks_of(options, provider(options.model)),
        opponent=opponents.get(options.against) if isinstance(options, PairwiseOptions) else None,
    )


def asks_of(options: JudgeOptions, provider: Provider) -> RubricJudge | PairwiseJudge:
    """What asks the model."""
    if isinstance(options, PairwiseOptions):
        return PairwiseJudge(options, provider)
    return RubricJudge(options, provider)


class JudgedTarget:
    """The Target port before another one, with judges behind it."""

    def __init__(
        self, target: Target, planned: Plan, judges: Mapping[str, Sequence[Judge]]
    ) -> None:
        self._target = target
        self._judges = {
            (item.suite, item.case.id): {
                judge.name: judge
                for suite in (item.suite, *item.also)
                for judge in judges.get(suite, ())
            }
            for item in planned.items
        }

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        """Answer and judge. A judge without a verdict makes the row an error."""
        found = await self._target.answer(case, suite=suite, repeat=repeat)
        judges = self._judges.get((suite, case.id), {})
        if found.status == "error" or not judges or case.expect.action in ("hold", "block"):
            return found
        scores, said = dict(found.scores), {}
        for name, judge in judges.items():
            try:
                verdict = await _judged(judge, case, found, (suite, repeat))
            except ProviderError as error:
                return msgspec.structs.replace(
                    found, status="error", error=f"not scored: judge {name}: {error.message}"
                )
            if verdict is not None:
                scores[name], said[name] = verdict
        return msgspec.structs.replace(
            found, scores=scores, attributes={**found.attributes, "judges": said}
        )


async def _judged(
    judge: Judge, case: Case, found: Observation, place: tuple[str, int]
) -> tuple[float, dict[str, Any]] | None:
    """The score and what the judge said; None with nothing to compare with or hold it to."""
    about: dict[str, Any] = {"judge": judge.digest}
    if judge.drift:
        about["drift"] = judge.drift
    if isinstance(judge.options, PairwiseOptions):
        if judge.options.against == BASELINE and judge.opponent is None:
            return None  # there is none, so nothing is lost to it either
        run = judge.opponent.run if judge.opponent is not None else judge.options.against
        about["people"] = f"{PREFERENCE}@{run}"
        if judge.options.against == BASELINE:
            about["baseline"] = run
    if found.action != "answered":
        return 0.0, {**about, "said": "withheld"}
    rubric, other = None, ""
    if isinstance(judge.options, PairwiseOptions):
        other = _other(judge, case, place)
        if not other:
            return None
    else:
        rubric = judge.options.rubric
    told = told_of(case, rubric)
    if told is None:
        return None
    verdict = await judge.asks.ask(asked_of(case, found), told, found.output, other)
    about["said"] = verdict.verdict
    if verdict.inconsistent:
        about["inconsistent"] = True
    if verdict.probabilities:
        about["probabilities"] = list(verdict.probabilities)
    return verdict.value, about


def _other(judge: Judge, case: Case, place: tuple[str, int]) -> str:
    assert isinstance(judge.options, PairwiseOptions)
    if judge.options.against == REFERENCE:
        return case.expect.text or ""
    return judge.opponent.said(place[0], case.id, place[1]) if judge.opponent is not None else ""
