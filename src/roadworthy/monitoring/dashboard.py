"""A dashboard for Grafana over the gateway's metrics, with the objectives as lines in it.

Enters: a system's name and its alert rules. Leaves: the JSON that Grafana imports. What never
happens here: a data source that is somebody's; Grafana asks for it at the import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
_WIDE, _HIGH = 12, 8


def dashboard_of(system: str, rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The dashboard of a system."""
    whose = f'system="{system}"'
    rate = "[$__rate_interval]"
    duration = "gen_ai_server_request_duration_seconds_bucket"
    first = "gen_ai_server_time_to_first_token_seconds_bucket"
    panels = [
        _panel("Answers per second, by what was done", "reqps",
               {"{{action}}": "sum by (action)"
                f"(rate(roadworthy_exchanges_total{{{whose}}}{rate}))"}),
        _panel("Errors per second that callers got", "reqps",
               {"{{code}}": f"sum by (code)(rate(roadworthy_error_responses_total{rate}))"}),
        _panel("Time of an answer", "s", {
            f"p{share}": f"histogram_quantile(0.{share}, sum by (le)"
            f"(rate({duration}{{{whose}}}{rate})))" for share in (50, 95, 99)}),
        _panel("Time to the first token", "s", {
            f"p{share}": f"histogram_quantile(0.{share}, sum by (le)"
            f"(rate({first}{{{whose}}}{rate})))" for share in (50, 95)}),
        _panel("What rails found", "reqps", {
            "{{rail}} {{outcome}}": "sum by (rail, outcome)"
            f"(rate(roadworthy_rail_verdicts_total{{{whose}}}{rate}))"}),
        _panel("Kill flags that stand", "short",
               {"{{system}}": f'roadworthy_kill_flags{{system=~"{system}|\\\\*"}}'}),
        _panel("Tokens per second", "short",
               {"{{kind}}": f"sum by (kind)(rate(roadworthy_tokens_total{{{whose}}}{rate}))"}),
        _panel("Spent, forecast and budget this month", "short", {
            "{{tenant}} spent": "roadworthy_tenant_spent",
            "{{tenant}} forecast": "roadworthy_tenant_forecast",
            "{{tenant}} budget": "roadworthy_tenant_budget"}),
        _panel("Calls under way", "short", {"{{worker}}": "roadworthy_in_flight"}),
        *_of_the_machine(rate),
        _panel("Addresses of the model that are well", "short", {
            "{{address}}": f"min by (address)(roadworthy_upstream_well{{{whose}}})"}),
    ]  # fmt: skip
    for rule in rules:
        if rule["alert"].startswith("Objective_"):
            title = f"{rule['alert'].removeprefix('Objective_')}: {rule['annotations']['summary']}"
            value, _, bound = _split(rule["expr"])
            panels.append(_panel(title, "short", {"now": value, "target": f"vector({bound})"}))
    for at, panel in enumerate(panels):
        panel["id"] = at + 1
        panel["gridPos"] = {
            "x": (at % 2) * _WIDE, "y": (at // 2) * _HIGH, "w": _WIDE, "h": _HIGH,
        }  # fmt: skip
    return {
        "__inputs": [
            {"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource",
             "pluginId": "prometheus", "pluginName": "Prometheus"}
        ],
        "title": f"Roadworthy: {system}",
        "uid": f"roadworthy-{system}"[:40],
        "schemaVersion": 39,
        "tags": ["roadworthy"],
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "panels": panels,
    }  # fmt: skip


def _of_the_machine(rate: str) -> list[dict[str, Any]]:
    """What the gateway's processes take; the machine is one for all systems."""
    return [
        _panel("Processors at work, of those that may be used", "percentunit", {
            "{{worker}}": "sum by (worker)(rate(process_cpu_seconds_total"
            f'{{worker!=""}}{rate})) / scalar(max(roadworthy_cores))'}),
        _panel("Memory of each process, and of all with shared pages once", "bytes", {
            "{{worker}}": 'process_resident_memory_bytes{worker!=""}',
            "all": "roadworthy_memory_bytes",
            "limit": "roadworthy_memory_limit_bytes"}),
    ]  # fmt: skip


def _panel(title: str, unit: str, series: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": title,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": _SOURCE, "expr": expression,
             "legendFormat": legend}
            for at, (legend, expression) in enumerate(series.items())
        ],
    }  # fmt: skip


def _split(expression: str) -> tuple[str, str, str]:
    """Value, operator and bound of a rule of ours."""
    value, operator, bound = expression.rsplit(" ", 2)
    return value, operator, bound
