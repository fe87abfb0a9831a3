"""Drift is judged at the gate from the candidate's own reference, and never without one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from doubles.desk import CANDIDATE, Desk, cases
from roadworthy.cli.evaluate_results import show
from roadworthy.detectors import ood
from roadworthy.domain import Verdict

REFERENCE = {
    "roadworthy": 1,
    "system": "desk",
    "source": "main",
    "source_digest": "sha256:" + "0" * 64,
    "date": "2026-11-22T10:00:00Z",
    "fitted": 200,
    "held": 100,
    "labelled": True,
    "false_alarm": 0.05,
    "threshold": 99.0,
    "counts": {"n": 300},
}
SLOS = """\
slos:
- {name: decision_drift, target: "<= 0.1"}
- {name: never_event_violations, target: "== 0", action_on_breach: kill_switch}
"""


@cache
def fitted() -> dict[str, Any]:
    """A detector of letters to the desk."""
    texts = [str(each["input"]) for each in cases(100)]
    found = ood.fit(texts[20:], texts[:20])
    return {"detector": to_builtins(found.tables), "settings": found.settings,
            "topics": found.topics}  # fmt: skip


def a_desk(root: Path, decisions: dict[str, int] | None) -> Desk:
    """Whose model says motor of one half, and home of the other."""
    desk = Desk(root)
    desk.write("safety-slos.yaml", SLOS)
    if decisions is not None:
        desk.write("candidate.yaml", CANDIDATE + "ood: reference.json\n")
        counts = {"n": 300, "decisions": decisions}
        desk.write("reference.json", json.dumps({**REFERENCE, **fitted(), "counts": counts}))
    return desk


@pytest.mark.parametrize(
    ("decisions", "verdict", "said"),
    [
        ({"motor": 10, "home": 290}, Verdict.FAIL, "motor` +46.7%"),
        ({"motor": 150, "home": 150}, Verdict.INCONCLUSIVE, ""),
        (None, Verdict.INCONCLUSIVE, "roadworthy ood fit"),
        ({}, Verdict.INCONCLUSIVE, "roadworthy ood fit"),
    ],
    ids=["moved", "too few to prove it", "no reference", "counts nothing"],
)
async def test_decisions_are_held_against_the_reference(
    tmp_path: Path, decisions: dict[str, int] | None, verdict: Verdict, said: str
) -> None:
    desk = a_desk(tmp_path / "desk", decisions)
    decision = await desk.inspect()
    (found,) = [each for each in decision.slos if each.slo.name == "decision_drift"]
    assert found.verdict is verdict, found.reason
    assert said in found.reason


async def test_a_run_says_its_drift(tmp_path: Path) -> None:
    desk = a_desk(tmp_path / "desk", {"motor": 10, "home": 290})
    found = await desk.evaluate()
    (drift,) = [each for each in found.summary.indicators if each.name == "decision_drift"]
    assert drift.value == pytest.approx(0.467, abs=0.01)
    assert drift.n == 80


async def test_people_are_told_what_moved_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = a_desk(tmp_path / "desk", {"motor": 10, "home": 290})
    show(await desk.evaluate(), "")
    said = " ".join(capsys.readouterr().out.split())
    assert "decision_drift: beyond chance; moved most: `home` -46.7%, `motor` +46.7%" in said
    assert "label a sample of the decisions that grew" in said


async def test_a_handful_of_cases_proves_no_absence_of_drift(tmp_path: Path) -> None:
    """Chance explains any distance of six cases: the value is 0, and nothing is proven."""
    desk = a_desk(tmp_path / "desk", {"motor": 150, "home": 150})
    desk.cases(cases(6))
    decision = await desk.inspect()
    (found,) = [each for each in decision.slos if each.slo.name == "decision_drift"]
    assert (found.estimate, found.verdict) == (0.0, Verdict.INCONCLUSIVE)
