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


def test_one_look_for_all_rules_is_clear_only_where_each_finds_nothing() -> None:
    """It saves each rule its own look; a word that one of them would find is never passed over."""
    line = a_line(
        never=[
            NeverEvent(id=name, statement="s", rule=Rule(pattern=rule), inline=False)
            for name, rule in (
                ("pays", PatternRule(patterns=["we will pay", r"[0-9]{9}\b"])),
                ("asked", PatternRule(patterns=["secret"], on="both")),
            )
        ]
    )
    texts = ["", "no", "we will\npay", "we will pay", "1234567890", "no\n123456789\nno", "SECRET"]
    texts += ["\uff53ecret", "s\u200becret", "arg: \\u0073ecret", "se", "cret", "é secret"]
    cleared = 0
    for asked in texts:
        for output in texts:
            for calls in ("", "we will pay", "ok"):
                if not line.late_look.clear(input=asked, output=output, calls=calls):
                    continue
                cleared += 1
                for rule in line.late_rules:
                    checked = rule.check(
                        input=asked, output=output, context=OUTPUT, timer=lambda: 0.0, calls=calls
                    )
                    assert checked == (None, rule.passed)
    assert cleared > 20


def test_one_look_says_nothing_where_a_rule_is_no_shape() -> None:
    line = a_line(
        never=[
            NeverEvent(
                id="n", statement="s", rule=Rule(cel=CelRule(expression="false")), inline=False
            )
        ]
    )
    assert not line.late_look.clear(input="q", output="x", calls="")
