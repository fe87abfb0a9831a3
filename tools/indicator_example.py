"""How to ask for an indicator: a suite, a case and an objective, made from what it needs.

A test writes every example into a system and has `check` read it.
"""

from __future__ import annotations

import json
from typing import Any

import yaml
from msgspec import Struct, field

from roadworthy.domain import INDICATORS, JUDGED, READY_RUBRICS, SCORERS, IndicatorSpec

_LOCAL = {"provider": "openai_compatible", "name": "big-model", "upstream": "lab",
          "version": "2026-05-01"}  # fmt: skip
_DETECTED: dict[str, dict[str, Any]] = {
    "pii": {}, "secrets": {}, "verbatim": {"texts": "protected.txt", "words": 50},
}  # fmt: skip
"""Scores that a detector of the same name gives -> its options."""

_OPTIONS: dict[str, dict[str, Any]] = {
    "absolute_error": {"worst": 100},
    "embedding_similarity": {"model": {"provider": "local", "name": "wordllama-256"}},
    "rubric": {
        "question": "Does the answer help the person who wrote?",
        "levels": ["no", "partly", "yes"],
        "model": _LOCAL,
    },
    "pairwise": {"against": "reference", "model": _LOCAL},
    **{name: {"model": _LOCAL} for name in READY_RUBRICS},
}
"""Scorer -> the options that it cannot do without."""

_EXPECTED: dict[str, Any] = {
    "label": "motor",
    "text": "42",
    "regex": "(?i)motor",
    "schema": {"type": "object", "required": ["desk"]},
    "json": {"desk": "motor"},
    "tests": "from answer import double\nassert double(2) == 4",
    "sql": "SELECT 1",
    "absent": "password",
}
"""What a case may expect, by the name of the expectation."""

_LISTS: dict[str, Any] = {"items": ["motor", "home"], "spans": [[0, 3, "THING"]]}

_OWN: dict[str, dict[str, Any]] = {
    "judge_score": {"scorer": "rubric"},
    "win_rate": {"scorer": "pairwise"},
    "judge_agreement": {"scorer": "rubric"},
}
"""Indicators of any judge -> one that gives it."""


class Example(Struct, frozen=True):
    """What to write to have an indicator measured and judged."""

    suite: dict[str, Any]
    cases: list[dict[str, Any]]
    slo: dict[str, Any]
    outcome: dict[str, Any] = field(default_factory=dict)
    """Of an indicator of live answers: what `POST /v1/outcomes` is told."""
    files: dict[str, str] = field(default_factory=dict)
    """Other files that the suite names -> their text."""

    def text(self) -> str:
        """As blocks of a page."""
        pairs = ", ".join(_pairs(self.slo))
        slo = f"```yaml\n# safety-slos.yaml\nslos:\n- {{{pairs}}}\n```\n"
        if not self.cases and not self.outcome:
            if "headroom" in self.slo["name"]:
                return f"Of a live release: `roadworthy load`.\n\n{slo}"
            return f"Of live answers: `roadworthy journal query --indicators`.\n\n{slo}"
        if self.outcome:
            told = "Of live answers: report it, then `roadworthy journal query --indicators`."
            return (
                f"{told}\n\n```json\n{json.dumps(self.outcome, ensure_ascii=False)}\n```\n\n{slo}"
            )
        cases = "\n".join(json.dumps(case) for case in self.cases)
        return (
            f"```yaml\n# suites/main.yaml\n{_yaml(self.suite)}```\n\n```json\n{cases}\n```\n\n{slo}"
        )


def of(spec: IndicatorSpec) -> Example:
    """The example of one indicator."""
    suite: dict[str, Any] = {"name": "main", "cases": ["main.jsonl"]}
    outcome = _outcome(spec)
    if outcome or {"live", "load", "review"} & set(spec.needs):
        slo = _slo(spec) | {"at": "[runtime]"}
        return Example(suite=suite, cases=[], slo=slo, outcome=outcome)
    scorers = _scorers(spec)
    if scorers:
        suite["scorers"] = scorers
    if "repeats" in spec.needs:
        suite["repeats"] = int(spec.name.rpartition("_")[2]) if spec.name[-1].isdigit() else 3
    files = {"protected.txt": "word " * 60} if "score:verbatim" in spec.needs else {}
    return Example(suite=suite, cases=_cases(spec, scorers), slo=_slo(spec), files=files)


def _outcome(spec: IndicatorSpec) -> dict[str, Any]:
    if "score:feedback" in spec.needs:
        return {"observation": "0199f0c2-…", "feedback": "4/5"}
    if "score:business.resolved" in spec.needs:
        return {"observation": "0199f0c2-…", "business": {"resolved": "yes", "minutes": "12"}}
    return {}


def _scorers(spec: IndicatorSpec) -> list[dict[str, Any]]:
    named = [need[6:] for need in spec.needs if need.startswith("score:")]
    found = [_OWN[spec.name]] if spec.name in _OWN else []
    for name in named:
        if name in _DETECTED:
            own = {"options": _DETECTED[name]} if _DETECTED[name] else {}
            found.append({"scorer": "detector", "options": {"detector": name, **own}})
        else:
            found.append({"scorer": name})
    return [
        {**each, "options": _OPTIONS[each["scorer"]]} if each["scorer"] in _OPTIONS else each
        for each in found
    ]


def _cases(spec: IndicatorSpec, scorers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    expect: dict[str, Any] = {}
    context: dict[str, Any] = {}
    for scorer in scorers:
        name = scorer["scorer"]
        reads = SCORERS[name].reads
        if name == "pairwise":
            reads = "text"
        if reads in _EXPECTED:
            expect[reads] = _LISTS.get(name, _EXPECTED[reads])
        if name in JUDGED and name in READY_RUBRICS and READY_RUBRICS[name].of_sources:
            context = {"passages": ["A flat tyre is a claim for the motor desk."]}
    tags = [need[4:] for need in spec.needs if need.startswith("tag:") and need != "tag:group"]
    actions = [need[7:] for need in spec.needs if need.startswith("expect:")]
    if actions:
        expect["action"] = actions[0]
    elif not expect:
        expect["label"] = "motor"
    case = {"id": "c1", "input": "My car has a flat tyre.", "expect": expect}
    case |= {"tags": tags} if tags else {}
    case |= {"context": context} if context else {}
    if "facets" in spec.needs:
        case["facets"] = {"language": "en"}
    if "session" in spec.needs:
        case["session"] = "one"
        return [case, {**case, "id": "c2", "input": "My car has got a flat tyre."}]
    if "tag:group" not in spec.needs:
        return [case]
    grouped = {**case, "tags": [*tags, "group:tyre"]}
    other = {**grouped, "id": "c2", "input": "A tyre of my car is flat."}
    return [grouped, other]


def _slo(spec: IndicatorSpec) -> dict[str, Any]:
    assert spec.name in INDICATORS
    found = {"name": spec.name, "target": _target(spec)}
    if spec.kind == "mean" and spec.high is None and "betting" in spec.intervals:
        found["values_at_most"] = _MOST.get(spec.name, 100)  # type: ignore[assignment]
    return found


_MOST = {"cost_per_request": 0.5, "word_error_rate": 20, "character_error_rate": 20, "ter": 20}
"""Of a mean without a range of its own: what no case's value is beyond."""


def _target(spec: IndicatorSpec) -> str:
    if spec.kind == "count":
        return "== 0"
    if spec.unit == "ms":
        return "<= 800 ms"
    if spec.high == 1.0:
        return ">= 0.90" if spec.higher_is_better else "<= 0.05"
    if spec.name == "headroom":
        return ">= 0.3"
    if spec.higher_is_better:
        return ">= 10"
    return f"<= {0.02 if spec.unit == 'currency' else 5:g}"


def _pairs(slo: dict[str, Any]) -> list[str]:
    return [f"{key}: {json.dumps(said) if key == 'target' else said}" for key, said in slo.items()]


def _yaml(value: dict[str, Any]) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, default_flow_style=None, width=96))
