"""Rail lines for tests, and detectors that misbehave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roadworthy.domain import (
    Charter,
    DetectorError,
    Endpoint,
    Finding,
    Needs,
    NeverEvent,
    Rail,
    RailAction,
    Rails,
    TextContext,
    Use,
)
from roadworthy.serving import Guard, RailLine, RailOutcome

OUTPUT = TextContext(side="output", input="the question")
INPUT = TextContext(side="input")


def a_charter(*never: NeverEvent) -> Charter:
    return Charter(
        system="s",
        title="S",
        owners={},
        human_goal="g",
        use=Use(intended_purpose="p"),
        endpoints=[Endpoint(id="e", fallback="f")],
        never=list(never),
    )


def a_line(*rails: Rail, never: Sequence[NeverEvent] = (), assets: Any = None) -> RailLine:
    return RailLine.compile(
        rails=Rails(rails=list(rails)),
        charter=a_charter(*never),
        assets=assets or {},
        timer=lambda: 0.0,
    )


def a_rail(detector: str, action: RailAction = "block", **given: Any) -> Rail:
    options = given.pop("options", {})
    given.setdefault("id", "r")
    given.setdefault("on", "output")
    return Rail(detector=detector, action=action, options=options, **given)


def answered(
    line: RailLine, *pieces: str, decision: str = "", confidence: float | None = None
) -> tuple[str, RailOutcome]:
    """What left before the end, and the outcome."""
    output = line.output(OUTPUT)
    left = "".join(output.feed(piece) for piece in pieces)
    return left, output.finish(decision, confidence)


class Broken:
    """A detector that cannot look."""

    name = "broken"

    def __init__(self, error: Exception | None = None, needs: Needs = "whole") -> None:
        self.needs = needs
        self.error = error or DetectorError("the model file is missing")

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        raise self.error


class SteppingTimer:
    """A timer on which every reading is `step_s` later than the one before."""

    def __init__(self, step_s: float) -> None:
        self.step_s = step_s
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self.step_s
        return self.now


def a_guard(detector: Any, action: RailAction = "block", **given: Any) -> Guard:
    given.setdefault("rail", "r")
    given.setdefault("side", "output")
    return Guard(detector=detector, action=action, **given)
