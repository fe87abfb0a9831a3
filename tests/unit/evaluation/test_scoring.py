from __future__ import annotations

import pytest

from doubles.answering import an_observation
from doubles.suites import a_case, a_content, a_suite, a_system
from roadworthy.domain import (
    DetectorError,
    Expect,
    Finding,
    RailVerdict,
    ScorerSpec,
    TextContext,
    UsageError,
)
from roadworthy.evaluation import Plan, Scoring, plan


class Finder:
    """The Detector port: finds its word, or breaks on `broken`."""

    name = "finder"
    needs = 20

    def __init__(self, word: str) -> None:
        self.word = word

    def detect(self, text: str, context: TextContext) -> list[Finding]:
        if text == "broken":
            raise DetectorError("cannot look")
        at = text.find(self.word)
        return [Finding(kind="word", start=at, end=at + len(self.word))] if at >= 0 else []


def finder(name: str, options: dict) -> Finder:
    return Finder(options["word"])


def scored(scorers: list[ScorerSpec], expect: Expect, **observed):
    case = a_case(1, expect=expect)
    found = planned(a_suite("all", [case], scorers=scorers))
    return Scoring(found, finder).scored(found.items[0], an_observation(**observed))


def planned(*suites) -> Plan:
    system = a_system(*suites)
    return plan(system, a_content(system))


def test_without_scorers_each_expectation_gets_its_own():
    found = scored(
        [],
        Expect(
            label="motor", text="motor", regex="mot", schema={"type": "string"}, action="answer"
        ),
        output="motor",
        decision="motor",
    )
    assert found.scores == {
        "label": 1.0, "exact": 1.0, "regex": 1.0, "schema": 0.0, "action": 1.0,
    }  # fmt: skip
    assert found.label == "motor"


def test_an_expectation_is_never_left_unread():
    found = scored([ScorerSpec(scorer="label")], Expect(label="a", action="block"), decision="a")
    assert found.scores == {"label": 1.0, "action": 0.0}


def test_contains_reads_the_text_in_the_place_of_exact():
    found = scored([ScorerSpec(scorer="contains")], Expect(text="42"), output="it is 42")
    assert found.scores == {"contains": 1.0}


def test_the_raw_output_is_scored_beside_the_released_one():
    found = scored(
        [ScorerSpec(scorer="detector", name="pii", options={"detector": "x",
                                                            "options": {"word": "DE"}})],
        Expect(text="<IBAN>", action="redact"),
        output="<IBAN>",
        raw_output="DE89",
        rails=(RailVerdict(rail="pii", side="output", outcome="redact"),),
    )  # fmt: skip
    assert found.scores == {
        "exact": 1.0, "pii": 1.0, "action": 1.0, "raw.exact": 0.0, "raw.pii": 0.0,
    }  # fmt: skip


def test_a_broken_scorer_makes_the_row_an_error_not_a_good_row():
    found = scored(
        [ScorerSpec(scorer="detector", options={"detector": "x", "options": {"word": "a"}})],
        Expect(text="broken"),
        output="broken",
    )
    assert found.status == "error"
    assert found.error == "not scored: cannot look"
    assert found.scores == {}


def test_an_error_row_is_not_scored():
    found = scored([], Expect(text=""), status="error", output="")
    assert found.scores == {}


def test_two_scorers_of_one_name_are_refused():
    with pytest.raises(UsageError, match="named 'exact'"):
        scored([ScorerSpec(scorer="exact")] * 2, Expect())
    named = [ScorerSpec(scorer="exact"), ScorerSpec(scorer="exact", name="loose")]
    assert scored(named, Expect(text="a"), output="a").scores == {"exact": 1.0, "loose": 1.0}


def test_suites_that_share_a_case_and_score_it_differently_are_refused():
    case = a_case(1)
    strict = a_suite("strict", [case], scorers=[ScorerSpec(scorer="exact")])
    loose = a_suite(
        "loose", [case], scorers=[ScorerSpec(scorer="exact", options={"ignore_case": True})]
    )
    with pytest.raises(UsageError, match="differently"):
        Scoring(planned(strict, loose))


def test_a_shared_case_is_scored_by_the_scorers_of_all_its_suites():
    case = a_case(1)
    one = a_suite("one", [case])
    two = a_suite("two", [case], scorers=[ScorerSpec(scorer="contains")])
    found = planned(one, two)
    row = Scoring(found).scored(found.items[0], an_observation(output="42!"))
    assert row.scores == {"exact": 0.0, "contains": 1.0}


@pytest.mark.parametrize(("group", "belongs"), [("", "c1"), ("group:acme", "group:acme")])
def test_the_row_of_a_grown_case_says_what_it_belongs_to(group: str, belongs: str):
    origin = {"generator": "typos", "of": "c1", **({"group": group} if group else {})}
    found = planned(a_suite("all", [a_case(1), a_case(2, origin=origin)]))
    rows = [Scoring(found).scored(item, an_observation()) for item in found.items]
    assert [row.attributes.get("grown_from") for row in rows] == [None, belongs]


@pytest.mark.parametrize("observed", [{"status": "error"}, {"output": "broken"}])
def test_a_row_without_an_answer_says_which_scores_it_would_have_had(observed):
    specs = [
        ScorerSpec(scorer="detector", options={"detector": "finder", "options": {"word": "x"}}),
        ScorerSpec(
            scorer="rubric", name="polite", options={"question": "Polite?", "levels": ["no", "yes"]}
        ),
    ]
    row = scored(specs, Expect(text="a", absent="b"), **observed)
    assert (row.status, row.scores) == ("error", {})
    assert set(row.attributes["due"]) == {"finder", "polite", "exact", "absent"}
    assert "due" not in scored(specs, Expect(text="a"), output="a").attributes
    assert "polite" not in scored(specs, Expect(action="block"), **observed).attributes["due"]
