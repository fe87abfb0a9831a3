"""Alert rules and a dashboard from the objectives: Prometheus takes them, none is passed over."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from doubles.systems import write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

SLOS = """\
slos:
- {name: answers_in_time, metric: latency_p95, target: "<= 800 ms", window: 24h, severity: high}
- {name: error_rate_1h, target: "<= 0.01", window: 1h, by: [tenant]}
- {name: availability_7d, target: ">= 0.999", window: 7d}
- {name: never_event_violations, target: "== 0"}
- {name: never_event_attempts, target: "<= 5"}
- {name: accuracy, target: ">= 0.5"}
- {name: latency_p50_1h, target: "<= 100 ms", window: 1h, where: 'tag:golden'}
- {name: ttft_p95_1h, target: "<= 300 ms", window: 1h, at: [gate]}
- {name: memory_24h, target: "<= 500", window: 24h}
- {name: cpu_1h, target: "<= 0.8", window: 1h}
- {name: error_rate_24h, target: "<= 2 x previous 7d", window: 24h}
"""


def made(root: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    write_system(root / "desk", {"safety-slos.yaml": SLOS})
    (root / "out").mkdir(exist_ok=True)
    code = run(VERBS, ["alerts", str(root / "desk"), "--out", str(root / "out"), "--json"])
    said = capsys.readouterr().out
    assert code == 0, said
    found: dict[str, Any] = msgspec.json.decode(said)
    return found


def test_every_objective_is_a_rule_or_named_as_unwatched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = made(tmp_path, capsys)
    objectives = [name for name in said["alerts"] if name.startswith("Objective_")]
    assert objectives == [
        "Objective_answers_in_time", "Objective_error_rate_1h", "Objective_availability_7d",
        "Objective_never_event_violations", "Objective_never_event_attempts",
        "Objective_memory_24h", "Objective_cpu_1h",
    ]  # fmt: skip
    assert {one["name"]: one["why"] for one in said["unwatched"]} == {
        "accuracy": "no metric of the gateway has it",
        "latency_p50_1h": "Prometheus cannot select by `where`",
        "ttft_p95_1h": "it is judged at the gate only",
        "error_rate_24h": "its target is relative to an earlier window",
    }
    head = (tmp_path / "out" / "roadworthy-rules.yml").read_text().split("groups:")[0]
    assert all(f"# not watched: {one['name']}: " in head for one in said["unwatched"])
    (group,) = yaml.safe_load((tmp_path / "out" / "roadworthy-rules.yml").read_text())["groups"]
    by_name = {rule["alert"]: rule for rule in group["rules"]}
    slow = by_name["Objective_answers_in_time"]
    assert slow["expr"].startswith("1000 * histogram_quantile(0.95, ")
    assert slow["expr"].endswith("> 800") and "[86400s]" in slow["expr"]
    assert slow["labels"]["severity"] == "high"
    assert by_name["Objective_availability_7d"]["expr"].endswith("< 0.999")
    assert " by (tenant)" in by_name["Objective_error_rate_1h"]["expr"]


def test_what_somebody_else_wrote_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, capsys)
    made(tmp_path, capsys)  # its own it replaces
    (tmp_path / "out" / "roadworthy-rules.yml").write_text("groups: []\n")
    words = ["alerts", str(tmp_path / "desk"), "--out", str(tmp_path / "out")]
    assert run(VERBS, words) == 1
    assert (tmp_path / "out" / "roadworthy-rules.yml").read_text() == "groups: []\n"


def test_the_dashboard_asks_for_a_data_source_and_has_every_objective(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, capsys)
    board = msgspec.json.decode((tmp_path / "out" / "roadworthy-dashboard.json").read_bytes())
    assert board["__inputs"][0]["pluginId"] == "prometheus"
    titles = [panel["title"] for panel in board["panels"]]
    assert sum(title.startswith("answers_in_time") for title in titles) == 1
    assert len({panel["id"] for panel in board["panels"]}) == len(titles)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(set(places)) == len(places), "no panel lies on another"


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs promtool: apt-get install prometheus"
)
def test_prometheus_takes_the_rules_and_they_fire_when_they_should(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, capsys)
    rules = tmp_path / "out" / "roadworthy-rules.yml"
    checked = subprocess.run(
        ["promtool", "check", "rules", str(rules)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    whose = 'system="letters", tenant="acme"'
    trial = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": f'roadworthy_exchanges_total{{{whose}, status="ok"}}',
                     "values": "0+10x120"},
                    {"series": f'roadworthy_exchanges_total{{{whose}, status="error"}}',
                     "values": "0+1x120"},
                    {"series": 'roadworthy_kill_flags{system="letters"}', "values": "0x60 1x60"},
                ],
                "alert_rule_test": [
                    {"eval_time": "50m", "alertname": "Killed", "exp_alerts": []},
                    {"eval_time": "110m", "alertname": "Killed", "exp_alerts": [
                        {"exp_labels": {"severity": "critical"},
                         "exp_annotations": {"summary": "A kill stands; two people lift it."}}]},
                    {"eval_time": "110m", "alertname": "Objective_availability_7d",
                     "exp_alerts": [{"exp_labels": {"severity": "medium", "action": "alert"},
                                     "exp_annotations": {
                                         "summary": "availability_7d",
                                         "description": "availability_7d is 0.9091,"
                                         " and shall be >= 0.999 over 7d."}}]},
                ],
            }
        ],
    }  # fmt: skip
    (tmp_path / "trial.yml").write_text(yaml.safe_dump(trial))
    tried = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "trial.yml")], capture_output=True, text=True
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
