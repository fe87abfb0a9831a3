"""Objectives as alert rules for Prometheus, and what Prometheus cannot watch said in words.

Enters: a system's objectives. Leaves: rules over the metrics of `GET /metrics`. What never happens
here: an objective that seems watched and is not; each that no metric can express is named.
A rule compares a point with the target: it warns people, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import SafetySLO, parse_target, read_name

ROLLING = "30d"
"""Stands for `rolling`: Prometheus asks for a length, and keeps 15 days unless told otherwise."""

_PERCENTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_HISTOGRAMS = {
    "latency": "gen_ai_server_request_duration_seconds",
    "ttft": "gen_ai_server_time_to_first_token_seconds",
}
_MACHINE = {
    "cpu": 'sum(rate(process_cpu_seconds_total{{worker!=""}}[{window}])) / max(roadworthy_cores)',
    "memory": "avg_over_time(sum(roadworthy_memory_bytes)[{window}:1m]) / 1e6",
}
"""The machine is one for all systems that are served on it."""
_VALUE = '{{ printf "%.4g" $value }}'
_BLIND = 'outcome="not_checked"'
_FAILED = 'status=~"error|interrupted"'
_BREACH = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!="}
"""Operator of a target -> that of its breach."""


class Unwatched(Struct, frozen=True, kw_only=True):
    """An objective that no metric of the gateway can express, and why."""

    name: str
    why: str


class Alerts(Struct, frozen=True, kw_only=True):
    """Rules, and what they leave out."""

    rules: tuple[dict[str, Any], ...]
    unwatched: tuple[Unwatched, ...]


def alerts_of(system: str, slos: Sequence[SafetySLO]) -> Alerts:
    """The rules of a system: those that nobody should be without, then its objectives."""
    rules = _standing(system)
    unwatched: list[Unwatched] = []
    for slo in slos:
        why = _why_not(slo)
        found = None if why else _expression(slo, system)
        if found is None:
            unwatched.append(Unwatched(name=slo.name, why=why or "no metric of the gateway has it"))
            continue
        rules.append(_rule(slo, found))
    return Alerts(rules=tuple(rules), unwatched=tuple(unwatched))


def _why_not(slo: SafetySLO) -> str:
    if "runtime" not in slo.at:
        return "it is judged at the gate only"
    if slo.where:
        return "Prometheus cannot select by `where`"
    if set(slo.by) - {"tenant"}:
        return "no metric has facets as labels: they come from callers"
    if parse_target(slo.target).relative_to:
        return "its target is relative to an earlier window"
    return ""


def _rule(slo: SafetySLO, expression: str) -> dict[str, Any]:
    target = parse_target(slo.target)
    return {
        "alert": f"Objective_{''.join(c if c.isalnum() else '_' for c in slo.name)}",
        "expr": f"{expression} {_BREACH[target.operator]} {target.bound:g}",
        "for": "1m",
        "labels": {"severity": slo.severity, "action": slo.action_on_breach},
        "annotations": {
            "summary": slo.objective or slo.name,
            "description": f"{slo.name} is {_VALUE}, and shall be {slo.target} over {slo.window}.",
        },
    }


def _expression(slo: SafetySLO, system: str) -> str | None:
    """The value of an objective in PromQL, in the indicator's unit; None where there is none."""
    about = read_name(slo)
    window = f"{about.window}s" if about.window else ROLLING
    by = " by (tenant)" if slo.by else ""
    whose = f'system="{system}"'

    def counted(more: str = "") -> str:
        return f"sum{by}(increase(roadworthy_exchanges_total{{{whose}{more}}}[{window}]))"

    if about.metric in _MACHINE and not (slo.by or about.aggregation):
        return _MACHINE[about.metric].format(window=window)
    if about.metric in _HISTOGRAMS and not slo.by:
        return _duration(_HISTOGRAMS[about.metric], about.aggregation, whose, window)
    if about.aggregation:
        return None
    if about.metric == "error_rate":
        return f"{counted(f', {_FAILED}')} / {counted()}"
    if about.metric == "availability":
        return f"1 - {counted(f', {_FAILED}')} / {counted()}"
    if about.metric == "review_volume":
        return counted(', action="held"')
    if about.metric == "never_event_attempts" and not slo.by:
        rails = f'{whose}, rail=~"never:.*", outcome=~"block|hold"'
        return f"sum(increase(roadworthy_rail_verdicts_total{{{rails}}}[{window}]))"
    if about.metric == "never_event_violations" and not slo.by:
        return f'sum(roadworthy_kill_flags{{system=~"{system}|\\\\*"}})'
    return None


def _duration(name: str, aggregation: str, whose: str, window: str) -> str | None:
    if aggregation in _PERCENTILES:
        share = _PERCENTILES[aggregation]
        buckets = f"sum by (le)(rate({name}_bucket{{{whose}}}[{window}]))"
        return f"1000 * histogram_quantile({share:g}, {buckets})"
    if aggregation in ("", "mean"):
        total = f"sum(rate({name}_sum{{{whose}}}[{window}]))"
        return f"1000 * {total} / sum(rate({name}_count{{{whose}}}[{window}]))"
    return None


def _standing(system: str) -> list[dict[str, Any]]:
    whose = f'system="{system}"'
    named = [
        ("JournalNotWritable", "min(roadworthy_journal_writable) == 0", "10s", "critical",
         "New calls are refused: the journal cannot be written."),
        ("NothingIsAnswered",
         "min(roadworthy_table_readable) == 0 or min(roadworthy_keys_readable) == 0",
         "10s", "critical", "The routing table or the keys cannot be read."),
        ("LimitsNotCounted", "min(roadworthy_limits_counted) == 0", "10s", "high",
         "Tenants with limits are refused, or counted by each machine alone."),
        ("ReleaseRefused", f"min(roadworthy_release_served{{{whose}}}) == 0", "30s", "critical",
         "The live release does not verify and is not served."),
        ("Killed", f'sum(roadworthy_kill_flags{{system=~"{system}|\\\\*"}}) > 0', "0s", "critical",
         "A kill stands; two people lift it."),
        ("WorkerSilent", "time() - min(roadworthy_worker_state_timestamp_seconds) > 15", "15s",
         "high", "A worker says nothing any more."),
        ("ControlProcessDown", "up{job=\"roadworthy\"} == 0 or roadworthy_control_ready == 0", "1m",
         "critical", "Late rules do not look, or stops are not entered."),
        ("RailDidNotLook",
         f"sum by (rail)(rate(roadworthy_rail_verdicts_total{{{whose}, {_BLIND}}}[5m])) > 0",
         "5m", "high", "A rail could not look at texts."),
        ("UpstreamRests", f"min by (address)(roadworthy_upstream_well{{{whose}}}) == 0", "1m",
         "high", "An address of the model fails again and again."),
        ("DiskNearlyFull", "min(roadworthy_disk_free_bytes) < 1e9", "1m", "high",
         "Less than 1 GB is free where the journal lies."),
        ("MemoryNearlyFull",
         "max(roadworthy_memory_bytes) / max(roadworthy_memory_limit_bytes) > 0.9", "1m", "high",
         "The gateway holds nine tenths of the memory that its control group allows."),
        ("ReviewsOverdue", f"max(roadworthy_reviews_overdue{{{whose}}}) > 0", "5m", "high",
         "A held answer is past its time, and nobody has decided about it."),
        ("BudgetEndsEarly", "roadworthy_tenant_forecast > roadworthy_tenant_budget", "1h", "medium",
         "A tenant's budget will be spent before the month is."),
    ]  # fmt: skip
    return [
        {
            "alert": name,
            "expr": expression,
            "for": wait,
            "labels": {"severity": severity},
            "annotations": {"summary": summary},
        }
        for name, expression, wait, severity, summary in named
    ]
