"""What a suite says of a judge: the question, the levels, the model, its probes.

The options stand in the suite's file, so they are part of the suite's digest and of the bar: a
judge that was exchanged is another bar.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType, field, structs

from .case import ScorerSpec, Suite, SuiteFile
from .charter import NeverEvent
from .digest import digest_of
from .errors import UsageError
from .file import File
from .judge_wording import JUDGE_SYSTEM, judge_prompt
from .model import Model
from .rating import Rubric
from .ready_rubrics import READY_RUBRICS
from .scorer_catalogue import score_name
from .system import System

RUBRIC, PAIRWISE = "rubric", "pairwise"

READ_RUBRICS = frozenset({RUBRIC, PAIRWISE})
"""Scorers that are told a case's `expect.rubric`."""

JUDGED = READ_RUBRICS | READY_RUBRICS.keys()
"""Scorers that ask a model, so not while a row is looked at but right after it was answered."""

MOST_LEVELS = 10
"""A judge answers with one letter; more levels are not told apart anyway."""

REFERENCE = "reference"
BASELINE = "baseline"
"""What answers are paired with beside a run that is named."""


class Probe(File, frozen=True, kw_only=True):
    """A question whose right verdict is known: asked at every run, to see whether a judge drifts.

    `verdict` is a level; of a pairwise judge `first`, `second` or `tie`.
    """

    input: Any
    answer: str
    other: str = ""
    verdict: str


class RubricOptions(Rubric, frozen=True, kw_only=True):
    """Options of the scorer `rubric`. Without a `model` only people rate it."""

    model: Model | None = None
    probes: list[Probe] = field(default_factory=list)

    @property
    def rubric(self) -> Rubric:
        """The question alone, which people answer too."""
        return Rubric(
            question=self.question, levels=self.levels, passes_from=self.passes_from,
            sources=self.sources,
        )  # fmt: skip


class ReadyOptions(File, frozen=True, kw_only=True):
    """Options of a scorer whose rubric is ready. Without a `model` only people rate it."""

    model: Model | None = None
    probes: list[Probe] = field(default_factory=list)
    sources: list[str] | UnsetType = UNSET
    """Prompt variables or keys of `context` that hold the sources; left out: all of `context`."""


class PairwiseOptions(File, frozen=True, kw_only=True):
    """Options of the scorer `pairwise`."""

    model: Model
    question: str = "Which answer helps the person who asked more?"
    against: str
    """`reference` (the case's expected text), `baseline` (what the live release answered on the
    same bar), or the id of a complete run."""
    probes: list[Probe] = field(default_factory=list)


def rubric_options(spec: ScorerSpec) -> RubricOptions:
    """The options of a `rubric`, or of one that is ready. Raises UsageError with what is right."""
    if spec.scorer in READY_RUBRICS:
        return _ready_options(spec)
    options = _read(spec, RubricOptions)
    levels = options.levels
    if not options.question.strip():
        raise UsageError("scorer rubric: `question` is empty", fix="ask one thing about an answer")
    if not 2 <= len(levels) <= MOST_LEVELS or len(set(levels)) != len(levels):
        raise UsageError(
            f"scorer rubric: `levels` needs 2 to {MOST_LEVELS} different ones, worst first",
            fix='levels: ["no", "partly", "yes"]',
        )
    if not all(level.strip() for level in levels):
        raise UsageError("scorer rubric: a level is empty", fix='levels: ["no", "yes"]')
    if options.passes_from and options.passes_from not in levels[1:]:
        raise UsageError(
            f"scorer rubric: `passes_from: {options.passes_from}` is no level above the worst",
            fix=f"one of: {', '.join(levels[1:])}",
        )
    _check_probes(options.probes, levels, spec.scorer)
    return options


def _ready_options(spec: ScorerSpec) -> RubricOptions:
    ready, given = READY_RUBRICS[spec.scorer], _read(spec, ReadyOptions)
    if given.sources is not UNSET and not ready.of_sources:
        raise UsageError(f"scorer {spec.scorer} speaks of no sources", fix="remove `sources`")
    asked = ready.rubric(given.sources)
    _check_probes(given.probes, asked.levels, spec.scorer)
    return RubricOptions(**structs.asdict(asked), model=given.model, probes=given.probes)


def pairwise_options(spec: ScorerSpec) -> PairwiseOptions:
    """The options of a `pairwise` scorer. Raises UsageError saying what would be right."""
    options = _read(spec, PairwiseOptions)
    named = options.against.startswith("run-")
    if options.against not in (REFERENCE, BASELINE) and not named:
        raise UsageError(
            f"scorer pairwise: `against: {options.against}` is not `reference`, `baseline` or"
            " a run",
            fix="against: reference, baseline, or the id that `roadworthy eval` printed (run-…)",
        )
    if not options.question.strip():
        raise UsageError("scorer pairwise: `question` is empty", fix="leave it out, or ask")
    _check_probes(options.probes, ["first", "second", "tie"], spec.scorer)
    if any(not probe.other.strip() for probe in options.probes):
        raise UsageError("scorer pairwise: a probe needs `other`", fix="give both answers")
    return options


def rubric_named(system: System, name: str) -> tuple[Rubric, frozenset[str]]:
    """The rubric of that name, and the suites that ask it. Raises UsageError naming those known."""
    found: dict[str, tuple[Rubric, set[str]]] = {}
    for suite in system.suites:
        for spec in suite.file.scorers:
            if spec.scorer not in JUDGED or spec.scorer == PAIRWISE:
                continue
            rubric = rubric_options(spec).rubric
            held, suites = found.setdefault(score_name(spec), (rubric, set()))
            if held != rubric:
                raise UsageError(
                    f"two suites ask {score_name(spec)!r} differently",
                    fix="give one of the two scorers another `name`",
                )
            suites.add(suite.name)
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise UsageError(
            f"no suite has a rubric {name!r} (known: {known})",
            fix="scorers: [{scorer: rubric, name: helpful, options: {question: …, levels: […]}}]",
        )
    rubric, suites = found[name]
    return rubric, frozenset(suites)


JudgeOptions = RubricOptions | PairwiseOptions


def judge_options(spec: ScorerSpec) -> JudgeOptions:
    """The options of a judge. Raises UsageError."""
    return pairwise_options(spec) if spec.scorer == PAIRWISE else rubric_options(spec)


def judges_asking(file: SuiteFile) -> list[ScorerSpec]:
    """The judges of a suite that ask a model; a rubric without one is for people alone."""
    return [
        spec
        for spec in file.scorers
        if spec.scorer in JUDGED and judge_options(spec).model is not None
    ]


def paired_with_baseline(suites: Iterable[Suite]) -> frozenset[str]:
    """The scores of pairs with what the live release answered."""
    return frozenset(
        score_name(spec)
        for suite in suites
        for spec in suite.file.scorers
        if spec.scorer == PAIRWISE and pairwise_options(spec).against == BASELINE
    )


def judge_digest(spec: ScorerSpec) -> str:
    """Names a judge: its model, what it is told, its question, levels and probes.

    Another wording of ours in a later version is another judge. Raises UsageError when its model
    is not pinned.
    """
    options = judge_options(spec)
    model = options.model
    if model is not None and not model.is_pinned:
        raise UsageError(
            f"the judge {score_name(spec)} is not pinned: {model.provider}/{model.name} may"
            " change any day",
            fix="write model.digest or model.version in the judge's options",
        )
    return _digest(spec.scorer, options)


def _digest(kind: str, options: JudgeOptions) -> str:
    told = [JUDGE_SYSTEM, judge_prompt(["task"], {"answer": "text"}, ["1", "2"])]
    return digest_of({"scorer": kind, "options": options, "told": told})


HAPPENED, HAPPENED_NOT = "yes", "no"
"""What the judge of a never event may say."""


def never_options(event: NeverEvent) -> RubricOptions | None:
    """What the judge of a never event is asked; None where the rule is none that can be asked."""
    rule = event.rule.judge
    if rule is None or not isinstance(rule.model, Model):
        return None
    probes = [
        Probe(input=each.input, answer=each.answer,
              verdict=HAPPENED if each.happened else HAPPENED_NOT)
        for each in rule.probes or ()
    ]  # fmt: skip
    return RubricOptions(
        question=rule.rubric, levels=[HAPPENED, HAPPENED_NOT], passes_from=HAPPENED_NOT,
        model=rule.model, probes=probes,
    )  # fmt: skip


def never_digest(options: RubricOptions) -> str:
    """Names the judge of a never event, as `judge_digest` does a suite's."""
    return _digest("never", options)


def pinned_judges(file: SuiteFile) -> dict[str, str]:
    """Every judge of a suite that asks a model: name -> digest. Raises UsageError."""
    return {score_name(spec): judge_digest(spec) for spec in judges_asking(file)}


def _check_probes(probes: list[Probe], verdicts: list[str], scorer: str) -> None:
    for probe in probes:
        if probe.verdict not in verdicts:
            raise UsageError(
                f"scorer {scorer}: a probe's verdict {probe.verdict!r} cannot be given",
                fix=f"one of: {', '.join(verdicts)}",
            )


_Made = TypeVar("_Made", bound=File)


def _read(spec: ScorerSpec, kind: type[_Made]) -> _Made:
    try:
        return msgspec.convert(spec.options, kind)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.__struct_fields__)
        raise UsageError(
            f"scorer {spec.scorer}: {error}", fix=f"its options are: {known}"
        ) from error
