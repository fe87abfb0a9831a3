"""How a scorer is made from a suite's file; what there is stands in the domain's catalogue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from roadworthy.domain import (
    DEFAULT_SCORERS,
    EMBEDDED,
    JUDGED,
    PAIRWISE,
    SCORERS,
    Detector,
    DetectorError,
    Scorer,
    ScorerSpec,
    UsageError,
    embedding_options,
    option_values,
    pairwise_options,
    rubric_options,
    score_name,
    scorer_faults,
)

from .absent import Absent
from .action import Action
from .contains import Contains
from .corpus_metrics import SentenceMetric
from .detection import Detection
from .edits import ErrorRate, Similarity
from .exact import Exact
from .execution import PythonTests, SqlRows
from .instructions import Instructions
from .json_values import Items, JsonFields, JsonMatch
from .judged import Judged
from .label import Label
from .meteor import Meteor
from .numbers import AbsoluteError, Numeric
from .overlap import Distinct, Rouge, TokenF1
from .refusal import Refusal
from .regex import Regex
from .schema import Schema
from .threshold import Threshold
from .trajectory import Trajectory
from .turns import Turns

DetectorFactory = Callable[[str, dict[str, Any]], Detector]
"""Makes a detector by name and options."""

_MADE: dict[str, tuple[Callable[..., Scorer], dict[str, Any]]] = {
    "exact": (Exact, {}),
    "contains": (Contains, {}),
    "regex": (Regex, {}),
    "schema": (Schema, {}),
    "label": (Label, {}),
    "action": (Action, {}),
    "absent": (Absent, {}),
    "trajectory": (Trajectory, {}),
    "turns": (partial(Turns, scorers=lambda: _of_turns()), {}),
    "numeric": (Numeric, {}),
    "json": (JsonMatch, {}),
    "python": (PythonTests, {}),
    "sql": (SqlRows, {}),
    "refusal": (Refusal, {}),
    "instructions": (Instructions, {}),
    "token_f1": (TokenF1, {}),
    "rouge_1": (Rouge, {"n": 1}),
    "rouge_2": (Rouge, {"n": 2}),
    "rouge_l": (Rouge, {"n": 0}),
    "bleu": (SentenceMetric, {"metric": "bleu"}),
    "chrf": (SentenceMetric, {"metric": "chrf"}),
    "ter": (SentenceMetric, {"metric": "ter"}),
    "meteor": (Meteor, {}),
    "similarity": (Similarity, {}),
    "wer": (ErrorRate, {"unit": "words"}),
    "cer": (ErrorRate, {"unit": "characters"}),
    "absolute_error": (AbsoluteError, {}),
    "json_fields": (JsonFields, {}),
    "items": (Items, {}),
    "spans": (Items, {"json_only": True}),
    "distinct": (Distinct, {}),
}
"""Name -> what scores, and the arguments that make this one of it."""

SCORER_NAMES = (*_MADE, "detector", EMBEDDED, *sorted(JUDGED))
"""What a suite may name under `scorer:`."""


def make_scorer(spec: ScorerSpec, detector_factory: DetectorFactory | None = None) -> Scorer:
    """The scorer that a suite asks for.

    Raises UsageError on an unknown scorer, option or detector, naming what would be right, and
    where a library is missing, naming what to install.
    """
    kind = SCORERS.get(spec.scorer)
    if kind is None:
        raise UsageError(
            f"there is no scorer {spec.scorer!r}",
            fix=f"the scorers are: {', '.join(SCORER_NAMES)}",
        )
    if spec.scorer in JUDGED:
        (pairwise_options if spec.scorer == PAIRWISE else rubric_options)(spec)
        return Judged(score_name(spec))
    if spec.scorer == EMBEDDED:
        embedding_options(spec)
    for fault in scorer_faults(spec):
        raise UsageError(f"scorer {spec.scorer}: {fault.message}", fix=fault.fix)
    if spec.scorer == EMBEDDED:
        return Judged(score_name(spec))
    options = option_values(kind, spec.options)
    if spec.scorer == "detector":
        return _detection(spec, options, detector_factory)
    made, own = _MADE[spec.scorer]
    least, most = options.pop("at_least", None), options.pop("at_most", None)
    try:
        scorer = made(spec.name or spec.scorer, **own, **options)
    except DetectorError as error:
        raise UsageError(error.message, fix=error.fix) from error
    return scorer if least is None and most is None else Threshold(scorer, least, most)


def _of_turns() -> list[Scorer]:
    """What looks at the answer to one turn: everything that reads an expectation of an answer."""
    wholes = ("label", "trajectory", "turns")
    names = [name for name in DEFAULT_SCORERS.values() if name not in wholes]
    return [make_scorer(ScorerSpec(scorer=name)) for name in names]


def _detection(
    spec: ScorerSpec, options: dict[str, Any], detector_factory: DetectorFactory | None
) -> Scorer:
    name = options.pop("detector")
    if detector_factory is None:
        raise UsageError(f"no detector can be made here, so {name!r} cannot score")
    detector = detector_factory(name, options.pop("options") or {})
    return Detection(spec.name or name, detector, **options)
