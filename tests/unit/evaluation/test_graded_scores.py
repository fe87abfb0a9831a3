"""Scores of degree in a run: no verdict passes or fails by them, and nothing withheld gains."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from doubles.answering import CountingTarget, an_observation
from doubles.suites import a_case, a_content, a_suite, a_system
from roadworthy.domain import Expect, ScorerSpec, UsageError, score_grades, verdicts_of
from roadworthy.evaluation import (
    Item,
    RunFile,
    Scoring,
    Seal,
    compare_all,
    passed,
    plan,
    run,
)
from roadworthy.evaluation.plan import case_digest


def scoring_of(*scorers: str, case=None, **options: object) -> tuple[Scoring, Item]:
    specs = [ScorerSpec(scorer=name, options=options) for name in scorers]
    suite = a_suite(cases=[case or a_case(1, expect=Expect(text="red car"))], scorers=specs)
    system = a_system(suite)
    planned = plan(system, a_content(system))
    return Scoring(planned), planned.items[0]


def row(*scorers: str, output: str, case=None, **fields: object):
    scoring, item = scoring_of(*scorers, case=case)
    return scoring.scored(item, an_observation(output=output, **fields))


def test_a_perfect_error_rate_fails_no_case_and_a_good_bleu_passes_none():
    scored = row("wer", "token_f1", "contains", output="red car")
    assert scored.scores == {"wer": 0.0, "token_f1": 1.0, "contains": 1.0}
    assert score_grades(scored) == {"wer": "down", "token_f1": "up"}
    assert verdicts_of(scored) == [1.0]
    assert passed(scored) is True
    assert passed(row("wer", output="blue")) is None, "nothing that is a verdict judged it"


@pytest.mark.parametrize("action", ["blocked", "held", "fallback"])
def test_what_did_not_leave_has_no_good_score_up_or_down(action: str):
    scored = row("wer", "ter", "token_f1", "exact", output="red car", action=action)
    assert scored.scores == {"wer": 1.0, "ter": 1.0, "token_f1": 0.0, "exact": 0.0}


def test_what_did_not_leave_is_not_executed_and_not_right():
    case = a_case(1, expect=Expect(tests="assert add(1, 2) == 3"))
    scored = row(output="def add(a, b):\n    return a + b", case=case, action="held")
    assert scored.scores == {"python": 0.0}


def test_expectations_of_code_sql_and_json_are_never_left_unread():
    scoring, item = scoring_of(case=a_case(1, expect=Expect(json={"a": 1})))
    assert scoring.scored(item, an_observation(output='{"a": 2}')).scores == {"json": 0.0}
    for expect in (Expect(tests="assert f() == 1"), Expect(sql="select 1", setup="select 1")):
        scoring, item = scoring_of(case=a_case(1, expect=expect))
        assert scoring.waits(item)
        assert list(scoring.scored(item, an_observation(output="")).scores.values()) == [0.0]


def test_tests_that_judge_nothing_make_the_row_an_error_never_a_good_one():
    case = a_case(1, expect=Expect(tests="assert True"))
    scored = row(output="def f(): pass", case=case)
    assert scored.status == "error"
    assert scored.error.startswith("not scored: not ")
    assert scored.scores == {}


def test_a_score_of_degree_has_no_share_of_right_cases_to_compare():
    rows = [row("wer", "contains", output="red car")]
    assert [each.score for each in compare_all(rows, rows)] == ["", "contains"]


def test_code_runs_beside_the_loop_and_plain_scores_in_it(tmp_path: Path):
    """What waits for other processes is scored in a thread; nothing else leaves the loop."""
    seen: dict[str, str] = {}

    class Watching(Scoring):
        def scored(self, item, observation):
            seen[item.case.id] = threading.current_thread().name
            return super().scored(item, observation)

    cases = [a_case(1), a_case(2, expect=Expect(tests="assert f() == 1"))]
    system = a_system(a_suite(cases=cases))
    planned = plan(system, a_content(system))
    with RunFile(tmp_path / "r.jsonl", planned, seal=Seal("ours", b"s" * 32)) as file:
        asyncio.run(run(planned, CountingTarget(""), runfile=file, scoring=Watching(planned)))
    assert seen["c1"] == threading.main_thread().name
    assert seen["c2"] != threading.main_thread().name


def test_new_expectations_are_in_no_digest_until_they_are_used():
    bare = case_digest(a_case(1))
    assert case_digest(a_case(1, expect=Expect(text="42"))) == bare
    assert case_digest(a_case(1, expect=Expect(text="42", texts=["43"]))) != bare
    assert case_digest(a_case(1, expect=Expect(text="42", json={"a": 0.5}))) != bare


def test_a_missing_library_says_what_to_install():
    from roadworthy.evaluation.scorers.corpus_metrics import text_extra

    with pytest.raises(UsageError, match="nothing_of_that_name") as caught:
        text_extra("nothing_of_that_name")
    assert caught.value.fix == "pip install 'roadworthy[text]'"


def test_a_suites_reducer_that_counts_passes_leaves_degrees_alone():
    specs = [ScorerSpec(scorer="wer"), ScorerSpec(scorer="contains")]
    suite = a_suite(cases=[a_case(1)], scorers=specs, repeats=3, reduce="pass_hat(2)")
    system = a_system(suite)
    planned = plan(system, a_content(system))
    scored = Scoring(planned).scored(planned.items[0], an_observation(output="42"))
    assert scored.attributes["reduce"]["contains"] == "pass_hat(2)"
    assert "wer" not in scored.attributes["reduce"]
