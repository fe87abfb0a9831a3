"""The reference pages of the indicators: one section each, from the catalogue and the docstrings.

Enters: the domain's catalogue, the docstrings of the functions that make intervals. Leaves: the
index, a page for each family, the page of the intervals. Never here: a fact about an indicator.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import indicator_example

from roadworthy.domain import ALIASES, INDICATORS, IndicatorSpec
from roadworthy.statistics import (
    area_interval,
    bca_ratio,
    calibration_interval,
    cluster_interval,
    cluster_share_interval,
    correlation_interval,
    drift,
    excess,
    expected_count,
    krippendorff_alpha,
    macro_interval,
    mean_bounds,
    mean_interval,
    pace_interval,
    prediction_powered,
    quantile_interval,
    ratio_interval,
    rogan_gladen,
    share_interval,
    stratified,
    waiting_quantile,
)

INTERVALS: dict[str, tuple[Callable[..., object], ...]] = {
    "clopper_pearson": (share_interval,),
    "cluster_robust": (cluster_share_interval, cluster_interval),
    "student_t": (mean_interval,),
    "betting": (mean_bounds,),
    "batch_means": (pace_interval, ratio_interval),
    "mover": (macro_interval, calibration_interval),
    "order statistics": (quantile_interval,),
    "bca": (area_interval, bca_ratio),
    "stratified": (stratified,),
    "influence": (correlation_interval,),
    "rogan_gladen": (rogan_gladen,),
    "prediction_powered": (prediction_powered,),
    "bca_bootstrap": (krippendorff_alpha,),
    "noise_norm": (drift,),
    "excess": (excess,),
    "kaplan_meier": (waiting_quantile,),
    "garwood": (expected_count,),
}
"""How a measurement says that its bounds were made -> the functions that made them."""

FAMILIES = {
    "quality": "Indicators of quality",
    "scores": "Indicators of scores",
    "judges": "Indicators of judges",
    "repeats": "Indicators of repeats",
    "calibration": "Indicators of confidence",
    "safety": "Indicators of safety",
    "fairness": "Indicators of fairness",
    "shift": "Indicators of shift",
    "operations": "Indicators of operations",
    "people": "Indicators of people",
    "business": "Indicators of business",
    "media": "Indicators of media",
}
"""Page -> its title."""

_INDEX = """# Indicators

An indicator is a named function of observations. Each has a section of its own: formula, what `n`
counts, how its interval is made, how to ask for it, what bad input gets, where its definition
comes from and what the tests compare it with. A suite's own scores are indicators beside these,
by the name under which they are stored.

In the formulas i is a case and n their number; `[x]` is 1 where x holds and 0 where it does not.
A case that is asked several times is one case: its value is the mean over its repeats, unless
`reduce` says otherwise; cases that ask the same are one case. What no case answers has no value:
an objective on it is INCONCLUSIVE, never a pass. *Not yet*: known, so that an objective may name
it, and INCONCLUSIVE until a version measures it.

| name | what it is | unit | measured |
| --- | --- | --- | --- |
"""

_INTERVALS = """# How intervals are made

A measurement says in `method` how its bounds were made, in `confidence` at which level (95 %
unless several share it). Simulations with fixed seeds show each guarantee
([statistics](../../concepts/statistics.md)); what follows are the words of the functions that
compute them.
"""

_SLICED = "by tag and by facet in every run; `by: [FACET]` judges each slice by itself"
_NOT_SLICED = "`by: [FACET]` judges each slice by itself; a run shows the whole"
_BAD = {
    "tag:ood": "without an input that is known to be out of scope: no value, and the reason",
    "label": "without a label there is no value; a failed answer is none that is right",
    "confidence": "NaN, or a confidence outside 0 to 1: no value, and the reason",
    "repeats": "a case that was asked too seldom: no value, and the reason",
    "logprobs": "a provider that reports no log-probabilities: no value, and the reason",
    "judge": "a judge that answers nonsense is an error of the row; with fewer than 20 rated "
    "answers it is an *uncorrected judge*: no interval, no verdict",
    "time": "answers that came from the cache of answers: no value, and the reason",
    "live": "answers of an evaluation are left out",
    "review": "of what nobody decided no rate has a value; what waits counts as waiting",
    "host": "what could not be read is no 0: no value, and the reason; a run with answers from the "
    "cache of answers has none",
    "load": "no measurement, one of another release, or one of more than 30 days: no value, and "
    "the reason",
    "usage": "an answer that does not say how many tokens were cached is left out",
    "price": "an answer without a price is left out, never counted as 0",
    "reference": "without a reference, or with rows that were held against another one: no value, "
    "and the reason; a reference is made by `roadworthy ood fit`",
    "log": "an input that nobody could look up is left out",
    "facets": "facets that no two cases tell apart: no value, and the reason",
}
_BAD_SCORE = "what the scorer cannot look at, NaN and infinity are errors of the row, never good"
_BAD_TAG = "an attack that failed with an error is not counted as withstood"
_BAD_ELSE = "without such a row there is no value: INCONCLUSIVE"


def pages() -> dict[str, str]:
    """Name of the page below `docs/reference` -> its text."""
    found: dict[str, list[str]] = {name: [f"# {title}\n"] for name, title in FAMILIES.items()}
    for spec in INDICATORS.values():
        found[family(spec)].append(section(spec))
    texts = {
        f"indicators/{name}.md": "\n".join(parts) for name, parts in found.items() if parts[1:]
    }
    return {"indicators.md": _index(), "indicators/intervals.md": _intervals(), **texts}


def family(spec: IndicatorSpec) -> str:
    """The page on which an indicator stands."""
    if "judge" in spec.needs or (spec.area == "quality" and _judged(spec)):
        return "judges"
    if "repeats" in spec.needs:
        return "repeats"
    if spec.area == "quality" and any(need.startswith("score:") for need in spec.needs):
        return "scores"
    return spec.area


def _judged(spec: IndicatorSpec) -> bool:
    return spec.intervals[:1] == ("rogan_gladen",)


def section(spec: IndicatorSpec) -> str:
    """All that is known of one indicator."""
    head = f"## {spec.name}\n\n{spec.definition[:1].upper()}{spec.definition[1:]}.\n"
    if not spec.measured:
        return f"{head}\n- **measured**: not yet\n- **better**: {_better(spec)}\n"
    facts = {
        "unit": _unit(spec),
        "better": _better(spec),
        "n": spec.counts,
        "interval": ", ".join(f"[{name}](intervals.md#{_anchor(name)})" for name in spec.intervals),
        "judged by": "its interval" if spec.evidence == "proven" else "its value (`point`)",
        "slices": _NOT_SLICED if spec.kind == "score" else _SLICED,
        "aggregations": ", ".join(f"`{each}`" for each in spec.aggregations),
        "bad input": "; ".join(_bad(spec)),
        "misleads": spec.misleads,
        "calls for": spec.calls_for,
        "also called": ", ".join(f"`{name}`" for name, of in ALIASES.items() if of == spec.name),
        "source": spec.source,
        "compared with": f"{spec.oracle} (in the tests)",
    }
    listed = "\n".join(f"- **{key}**: {fact}" for key, fact in facts.items() if fact)
    example = indicator_example.of(spec)
    return f"{head}\n```text\n{spec.formula}\n```\n\n{listed}\n\n{example.text()}"


def _unit(spec: IndicatorSpec) -> str:
    low = "-∞" if spec.low is None else f"{spec.low:g}"
    high = "∞" if spec.high is None else f"{spec.high:g}"
    return f"{spec.unit or 'number'}, from {low} to {high}"


def _better(spec: IndicatorSpec) -> str:
    return "higher" if spec.higher_is_better else "lower"


def _bad(spec: IndicatorSpec) -> list[str]:
    found = [said for need, said in _BAD.items() if need in spec.needs]
    if _judged(spec) and "judge" not in spec.needs:
        found.append(_BAD["judge"])
    elif any(need.startswith("score:") for need in spec.needs):
        found.append(_BAD_SCORE)
    if "or i failed" in spec.formula:
        found.append(_BAD_TAG)
    return found or [_BAD_ELSE]


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _index() -> str:
    rows = [
        f"| [`{spec.name}`](indicators/{family(spec)}.md#{spec.name}) | {spec.definition} "
        f"| {spec.unit or 'number'} | {'yes' if spec.measured else 'not yet'} |"
        for spec in INDICATORS.values()
    ]
    return _INDEX + "\n".join(rows) + "\n"


def _intervals() -> str:
    parts = [_INTERVALS]
    for name, functions in INTERVALS.items():
        used = [spec.name for spec in INDICATORS.values() if name in spec.intervals]
        parts.append(f"## {name}\n")
        parts += [f"{inspect.getdoc(function)}\n" for function in functions]
        parts.append(f"Of: {', '.join(f'`{each}`' for each in used)}.\n")
    return "\n".join(parts)
