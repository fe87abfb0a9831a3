"""An objective that looks at one label only says so: a constant candidate meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import RULES, Desk
from roadworthy.domain import Verdict

NEVER = '- {name: never_event_violations, target: "== 0", action_on_breach: kill_switch}\n'


async def notes(root: Path, slo: str) -> list[str]:
    """What the gate notes of a candidate that always says motor."""
    desk = Desk(root)
    desk.write("rules.yaml", RULES.replace("roof: 3, kitchen: 3", "nothing: 3"))
    desk.write("safety-slos.yaml", f"slos:\n- {slo}\n{NEVER}")
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons
    return [note for note in decision.notes if "of the label" in note]


@pytest.mark.parametrize("more", ["", 'suite == "main" && '], ids=["alone", "and more"])
async def test_one_label_is_said(tmp_path: Path, more: str) -> None:
    slo = f'{{name: accuracy, target: ">= 0.8", where: \'{more}label == "motor"\'}}'
    (note,) = await notes(tmp_path / "desk", slo)
    assert note.startswith("accuracy looks only at the 40 of 80 cases of the label motor")
    assert "always says motor" in note


@pytest.mark.parametrize(
    "slo",
    [
        '{name: accuracy, target: ">= 0.3"}',
        '{name: accuracy, target: ">= 0.3", where: "tag:golden"}',
        '{name: availability, target: ">= 0.8", where: \'label == "motor"\'}',
    ],
    ids=["no filter", "both labels", "no label asked"],
)
async def test_nothing_is_said_where_both_count_or_none(tmp_path: Path, slo: str) -> None:
    assert await notes(tmp_path / "desk", slo) == []
