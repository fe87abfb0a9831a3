"""The four clauses of the safety contract: what stands for each. An empty one is a finding."""

from __future__ import annotations

from collections import Counter

from roadworthy.domain import Clause, SafetySLO, find_indicator, read_name

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
    "monitoring": "add an objective for run time to safety-slos.yaml, or a rail to rails.yaml",
    "alignment": "add `proxies` and `never` to charter.yaml",
    "system_safety": "add rollout.yaml or a playbook, or pin the model with `digest` or `version`",
}


def clauses_of(reading: Reading) -> dict[Clause, list[str]]:
    """Clause -> what stands for it, in words; an empty list where nothing does."""
    stands: dict[Clause, list[str]] = {clause: [] for clause in MEANING}
    _count_cases(reading, stands)
    for slo in reading.slos.slos if reading.slos else []:
        stands[_clause_of(slo)].append(f"objective {slo.name}")
    if reading.rails.rails:
        stands["monitoring"].append(_number(len(reading.rails.rails), "rail"))
    if reading.charter is not None:
        if reading.charter.proxies:
            stands["alignment"].append(_number(len(reading.charter.proxies), "proxy", "proxies"))
        for event in reading.charter.never:
            stands[event.clause].append(f"never event {event.id}")
    if reading.rollout is not None and reading.rollout.steps:
        steps = _number(len(reading.rollout.steps), "step")
        stands["system_safety"].append(f"rollout of {steps}")
    if reading.playbooks:
        stands["system_safety"].append(_number(len(reading.playbooks), "playbook"))
    model = reading.candidate.model if reading.candidate else None
    if model is not None and (model.digest or model.version):
        stands["system_safety"].append("the model is pinned")
    return stands


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
