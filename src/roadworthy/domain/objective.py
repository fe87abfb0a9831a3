"""What an objective's text means: its target, its window, and what its name carries.

Enters: the text of safety-slos.yaml. Leaves: values to judge with. Never here: a measurement
or a clock. Windows are half-open and counted in seconds; `rolling` is None (at the gate the
run, at run time since the release went live).
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from .catalogue import ALIASES, INDICATORS, IndicatorSpec
from .slo import SafetySLO, SloTarget

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds in each unit of a duration."""

AGGREGATIONS = ("p50", "p75", "p90", "p95", "p99", "mean", "max", "min")
"""How many values become one; percentiles are over slices and hours for calibration."""

TARGET_FORM = (
    "write an operator and a number such as `>= 0.90`, `== 0`, `<= 5 %`, `<= 800 ms`, "
    "or relative: `<= 2 x previous 7d`, `>= 0.98 x baseline`"
)
DURATION_FORM = "write a number with s, m, h, d or w such as `90s`, `24h` or `7d`"
WINDOW_FORM = "write `rolling`, or a number with s, m, h, d or w such as `24h` or `7d`"

BUILT_IN = frozenset({"never_events", "incident_cases"})
"""Rows of a decision that no file asks for, so that none can narrow or leave them out."""

Operator = Literal["<=", ">=", "==", "<", ">"]
_OPERATORS: dict[str, Operator] = {"<=": "<=", ">=": ">=", "==": "==", "<": "<", ">": ">"}

_DURATION = re.compile(r"([0-9]{1,6})\s?([smhdw])")
_NUMBER = r"[-+]?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][-+]?[0-9]{1,3})?"
_TARGET = re.compile(rf"(<=|>=|==|<|>)\s*({_NUMBER})\s*(%|ms|s)?")
_RELATIVE = re.compile(
    rf"(<=|>=|==|<|>)\s*(?:({_NUMBER})\s*(?:x|×|\*)\s*)?"  # noqa: RUF001
    r"(baseline|previous\s+([0-9]{1,6}[smhdw]))"
)
_SUFFIX = re.compile(r"_([0-9]{1,6}[smhdw]|rolling)$")


class Objective(Struct, frozen=True, kw_only=True):
    """What an SLO is about: which indicator, aggregated how, over how long."""

    metric: str
    """A name of `INDICATORS`, or the name of a score that a suite of the system stores."""
    aggregation: str = ""
    """One of `AGGREGATIONS`; empty means the indicator's own value."""
    window: int | None = None
    """Seconds; None is `rolling`."""


def parse_window(text: str) -> int | None:
    """Seconds of a window; None for `rolling`. Raises ValueError with the right form."""
    cleaned = text.strip()
    if cleaned == "rolling":
        return None
    try:
        return parse_duration(cleaned)
    except ValueError:
        raise ValueError(f"`{text}` is no window: {WINDOW_FORM}") from None


def parse_duration(text: str) -> int:
    """Seconds of a duration such as `90s`, `24h`, `7d`. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"`{text}` is no duration: {DURATION_FORM}")
    return int(match[1]) * SECONDS[match[2]]


def parse_target(text: str) -> SloTarget:
    """Parse a target. Percentages become shares, seconds become milliseconds.

    Raises ValueError with the right form.
    """
    cleaned = text.strip()
    match = _TARGET.fullmatch(cleaned)
    if match is not None:
        # 95 * 0.01 is 0.9500000000000001 in binary; a target is every digit that was written.
        bound = Decimal(match[2]) * Decimal({"%": "0.01", "s": "1000"}.get(match[3] or "", "1"))
        return SloTarget(operator=_operator(match[1]), bound=_finite(float(bound), text))
    match = _RELATIVE.fullmatch(cleaned)
    if match is not None:
        relative = f"previous {match[4]}" if match[4] else "baseline"
        if match[4]:
            parse_duration(match[4])
        factor = float(match[2]) if match[2] else 1.0
        bounded = _finite(factor, text)
        return SloTarget(operator=_operator(match[1]), bound=bounded, relative_to=relative)
    raise ValueError(f"`{text}` is no target: {TARGET_FORM}")


def _finite(bound: float, text: str) -> float:
    """The bound; one that no number reaches would make of every comparison what it likes."""
    if math.isinf(bound):
        raise ValueError(f"`{text}` is no target, its number is too large: {TARGET_FORM}")
    return bound


def exact(number: float) -> str:
    """A number as somebody wrote it, with every digit: 0.9999999999999 is not 1."""
    return repr(number).removesuffix(".0")


def _operator(text: str) -> Operator:
    return _OPERATORS[text]


def read_name(slo: SafetySLO) -> Objective:
    """What the SLO's name and window say together.

    `decision_ece_p95_24h` is the indicator decision_ece, its p95, over 24 h. `metric` wins over
    the name. Raises ValueError when the name's suffix and `window` disagree, or the window has
    no valid form. Whether the metric exists is not asked here (`find_indicator`).
    """
    window = parse_window(slo.window)
    stem, suffix = split_window(slo.name)
    if suffix and parse_window(suffix) != window:
        raise ValueError(
            f"the name `{slo.name}` says {suffix} but `window` says {slo.window}: "
            f'write `window: "{suffix}"` or rename it'
        )
    metric, aggregation = split_aggregation(stem)
    if slo.metric:
        named, own = split_aggregation(slo.metric)
        metric, aggregation = named, own or aggregation
    return Objective(metric=ALIASES.get(metric, metric), aggregation=aggregation, window=window)


def split_window(name: str) -> tuple[str, str]:
    """The name without its window suffix, and the suffix (`7d`, `rolling`, or empty)."""
    if name in INDICATORS or name in ALIASES:
        return name, ""
    match = _SUFFIX.search(name)
    return (name[: match.start()], match[1]) if match else (name, "")


def split_aggregation(name: str) -> tuple[str, str]:
    """The name without its aggregation, and the aggregation (or empty)."""
    if name in INDICATORS or name in ALIASES:
        return name, ""
    stem, _, last = name.rpartition("_")
    return (stem, last) if stem and last in AGGREGATIONS else (name, "")


def find_indicator(metric: str) -> IndicatorSpec | None:
    """The indicator of that name or alias, or None."""
    return INDICATORS.get(ALIASES.get(metric, metric))


def why_impossible(target: SloTarget, spec: IndicatorSpec) -> str:
    """Why no value of the indicator can ever meet the target; empty when one can."""
    if target.relative_to:
        return "a factor must be above 0" if target.bound <= 0 else ""
    low, high, bound = spec.low, spec.high, target.bound
    if high is not None and (
        (target.operator in (">=", "==") and bound > high)
        or (target.operator == ">" and bound >= high)
    ):
        return f"`{spec.name}` is never above {high:g}"
    if low is not None and (
        (target.operator in ("<=", "==") and bound < low)
        or (target.operator == "<" and bound <= low)
    ):
        return f"`{spec.name}` is never below {low:g}"
    return ""


def why_idle(target: SloTarget, spec: IndicatorSpec) -> str:
    """Why every value meets the target, so that it guards nothing; empty when one can miss."""
    if target.relative_to:
        return ""
    low, high, bound = spec.low, spec.high, target.bound
    if low is not None and (
        (target.operator == ">=" and bound <= low) or (target.operator == ">" and bound < low)
    ):
        return f"every value of `{spec.name}` is at least {low:g}"
    if high is not None and (
        (target.operator == "<=" and bound >= high) or (target.operator == "<" and bound > high)
    ):
        return f"every value of `{spec.name}` is at most {high:g}"
    return ""
