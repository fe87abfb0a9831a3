"""`check` says which rails make a stream wait, and how long."""

from __future__ import annotations

from doubles.rail_lines import a_line, a_rail
from roadworthy.domain import JudgeRule, Model, NeverEvent, Rule
from roadworthy.serving import RailExplanation, RailLine, explain_rails


def explained(line: RailLine) -> dict[str, RailExplanation]:
    return {row.rail: row for row in explain_rails(line)}


def test_each_kind_of_waiting_is_told() -> None:
    judged = Rule(judge=JudgeRule(model="m", rubric="r"))
    pinned = Model(provider="openai_compatible", name="m", version="1")
    wired = Rule(judge=JudgeRule(model=pinned, rubric="r"))
    rows = explained(
        a_line(
            a_rail("pattern", id="word", options={"patterns": [r"\b[a-z]{30}\b"]}),
            a_rail("pattern", id="window", options={"patterns": ["a.c"]}),
            a_rail("pattern", id="endless", options={"patterns": ["a.*c"]}),
            a_rail("pattern", id="anchored", options={"patterns": ["^abc"]}),
            a_rail("deny", "hold", id="held", options={"words": ["fool"]}),
            a_rail("pii", "flag", id="flag"),
            a_rail("schema", "flag", id="late flag", options={"schema": {}}),
            never=[
                NeverEvent(id="j", statement="s", rule=judged, inline=True),
                NeverEvent(id="k", statement="s", rule=judged),
                NeverEvent(id="w", statement="s", rule=wired),
            ],
        )
    )
    begins = "holds back what a match may begin with, at most"
    assert rows["word"].note == f"{begins} 31 characters"
    assert rows["window"].note == f"{begins} 4 characters"
    assert rows["window"].holds_back == 4
    assert rows["endless"].collects and rows["anchored"].collects
    assert rows["endless"].holds_back == 0
    assert "needs the whole answer" in rows["held"].note
    assert rows["flag"].note == "only flags, so nothing is held back"
    assert not rows["late flag"].collects
    assert rows["never:j"].collects and "every answer is blocked" in rows["never:j"].note
    assert rows["never:k"].note == "not checked: no judge is wired"
    assert rows["never:w"].note == "looked at by a judge right after the answer left"


def test_a_line_without_whole_rails_collects_nothing() -> None:
    line = a_line(a_rail("pii", "redact"), a_rail("secrets", id="s"))
    assert line.collects == ()
    assert not any(row.collects for row in explain_rails(line))
