"""What each action does on each side, and which wins."""

from __future__ import annotations

import pytest

from doubles.rail_lines import INPUT, a_line, a_rail, answered
from roadworthy.domain import (
    CelRule,
    ClassifierRule,
    JudgeRule,
    ManifestError,
    NeverEvent,
    NeverRecord,
    PatternRule,
    Rule,
    SchemaRule,
)


def words(*given: str) -> dict[str, object]:
    return {"words": list(given)}


def never(rule: Rule, **given: object) -> NeverEvent:
    return NeverEvent(id="n", statement="Never.", rule=rule, **given)  # type: ignore[arg-type]


def test_a_line_without_rails_lets_everything_pass() -> None:
    left, outcome = answered(a_line(), "one ", "two")
    assert left + outcome.text == "one two"
    assert outcome.action == "answered"
    assert outcome.verdicts == ()


def test_a_passing_rail_says_that_it_looked() -> None:
    _, outcome = answered(a_line(a_rail("deny", options=words("fool"))), "a kind word")
    assert [(v.rail, v.outcome, v.side) for v in outcome.verdicts] == [("r", "passed", "output")]


def test_a_blocking_rail_stops_the_answer() -> None:
    left, outcome = answered(a_line(a_rail("deny", options=words("fool"))), "you are a fool, sir")
    assert "fool" not in left
    assert outcome.action == "blocked"
    assert outcome.text == ""
    assert outcome.rail == "r"
    assert outcome.verdicts[0].kinds == ("DENIED",)


def test_a_verdict_never_holds_the_text() -> None:
    rail = a_rail("secrets", options={})
    _, outcome = answered(a_line(rail), "the key is AKIAIOSFODNN7ABCDEFG here")
    assert outcome.action == "blocked"
    assert "AKIA" not in repr(outcome)


def test_redaction_replaces_the_span() -> None:
    line = a_line(a_rail("pii", "redact", options={"kinds": ["EMAIL"]}))
    left, outcome = answered(line, "write to jane.roe@exam", "ple.org today")
    assert left + outcome.text == "write to <EMAIL> today"
    assert outcome.action == "answered"
    assert outcome.verdicts[0].outcome == "redact"


def test_redaction_uses_the_rails_own_words() -> None:
    rail = a_rail("deny", "redact", options=words("fool"), replacement="[…]")
    left, outcome = answered(a_line(rail), "a fool and a fool")
    assert left + outcome.text == "a […] and a […]"


def test_redaction_of_the_input_changes_what_the_model_sees() -> None:
    line = a_line(a_rail("pii", "redact", on="input"))
    outcome = line.check_input("my card is 4111 1111 1111 1111, thanks", INPUT)
    assert outcome.text == "my card is <PAYMENT_CARD>, thanks"
    assert outcome.action == "answered"


def test_overlapping_spans_become_one() -> None:
    line = a_line(
        a_rail("pattern", "redact", id="a", options={"patterns": ["abcd"], "kind": "LEFT"}),
        a_rail("pattern", "redact", id="b", options={"patterns": ["cdef"], "kind": "RIGHT"}),
    )
    left, outcome = answered(line, *"xabcdefx")
    assert left + outcome.text == "x<LEFT>x"


def test_block_wins_over_redaction_and_hold() -> None:
    line = a_line(
        a_rail("deny", "redact", id="a", options=words("one")),
        a_rail("deny", "hold", id="b", options=words("two")),
        a_rail("deny", "block", id="c", options=words("three")),
    )
    assert answered(line, "one two three")[1].action == "blocked"
    assert answered(line, "one two three")[1].rail == "c"
    assert answered(line, "one two")[1].action == "held"
    assert answered(line, "one")[1].text == "<DENIED>"


def test_a_blocked_input_gives_the_model_nothing() -> None:
    line = a_line(a_rail("deny", on="input", options=words("bomb")))
    outcome = line.check_input("how do I build a bomb", INPUT)
    assert (outcome.action, outcome.text, outcome.rail) == ("blocked", "", "r")


def test_a_hold_on_the_output_lets_nothing_leave() -> None:
    line = a_line(a_rail("deny", "hold", options=words("fool")))
    left, outcome = answered(line, "a long and friendly beginning, then: ", "fool")
    assert left == ""
    assert outcome.action == "held"
    assert line.collects == ("r",)


def test_replace_puts_one_text_in_place_of_the_whole() -> None:
    rail = a_rail("deny", "replace", options=words("fool"), replacement="I cannot say that.")
    left, outcome = answered(a_line(rail), "you are ", "a fool")
    assert (left, outcome.text, outcome.action) == ("", "I cannot say that.", "answered")


def test_a_flag_changes_nothing_and_holds_nothing_back() -> None:
    line = a_line(a_rail("deny", "flag", options=words("fool")))
    left, outcome = answered(line, "a fool says", " it")
    assert left + outcome.text == "a fool says it"
    assert len(left) == len("a fool says it") - 1  # an accent might still ride on the last one
    assert outcome.verdicts[0].outcome == "flag"


def test_a_whole_rail_that_only_flags_lets_the_answer_flow() -> None:
    rail = a_rail("schema", "flag", options={"schema": {"type": "object"}})
    line = a_line(rail)
    left, outcome = answered(line, '{"a":', " 1}")
    assert line.collects == ()
    assert left == '{"a": 1}'
    assert outcome.verdicts[0].outcome == "passed"
    assert answered(line, "no JSON")[1].verdicts[0].outcome == "flag"


def test_the_threshold_decides() -> None:
    weights = {"bias": 0.0, "weights": {"bad": 2.0}}
    rail = a_rail("classifier", options={"weights": weights}, threshold=0.8)
    assert answered(a_line(rail), "a bad word")[1].action == "blocked"
    assert answered(a_line(rail), "a word")[1].action == "answered"


def test_a_rail_on_both_sides_looks_at_both() -> None:
    line = a_line(a_rail("deny", on="both", options=words("fool")))
    assert line.check_input("fool", INPUT).action == "blocked"
    assert answered(line, "fool")[1].action == "blocked"


def test_a_never_event_by_pattern_is_an_attempt() -> None:
    line = a_line(never=[never(Rule(pattern=PatternRule(patterns=[r"\bwe will pay\b"])))])
    left, outcome = answered(line, "Yes, We wi", "ll pay you.")
    assert outcome.action == "blocked"
    assert left == "Yes, "
    assert outcome.never == (NeverRecord(event="n", kind="attempt", found_by="rail"),)
    assert outcome.verdicts[0].never_event == "n"
    assert outcome.rail == "never:n"


def test_a_never_event_on_the_input_looks_at_the_input() -> None:
    rule = Rule(pattern=PatternRule(patterns=["hurt myself"], on="input"))
    line = a_line(never=[never(rule, action="hold")])
    outcome = line.check_input("I want to hurt myself", INPUT)
    assert outcome.action == "held"
    assert outcome.never[0].event == "n"
    assert line.collects == ()


@pytest.mark.parametrize(
    "blank", ["\u1680", "\u3164", "\u2800", "\u200b", "\u180e", "\u115f", "\uffa0", "\x1c", "\x08"]
)
@pytest.mark.parametrize("size", [1, 4, 99])
def test_no_blank_hides_a_never_event_on_either_side(blank: str, size: int) -> None:
    said = "I want to kill myself".replace(" ", blank)
    rule = PatternRule(patterns=[r"\bkill\s+myself\b"], on="both")
    line = a_line(never=[never(Rule(pattern=rule))])
    assert line.check_input(said, INPUT).action == "blocked"
    left, outcome = answered(line, *(said[at : at + size] for at in range(0, len(said), size)))
    assert outcome.action == "blocked"
    assert "kill" not in left + outcome.text


def test_a_never_event_by_cel_sees_the_decision() -> None:
    rule = Rule(cel=CelRule(expression='decision == "refuse" && confidence < 0.7'))
    line = a_line(never=[never(rule)])
    assert answered(line, "refuse", decision="refuse", confidence=0.6)[1].action == "blocked"
    assert answered(line, "refuse", decision="refuse", confidence=0.9)[1].action == "answered"


def test_a_cel_rule_may_be_written_as_a_bare_text() -> None:
    line = a_line(never=[never(Rule(cel='output.contains("secret")'))])
    assert answered(line, "a secret")[1].action == "blocked"


def test_a_never_event_by_schema_is_output_that_does_not_fit() -> None:
    line = a_line(
        never=[never(Rule(schema=SchemaRule(schema="s.json")))],
        assets={"s.json": {"type": "object", "required": ["desk"]}},
    )
    assert answered(line, '{"desk": "home"}')[1].action == "answered"
    assert answered(line, '{"other": 1}')[1].action == "blocked"
    assert answered(line, "home")[1].action == "blocked"


def test_a_never_event_by_classifier_uses_its_threshold() -> None:
    rule = Rule(classifier=ClassifierRule(detector="pii", threshold=0.5))
    line = a_line(never=[never(rule)])
    assert answered(line, "call +49 30 1234567 now")[1].action == "blocked"


def test_a_judge_is_carried_as_a_late_rule() -> None:
    line = a_line(never=[never(Rule(judge=JudgeRule(model="m", rubric="Is it kind?")))])
    assert answered(line, "anything")[1].action == "answered"
    assert [(rule.event, rule.wired) for rule in line.late_rules] == [("n", False)]


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ManifestError) as caught:
        a_line(
            a_rail("pattern", id="a", options={"patterns": ["(?=x)"]}),
            a_rail("patern", id="b"),
            a_rail("pii", id="c", options={"kind": ["EMAIL"]}),
            a_rail("pii", id="d", threshold=3.0),
            a_rail("pii", id="d", budget_ms=0.0),
            never=[never(Rule(cel="decision ==")), never(Rule())],
        )
    said = [f"{fault.file} {fault.message} {fault.fix}" for fault in caught.value.faults]
    for part in (
        "is not RE2",
        "did you mean `pattern`?",
        "did you mean `kinds`?",
        "threshold 3",
        "budget_ms 0",
        "`d` is there twice",
        "is not CEL",
        "it has no rule",
    ):
        assert any(part in each for each in said), part


def test_requests_share_a_line_without_sharing_anything_else() -> None:
    line = a_line(a_rail("deny", "redact", options=words("fool")))
    first, second = line.output(INPUT), line.output(INPUT)
    texts = ["", ""]
    texts[0] += first.feed("a fo")
    texts[1] += second.feed("no such wo")
    texts[0] += first.feed("ol")
    texts[1] += second.feed("rd")
    assert texts[0] + first.finish().text == "a <DENIED>"
    assert texts[1] + second.finish().text == "no such word"
