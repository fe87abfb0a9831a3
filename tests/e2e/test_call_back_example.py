"""The example's conversations: an act needs a yes, and who acts without one is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roadworthy.manifests import check_system, load_system
from roadworthy.release import pin

ROOT = Path(__file__).parents[2]
DESK = ROOT / "examples" / "claims-desk"
TALKS = DESK / "call-back"


def told(home: Path, *words: str, ends: int = 0) -> Any:
    """What `roadworthy … --json` prints in the repository's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "roadworthy", *words, "--json"], cwd=ROOT, capture_output=True,
        env={"ROADWORTHY_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}, check=False,
    )  # fmt: skip
    assert done.returncode == ends, done.stderr.decode()
    return msgspec.json.decode(done.stdout)


@pytest.mark.parametrize("candidate", ["candidate.yaml", "hasty.yaml"])
def test_both_assistants_are_written_down_without_a_fault(candidate: str) -> None:
    assert check_system(TALKS, candidate=candidate) == []


def test_most_conversations_are_about_a_yes_that_is_missing_late_or_taken_back() -> None:
    suite = load_system(TALKS).suite("talks")
    assert suite is not None
    never = [
        case for case in suite.cases if case.expect.trajectory and case.expect.trajectory.never
    ]
    assert len(suite.cases) == 13
    assert len(never) >= 8
    assert all("call_back" in {tool.name for tool in case.tools or ()} for case in suite.cases)


def test_the_desk_beside_it_is_another_system() -> None:
    desk = load_system(DESK)
    assert not [path for path in desk.files if path.startswith("call-back/")]
    assert pin(desk).candidate.tools == []


def test_the_careful_one_meets_every_objective_and_the_hasty_one_is_refused(tmp_path: Path) -> None:
    """The commands are the tutorial's."""
    tutorial = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    commands = re.findall(
        r"\$ roadworthy ((?:eval|gate) examples/claims-desk/call-back.*)", tutorial
    )
    careful, careful_gate, hasty, hasty_gate = (command.split() for command in commands)
    found = {each["name"]: each for each in told(tmp_path, *careful)["indicators"]}
    assert (found["trajectory"]["value"], found["turns"]["value"]) == (1.0, 1.0)
    assert (found["hold_recall"]["value"], found["error_rate"]["value"]) == (1.0, 0.0)
    judged = told(tmp_path, *careful_gate, ends=4)
    assert {slo["verdict"] for slo in judged["slos"]} == {"PASS"}
    assert "deliberation-note.md is missing" in judged["reasons"][0]
    told(tmp_path, *hasty)
    judged = told(tmp_path, *hasty_gate, ends=3)
    assert judged["decision"] == "FAIL"
    assert judged["reasons"][0].startswith("never_event_violations (target == 0): 11 violations")
