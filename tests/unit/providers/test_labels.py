"""Labels out of words and token probabilities, without guessing."""

from __future__ import annotations

import math

import pytest

from roadworthy.domain import TokenLogprob
from roadworthy.providers.labels import LEAST_LOGPROB, label_logprobs, parse_label

LABELS = ("motor", "home", "home office", "N/A")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("motor", "motor"),
        (" Motor.\n", "motor"),
        ("**HOME**", "home"),
        ("home office", "home office"),
        ("Home office, because it burnt", "home office"),
        ("home: it burnt", "home"),
        ("Answer: motor\nIt is a car.", "motor"),
        ('{"desk": "home"}', "home"),
        ("n/a", "N/A"),
        ("\N{LEFT DOUBLE QUOTATION MARK}motor\N{RIGHT DOUBLE QUOTATION MARK}", "motor"),
        ("", None),
        ("homeless", None),
        ("It is not motor", None),
        ("motorway", None),
        ('{"desk": "home", "other": "motor"}', None),
        ("{broken", None),
        ("I cannot decide between motor and home", None),
    ],
)
def test_parse(text: str, label: str | None) -> None:
    assert parse_label(text, LABELS) == label


def token(text: str, logprob: float, **top: float) -> TokenLogprob:
    return TokenLogprob(token=text, logprob=logprob, top={text: logprob, **top})


@pytest.mark.parametrize("text", ['{"a": "\ud800"}', '{"a": ' * 5000], ids=["half", "nested"])
def test_what_is_no_json_names_no_label(text: str) -> None:
    assert parse_label(text, ("motor",)) is None


def test_tokens_that_begin_a_label_are_summed() -> None:
    tokens = [TokenLogprob(token=" mot", logprob=-1.0, top={" mot": -1.0, "Mo": -2.0, " x": -3.0})]
    found = label_logprobs(tokens, ("motor", "home"))
    assert found is not None
    assert found["motor"] == pytest.approx(math.log(math.exp(-1) + math.exp(-2)))


def test_a_label_that_was_not_shown_gets_a_floor_it_cannot_exceed() -> None:
    tokens = [TokenLogprob(token="motor", logprob=-0.1, top={"motor": -0.1, "x": -4.0})]
    found = label_logprobs(tokens, ("motor", "home"))
    assert found is not None
    unseen = 1 - math.exp(-0.1) - math.exp(-4.0)
    assert found["home"] == pytest.approx(min(-4.0, math.log(unseen)))


def test_a_shared_beginning_is_followed_where_it_was_generated() -> None:
    tokens = [
        TokenLogprob(token="home", logprob=-0.5, top={"home": -0.5, "motor": -1.2}),
        TokenLogprob(token=" office", logprob=-0.3, top={" office": -0.3, ".": -1.5}),
    ]
    found = label_logprobs(tokens, ("home", "home office", "motor"))
    assert found is not None
    assert found["home office"] == pytest.approx(-0.8)
    assert found["home"] == pytest.approx(-2.0)
    assert found["motor"] == pytest.approx(-1.2)


def test_a_shared_beginning_at_the_end_goes_to_the_label_that_is_whole() -> None:
    tokens = [TokenLogprob(token="home", logprob=-0.5, top={"home": -0.5})]
    found = label_logprobs(tokens, ("home", "home office"))
    assert found is not None
    assert found["home"] == pytest.approx(-0.5)
    assert found["home office"] < found["home"]


def test_space_before_the_label_is_skipped() -> None:
    tokens = [token("\n", -0.01), token("motor", -0.2, home=-2.0)]
    found = label_logprobs(tokens, ("motor", "home"))
    assert found is not None
    assert found["motor"] == pytest.approx(-0.2)


def test_no_alternatives_no_probabilities() -> None:
    assert label_logprobs([], LABELS) is None
    assert label_logprobs([TokenLogprob(token="motor", logprob=-0.1)], LABELS) is None


def test_certainty_stays_finite() -> None:
    found = label_logprobs([token("motor", 0.0)], ("motor", "home"))
    assert found is not None
    assert found["motor"] == 0.0
    assert LEAST_LOGPROB <= found["home"] <= 0.0
