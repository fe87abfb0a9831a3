"""The scores that an objective can name: those of the suites' scorers, and of the usual ones.

Enters: what was read of a folder. Leaves: scorers and names. Never here: a fault.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET

from roadworthy.domain import (
    DEFAULT_SCORERS,
    PREFERENCE,
    READS,
    SafetySLO,
    ScorerSpec,
    expects,
    score_name,
    split_aggregation,
    split_window,
    usual_scorers,
)

from .reading import Reading


def scorers_of(reading: Reading) -> list[ScorerSpec]:
    """What scores the suites' cases: what they name, and what reads an expectation beside it.

    Of the usual scorers those that an objective names: to look for all would read every case.
    """
    named = [spec for suite in reading.suite_files.values() for spec in suite.scorers]
    if reading.slos is not None and reading.slos.online is not UNSET:
        named += [rule.spec for rule in reading.slos.online]
    asked = {stem(slo).removeprefix("raw.") for slo in reading.slos.slos} if reading.slos else set()
    usual = {
        scorer
        for suite in reading.suites
        for what, scorer in usual_scorers(suite.file.scorers).items()
        if scorer in asked and any(expects(case, what) for case in suite.cases)
    }
    if not reading.cases_known:
        usual |= asked & set(DEFAULT_SCORERS.values())
    return [*named, *(ScorerSpec(scorer=scorer) for scorer in sorted(usual))]


def score_names(scored: Iterable[ScorerSpec]) -> set[str]:
    """The names of their scores, those of the raw output and of people among them."""
    names = {score_name(spec) for spec in scored}
    human = {f"human.{name}" for name in (PREFERENCE, *names)}
    return names | human | {f"raw.{name}" for name in names}


def stem(slo: SafetySLO) -> str:
    """An objective's metric as it is named, without aggregation and window."""
    return split_aggregation(slo.metric or split_window(slo.name)[0])[0]


def why_unscored(metric: str, scorer: str) -> tuple[str, str]:
    """Of a scorer that scores no case of the system: what is wrong, and what would be right."""
    what = READS.get(scorer, "")
    if DEFAULT_SCORERS.get(what) == scorer:
        key = "turns" if what == "turns" else f"expect.{what}"
        return (
            f"`{metric}` is a scorer's score, and nothing makes it: no suite has that scorer by "
            f"that name, and no case a `{key}` that is left to it",
            f"add a case with `{key}`, or write the score's name as the suite does",
        )
    return (
        f"`{metric}` is a scorer's score, and no suite names that scorer",
        f"write `- scorer: {scorer}` under `scorers:` of a suite",
    )
