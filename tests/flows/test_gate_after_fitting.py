"""What only fitted a candidate was never judged by, so that nothing of it is missed at the gate."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from doubles.desk import CANDIDATE, Desk, cases
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Verdict


def with_past(root: Path) -> Desk:
    """A desk with a suite that the gate never judges by."""
    desk = Desk(root)
    desk.write("suites/past.yaml", "name: past\npurpose: calibration\ncases: [past.jsonl]\n")
    past = [{**each, "id": f"p{at}", "input": f"{each['input']}, again", "tags": []}
            for at, each in enumerate(cases(100))]  # fmt: skip
    desk.write("suites/past.jsonl", "".join(json.dumps(each) + "\n" for each in past))
    return desk


FITTED = {
    "calibrate": (
        ["calibrate", "DIR", "--suite", "past", "--limit", "0.1"],
        CANDIDATE.replace("home]", "home], calibration: calibration.json, accept: auto"),
    ),
    "ood fit": (
        ["ood", "fit", "DIR", "--suite", "past", "--words-only"],
        f"{CANDIDATE}ood: reference.json\n",
    ),
}


@pytest.mark.parametrize("name", FITTED)
async def test_a_candidate_that_was_fitted_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    desk = with_past(tmp_path / "desk")
    words, candidate = FITTED[name]
    asked = [str(desk.root) if word == "DIR" else word for word in words]
    assert await asyncio.to_thread(run, VERBS, asked) == 0, capsys.readouterr().err
    desk.write("candidate.yaml", candidate)
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons


async def test_a_judged_suite_that_is_called_one_for_fitting_has_lost_its_cases(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("suites/hard.yaml", "name: hard\ncases: [hard.jsonl]\n")
    hard = [{**each, "id": f"h{at}", "input": f"{each['input']}, hard"}
            for at, each in enumerate(cases(20))]  # fmt: skip
    desk.write("suites/hard.jsonl", "".join(json.dumps(each) + "\n" for each in hard))
    assert (await desk.inspect()).decision is Verdict.PASS
    desk.write("suites/hard.yaml", "name: hard\npurpose: calibration\ncases: [hard.jsonl]\n")
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert "of suite hard were removed" in " ".join(decision.reasons)
