"""Every measured indicator against another way to its value: a library's, or brute force.

One run drawn with a fixed seed, of cases that were answered, held, blocked and failed; and one in
which every case was asked four times. Judges: `test_judged_indicators`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import combinations
from statistics import multimode

import numpy as np
import pytest
from sklearn import metrics

from doubles.answering import an_observation
from roadworthy.domain import (
    INDICATORS,
    JUDGE_SHOWN,
    SCORE_SHOWN,
    NeverRecord,
    Observation,
    Usage,
)
from roadworthy.domain.catalogue_drift import DRIFT
from roadworthy.domain.catalogue_novelty import NOVELTY
from roadworthy.monitoring import measure
from roadworthy.monitoring.host import OF_HOST

Rows = list[Observation]
LABELS = ["motor", "home", "travel"]
SCORES = sorted({*SCORE_SHOWN.values(), "exact", "contains", "regex", "schema", "pii", "secrets",
                 "refusal", "verbatim"})  # fmt: skip
TAGS = ["adversarial", "misuse", "hidden_function", "hazard:prompt_leak", "technique:role_play",
        "technique:direct_injection", "benign"]  # fmt: skip


def drawn(seed: int = 11, count: int = 240, repeats: int = 1) -> Rows:
    """Rows of every fate; a case of three asks for a person."""
    source = random.Random(seed)
    rows: Rows = []
    for at in range(count):
        label = source.choice(LABELS)
        facets = {"tenant": source.choice(["a", "b", "c"]), "language": source.choice(["de", "en"])}
        tags = tuple(tag for tag in TAGS if source.random() < 0.3)
        wanted = source.choice(["", "", "", "hold", "block"])
        pair = f"group:g{at // 3}"
        for repeat in range(repeats):
            rows.append(_row(source, at, repeat, label=label, facets=facets, wanted=wanted,
                             tags=(*tags, pair, "fairness", "consistency")))  # fmt: skip
    return rows


def _row(source: random.Random, at: int, repeat: int, **given: object) -> Observation:
    fate = source.choice(["answered"] * 6 + ["held", "blocked", "error"])
    failed = fate == "error"
    said = str(given["label"]) if source.random() < 0.6 else source.choice(LABELS)
    chances = dict(zip(LABELS, np.array([source.random() for _ in LABELS]), strict=True))
    chances = {label: float(p / sum(chances.values())) for label, p in chances.items()}
    wanted = str(given.pop("wanted"))
    worst = {"absolute_error", "wer", "cer", "ter"}
    numbers = (source.gauss(0, 3), source.gauss(0, 3))
    scores = {name: float(source.random() < 0.7) for name in SCORES}
    scores |= {name: source.random() * 3 for name in worst}
    scores["absolute_error"] = abs(numbers[0] - numbers[1])
    known = ("violation", "attempt")
    never = tuple(NeverRecord(event="e", kind=kind, found_by="rail")  # type: ignore[arg-type]
                  for kind in known if source.random() < 0.1)  # fmt: skip
    attributes = {"expect_action": wanted} if wanted else {}
    return an_observation(
        suite="s", case=f"c{at}", repeat=repeat, id=f"o{at}.{repeat}",
        decision="" if failed else said, confidence=None if failed else source.random(),
        label_probabilities={} if failed else chances, status="error" if failed else "ok",
        action="error" if failed else fate, scores={} if failed else scores, never=never,
        usage=_usage(source), time=_instant(source),
        latency_ms=source.expovariate(0.01), first_token_ms=source.expovariate(0.1),
        cost=None if source.random() < 0.2 else f"{source.random():.6f}",
        attributes={**attributes, "numbers": {"absolute_error": numbers},
                    "logprobs": {"sum": -source.expovariate(0.3), "tokens": 7}},
        input_digest=f"sha256:{at}", **given,
    )  # fmt: skip


def _usage(source: random.Random) -> Usage:
    read, cached = source.randint(1, 900), source.random() < 0.7
    held = source.randint(0, read) if cached else 0
    raw = {"cached_tokens": held} if cached else {}
    return Usage(input_tokens=read, cached_input_tokens=held, raw=raw)


def _instant(source: random.Random) -> str:
    return f"2026-11-22T10:00:{source.uniform(0, 59.9):09.6f}Z"


ONCE, OFTEN = drawn(), drawn(seed=12, count=40, repeats=4)


def stood(row: Observation) -> bool:
    return row.status == "ok" and row.action == "answered"


def labelled(rows: Rows) -> Rows:
    return [row for row in rows if row.attributes.get("expect_action") not in ("hold", "block")]


def truth(rows: Rows) -> tuple[list[str], list[str]]:
    """Labels and the decisions that left; "-" where none did."""
    asked = labelled(rows)
    return [row.label for row in asked], [row.decision if stood(row) else "-" for row in asked]


def _macro(of: Callable[..., float]) -> float:
    right, said = truth(ONCE)
    return float(of(right, said, labels=LABELS, average="macro", zero_division=0))


def _micro(of: Callable[..., float]) -> float:
    right, said = truth(ONCE)
    return float(of(right, said, labels=LABELS, average="micro", zero_division=0))


def _accuracy(rows: Rows) -> float:
    right, said = truth(rows)
    return float(metrics.accuracy_score(right, said))


def _mean(score: str, *, lacks: bool = False) -> float:
    values = np.array([row.scores[score] for row in ONCE if score in row.scores])
    return float(np.mean(1 - values if lacks else values))


def _recall(wanted: str, *ways: str) -> float:
    asked = [row for row in ONCE if row.attributes.get("expect_action") == wanted]
    return float(metrics.recall_score([1] * len(asked), [row.action in ways for row in asked]))


def _attacks(*tags: str) -> float:
    """By the definition: an attack is withstood by what the case expects, all of it."""
    of = [row for row in ONCE if set(tags) & set(row.tags)]
    withstood = []
    for row in of:
        wanted = row.attributes.get("expect_action", "")
        if row.status == "error":
            withstood.append(False)
        elif wanted:
            ways = {"hold": ("held",), "block": ("blocked", "held")}[str(wanted)]
            withstood.append(row.action in ways)
        else:
            right = stood(row) and row.decision == row.label
            withstood.append(right and all(value >= 1 for value in row.scores.values()))
    return float(1 - np.mean(withstood))


def _groups(alike: bool) -> float:
    found = []
    for at in range(0, len(ONCE), 3):
        part = [row for row in ONCE[at : at + 3] if row.status == "ok"]
        endings = {row.decision if stood(row) else row.action for row in part}
        if len(endings) > 1:
            found.append(True)
        elif sum(map(stood, part)) > 1:
            found.append(False)
    return float(np.mean([flip != alike for flip in found]))


def _sure() -> tuple[np.ndarray, np.ndarray]:
    known = [row for row in ONCE if row.confidence is not None]
    return (np.array([row.confidence for row in known]),
            np.array([row.decision == row.label for row in known], float))  # fmt: skip


def _ece(parts: list[np.ndarray]) -> float:
    said, right = _sure()
    gaps = [len(part) * abs(right[part].mean() - said[part].mean()) for part in parts if len(part)]
    return float(sum(gaps) / len(said))


def _equal_width() -> list[np.ndarray]:
    said, _ = _sure()
    return [np.flatnonzero(np.minimum(said * 10, 9).astype(int) == at) for at in range(10)]


def _equal_mass() -> list[np.ndarray]:
    said, _ = _sure()
    assert len(said) % 10 == 0 or len(set(said)) == len(said)
    edges = np.round(np.arange(1, 10) * len(said) / 10 + 1e-9).astype(int)
    return np.split(np.argsort(said), edges)


def _debiased() -> float:
    """The gaps that the same noise would show again, drawn 40,000 times."""
    said, right = _sure()
    source, total, again = np.random.default_rng(1), 0.0, 0.0
    for part in _equal_mass():
        n, hit = len(part), right[part].mean()
        gap = said[part].mean() - hit
        noise = source.normal(0, math.sqrt(hit * (1 - hit) / n), 40_000)
        total += n * abs(gap) / len(said)
        again += n * np.abs(gap + noise).mean() / len(said)
    return max(0.0, 2 * total - again)


def _aurc() -> float:
    said, right = _sure()
    wrong = 1 - right[np.argsort(-said)]
    return float(np.mean(np.cumsum(wrong) / np.arange(1, len(said) + 1)))


def _auc() -> float:
    asked = [row for row in labelled(ONCE) if row.label_probabilities]
    areas = [
        metrics.roc_auc_score([row.label == label for row in asked],
                              [row.label_probabilities[label] for row in asked])
        for label in LABELS
    ]  # fmt: skip
    return float(np.mean(areas))


def _numbers() -> tuple[list[float], list[float]]:
    known = [row.attributes["numbers"]["absolute_error"] for row in ONCE if row.status == "ok"]
    return [said for said, _ in known], [right for _, right in known]


def _tokens(sign: float) -> float:
    known = [row.attributes["logprobs"] for row in ONCE if row.status == "ok"]
    return float(np.mean([np.exp(sign * each["sum"] / each["tokens"]) for each in known]))


def _gap() -> float:
    found = []
    for facet in ("tenant", "language"):
        shares = [
            _accuracy([row for row in ONCE if row.facets[facet] == value])
            for value in {row.facets[facet] for row in ONCE}
        ]
        found.append(np.ptp(shares))
    return float(max(found))


def _dependence() -> float:
    """Every facet, label and ending by itself, over a table of shares."""
    found = []
    for facet in ("tenant", "language"):
        for label in LABELS:
            of = [row for row in labelled(ONCE) if row.label == label]
            values = sorted({row.facets[facet] for row in of})
            parts = [[row for row in of if row.facets[facet] == value] for value in values]
            parts = [part for part in parts if len(part) >= 20]
            for ending in [*LABELS, ""]:
                shares = [np.mean([(row.decision if stood(row) else "") == ending for row in part])
                          for part in parts]  # fmt: skip
                found += [np.ptp(shares)] if len(shares) > 1 else []
    return float(max(found))


def _pace() -> float:
    ends = sorted(float(row.time[17:26]) for row in ONCE if row.status == "ok")
    return float(1 / np.mean(np.diff(ends)))


def _by_case() -> list[Rows]:
    return [[row for row in OFTEN if row.case == f"c{at}"] for at in range(40)]


def _passes(row: Observation) -> bool:
    wanted = row.attributes.get("expect_action")
    if row.status == "error":
        return False
    if wanted:
        return row.action == "held" if wanted == "hold" else row.action in ("blocked", "held")
    right = stood(row) and row.decision == row.label
    return right and all(value >= 1 for value in row.scores.values())


def _pass(k: int, of: Callable[[list[bool]], bool]) -> float:
    draws = [
        [of(list(some)) for some in combinations(map(_passes, unit), k)] for unit in _by_case()
    ]
    return float(np.mean([np.mean(each) for each in draws]))


def _self_consistency() -> float:
    found = []
    for unit in _by_case():
        said = [row.decision for row in unit if stood(row)]
        if len(said) > 1:
            found.append(np.mean([a == b for a, b in combinations(said, 2)]))
    return float(np.mean(found))


def _majority() -> float:
    found = []
    for unit in _by_case():
        if labelled(unit):
            most = multimode(row.decision if stood(row) else "-" for row in unit)
            found.append(np.mean([each == unit[0].label for each in most]))
    return float(np.mean(found))


def _happened(kind: str) -> float:
    return float(sum(any(each.kind == kind for each in row.never) for row in ONCE))


def _p95(field: str) -> float:
    return float(np.quantile([getattr(row, field) for row in ONCE], 0.95))


ORACLES: dict[str, Callable[[], float]] = {
    "accuracy": lambda: _accuracy(ONCE),
    "recall_micro": lambda: _micro(metrics.recall_score),
    "precision_micro": lambda: _micro(metrics.precision_score),
    "f1_micro": lambda: _micro(metrics.f1_score),
    "precision": lambda: _macro(metrics.precision_score),
    "recall": lambda: _macro(metrics.recall_score),
    "f1": lambda: _macro(metrics.f1_score),
    "exact_match": lambda: _mean("exact"),
    "contains": lambda: _mean("contains"),
    "regex_match": lambda: _mean("regex"),
    "format_validity": lambda: _mean("schema"),
    "pii_leak": lambda: _mean("pii", lacks=True),
    "verbatim_reproduction": lambda: _mean("verbatim", lacks=True),
    "secret_leak": lambda: _mean("secrets", lacks=True),
    "refusal_rate": lambda: _mean("refusal", lacks=True),
    **{name: lambda score=score: _mean(score) for name, score in SCORE_SHOWN.items()},
    "rmse": lambda: float(metrics.root_mean_squared_error(*_numbers())),
    "pearson": lambda: float(np.corrcoef(*_numbers())[0, 1]),
    "spearman": lambda: float(
        np.corrcoef(*(np.argsort(np.argsort(each)) for each in _numbers()))[0, 1]
    ),
    "consistency": lambda: _groups(alike=True),
    "flip_rate": lambda: _groups(alike=False),
    "coverage": lambda: float(np.mean([stood(row) for row in ONCE])),
    "selective_accuracy": lambda: float(
        np.mean([row.decision == row.label for row in labelled(ONCE) if stood(row)])
    ),
    "attack_success": lambda: _attacks("adversarial", "misuse", "hidden_function"),
    "jailbreak_success": lambda: _attacks("technique:role_play"),
    "injection_success": lambda: _attacks("technique:direct_injection"),
    "hidden_function_response": lambda: _attacks("hidden_function"),
    "prompt_leak": lambda: _attacks("hazard:prompt_leak"),
    "hold_recall": lambda: _recall("hold", "held"),
    "block_recall": lambda: _recall("block", "held", "blocked"),
    "over_refusal": lambda: float(
        np.mean([row.action != "answered" for row in ONCE if "benign" in row.tags])
    ),
    "error_rate": lambda: float(np.mean([row.status == "error" for row in ONCE])),
    "availability": lambda: float(np.mean([row.status != "error" for row in ONCE])),
    "never_event_violations": lambda: _happened("violation"),
    "never_event_attempts": lambda: _happened("attempt"),
    "latency": lambda: _p95("latency_ms"),
    "ttft": lambda: _p95("first_token_ms"),
    "cost_per_request": lambda: float(np.mean([float(row.cost) for row in ONCE if row.cost])),
    "decision_ece": lambda: _ece(_equal_width()),
    "adaptive_ece": lambda: _ece(_equal_mass()),
    "debiased_ece": _debiased,
    "brier": lambda: float(np.mean((_sure()[0] - _sure()[1]) ** 2)),
    "risk_coverage": _aurc,
    "auc_roc": _auc,
    "perplexity": lambda: _tokens(-1),
    "token_confidence": lambda: _tokens(1),
    "slice_gap": _gap,
    "spurious_dependence": _dependence,
    "throughput": _pace,
    "prompt_cache_rate": lambda: float(
        np.mean(
            [
                row.usage.cached_input_tokens / row.usage.input_tokens
                for row in ONCE
                if row.status == "ok" and "cached_tokens" in row.usage.raw
            ]
        )
    ),
    "review_volume": lambda: float(np.count_nonzero([row.action == "held" for row in ONCE])),
    "pass_at_k": lambda: _pass(4, any),
    "pass_hat_k": lambda: _pass(4, all),
    "pass_at_2": lambda: _pass(2, any),
    "pass_hat_2": lambda: _pass(2, all),
    "pass_at_3": lambda: _pass(3, any),
    "pass_hat_3": lambda: _pass(3, all),
    "self_consistency": _self_consistency,
    "majority_accuracy": _majority,
}
OF_JUDGES = {*JUDGE_SHOWN, "judge_score", "win_rate", "judge_agreement"}
OF_LIVE_ANSWERS = {
    "cache_hit_rate",
    "feedback_score",
    "resolved_rate",
    "cost_per_resolved_outcome",
    "overturn_rate",
    "time_to_review",
    "upheld_rate",
}
"""See `test_outcomes`, `test_pace_and_dependence`, `test_review_indicators`, and
the flow `test_blind_samples`."""
OF_SESSIONS = {
    "extraction_patterns", "misuse_exploitation", "misuse_compromise", "rephrase_rate",
    "satisfaction",
}  # fmt: skip
"""See `test_sessions`, `test_misuse`, `test_sketch`."""
OF_REFERENCES = {spec.name for spec in (*NOVELTY, *DRIFT)}
"""See `test_novelty`, `test_drift_indicators`, and of known texts `test_known_texts`."""
OF_MACHINES = {*OF_HOST, "headroom"}
"""See `test_host_indicators`."""
LARGER_K = {"pass_at_5", "pass_hat_5", "pass_at_10", "pass_hat_10"}
"""The same two functions as of k = 2 and 3; brute force over so many draws takes long."""
REPEATED = {"self_consistency", "majority_accuracy", *(n for n in ORACLES if n.startswith("pass_"))}


def test_no_measured_indicator_is_without_an_oracle() -> None:
    measured = {spec.name for spec in INDICATORS.values() if spec.measured}
    elsewhere = OF_JUDGES | OF_LIVE_ANSWERS | OF_SESSIONS | OF_REFERENCES | OF_MACHINES | LARGER_K
    assert measured == ORACLES.keys() | elsewhere


@pytest.mark.parametrize("name", ORACLES)
def test_an_indicator_is_what_its_oracle_says(name: str) -> None:
    found = measure(name, OFTEN if name in REPEATED else ONCE)
    assert found.value == pytest.approx(ORACLES[name](), rel=5e-3 if "debiased" in name else 1e-9)
    assert found.n > 0
    assert found.low is not None and found.high is not None
    assert found.low <= found.value <= found.high
    assert found.low < found.high


@pytest.mark.parametrize("name", ORACLES)
def test_bounds_are_made_as_the_catalogue_says(name: str) -> None:
    rows = OFTEN if name in REPEATED else ONCE
    alone = [*rows] if name in ("flip_rate", "consistency") else [_alone(row) for row in rows]
    for some in (rows, alone):
        method = measure(name, some).method
        assert any(method.startswith(each) for each in INDICATORS[name].intervals), method


def _alone(row: Observation) -> Observation:
    from msgspec import structs

    return structs.replace(row, tags=tuple(tag for tag in row.tags if not tag.startswith("group:")))


@pytest.mark.parametrize("name", [spec.name for spec in INDICATORS.values()])
def test_without_rows_no_indicator_has_a_value_and_each_says_why(name: str) -> None:
    found = measure(name, [])
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.reason


@pytest.mark.parametrize("name", [spec.name for spec in INDICATORS.values() if spec.measured])
def test_of_failures_alone_no_indicator_is_good(name: str) -> None:
    spec = INDICATORS[name]
    failed = [row for row in drawn(seed=3) if row.status == "error"]
    found = measure(name, failed)
    if found.value is None:
        return
    if spec.area == "operations":
        assert name in ("error_rate", "availability", "latency", "ttft", "cost_per_request")
        return
    worst = spec.low if spec.higher_is_better else spec.high
    assert found.value == worst or spec.kind == "count"
