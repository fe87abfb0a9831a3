"""Judges: pinned, asked something, and given what they are to look at."""

from __future__ import annotations

from msgspec import UNSET

from roadworthy.domain import (
    JUDGED,
    PAIRWISE,
    READ_RUBRICS,
    ScorerSpec,
    Suite,
    UsageError,
    embedding_options,
    judge_digest,
    rubric_options,
    score_name,
    told_of,
)

from .document import Document, Path


def check_judge(scorer: ScorerSpec, document: Document, place: Path) -> None:
    """Note the fault of a judge's options."""
    try:
        judge_digest(scorer)
    except UsageError as error:
        document.fault(place, error.message, error.fix)


def check_embedding(scorer: ScorerSpec, document: Document, place: Path) -> None:
    """Note the fault of an embedding model that a scorer names."""
    try:
        embedding_options(scorer)
    except UsageError as error:
        document.fault(place, error.message, error.fix)


def check_judged_cases(suite: Suite, document: Document) -> None:
    """Note rubrics that nobody scores, and sources that are not there."""
    _warn_unjudged_rubrics(suite, document)
    for index, scorer in enumerate(suite.file.scorers):
        if scorer.scorer in JUDGED and scorer.scorer != PAIRWISE and suite.cases:
            _check_sources(scorer, suite, document, ("scorers", index))


def _warn_unjudged_rubrics(suite: Suite, document: Document) -> None:
    """A rubric that no judge of the suite reads is scored by nobody."""
    if any(scorer.scorer in READ_RUBRICS for scorer in suite.file.scorers):
        return
    waiting = [case.id for case in suite.cases if case.expect.rubric is not None]
    if waiting:
        cases = "1 case expects" if len(waiting) == 1 else f"{len(waiting)} cases expect"
        document.fault(
            (),
            f"{cases} a rubric (first `{waiting[0]}`), and no judge of the suite scores it",
            "add a judge to `scorers:`, expect something that needs none, or have people rate it",
            severity="warning",
        )


def _check_sources(scorer: ScorerSpec, suite: Suite, document: Document, place: Path) -> None:
    """Whether the answer is held by its sources, nobody can say of a case that gives none."""
    try:
        rubric = rubric_options(scorer).rubric
    except UsageError:
        return  # noted already
    if rubric.sources is UNSET:
        return
    bare = [case.id for case in suite.cases if told_of(case, rubric) is None]
    if not bare:
        return
    named = ", ".join(f"`{name}`" for name in rubric.sources) or "anything in `context`"
    none = len(bare) == len(suite.cases)
    many = "no case has" if none else f"{len(bare)} of {len(suite.cases)} cases do not have"
    document.fault(
        place,
        f"`{score_name(scorer)}` looks at the answer's sources, and {many} {named}"
        + ("" if none else f" (first `{bare[0]}`): it says nothing of them"),
        "name under `options.sources` the prompt variables or keys of `context` that hold them"
        " (`input`: all that was asked)",
        severity="error" if none else "warning",
    )
