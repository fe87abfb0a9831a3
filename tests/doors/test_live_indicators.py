"""`roadworthy journal query --indicators`: what live answers say, with what was learned since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import HostSample
from roadworthy.flows.brakes.road import on_violation
from roadworthy.journal import HostLog
from roadworthy.wiring.loop import loop_of

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER})
    return Answers(loop_of(loop.workspace))


def told(root: Path, capture: Capture, *words: str, ends: int = 0) -> dict[str, Any]:
    code = run(VERBS, ["journal", "query", str(root), "--indicators", "--json", *words])
    said = capture.readouterr()
    assert code == ends, said.out + said.err
    found = msgspec.json.decode(said.out) if ends == 0 else {}
    return found | {each["name"]: each for each in found.get("indicators", [])}


async def test_feedback_and_outcomes_are_indicators(
    answers: Answers, tmp_path: Path, capsys: Capture
) -> None:
    for feedback, minutes in (("up", "3"), ("4/5", "5"), ("down", "soon")):
        seen = await answers.leave()
        says = answers.says(seen)
        await answers.learn(structs.replace(says, feedback=feedback))
        await answers.learn(structs.replace(says, business={"minutes": minutes, "resolved": "yes"}))
    found = told(tmp_path, capsys)
    assert (found["n"], found["unread"]) == (3, 1)
    assert found["feedback_score"]["value"] == pytest.approx((1 + 0.75 + 0) / 3)
    assert (found["business.minutes"]["value"], found["business.minutes"]["n"]) == (4.0, 2)
    assert (found["resolved_rate"]["value"], found["resolved_rate"]["n"]) == (1.0, 3)
    assert told(tmp_path, capsys, "--tenant", "nobody")["indicators"] == []
    assert told(tmp_path, capsys, "--limit", "1")["n"] == 1


async def test_a_report_that_nobody_confirmed_is_no_violation_and_one_in_the_ledger_is(
    answers: Answers, tmp_path: Path, capsys: Capture
) -> None:
    seen = await answers.leave()
    await answers.learn(answers.says(seen, "rude", reporter="tenant:acme"), kind="report")
    assert told(tmp_path, capsys)["never_event_violations"]["value"] == 0.0
    ann = f"person:{answers.acting('ann').key.key_id}"
    on_violation(answers.violation(seen, answers.says(seen, "rude", reporter=ann)), answers.loop)
    assert told(tmp_path, capsys)["never_event_violations"]["value"] == 1.0


def test_nothing_that_was_answered_says_nothing(
    answers: Answers, tmp_path: Path, capsys: Capture
) -> None:
    assert told(tmp_path, capsys)["indicators"] == []
    told(tmp_path, capsys, "--texts", ends=1)


def a_quarter_of_an_hour(root: Path) -> None:
    """Readings of a machine without a GPU, a second half an hour later."""
    log = HostLog(root / ".roadworthy/host")
    for at in range(180):
        minutes, seconds = divmod(at * 5, 60)
        busy = 1.0 + (at * 7919 % 13) / 10
        sample = HostSample(
            at=f"2026-11-22T10:{minutes:02}:{seconds:02}.000000Z", seconds=5.0, cores=2.0,
            cpu_s=busy, memory_mb=90.0 + busy, answers=10, watts_per_core=10.0,
            missing={"gpu": "no GPU was found", "joules": "no counters"},
        )  # fmt: skip
        log.append(sample)


def test_the_machine_is_measured_over_the_time_that_is_asked_for(
    answers: Answers, tmp_path: Path, capsys: Capture
) -> None:
    a_quarter_of_an_hour(tmp_path)
    found = told(tmp_path, capsys)
    assert found["cpu"]["value"] == pytest.approx(0.16, abs=0.01)
    assert found["cpu"]["low"] < found["cpu"]["value"] < found["cpu"]["high"]
    assert (found["memory"]["n"], found["memory"]["counted"]) == (180, "readings")
    assert (found["gpu"]["value"], found["gpu"]["reason"]) == (None, "no GPU was found")
    assert found["energy"]["reason"].startswith("estimated: processor time x 10 W a core")
    part = told(tmp_path, capsys, "--since", "2026-11-22T10:05:00Z")
    assert part["cpu"]["n"] == 120
    assert "cpu" not in told(tmp_path, capsys, "--tenant", "acme")
    assert run(VERBS, ["journal", "query", str(tmp_path), "--indicators"]) == 0
    said = capsys.readouterr().out
    assert "gpu: no GPU was found" in said
    assert "cpu" in said


async def test_a_probe_is_no_traffic(answers: Answers, tmp_path: Path, capsys: Capture) -> None:
    await answers.leave()
    await answers.leave(stage="probe")
    assert told(tmp_path, capsys)["n"] == 1
