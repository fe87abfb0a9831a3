"""`schema`, `cel`, `classifier`, and the registry."""

from __future__ import annotations

import contextlib
import math
import threading

import pytest

from roadworthy.detectors import DETECTOR_NAMES, make_detector
from roadworthy.domain import DetectorError, ManifestError, TextContext

CONTEXT = TextContext(side="output", input="in", decision="d", confidence=0.5)
SCHEMA = {"type": "object", "required": ["desk"], "properties": {"desk": {"enum": ["home"]}}}


def kinds(name: str, options: dict[str, object], text: str, assets: object = None) -> list[str]:
    detector = make_detector(name, options, assets or {})  # type: ignore[arg-type]
    return [finding.kind for finding in detector.detect(text, CONTEXT)]


def test_schema() -> None:
    assert kinds("schema", {"schema": SCHEMA}, '{"desk": "home"}') == []
    assert kinds("schema", {"schema": SCHEMA}, '{"desk": "sea"}') == ["SCHEMA"]
    assert kinds("schema", {"schema": SCHEMA}, "home") == ["NOT_JSON"]
    assert kinds("schema", {"schema": SCHEMA}, "") == ["NOT_JSON"]
    assert kinds("schema", {"schema": "s.json"}, "1", {"s.json": {"type": "string"}}) == ["SCHEMA"]


def test_a_deeply_nested_answer_is_not_taken_for_checked() -> None:
    detector = make_detector("schema", {"schema": {"type": "array"}}, {})
    deep = "[" * 100_000 + "]" * 100_000
    with contextlib.suppress(DetectorError):
        assert detector.detect(deep, CONTEXT) != []


@pytest.mark.parametrize(
    "schema",
    ["missing.json", 3, {"type": "no such type"}, {"$ref": "https://example.org/schema.json"}],
)
def test_bad_schemas_are_refused(schema: object) -> None:
    with pytest.raises(ManifestError):
        make_detector("schema", {"schema": schema}, {})


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ('output == "text" && input == "in"', True),
        ("confidence < 0.6 && decision == 'd'", True),
        ("has(context.score) && context.score > 1", False),
        ("facets.size() == 0", True),
        ("false", False),
    ],
)
def test_cel(expression: str, holds: bool) -> None:
    assert bool(kinds("cel", {"expression": expression}, "text")) is holds


@pytest.mark.parametrize("expression", ["", "a +", "colour == 1", "__import__('os')", 7])
def test_bad_expressions_are_refused(expression: object) -> None:
    with pytest.raises(ManifestError):
        make_detector("cel", {"expression": expression}, {})


@pytest.mark.parametrize("expression", ["context.missing == 1", "1 / 0 == 1", "'text'", "1"])
def test_an_expression_that_cannot_say_raises(expression: str) -> None:
    with pytest.raises(DetectorError):
        kinds("cel", {"expression": expression}, "text")


def test_no_value_of_one_look_is_seen_by_the_next() -> None:
    detector = make_detector("cel", {"expression": "has(context.vip)"}, {})
    vip = TextContext(side="output", context={"vip": True})
    assert len(detector.detect("x", vip)) == 1
    assert len(detector.detect("x", TextContext(side="output"))) == 0
    unsure = make_detector("cel", {"expression": "confidence < 0.5"}, {})
    assert len(unsure.detect("x", TextContext(side="output", confidence=0.1))) == 1
    with pytest.raises(DetectorError):
        unsure.detect("x", TextContext(side="output"))


def test_expressions_in_threads_do_not_mix() -> None:
    detector = make_detector("cel", {"expression": "input == output"}, {})
    wrong: list[int] = []

    def look(number: int) -> None:
        for _ in range(200):
            context = TextContext(side="output", input=str(number))
            if not detector.detect(str(number), context):
                wrong.append(number)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def score(options: dict[str, object], text: str) -> float:
    return make_detector("classifier", options, {}).detect(text, CONTEXT)[0].score


def test_classifier() -> None:
    weights = {"bias": -1.0, "weights": {"bad": 2.0, "very bad": 1.0}}
    logistic = lambda x: 1 / (1 + math.exp(-x))  # noqa: E731
    assert score({"weights": weights}, "Bad, very bad") == pytest.approx(logistic(1.0))
    assert score({"weights": weights, "ngrams": 2}, "Very bad") == pytest.approx(logistic(2.0))
    assert score({"weights": weights, "counting": "all"}, "bad bad") == pytest.approx(logistic(3.0))
    unit = score({"weights": weights, "counting": "unit"}, "bad x")
    assert unit == pytest.approx(logistic(-1 + 2 / math.sqrt(2)))
    assert score({"weights": weights}, "") == pytest.approx(logistic(-1.0))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weights": [1]},
        {"weights": {"weights": {"a": "b"}}},
        {"weights": {"weights": {}, "bias": float("nan")}},
        {"weights": {"weights": {}}, "ngrams": 9},
        {"weights": {"weights": {}}, "counting": "twice"},
        {"weights": "missing.json"},
    ],
)
def test_bad_weights_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ManifestError):
        make_detector("classifier", options, {})


def test_an_unknown_detector_gets_a_suggestion() -> None:
    with pytest.raises(ManifestError) as caught:
        make_detector("secret", {}, {})
    assert caught.value.fix == "did you mean `secrets`?"


def test_every_name_is_made() -> None:
    options: dict[str, dict[str, object]] = {
        "cel": {"expression": "true"},
        "classifier": {"weights": {"weights": {}}},
        "linear": {"weights": {"weights": {}}},
        "deny": {"words": ["x"]},
        "pattern": {"patterns": ["x"]},
        "prompt_leak": {"canary": ["ZEBRA-4711"]},
        "schema": {"schema": {}},
        "verbatim": {"texts": ["one two three four five"], "words": 5},
    }
    for name in DETECTOR_NAMES:
        detector = make_detector(name, options.get(name, {}), {})
        assert detector.name
        assert detector.needs == "whole" or isinstance(detector.needs, int)
