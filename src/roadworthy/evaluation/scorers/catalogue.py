"""Every scorer by name, and how one is made from a suite's file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    JUDGED,
    PAIRWISE,
    Detector,
    RoadworthyError,
    Scorer,
    ScorerSpec,
    UsageError,
    pairwise_options,
    rubric_options,
    score_name,
)

from .absent import Absent
from .action import Action
from .contains import Contains
from .detection import Detection
from .exact import Exact
from .judged import Judged
from .label import Label
from .regex import Regex
from .schema import Schema
from .trajectory import Trajectory
from .turns import Turns

DetectorFactory = Callable[[str, dict[str, Any]], Detector]
"""Makes a detector by name and options."""


class _Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scorer's `options` may hold."""


class _ExactOptions(_Options, frozen=True, kw_only=True):
    strip: bool = True
    ignore_case: bool = False
    json: bool = False


class _ContainsOptions(_Options, frozen=True, kw_only=True):
    ignore_case: bool = False
    all: list[str] = msgspec.field(default_factory=list)
    none: list[str] = msgspec.field(default_factory=list)


class _RegexOptions(_Options, frozen=True, kw_only=True):
    pattern: str = ""
    whole: bool = False
    ignore_case: bool = False
    absent: bool = False


class _SchemaOptions(_Options, frozen=True, kw_only=True):
    schema: dict[str, Any] | None = None


class _LabelOptions(_Options, frozen=True, kw_only=True):
    ignore_case: bool = False


class _TrajectoryOptions(_Options, frozen=True, kw_only=True):
    check: Literal["all", "called", "not_called", "order", "only", "at_most", "state"] = "all"


class _DetectorOptions(_Options, frozen=True, kw_only=True):
    detector: str = ""
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    threshold: float = 0.5
    want: Literal["absent", "present"] = "absent"
    on: Literal["input", "output"] = "output"


_Made = TypeVar("_Made", bound=_Options)


def _of_turns() -> list[Scorer]:
    """What looks at the answer to one turn."""
    return [Exact("text"), Regex("regex"), Schema("schema"), Absent("absent"), Action("action")]


_KINDS: dict[str, tuple[Callable[..., Any], type[_Options]]] = {
    "exact": (Exact, _ExactOptions),
    "contains": (Contains, _ContainsOptions),
    "regex": (Regex, _RegexOptions),
    "schema": (Schema, _SchemaOptions),
    "label": (Label, _LabelOptions),
    "action": (Action, _Options),
    "absent": (Absent, _Options),
    "trajectory": (Trajectory, _TrajectoryOptions),
    "turns": (partial(Turns, scorers=_of_turns), _Options),
}

SCORER_NAMES = (*_KINDS, "detector", *sorted(JUDGED))
"""What a suite may name under `scorer:`."""

READS = {
    "label": "label",
    "exact": "text",
    "contains": "text",
    "regex": "regex",
    "schema": "schema",
    "action": "action",
    "absent": "absent",
    "rubric": "rubric",
}
"""Scorer -> the expectation that it reads."""

DEFAULT_SCORERS = {
    "label": "label",
    "text": "exact",
    "regex": "regex",
    "schema": "schema",
    "action": "action",
    "absent": "absent",
    "trajectory": "trajectory",
    "turns": "turns",
}
"""Expectation -> the scorer that reads it when the suite names none that does."""


def make_scorer(spec: ScorerSpec, detector_factory: DetectorFactory | None = None) -> Scorer:
    """The scorer that a suite asks for.

    Raises UsageError on an unknown scorer, option or detector, naming what would be right.
    """
    name = spec.name or spec.scorer
    if spec.scorer == "detector":
        return _detection(spec, detector_factory)
    if spec.scorer in JUDGED:
        (pairwise_options if spec.scorer == PAIRWISE else rubric_options)(spec)
        return Judged(score_name(spec))
    if spec.scorer not in _KINDS:
        raise UsageError(
            f"there is no scorer {spec.scorer!r}",
            fix=f"the scorers are: {', '.join(SCORER_NAMES)}",
        )
    kind, options_type = _KINDS[spec.scorer]
    options = _read(spec, options_type)
    try:
        made: Scorer = kind(name, **msgspec.structs.asdict(options))
    except RoadworthyError as error:
        raise UsageError(error.message, fix=error.fix) from error
    return made


def _detection(spec: ScorerSpec, detector_factory: DetectorFactory | None) -> Scorer:
    options = _read(spec, _DetectorOptions)
    if not options.detector:
        raise UsageError(
            "a detector scorer needs the detector's name",
            fix="options: {detector: pii}",
        )
    if detector_factory is None:
        raise UsageError(f"no detector can be made here, so {options.detector!r} cannot score")
    return Detection(
        spec.name or options.detector,
        detector_factory(options.detector, options.options),
        threshold=options.threshold,
        want=options.want,
        on=options.on,
    )


def _read(spec: ScorerSpec, options_type: type[_Made]) -> _Made:
    try:
        return msgspec.convert(spec.options, options_type)
    except msgspec.ValidationError as error:
        known = ", ".join(options_type.__struct_fields__) or "none"
        raise UsageError(
            f"scorer {spec.scorer}: {error}", fix=f"its options are: {known}"
        ) from error
