"""Token classes and prices."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import Price, Usage
from roadworthy.providers import price, usage_of

AT = "2026-11-21T20:00:00.000000Z"


@pytest.mark.parametrize(
    ("raw", "classes"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5}, (10, 5, 0, 0, 0)),
        ({"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}, (10, 0, 0, 0, 0)),
        ({"prompt_tokens": -1, "completion_tokens": True, "total_tokens": 1}, (0, 0, 0, 0, 0)),
        (
            {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100,
             "cache_creation_input_tokens": 20},
            (130, 5, 100, 20, 0),
        ),
        (
            {"prompt_tokens": 130, "completion_tokens": 5, "cache_creation_input_tokens": 20,
             "prompt_tokens_details": {"cached_tokens": 100}},
            (130, 5, 100, 20, 0),
        ),
        (
            {"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4},
             "output_tokens_details": {"reasoning_tokens": 3}},
            (10, 5, 4, 0, 3),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22,
             "completion_tokens_details": {"reasoning_tokens": 7}},
            (10, 12, 0, 0, 7),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 12, "total_tokens": 22,
             "completion_tokens_details": {"reasoning_tokens": 7}},
            (10, 12, 0, 0, 7),
        ),
        ({"prompt_tokens": None, "completion_tokens": "5", "prompt_tokens_details": None},
         (0, 0, 0, 0, 0)),
        ({}, (0, 0, 0, 0, 0)),
    ],
)  # fmt: skip
def test_classes(raw: dict[str, Any], classes: tuple[int, ...]) -> None:
    usage = usage_of(raw)
    assert classes == (
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
    )
    assert usage.raw == raw


def row(since: str, **fields: Any) -> Price:
    return Price(model="m", since=since, **{"input": 1.0, "output": 2.0, **fields})


def test_decimals_not_floats() -> None:
    usage = Usage(input_tokens=3, output_tokens=1)
    assert price(usage, "m", AT, [row("2026-01-01", input=0.1, output=0.2)]) == ("0.0000005", "USD")


def test_the_newest_price_not_after_the_call() -> None:
    usage = Usage(input_tokens=1_000_000)
    table = [
        row("2026-11-22", input=9.0),
        row("2026-06-01", input=3.0, currency="EUR"),
        row("2026-01-01", input=1.0),
        Price(model="other", since="2026-11-01", input=7.0, output=7.0),
    ]
    assert price(usage, "m", AT, table) == ("3", "EUR")
    assert price(usage, "m", "2026-05-31T23:59:59.999999Z", table) == ("1", "USD")
    assert price(usage, "m", "2026-06-01T00:00:00.000000Z", table) == ("3", "EUR")
    assert price(usage, "m", "2025-12-31T23:59:59.999999Z", table) is None


def test_classes_have_their_prices() -> None:
    usage = Usage(
        input_tokens=1000, cached_input_tokens=600, cache_write_tokens=300, output_tokens=10
    )
    table = [row("2026-01-01", input=10.0, output=100.0, cached_input=1.0, cache_write=12.5)]
    assert price(usage, "m", AT, table) == ("0.00635", "USD")
    assert price(usage, "m", AT, [row("2026-01-01", input=10.0, output=100.0)]) == ("0.011", "USD")


def test_what_is_not_known_costs_none_and_never_zero() -> None:
    table = [row("2026-01-01")]
    assert price(Usage(input_tokens=1), "unknown", AT, table) is None
    assert price(Usage(input_tokens=1), "m", AT, []) is None
    assert price(Usage(), "m", AT, table) is None
    assert price(None, "m", AT, table) is None
    assert price(Usage(input_tokens=1), "m", AT, [row("2026-01-01", input=0.0)]) == ("0", "USD")


def test_usage_keeps_counts_and_no_words() -> None:
    details = {"text_tokens": 1, "cost": "c", "the.secret-is_42": 7}
    raw = {"prompt_tokens": 1, "note": "words", "some words": 2, "prompt_tokens_details": details}
    assert usage_of(raw).raw == {"prompt_tokens": 1, "prompt_tokens_details": {"text_tokens": 1}}


@pytest.mark.parametrize(
    "raw",
    [
        {"prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 2},
         "completion_tokens_details": {"accepted_prediction_tokens": 1,
                                       "rejected_prediction_tokens": 2}},
        {"cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2},
         "server_tool_use": {"web_search_requests": 1}},
        {"prompt_cache_hit_tokens": 1, "prompt_cache_miss_tokens": 2},
        {"queue_time": 0.1, "prompt_time": 0.2, "completion_time": 0.3, "total_time": 0.6},
        {"cost": "0.0001", "cost_details": {"upstream_inference_cost": None}},
        {"num_search_queries": 1, "citation_tokens": 2},
        {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3,
         "thoughtsTokenCount": 4},
    ],
)  # fmt: skip
def test_what_known_upstreams_count_keeps_its_name(raw: dict[str, Any]) -> None:
    assert usage_of(raw).raw == raw


@pytest.mark.parametrize("name", ["ann", "the_secret_is_42", "tokens_of_ann", "4111", "a.b", ""])
def test_a_name_of_other_words_is_not_kept(name: str) -> None:
    assert usage_of({name: 1}).raw == {}


def test_what_a_cache_keeps_for_an_hour_costs_its_own_price() -> None:
    raw = {
        "input_tokens": 0, "output_tokens": 1, "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
    }  # fmt: skip
    both = [row("2026-01-01", input=1.0, output=0.0, cache_write=2.0, cache_write_1h=5.0)]
    one = [row("2026-01-01", input=1.0, output=0.0, cache_write=2.0)]
    assert price(usage_of(raw), "m", AT, both) == ("0.00009", "USD")  # 20 x 2 + 10 x 5
    assert price(usage_of(raw), "m", AT, one) == ("0.00006", "USD")
