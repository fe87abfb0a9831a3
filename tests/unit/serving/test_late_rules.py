"""Never events looked at after the answer left."""

from __future__ import annotations

from doubles.rail_lines import OUTPUT, a_line, answered
from roadworthy.domain import CelRule, JudgeRule, NeverEvent, PatternRule, Rule
from roadworthy.serving import LateRule


def late(rule: Rule) -> LateRule:
    line = a_line(never=[NeverEvent(id="n", statement="s", rule=rule, inline=False)])
    assert answered(line, "we will pay")[1].action == "answered"
    return line.late_rules[0]


def check(rule: LateRule, output: str) -> tuple[bool, list[str]]:
    record, verdicts = rule.check(input="q", output=output, context=OUTPUT, timer=lambda: 0.0)
    if record is not None:
        assert (record.event, record.kind, record.found_by) == ("n", "violation", "late_rule")
    return record is not None, [verdict.outcome for verdict in verdicts]


def test_a_late_pattern_finds_a_violation() -> None:
    rule = late(Rule(pattern=PatternRule(patterns=["we will pay"])))
    assert check(rule, "yes, we will pay") == (True, ["block"])
    assert check(rule, "no") == (False, ["passed"])
    assert (rule.kind, rule.wired) == ("pattern", True)


def test_a_late_pattern_on_both_sides_looks_at_both() -> None:
    rule = late(Rule(pattern=PatternRule(patterns=["q"], on="both")))
    assert check(rule, "no") == (True, ["block", "passed"])


def test_a_late_expression_that_raises_counts_as_happened() -> None:
    rule = late(Rule(cel=CelRule(expression="context.missing == 1")))
    assert check(rule, "x") == (True, ["not_checked"])


def test_a_judge_without_a_model_says_not_checked() -> None:
    rule = late(Rule(judge=JudgeRule(model="m", rubric="r")))
    assert check(rule, "x") == (False, ["not_checked"])
    assert not rule.wired
