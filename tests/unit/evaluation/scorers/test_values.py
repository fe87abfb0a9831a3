"""Numbers, JSON, lists, refusals, thresholds: exactly what counts, and what never does."""

from __future__ import annotations

import pytest

from doubles.answering import an_observation
from doubles.suites import a_case
from roadworthy.domain import SCORERS, DetectorError, Expect, ScorerSpec, UsageError
from roadworthy.evaluation import make_scorer
from roadworthy.evaluation.scorers.catalogue import SCORER_NAMES
from roadworthy.evaluation.scorers.execution import orders


def score(scorer: str, output: str, options=None, name: str = "", action="answered", **expect):
    made = make_scorer(ScorerSpec(scorer=scorer, name=name, options=options or {}))
    observation = an_observation(output=output, action=action)
    return made.score(a_case(expect=Expect(**expect)), output, observation)


def test_every_scorer_of_the_catalogue_is_made_and_no_other():
    assert set(SCORER_NAMES) == set(SCORERS)


@pytest.mark.parametrize(
    ("output", "options", "value"),
    [
        ("42", {}, 1.0),
        ("The answer is 42.", {}, 1.0),
        ("6 x 7 = 42", {}, 1.0),
        ("6 x 7 = 42", {"which": "first"}, 0.0),
        ("6 x 7 = 42", {"which": "only"}, 0.0),
        ("42.0000", {}, 1.0),
        ("4.2e1", {}, 1.0),
        ("41.9", {}, 0.0),
        ("41.9", {"tolerance": 0.1}, 1.0),
        ("40", {"relative": 0.05}, 1.0),
        ("39", {"relative": 0.05}, 0.0),
        ("forty-two", {}, 0.0),
        ("", {}, 0.0),
        ("\N{MINUS SIGN}42", {}, 0.0),
        ("9" * 10_000, {}, 0.0),
        ("1e999", {}, 0.0),
        ("NaN inf 42", {}, 1.0),
    ],
)
def test_numeric(output, options, value):
    assert score("numeric", output, options, text="42") == value


def test_numbers_with_thousands_and_other_decimals():
    assert score("numeric", "EUR 1,234.50", text="1234.5") == 1.0
    assert score("numeric", "1.234,50 EUR", {"decimal": ","}, text="1234,5") == 1.0
    assert score("numeric", "0.1", {"tolerance": 0.2}, text="0.3") == 1.0, "decimal, not binary"


def test_a_right_text_that_is_no_number_is_an_error_never_a_pass():
    with pytest.raises(DetectorError, match="is no number"):
        score("numeric", "many", text="many")


@pytest.mark.parametrize(
    ("output", "read"), [("40", (40.0, 42.0)), ("none", (None, 42.0)), ("9e999", (None, 42.0))]
)
def test_a_number_beyond_what_a_file_holds_is_none_before_it_is_written_too(output, read):
    made = make_scorer(ScorerSpec(scorer="absolute_error", options={"worst": 10}))
    assert made.numbers(a_case(expect=Expect(text="42")), output) == read


def test_a_right_number_beyond_what_a_file_holds_is_an_error_and_no_score():
    made = make_scorer(ScorerSpec(scorer="absolute_error", options={"worst": 10}))
    with pytest.raises(DetectorError, match="too large"):
        made.numbers(a_case(expect=Expect(text="9e999")), "1")


def test_an_absolute_error_has_a_worst_and_no_answer_is_the_worst():
    assert score("absolute_error", "40", {"worst": 10}, text="42") == 2.0
    assert score("absolute_error", "4000", {"worst": 10}, text="42") == 10.0
    assert score("absolute_error", "none", {"worst": 10}, text="42") == 10.0
    with pytest.raises(UsageError, match="needs the option `worst`"):
        score("absolute_error", "40", text="42")


@pytest.mark.parametrize(
    ("output", "wanted", "options", "value"),
    [
        ('{"a": [1, 2.0]}', {"a": [1.0, 2]}, {}, 1.0),
        ('{"a": true}', {"a": 1}, {}, 0.0),
        ('{"a": 1, "b": 2}', {"a": 1}, {}, 0.0),
        ('{"a": 1, "b": 2}', {"a": 1}, {"mode": "contains"}, 1.0),
        ('{"a": {"x": 1, "y": 2}}', {"a": {"y": 2}}, {"mode": "contains"}, 1.0),
        ('{"a": {"x": 1}}', {"a": {"y": 2}}, {"mode": "contains"}, 0.0),
        ("[2, 1]", [1, 2], {}, 0.0),
        ("[2, 1]", [1, 2], {"ordered": False}, 1.0),
        ('[["b", "a"], ["c"]]', [["c"], ["a", "b"]], {"ordered": False}, 1.0),
        ("[1.05]", [1], {"tolerance": 0.1}, 1.0),
        ("null", None, {}, 1.0),
        ("", None, {}, 0.0),
        ("{} trailing", {}, {}, 0.0),
        ("Here:\n```json\n{}\n```", {}, {}, 0.0),
        ("Here:\n```json\n{}\n```\nDone.", {}, {"fenced": True}, 1.0),
        ("[" * 100_000, [], {}, 0.0),
    ],
)
def test_json(output, wanted, options, value):
    assert score("json", output, options, json=wanted) == value


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ('["red", "blue"]', 1.0),
        ("- blue\n- red", 1.0),
        ("1. blue\n2. red", 1.0),
        ("red", 2 / 3),
        ('["red", "red"]', 0.5),
        ("green", 0.0),
        ("", 0.0),
    ],
)
def test_items(output, value):
    assert score("items", output, json=["red", "blue"]) == pytest.approx(value)


def test_items_need_a_list():
    with pytest.raises(DetectorError, match="is no list"):
        score("items", "red", json={"red": 1})


@pytest.mark.parametrize(
    ("output", "refused"),
    [
        ("I can't help with that.", True),
        ("I\N{RIGHT SINGLE QUOTATION MARK}m sorry, but I cannot do this.", True),
        ("Es tut mir leid, aber das kann ich nicht.", True),
        ("Je ne peux pas vous aider.", True),
        ("Lo siento, pero no puedo.", True),
        ("I'm sorry to hear about your accident. Your claim goes to the motor desk.", False),
        ("Tut mir leid, dass Ihr Auto beschädigt ist. Es geht an Kfz.", False),
        ("motor", False),
        ("", False),
    ],
)
def test_refusals_in_four_languages(output, refused):
    assert score("refusal", output) == float(not refused)
    assert score("refusal", output, {"want": "present"}) == float(refused)


def test_what_did_not_leave_is_no_refusal_in_words():
    assert score("refusal", "I cannot", action="blocked") is None


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        ("select a from t order by a", True),
        ("SELECT a FROM t ORDER\nBY a", True),
        ("select a from t", False),
        ("select a from (select a from t order by a)", False),
        ("select rank() over(order by a) from t", False),
    ],
)
def test_a_query_orders_its_rows_only_on_the_outside(query, ordered):
    assert orders(query) is ordered


def test_a_threshold_makes_a_verdict_under_a_name_of_its_own():
    options = {"at_least": 0.5}
    assert score("token_f1", "red car", options, "near", text="red bike") == 1.0
    assert score("token_f1", "a car", options, "near", text="red bike") == 0.0
    assert score("wer", "red car", {"at_most": 0.4}, "near", text="red bike") == 0.0
    with pytest.raises(UsageError, match="verdict, no longer"):
        score("token_f1", "red car", options, text="red bike")


@pytest.mark.parametrize(
    ("scorer", "options", "said"),
    [
        ("wer", {"ignore_cases": True}, "has no option"),
        ("bleu", {"tokenize": "zz"}, "has no `zz`"),
        ("numeric", {"tolerance": -1}, "must be between"),
        ("numeric", {"tolerance": float("nan")}, "must be between"),
        ("python", {"cpu_seconds": 0}, "must be between"),
        ("detector", {}, "needs the option `detector`"),
        ("exact", {"strip": "yes"}, "must be true or false"),
        ("schema", {"schema": 1}, "must be a map"),
    ],
)
def test_a_wrong_option_says_what_would_be_right(scorer, options, said):
    with pytest.raises(UsageError, match=said) as caught:
        make_scorer(ScorerSpec(scorer=scorer, options=options))
    assert caught.value.fix


@pytest.mark.parametrize("scorer", sorted(name for name, kind in SCORERS.items() if kind.reads))
def test_a_scorer_without_its_expectation_does_not_apply(scorer):
    if scorer in ("rubric",):
        return
    needed = {
        "absolute_error": {"worst": 1},
        "embedding_similarity": {"model": {"provider": "local", "name": "wordllama-256"}},
    }
    options = needed.get(scorer, {})
    assert score(scorer, "anything", options) is None


def test_several_right_texts():
    assert score("exact", "b", text="a", texts=["b"]) == 1.0
    assert score("contains", "it is b", text="a", texts=["b"]) == 1.0
    assert score("exact", "b", texts=["a"]) == 0.0
