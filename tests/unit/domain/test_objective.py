from __future__ import annotations

import pytest

from roadworthy.domain import (
    ALIASES,
    INDICATORS,
    SafetySLO,
    parse_duration,
    parse_target,
    parse_window,
    read_name,
    why_idle,
    why_impossible,
)


@pytest.mark.parametrize(
    ("text", "operator", "bound", "relative"),
    [
        (">= 0.90", ">=", 0.9, ""), ("<=0.05", "<=", 0.05, ""), ("== 0", "==", 0.0, ""),
        (">= 95 %", ">=", 0.95, ""), ("<= 5%", "<=", 0.05, ""), ("< 1e-3", "<", 0.001, ""),
        ("<= 800 ms", "<=", 800.0, ""), ("<= 1.5 s", "<=", 1500.0, ""), ("> -1", ">", -1.0, ""),
        ("<= 2 x previous 7d", "<=", 2.0, "previous 7d"), (">= baseline", ">=", 1.0, "baseline"),
        ("  >= 0.98 x baseline ", ">=", 0.98, "baseline"), ("<= 2 * previous 24h", "<=", 2.0,
         "previous 24h"),
    ],
)  # fmt: skip
def test_targets(text: str, operator: str, bound: float, relative: str) -> None:
    target = parse_target(text)
    assert (target.operator, target.bound, target.relative_to) == (operator, bound, relative)


@pytest.mark.parametrize(
    "text",
    ["", "0.9", "=> 0.9", "= 1", ">= nan", ">= inf", "== zero", ">= 0.9 or so", "<= 2 x", "≥ 1",
     "<= 2 x previous", "<= 2 x previous 0d", ">= 0.9\n0.8", ">= 0,9", "__import__('os')"],
)  # fmt: skip
def test_what_is_no_target_says_the_right_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"write an operator|write a number"):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("rolling", None), ("90s", 90), ("5m", 300), ("24h", 86_400), ("1d", 86_400), ("1w", 604_800)],
)  # fmt: skip
def test_windows(text: str, seconds: int | None) -> None:
    assert parse_window(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "0h", "1.5h", "-1d", "24 hours", "rollin"])
def test_what_is_no_window_says_the_right_form(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_window(text)


def test_a_duration_is_never_rolling() -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration("rolling")


@pytest.mark.parametrize(
    ("name", "window", "metric", "aggregation", "seconds"),
    [
        ("ood_recall_7d", "7d", "ood_recall", "", 604_800),
        ("decision_ece_p95_24h", "24h", "decision_ece", "p95", 86_400),
        ("never_event_violations", "rolling", "never_event_violations", "", None),
        ("latency_p99_1h", "60m", "latency", "p99", 3_600),
        ("f1_macro_7d", "7d", "f1", "", 604_800),
        ("accuracy", "24h", "accuracy", "", 86_400),
        ("pass_hat_k", "rolling", "pass_hat_k", "", None),
    ],
)
def test_names_carry_metric_aggregation_and_window(
    name: str, window: str, metric: str, aggregation: str, seconds: int | None
) -> None:
    objective = read_name(SafetySLO(name=name, target="== 0", window=window))
    assert (objective.metric, objective.aggregation, objective.window) == (
        metric,
        aggregation,
        seconds,
    )


def test_a_metric_key_beats_the_name() -> None:
    slo = SafetySLO(name="calm_p95_24h", metric="latency_p50", target="<= 1", window="24h")
    assert read_name(slo).metric == "latency"
    assert read_name(slo).aggregation == "p50"


def test_a_suffix_that_disagrees_with_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="says 24h but `window` says 7d"):
        read_name(SafetySLO(name="ece_24h", target="<= 1", window="7d"))


@pytest.mark.parametrize(
    ("target", "indicator", "impossible"),
    [
        (">= 1.2", "accuracy", True), ("> 1", "accuracy", True), ("== 2", "accuracy", True),
        ("< 0", "error_rate", True), ("<= -0.1", "error_rate", True), (">= 1", "accuracy", False),
        ("<= 2000", "latency", False), ("== 3", "never_event_violations", False),
        ("<= 0 x baseline", "latency", True),
    ],
)  # fmt: skip
def test_impossible_targets(target: str, indicator: str, impossible: bool) -> None:
    assert bool(why_impossible(parse_target(target), INDICATORS[indicator])) is impossible


@pytest.mark.parametrize(
    ("target", "indicator", "idle"),
    [
        (">= 0", "accuracy", True), ("<= 1", "accuracy", True), ("< 2", "error_rate", True),
        (">= 0.1", "accuracy", False), ("<= 5000", "latency", False), (">= baseline", "f1", False),
    ],
)  # fmt: skip
def test_idle_targets(target: str, indicator: str, idle: bool) -> None:
    assert bool(why_idle(parse_target(target), INDICATORS[indicator])) is idle


@pytest.mark.parametrize("target", ["<= 1e999", ">= 1e999 x baseline", "<= 1e400 x previous 7d"])
def test_a_bound_that_no_number_reaches_is_no_target(target: str) -> None:
    with pytest.raises(ValueError, match="is no target, its number is too large"):
        parse_target(target)


def test_the_catalogue_is_consistent() -> None:
    assert len(INDICATORS) > 90
    for name, spec in INDICATORS.items():
        assert name == spec.name
        assert spec.definition
        assert name not in ALIASES
        least = None if name == "headroom" else 0.0  # more may come than fits
        assert spec.unit != "share" or (spec.low, spec.high) == (least, 1.0)
        if spec.measured:
            assert spec.kind != "calibration" or spec.evidence == "point"
    assert set(ALIASES.values()) <= set(INDICATORS)
