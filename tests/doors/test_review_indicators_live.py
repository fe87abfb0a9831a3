"""Decisions about held answers are indicators of live answers, from the ledger alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.held_answers import SORTER, HeldDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.reviews.reviewing import judge

Capture = pytest.CaptureFixture[str]


def told(root: Path, capture: Capture) -> dict[str, Any]:
    assert run(VERBS, ["journal", "query", str(root), "--indicators", "--json"]) == 0
    found = msgspec.json.decode(capture.readouterr().out)
    return {each["name"]: each for each in found["indicators"]}


async def test_decisions_are_told_with_what_still_waits(tmp_path: Path, capsys: Capture) -> None:
    desk = HeldDesk(tmp_path, changes=SORTER)
    for how, text in (("approve", ""), ("edit", "fraud"), ("refuse", "")):
        desk.decides(await desk.hold("motor", decision="motor", hours_ago=2), how, text=text)
    await desk.hold("motor", decision="motor", hours_ago=9)
    await desk.leave("it left")
    found = told(tmp_path, capsys)
    assert found["overturn_rate"]["value"] == pytest.approx(2 / 3)
    assert found["overturn_rate"]["n"] == 3
    waited = found["time_to_review"]
    assert waited["n"] == 4 and waited["value"] == pytest.approx(9 * 3_600_000, rel=0.01)
    assert "1 of 4 still wait" in waited["reason"]
    assert found["review_volume"]["value"] == 4.0


async def test_a_label_that_a_reviewer_gave_is_the_truth(tmp_path: Path, capsys: Capture) -> None:
    desk = HeldDesk(tmp_path, review="blind: true, ", changes=SORTER)
    seen = await desk.hold("motor", decision="motor")
    judge(seen.id, desk.loop, desk.journal, label="home", by=desk.acting("rosa"))
    assert "overturn_rate" not in told(tmp_path, capsys), "a judgement decides nothing"
    desk.decides(seen, "approve")
    found = told(tmp_path, capsys)
    assert found["overturn_rate"]["value"] == 1.0, "by the label that she gave blind"


async def test_half_of_two_opinions_is_no_decision(tmp_path: Path, capsys: Capture) -> None:
    desk = HeldDesk(tmp_path, impact="high")
    seen = await desk.hold()
    desk.decides(seen, "refuse", "rosa")
    assert "overturn_rate" not in told(tmp_path, capsys)
    desk.decides(seen, "refuse", "ravi")
    assert told(tmp_path, capsys)["overturn_rate"]["n"] == 1
