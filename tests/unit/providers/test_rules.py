"""The rule baseline: words, weights, and nothing else."""

from __future__ import annotations

import math
from typing import Any

import pytest

from roadworthy.domain import Chunk, Model, ModelRequest, ProviderError, UsageError
from roadworthy.providers.rules import make_rules

RULES: dict[str, Any] = {
    "labels": {
        "motor": {"bias": 0.1, "words": {"car": 2.0, "Hit and Run": 3.0}},
        "home": {"bias": 0.1, "words": {"kitchen": 2.0, "Küche": 2.0, "car": -1.0}},
    }
}
MODEL = Model(provider="rule", name="baseline", file="rules.yaml")


async def decide(text: str, *, rules: Any = RULES, labels: tuple[str, ...] = ()) -> Chunk:
    provider = make_rules(MODEL, rules)
    request = ModelRequest(model="baseline", prompt=text, labels=labels)
    (chunk,) = [chunk async for chunk in provider.stream(request)]
    await provider.aclose()
    return chunk


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("My CAR!", "motor"),
        ("the kitchen", "home"),
        ("die K\N{LATIN SMALL LETTER U WITH DIAERESIS}che", "home"),
        ("a hit, and run", "motor"),
        ("", "motor"),
        ("words nobody knows", "motor"),
    ],
)
async def test_decisions(text: str, label: str) -> None:
    assert (await decide(text)).text == label


async def test_a_tie_goes_to_the_label_named_first() -> None:
    assert (await decide("", labels=("home", "motor"))).text == "home"


async def test_probabilities_are_those_of_a_linear_model() -> None:
    chunk = await decide("car car")
    assert chunk.label_logprobs is not None
    assert chunk.label_logprobs["motor"] - chunk.label_logprobs["home"] == pytest.approx(3.0)
    assert sum(map(math.exp, chunk.label_logprobs.values())) == pytest.approx(1.0)


async def test_words_may_count_each_time() -> None:
    chunk = await decide("car car", rules={**RULES, "count": "each"})
    assert chunk.label_logprobs is not None
    assert chunk.label_logprobs["motor"] - chunk.label_logprobs["home"] == pytest.approx(6.0)


async def test_only_the_labels_that_were_asked_for() -> None:
    chunk = await decide("car", labels=("home",))
    assert chunk.text == "home"
    assert chunk.label_logprobs == {"home": 0.0}


async def test_a_label_without_rules_is_an_error() -> None:
    with pytest.raises(ProviderError, match="travel"):
        await decide("car", labels=("home", "travel"))


async def test_the_last_user_message_is_read() -> None:
    provider = make_rules(MODEL, RULES)
    messages = (
        {"role": "system", "content": "kitchen"},
        {"role": "user", "content": [{"type": "text", "text": "my car"}]},
        {"role": "assistant", "content": "kitchen"},
    )
    request = ModelRequest(model="baseline", messages=messages)
    (chunk,) = [chunk async for chunk in provider.stream(request)]
    assert chunk.text == "motor"


@pytest.mark.parametrize(
    "rules",
    [
        None,
        {},
        {"labels": {}},
        {"labels": {"a": {"words": {"x": "heavy"}}}},
        {"labels": {"a": {"wordz": {}}}},
        {"labels": {"a": {"bias": math.inf}}},
        {"labels": {"a": {"words": {"x": math.nan}}}},
    ],
)
def test_what_is_no_rule_file_is_refused(rules: Any) -> None:
    with pytest.raises(UsageError, match=r"rules\.yaml"):
        make_rules(MODEL, rules)
