from __future__ import annotations

import pytest

from doubles.answering import an_observation
from doubles.suites import a_case
from roadworthy.domain import DetectorError, Expect, RailVerdict, ScorerSpec, UsageError
from roadworthy.evaluation import make_scorer, text_of


def score(scorer: str, output: str, options=None, observed=None, **expect) -> float | None:
    made = make_scorer(ScorerSpec(scorer=scorer, options=options or {}))
    observation = an_observation(output=output, **(observed or {}))
    return made.score(a_case(1, expect=Expect(**expect)), output, observation)


@pytest.mark.parametrize(
    ("output", "expected", "options", "value"),
    [
        ("42", "42", {}, 1.0),
        (" 42\n", "42", {}, 1.0),
        (" 42\n", "42", {"strip": False}, 0.0),
        ("STRASSE", "straße", {"ignore_case": True}, 1.0),
        ("Yes", "yes", {}, 0.0),
        ('{"b": 1, "a": [2]}', '{"a":[2],"b":1.0}', {"json": True}, 1.0),
        ('{"a": true}', '{"a": 1}', {"json": True}, 0.0),
        ("no json", "{}", {"json": True}, 0.0),
        ("", "", {}, 1.0),
    ],
)
def test_exact(output, expected, options, value):
    assert score("exact", output, options, text=expected) == value


@pytest.mark.parametrize(
    ("output", "options", "value"),
    [
        ("the answer is 42.", {}, 1.0),
        ("the answer is 43.", {}, 0.0),
        ("42 and more", {"all": ["more"]}, 1.0),
        ("42", {"all": ["more"]}, 0.0),
        ("42 sorry", {"none": ["Sorry"], "ignore_case": True}, 0.0),
    ],
)
def test_contains(output, options, value):
    assert score("contains", output, options, text="42") == value


def test_contains_by_its_options_alone():
    assert score("contains", "fine", {"none": ["sorry"]}) == 1.0


@pytest.mark.parametrize(
    ("output", "options", "value"),
    [
        ("claim AB-12 filed", {}, 1.0),
        ("claim AB-12 filed", {"whole": True}, 0.0),
        ("ab-12", {"ignore_case": True}, 1.0),
        ("ab-12", {}, 0.0),
        ("nothing", {"absent": True}, 1.0),
    ],
)
def test_regex(output, options, value):
    assert score("regex", output, options, regex=r"[A-Z]{2}-\d+") == value


def test_a_pattern_that_is_no_re2_is_an_error_with_the_reason():
    with pytest.raises(DetectorError, match="not an RE2 pattern"):
        score("regex", "aa", regex=r"(a)\1")
    with pytest.raises(UsageError, match="not an RE2 pattern"):
        make_scorer(ScorerSpec(scorer="regex", options={"pattern": "(?=a)"}))


def test_a_hostile_pattern_takes_no_time():
    assert score("regex", "a" * 50_000 + "b", regex=r"(a+)+$") == 0.0


@pytest.mark.parametrize(
    ("output", "value"),
    [('{"desk": "motor"}', 1.0), (' {"desk": "motor"}\n', 1.0), ('{"desk": 1}', 0.0),
     ("motor", 0.0), ("", 0.0), ('{"desk": "motor"} trailing', 0.0)],
)  # fmt: skip
def test_schema(output, value):
    schema = {"type": "object", "properties": {"desk": {"type": "string"}}, "required": ["desk"]}
    assert score("schema", output, schema=schema) == value
    assert score("schema", output, {"schema": schema}) == value


def test_a_schema_that_is_none_is_an_error():
    with pytest.raises(DetectorError, match="schema is not valid"):
        score("schema", "{}", schema={"type": "nonsense"})


@pytest.mark.parametrize(
    ("output", "observed", "value"),
    [
        ("motor", {"decision": "motor"}, 1.0),
        ("motor", {"decision": "home"}, 0.0),
        (" motor ", {}, 1.0),
        ("sorry", {"decision": "motor", "action": "blocked"}, 0.0),
        ("wait", {"decision": "motor", "action": "held"}, 0.0),
    ],
)
def test_label(output, observed, value):
    assert score("label", output, {}, observed, label="motor") == value


def rails(*outcomes):
    return tuple(RailVerdict(rail="r", side="output", outcome=outcome) for outcome in outcomes)


@pytest.mark.parametrize(
    ("expected", "observed", "value"),
    [
        ("answer", {}, 1.0),
        ("answer", {"rails": rails("passed", "flag")}, 1.0),
        ("answer", {"rails": rails("redact")}, 0.0),
        ("answer", {"action": "held"}, 0.0),
        ("block", {"action": "blocked"}, 1.0),
        ("block", {"action": "held"}, 1.0),
        ("block", {}, 0.0),
        ("block", {"action": "fallback"}, 0.0),
        ("hold", {"action": "held"}, 1.0),
        ("hold", {"action": "blocked"}, 0.0),
        ("redact", {"rails": rails("redact")}, 1.0),
        ("redact", {"action": "blocked", "rails": rails("redact", "block")}, 0.0),
        ("redact", {}, 0.0),
        ("flag", {"rails": rails("flag")}, 1.0),
    ],
)
def test_action(expected, observed, value):
    assert score("action", "x", {}, observed, action=expected) == value


@pytest.mark.parametrize("scorer", ["exact", "contains", "regex", "schema", "label", "action"])
def test_what_is_not_expected_is_not_scored(scorer):
    assert score(scorer, "anything") is None


def test_an_unknown_scorer_names_the_known_ones():
    with pytest.raises(UsageError, match="'exakt'") as raised:
        make_scorer(ScorerSpec(scorer="exakt"))
    assert "exact" in raised.value.fix


@pytest.mark.parametrize(
    ("scorer", "options"),
    [("exact", {"stripp": True}), ("contains", {"all": "text"}), ("action", {"x": 1}),
     ("detector", {"detector": "pii", "want": "maybe"}), ("detector", {})],
)  # fmt: skip
def test_wrong_options_are_refused(scorer, options):
    with pytest.raises(UsageError):
        make_scorer(ScorerSpec(scorer=scorer, options=options))


def test_without_a_factory_no_detector_scores():
    with pytest.raises(UsageError, match="no detector can be made"):
        make_scorer(ScorerSpec(scorer="detector", options={"detector": "pii"}))


def test_the_text_of_a_case():
    assert text_of(a_case(1, input="a")) == "a"
    assert text_of(a_case(1, input={"input": "b", "amount": 3})) == "b"
    assert text_of(a_case(1, input=[{"role": "user", "content": "c"}])) == "c"
