"""The four clauses of the safety contract: what stands for each. An empty one is a finding.

What stands is what this version acts on. What it loads, checks and pins for a later version is
told apart: a promise is no guard.
"""

from __future__ import annotations

from collections import Counter

from roadworthy.domain import Clause, SafetySLO, find_indicator, parse_target, read_name

from .reading import CHARTER, Reading

ROBUSTNESS_TAGS = (
    "tail", "adversarial", "misuse", "hidden_function", "ood", "consistency", "fairness",
    "unanswerable",
)  # fmt: skip
"""Tags of cases that go beyond a benchmark."""

MEANING: dict[Clause, str] = {
    "robustness": "shift, tail and misuse are tested, not only benchmarks",
    "monitoring": "the system knows when it is beyond its competence and degrades by itself",
    "alignment": "goal in plain words, proxies admitted, never events",
    "system_safety": "reproducible, signed, strict access, rollback as easy as deployment",
}

_AREAS: dict[str, Clause] = {"shift": "monitoring", "calibration": "monitoring"}

_FIX: dict[Clause, str] = {
    "robustness": "add cases with tags such as `tail`, `adversarial`, `ood`",
    "monitoring": "add an objective that is measured, such as `decision_ece`, or a rail",
    "alignment": "add `proxies` and `never` to charter.yaml",
    "system_safety": "pin the model with `digest` or `version`, or give a never event or an "
    "objective this `clause`",
}


Told = dict[Clause, list[str]]
"""Clause -> what there is for it, in words."""


def clauses_of(reading: Reading) -> Told:
    """Clause -> what stands for it in this version; an empty list where nothing does."""
    stands: Told = {clause: [] for clause in MEANING}
    _count_cases(reading, stands)
    for slo in reading.slos.slos if reading.slos else []:
        if _is_judged(slo):
            stands[_clause_of(slo)].append(f"objective {slo.name}")
    if reading.rails.rails:
        stands["monitoring"].append(_number(len(reading.rails.rails), "rail"))
    if reading.charter is not None:
        if reading.charter.proxies:
            stands["alignment"].append(_number(len(reading.charter.proxies), "proxy", "proxies"))
        for event in reading.charter.never:
            if event.is_wired:
                stands[event.clause].append(f"never event {event.id}")
    model = reading.candidate.model if reading.candidate else None
    if model is not None and model.digest:
        stands["system_safety"].append("the model is pinned by its digest")
    elif model is not None and model.version:
        # Whoever hosts it can change it behind its name: said, not proven.
        stands["system_safety"].append(f"the model's version is named ({model.version})")
    elif model is not None and model.provider == "rule" and model.file:
        # No weights elsewhere: the file is a part of the candidate, so its digest covers it.
        stands["system_safety"].append("the model's rules are in the candidate's digest")
    if reading.rollout is not None and reading.rollout.steps:
        steps = _number(len(reading.rollout.steps), "step")
        stands["system_safety"].append(f"rollout of {steps}")
    return stands


def kept_for_later(reading: Reading) -> Told:
    """Clause -> what the files hold that is loaded and pinned, and that nothing acts on yet."""
    kept: Told = {clause: [] for clause in MEANING}
    for slo in reading.slos.slos if reading.slos else []:
        if not _is_judged(slo):
            kept[_clause_of(slo)].append(f"objective {slo.name}")
    for event in reading.charter.never if reading.charter else []:
        if not event.is_wired:
            kept[event.clause].append(f"never event {event.id} ({event.rule.kind})")
    if reading.rollout is not None and reading.rollout.limits:
        kept["system_safety"].append("limits of the rollout")
    if reading.playbooks:
        kept["system_safety"].append(_number(len(reading.playbooks), "playbook"))
    return {clause: told for clause, told in kept.items() if told}


def _is_judged(slo: SafetySLO) -> bool:
    """Whether this version judges it, on an indicator that it measures.

    At the gate there is no window before it, on the road no run of a baseline.
    """
    try:
        spec = find_indicator(read_name(slo).metric)
        relative = parse_target(slo.target).relative_to
    except ValueError:
        return False
    at_gate = "gate" in slo.at and not relative.startswith("previous")
    on_the_road = "runtime" in slo.at and relative != "baseline"
    return (spec is None or spec.measured) and (at_gate or on_the_road)


def _count_cases(reading: Reading, stands: dict[Clause, list[str]]) -> None:
    cases = {id(case): case for suite in reading.suites for case in suite.cases}
    counts = Counter(tag for case in cases.values() for tag in set(case.tags))
    told = [f"{tag} {counts[tag]}" for tag in ROBUSTNESS_TAGS if counts[tag]]
    if told:
        stands["robustness"].append(f"cases: {', '.join(told)}")


def _clause_of(slo: SafetySLO) -> Clause:
    """An objective's clause: as written, else by what it measures."""
    if slo.clause is not None:
        return slo.clause
    try:
        spec = find_indicator(read_name(slo).metric)
    except ValueError:
        return "monitoring"
    if spec is None:
        return "robustness"
    if spec.name.startswith("never_event"):
        return "alignment"
    return _AREAS.get(spec.area, "monitoring" if spec.area == "operations" else "robustness")


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def check_clauses(reading: Reading) -> None:
    """Note clauses for which nothing stands."""
    if reading.charter is None:
        return
    for clause, stands in clauses_of(reading).items():
        if not stands:
            reading.document(CHARTER).fault(
                (),
                f"nothing stands for the clause {clause.replace('_', ' ')}: {MEANING[clause]}",
                _FIX[clause],
                severity="warning",
                line=1,
            )
