"""Whatever breaks, the rail closes; what was not checked is never reported as checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from doubles.rail_lines import (
    INPUT,
    OUTPUT,
    Broken,
    SteppingTimer,
    a_charter,
    a_guard,
    a_line,
    a_rail,
    answered,
)
from roadworthy.detectors import Normaliser, make_detector
from roadworthy.domain import (
    CelRule,
    DetectorError,
    Finding,
    JudgeRule,
    NeverEvent,
    Rail,
    Rails,
    Rule,
    TextContext,
)
from roadworthy.serving import RailLine


def a_cel(expression: str) -> NeverEvent:
    return NeverEvent(id="n", statement="s", rule=Rule(cel=CelRule(expression=expression)))


@pytest.mark.parametrize("action", ["block", "redact", "flag", "hold", "replace"])
def test_a_broken_detector_closes_the_rail(action: str) -> None:
    line = RailLine(inputs=[], outputs=[a_guard(Broken(), action)])  # type: ignore[arg-type]
    left, outcome = answered(line, "an answer")
    assert outcome.action == "blocked"
    assert outcome.text == ""
    assert action == "flag" or left == ""
    assert outcome.verdicts[0].outcome == "not_checked"
    assert outcome.verdicts[0].reason == "the model file is missing"


def test_a_broken_detector_closes_the_input_too() -> None:
    line = RailLine(inputs=[a_guard(Broken(), side="input")], outputs=[])
    outcome = line.check_input("a question", INPUT)
    assert (outcome.action, outcome.text) == ("blocked", "")


def test_a_detector_that_falls_over_closes_and_tells_no_text() -> None:
    line = RailLine(inputs=[], outputs=[a_guard(Broken(ValueError("jane@example.org")))])
    _, outcome = answered(line, "jane@example.org")
    assert outcome.action == "blocked"
    assert outcome.verdicts[0].reason == "the detector broke (ValueError)"


def test_an_open_rail_that_breaks_lets_pass_and_says_so() -> None:
    line = RailLine(inputs=[], outputs=[a_guard(Broken(), open=True)])
    _, outcome = answered(line, "an answer")
    assert (outcome.action, outcome.text) == ("answered", "an answer")
    assert outcome.verdicts[0].outcome == "not_checked"


def slow_line(**given: object) -> RailLine:
    rail = Rail(id="r", detector="deny", options={"words": ["fool"]}, budget_ms=5.0, **given)  # type: ignore[arg-type]
    return RailLine.compile(
        rails=Rails(rails=[rail]), charter=a_charter(), assets={}, timer=SteppingTimer(0.006)
    )


def test_a_rail_that_times_out_closes() -> None:
    output = slow_line().output(OUTPUT)
    assert output.feed("a kind beginning") == ""
    assert output.stopped
    outcome = output.finish()
    assert outcome.action == "blocked"
    assert outcome.verdicts[0].outcome == "not_checked"
    assert outcome.verdicts[0].reason == "over its budget of 5 ms"


def test_a_rail_that_times_out_closes_the_input() -> None:
    outcome = slow_line(on="input").check_input("a question", INPUT)
    assert (outcome.action, outcome.verdicts[0].outcome) == ("blocked", "not_checked")


def test_a_rail_that_times_out_open_passes_and_is_recorded() -> None:
    left, outcome = answered(slow_line(on_timeout="open"), "a kind answer")
    assert left + outcome.text == "a kind answer"
    assert outcome.action == "answered"
    assert outcome.verdicts[0].outcome == "not_checked"


def test_one_wait_for_the_processor_is_not_a_time_out() -> None:
    class OneHiccup:
        now, readings = 0.0, 0

        def __call__(self) -> float:
            self.readings += 1
            self.now += 1.0 if self.readings == 2 else 0.0
            return self.now

    guard = a_guard(make_detector("classifier", {"weights": {"weights": {}}}, {}), threshold=0.9)
    line = RailLine(inputs=[], outputs=[guard], timer=OneHiccup())
    _, outcome = answered(line, "an answer")
    assert (outcome.action, outcome.verdicts[0].outcome) == ("answered", "passed")


class Waits:
    """Takes far longer than its budget by the clock on the wall: asleep, or at work."""

    def __init__(self, take: Callable[[float], object]) -> None:
        self.take = take

    def detect(self, text: str, context: TextContext) -> list[Finding]:
        self.take(0.06)
        return []


def work(seconds: float) -> None:
    """Keep the processor busy."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_a_machine_that_is_always_busy_makes_no_time_out() -> None:
    line = RailLine(inputs=[a_guard(Waits(time.sleep), side="input")], outputs=[])
    outcome = line.check_input("a question", INPUT)
    assert (outcome.action, outcome.verdicts[0].outcome) == ("answered", "passed")


def test_a_look_that_itself_takes_too_long_is_a_time_out_on_any_machine() -> None:
    line = RailLine(inputs=[a_guard(Waits(work), side="input")], outputs=[])
    outcome = line.check_input("a question", INPUT)
    assert (outcome.action, outcome.verdicts[0].outcome) == ("blocked", "not_checked")


def test_not_checked_is_recorded_for_rails_that_another_one_outran() -> None:
    line = a_line(
        a_rail("deny", id="a", options={"words": ["stop"]}),
        a_rail("deny", "flag", id="b", options={"words": ["later"]}),
        a_rail("schema", "flag", id="c", options={"schema": {}}),
    )
    output = line.output(OUTPUT)
    output.feed("now stop here, ")
    assert output.stopped
    assert output.feed("and later") == ""
    verdicts = {verdict.rail: verdict for verdict in output.finish().verdicts}
    assert verdicts["a"].outcome == "block"
    assert verdicts["b"].outcome == "not_checked"
    assert verdicts["b"].reason == "stopped first by a"
    assert verdicts["c"].outcome == "not_checked"


def test_an_expression_that_raises_closes_and_counts_as_happened() -> None:
    line = a_line(never=[a_cel("context.score < 0.5")])
    _, outcome = answered(line, "an answer")
    assert outcome.action == "blocked"
    assert outcome.verdicts[0].outcome == "not_checked"
    assert [record.event for record in outcome.never] == ["n"]


def test_an_expression_that_is_not_a_yes_or_no_closes() -> None:
    _, outcome = answered(a_line(never=[a_cel("size(output)")]), "an answer")
    assert outcome.action == "blocked"
    assert "not true or false" in outcome.verdicts[0].reason


def test_a_confidence_that_nobody_measured_closes() -> None:
    _, outcome = answered(a_line(never=[a_cel("confidence < 0.5")]), "x", decision="a")
    assert outcome.action == "blocked"


def test_an_inline_judge_without_a_model_closes() -> None:
    event = NeverEvent(
        id="n", statement="s", rule=Rule(judge=JudgeRule(model="m", rubric="r")), inline=True
    )
    _, outcome = answered(a_line(never=[event]), "an answer")
    assert outcome.action == "blocked"
    assert outcome.verdicts[0].reason == "no judge is wired"
    assert outcome.never == ()


def test_a_detector_with_a_window_that_cannot_follow_a_stream_collects() -> None:
    line = RailLine(inputs=[], outputs=[a_guard(Broken(needs=10), open=True)])
    output = line.output(OUTPUT)
    assert output.feed("nothing leaves early") == ""
    assert line.collects == ("r",)


def test_a_text_that_is_not_unicode_is_looked_at_all_the_same() -> None:
    line = a_line(a_rail("deny", options={"words": ["fool"]}))
    left, outcome = answered(line, "half a smile \ud83d", " and a fool")
    assert outcome.action == "blocked"
    assert "fool" not in left


def test_a_sweep_that_cannot_look_leaves_every_guard_to_itself() -> None:
    class Exhausted:
        hunts = False

        def look(self, text: str) -> tuple[dict[int, list[int]], bool]:
            raise DetectorError("the pattern set ran out of memory")

    line = a_line(a_rail("deny", on="both", options={"words": ["fool"]}))
    line._flowing.sweep = Exhausted()  # type: ignore[union-attr,assignment]
    line._inputs._sweep = Exhausted()  # type: ignore[assignment]
    left, outcome = answered(line, "what a ", "fool", " he is")
    assert (outcome.action, left) == ("blocked", "what a ")
    assert line.check_input("a fool", INPUT).action == "blocked"
    assert line.clear_input(["a friend", "a fool"]) is None
    assert line.check_input("a friend", INPUT).verdicts[0].outcome == "passed"


def test_a_text_made_to_keep_the_rails_busy_is_closed_before_it_is_folded() -> None:
    line = a_line(a_rail("deny", on="both", options={"words": ["fool"]}))

    class Folds(Normaliser):
        def grow(self, *_: Any) -> Any:
            raise AssertionError("it was folded")

    line._inputs.normaliser = Folds()
    gaps = "a   " * 200_000
    outcome = line.check_input(gaps, INPUT)
    assert outcome.action == "blocked"
    assert outcome.verdicts[0].outcome == "not_checked"
    assert "budget" in outcome.verdicts[0].reason
    plain = line.check_input("caf\u00e9 and more of it, " * 50_000, INPUT)
    assert plain.verdicts[0].outcome == "passed"


def test_after_a_look_that_took_far_too_long_no_guard_looks_again() -> None:
    seconds = iter(range(1_000))
    line = a_line(a_rail("deny", on="both", options={"words": ["fool"]}))
    line._inputs.timer = lambda: float(next(seconds))
    outcome = line.check_input("a friend", INPUT)
    assert (outcome.action, outcome.verdicts[0].outcome) == ("blocked", "not_checked")
    assert next(seconds) < 6, "the sweep was timed, and no guard began"
