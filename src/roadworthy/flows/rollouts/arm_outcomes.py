"""What one answer says of an indicator that two arms are compared by: 0 is well, 1 is not.

Enters: a plan's names of indicators, and the objectives. Leaves: a question for each that a single
answer can tell, and the names of those that it cannot. Never here: an answer that says nothing of
it counted as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from roadworthy.domain import (
    ALIASES,
    Observation,
    Rollout,
    SafetySLO,
    SloTarget,
    parse_target,
    read_name,
)

Question = Callable[[Observation], float | None]

USUAL = ("error_rate", "coverage", "blocked", "never_event_attempts")
"""Where a plan names none: what every answer tells at once."""

VIOLATIONS = "never_event_violations"
"""One is enough: it is counted, not compared."""


LATER = frozenset({"accuracy", "feedback_score", "satisfaction"})
"""What is known of an answer only once somebody said more of it."""


def questions(plan: Rollout, slos: Iterable[SafetySLO]) -> tuple[dict[str, Question], list[str]]:
    """Indicator -> its question, and the indicators of the plan that have none."""
    named = plan.analysis.get("indicators") or list(USUAL)
    known: Mapping[str, Question] = {**_KNOWN, **_slow(slos)}
    found: dict[str, Question] = {}
    unwatched: list[str] = []
    for name in dict.fromkeys(ALIASES.get(str(each), str(each)) for each in named):
        if name in known:
            found[name] = known[name]
        elif name != VIOLATIONS:
            unwatched.append(name)
    return found, unwatched


def violated(row: Observation) -> bool:
    """Whether a never event happened."""
    return any(record.kind == "violation" for record in row.never)


def _failed(row: Observation) -> float:
    return float(row.status == "error")


def _held(row: Observation) -> float | None:
    return None if row.status == "error" else float(row.action == "held")


def _blocked(row: Observation) -> float | None:
    return None if row.status == "error" else float(row.action == "blocked")


def _attempted(row: Observation) -> float:
    return float(bool(row.never))


def _wrong(row: Observation) -> float | None:
    return None if not (row.label and row.decision) else float(row.label != row.decision)


def _disliked(row: Observation) -> float | None:
    liked = row.scores.get("feedback")
    return None if liked is None else 1.0 - liked


_KNOWN: Mapping[str, Question] = {
    "error_rate": _failed,
    "availability": _failed,
    "coverage": _held,
    "review_volume": _held,
    "blocked": _blocked,
    "never_event_attempts": _attempted,
    "accuracy": _wrong,
    "feedback_score": _disliked,
    "satisfaction": _disliked,
}


def _slow(slos: Iterable[SafetySLO]) -> dict[str, Question]:
    """Slower than the objective allows: of durations an answer alone tells no more."""
    found: dict[str, Question] = {}
    for slo in slos:
        try:
            metric, target = read_name(slo).metric, parse_target(slo.target)
        except ValueError:
            continue
        if metric in _TIMES and not target.relative_to and metric not in found:
            found[metric] = _slower(_TIMES[metric], target)
    return found


_TIMES: Mapping[str, Question] = {
    "latency": lambda row: None if row.cache_hit else row.latency_ms,
    "ttft": lambda row: None if row.cache_hit else row.first_token_ms,
}


def _slower(time: Question, target: SloTarget) -> Question:
    def question(row: Observation) -> float | None:
        taken = time(row)
        return None if taken is None else float(taken > target.bound)

    return question
