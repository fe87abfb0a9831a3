"""Random samples of live answers: can each score be given to an answer that no case expects?"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from roadworthy.domain import (
    EMBEDDED,
    JUDGED,
    PAIRWISE,
    SCORERS,
    UPHELD,
    OnlineScore,
    UsageError,
    rubric_options,
    score_name,
)

from .document import Document, Path
from .reading import CHARTER, SLOS, Reading
from .suite_checks import check_options, is_scorer

_OWN = {"regex": ("pattern",), "schema": ("schema",), "contains": ("all", "none")}
"""Scorers that read an expectation, and the options that stand in its place."""

_IN_A_DAY = 24


def check_online(reading: Reading) -> None:
    """Note the faults of what is scored on a random sample of live answers."""
    if reading.slos is not None and reading.slos.online is not UNSET:
        document = reading.document(SLOS)
        named: set[str] = set()
        for index, rule in enumerate(reading.slos.online):
            _check_rule(rule, ("online", index), named, document, reading)
    charter = reading.charter
    if charter is not None and charter.review.sample is not UNSET:
        sample, document = charter.review.sample, reading.document(CHARTER)
        place: Path = ("review", "sample")
        _check_shares(sample.shares, place, document, reading)
        _warn_of_budget(sample.share, sample.per_day, 1, (*place, "per_day"), document, reading)


def _check_rule(
    rule: OnlineScore, place: Path, named: set[str], document: Document, reading: Reading
) -> None:
    spec = rule.spec
    if not is_scorer(spec, document, place):
        return
    name = score_name(spec)
    if name in named or name == UPHELD:
        document.fault(
            place, f"`{name}` is scored twice", f"give it another `name`; `{UPHELD}` is reviewers'"
        )
    named.add(name)
    check_options(spec, document, place, reading.folder)
    _check_needs_no_case(rule, place, document)
    _check_shares(rule.shares, place, document, reading)
    _warn_of_budget(rule.share, rule.per_hour, _IN_A_DAY, (*place, "per_hour"), document, reading)


def _check_needs_no_case(rule: OnlineScore, place: Path, document: Document) -> None:
    """A live answer has no expectation, no reference and no pair."""
    where = (*place, "scorer")
    kind = SCORERS[rule.scorer]
    if rule.scorer in (PAIRWISE, EMBEDDED) or kind.executes:
        document.fault(
            where, f"`{rule.scorer}` compares with something that no live answer has",
            "a rubric, a detector, or a scorer that reads no expectation",
        )  # fmt: skip
        return
    if rule.scorer in JUDGED:
        _check_judge(rule, place, document)
        return
    own = _OWN.get(rule.scorer, ())
    if kind.reads and not any(rule.options.get(key) for key in own):
        document.fault(
            where,
            f"`{rule.scorer}` reads `expect.{kind.reads}`, and no live answer has one",
            f"give it the option {' or '.join(f'`{key}`' for key in own)}"
            if own
            else "a rubric, a detector, or a scorer that reads no expectation",
        )


def _check_judge(rule: OnlineScore, place: Path, document: Document) -> None:
    try:
        options = rubric_options(rule.spec)
    except UsageError:
        return  # noted already
    if options.model is None:
        document.fault(
            (*place, "options"),
            f"`{rule.scorer}` names no `model`, so nobody would judge live answers",
            "give it a pinned model; for people there is `review.sample` in charter.yaml",
        )
    if options.sources is not UNSET and not options.sources:
        document.fault(
            (*place, "options"),
            f"`{rule.scorer}` looks at the answer's sources, and live answers have no `context`",
            "name under `sources` the prompt variables with them (`input`: all that was asked)",
        )


def _check_shares(
    shares: Mapping[str, float], place: Path, document: Document, reading: Reading
) -> None:
    known = {"tenant", "endpoint", *(reading.candidate.facets if reading.candidate else ())}
    for where in shares:
        name, between, _ = where.partition("=")
        if not between or (reading.candidate is not None and name not in known):
            document.fault(
                (*place, "shares", where),
                f"`{where}` names no slice",
                f"write `NAME=VALUE`, of: {', '.join(sorted(known))}",
            )


def _warn_of_budget(
    share: float, most: int, times: int, place: Path, document: Document, reading: Reading
) -> None:
    """Of a sample that the expected traffic makes larger than its budget."""
    charter = reading.charter
    volume = sum(one.expected_volume_per_day for one in charter.endpoints) if charter else 0
    if volume * share > most * times:
        document.fault(
            place,
            f"{volume} answers a day are expected, and {share:g} of them are more than {most}: what"
            " is drawn beyond is skipped, and counts as unknown",
            "lower `share`, or raise the budget",
            severity="warning",
        )
