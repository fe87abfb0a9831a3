"""Figures and names for somebody who has never seen the tool: whole words, per cent, what n is.

Enters: measurements, targets, names of the contract. Leaves: text in one language. Never: a bare
number, a rounding that hides an interval, a figure without what it was counted over.
"""

from __future__ import annotations

import re

from roadworthy.domain import (
    INDICATORS,
    Assessment,
    IndicatorSpec,
    Language,
    Measurement,
    Paper,
    SafetySLO,
    Verdict,
    read_name,
)

from .words import said, told

_TARGET = re.compile(r"\s*(>=|<=|==|>|<)\s*([0-9.]+)\s*\Z")
_SIGNS = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}
_RULES = {
    "pattern": "patterns of text", "cel": "a condition", "schema": "the form of the answer",
    "classifier": "a detector", "judge": "a model that judges", "-": "nothing yet",
}  # fmt: skip
_VERDICTS = {
    Verdict.PASS: "PASS: what was asked for was shown",
    Verdict.FAIL: "FAIL: what was asked for does not hold",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE: it was not shown, so it does not open",
    Verdict.ERROR: "ERROR: it could not be judged, so it does not open",
}


def figure(one: Measurement, language: Language) -> str:
    """A measurement as people read it: value, interval, n. Never a bare number."""
    if one.value is None:
        return one.reason or "-"
    spec = INDICATORS.get(one.name)
    value = number(one.value, spec, one.unit, language)
    over = f"n = {one.n}"
    counts = spec is not None and spec.kind == "count"
    if one.count is not None and one.every in (None, one.count) and not counts:
        over = f"{one.count} {said('of', language)} {over}"
    if one.low is None or one.high is None:
        return f"{value} ({over})"
    low, high = (number(each, spec, one.unit, language) for each in (one.low, one.high))
    sure = _local(f"{100 * one.confidence:.4g}", language)
    between = said("interval", language)
    return f"{value} ({sure} % {between} {low} {said('to', language)} {high}; {over})"


def number(value: float, spec: IndicatorSpec | None, unit: str, language: Language) -> str:
    """A number with its unit: shares of cases in per cent, durations in ms or seconds."""
    if unit == "share":
        if spec is not None and spec.kind == "rate":
            return _local(f"{100 * value:.3g} %", language)
        return _local(f"{value:.3g}", language)
    if unit == "ms" and abs(value) >= 1000:
        return _local(f"{value / 1000:.3g} s", language)
    return _local(f"{value:.4g} {unit}".strip(), language)


def target(slo: SafetySLO, language: Language) -> str:
    """What an objective asks for, in the unit in which its value is shown."""
    found = _TARGET.match(slo.target)
    if found is None:
        for sign, shown in _SIGNS.items():
            if slo.target.startswith(sign):
                return f"{shown}{slo.target[len(sign) :]}"
        return slo.target
    spec = INDICATORS.get(read_name(slo).metric)
    unit = spec.unit if spec is not None else ""
    return f"{_SIGNS[found[1]]} {number(float(found[2]), spec, unit, language)}"


def meaning(name: str) -> str:
    """What an indicator says, by the catalogue: its definition up to the first semicolon."""
    spec = INDICATORS.get(name)
    if spec is None:
        return "-"
    return spec.definition.partition(";")[0].replace("`", "").strip()


def asked_of(slo: SafetySLO, language: Language) -> str:
    """What an objective is about: its indicator, and of which answers alone."""
    what = meaning(read_name(slo).metric)
    return f"{what}; {said('only where', language)} {slo.where}" if slo.where else what


def seen(item: Assessment, language: Language) -> str:
    """What was measured of an objective: estimate, interval, n."""
    spec = INDICATORS.get(read_name(item.slo).metric)
    if item.estimate is None:
        return item.reason or said("not measured", language)
    unit = spec.unit if spec is not None else ""
    value = number(item.estimate, spec, unit, language)
    if item.low is None or item.high is None:
        return f"{value} (n = {item.n})"
    low, high = (number(each, spec, unit, language) for each in (item.low, item.high))
    return f"{value} ({low} {said('to', language)} {high}; n = {item.n})"


def decision(word: str, language: Language) -> str:
    """A verdict with what it means."""
    known = {str(verdict): text for verdict, text in _VERDICTS.items()}
    return said(known[word], language) if word in known else word


def looked_for(kind: str, language: Language) -> str:
    """By what a never event is looked for."""
    return said(_RULES[kind], language) if kind in _RULES else kind


def owed_in_words(paper: Paper) -> str:
    """Whether this system owes the document, and by which duties."""
    language, owed = paper.language, paper.owed
    duties = ", ".join(owed.duties)
    match owed.state:
        case "owed":
            return f"{said('yes', language)}: {duties}"
        case "undecided":
            return f"{said('undecided, as facts are missing', language)}: {duties}"
        case "not_owed":
            why = said("no, none of the duties that ask for it applies", language)
            held = told(spoken(owed.risk_class), language)
            return f"{why} ({said('class', language)} {held}): {duties}"
    return said("no duty asks for it; people may want it all the same", language)


def spoken(name: str) -> str:
    """A name of the contract as words."""
    return name.replace("_", " ")


def _local(text: str, language: Language) -> str:
    return text.replace(".", ",") if language == "de" else text
