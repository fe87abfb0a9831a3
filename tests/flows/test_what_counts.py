"""What counts for a duty: evidence of this system, of the live release, of today, that holds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.set_clock import SetClock
from roadworthy.domain import KNOWN_TAGS, Draft
from roadworthy.flows.law.assure import CLASSIFIED, classified_payload
from roadworthy.flows.papers.coverage import Coverage, cover, load_evidence_kinds
from roadworthy.flows.papers.lifecycle import lifecycle
from roadworthy.flows.workspace.loop import Loop
from roadworthy.ledger import sign_draft
from roadworthy.manifests import load_charter, load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
LIVE, CANDIDATE = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    return folder


def enter(loop: Loop, kind: str, subject: str = "s", **payload: Any) -> None:
    draft = Draft(
        system="claims-desk", kind=kind, subject=subject, actor=loop.machine, payload=payload
    )
    loop.ledger.record(sign_draft(draft, loop.keyring.machine()))


def go_live(loop: Loop) -> None:
    enter(loop, "release.activated", LIVE, candidate=CANDIDATE)


def covered(desk: Path, loop: Loop, catalogue: str = "eu-ai-act") -> Coverage:
    return cover(desk, load_charter(desk), loop, on="2026-11-22", catalogue=catalogue)


def classified(desk: Path, loop: Loop, **other: Any) -> None:
    payload = classified_payload(covered(desk, loop).assured, "rosa")
    enter(loop, CLASSIFIED, **{**payload, **other})


def test_a_classification_counts_while_nothing_that_it_rests_on_changed(desk: Path) -> None:
    loop = open_loop(desk)
    assert not covered(desk, loop).recorded
    classified(desk, loop)
    assert covered(desk, loop).recorded
    assert covered(desk, loop, "nist-ai-rmf").recorded
    facts = desk / "facts.yaml"
    before = "realtime_rbi_law_enforcement: false"
    assert before in facts.read_text()
    more = facts.read_text().replace(before, f"{before}\n  personal_data: true")
    facts.write_text(more)  # the class is the same, the answers are not
    assert not covered(desk, loop).recorded


def test_a_classification_by_another_catalogue_is_none_by_the_act(desk: Path) -> None:
    loop = open_loop(desk)
    classified(desk, loop, catalogue="house-rules")
    found = covered(desk, loop)
    assert not found.recorded
    assert "classification_record" not in found.proofs


def test_the_lifecycle_counts_no_classification_of_another_purpose(desk: Path) -> None:
    loop = open_loop(desk)
    classified(desk, loop, purpose="sha256:of another one")
    cells = lifecycle(load_system(desk), loop, on="2026-11-22", catalogue="eu-ai-act").cells
    assert {one.status for one in cells if one.id == "classification"} == {"open"}


@pytest.mark.parametrize(
    ("kind", "evidence"),
    [("drill.kill", "kill_drill_record"), ("drill.rollback", "rollback_drill_record"),
     ("probe.asked", "probe_record")],
)  # fmt: skip
def test_a_drill_or_probe_counts_while_it_held_last(desk: Path, kind: str, evidence: str) -> None:
    loop = open_loop(desk)
    assert evidence not in covered(desk, loop).proofs
    enter(loop, kind, LIVE, result="held")
    assert evidence in covered(desk, loop).proofs
    later = structs.replace(loop, clock=SetClock("2028-01-01T00:00:00+00:00"))
    assert not covered(desk, later).proofs[evidence].fresh
    enter(loop, kind, LIVE, result="leaked")
    assert evidence not in covered(desk, loop).proofs


def test_a_failed_gate_is_no_evaluation_and_ends_what_passed_before(desk: Path) -> None:
    loop = open_loop(desk)
    go_live(loop)
    enter(loop, "gate.decided", CANDIDATE, decision="PASS")
    assert "evaluation_report" in covered(desk, loop).proofs
    enter(loop, "gate.decided", CANDIDATE, decision="FAIL")
    assert "evaluation_report" not in covered(desk, loop).proofs
    enter(loop, "gate.decided", f"sha256:{'3' * 64}", decision="PASS")  # of another candidate
    assert "evaluation_report" not in covered(desk, loop).proofs


def test_a_run_that_did_not_end_is_no_test_log(desk: Path) -> None:
    loop = open_loop(desk)
    go_live(loop)
    enter(loop, "run.completed", CANDIDATE, status="partial", tags=["consistency"])
    assert not {"test_log", "robustness_test_report"} & set(covered(desk, loop).proofs)
    enter(loop, "run.completed", CANDIDATE, status="complete", tags=["consistency"])
    assert {"test_log", "robustness_test_report"} <= set(covered(desk, loop).proofs)


def test_the_approval_of_another_release_approves_nothing(desk: Path) -> None:
    loop = open_loop(desk)
    go_live(loop)
    classified(desk, loop)
    enter(loop, "release.approved", f"sha256:{'3' * 64}")
    assert "approval_record" not in covered(desk, loop).proofs
    enter(loop, "release.approved", LIVE)
    assert "approval_record" in covered(desk, loop).proofs


def test_a_key_for_marks_is_no_mark(desk: Path) -> None:
    loop = open_loop(desk)
    enter(loop, "media.key_made")
    assert "marking_record" not in covered(desk, loop).proofs


@pytest.mark.parametrize(
    ("kind", "payload", "not_shown"),
    [
        ("journal.sealed", {}, "monitoring_report"),
        ("journal.erased", {}, "retention_record"),
        ("journal.erased", {}, "deletion_record"),
        ("release.activated", {"candidate": CANDIDATE}, "operation_record"),
        ("redteam.recorded", {}, "security_assessment"),
        ("kill.set", {}, "human_oversight_record"),
        ("person.added", {"roles": ["engineer"]}, "human_oversight_assignment"),
        ("incident.closed", {}, "root_cause_analysis"),
        ("incident.closed", {}, "corrective_action_record"),
        ("release.built", {"candidate": CANDIDATE}, "risk_assessment"),
    ],
)
def test_what_stands_near_a_duty_does_not_meet_it(
    desk: Path, kind: str, payload: dict[str, Any], not_shown: str
) -> None:
    loop = open_loop(desk)
    go_live(loop)
    enter(loop, kind, LIVE, **payload)
    assert not_shown not in covered(desk, loop).proofs


@pytest.mark.parametrize(
    ("kind", "payload", "shown"),
    [
        ("person.added", {"roles": ["reviewer"]}, "human_oversight_assignment"),
        ("incident.caused", {}, "root_cause_analysis"),
        ("incident.action_done", {}, "corrective_action_record"),
        ("deliberation.recorded", {"candidate": CANDIDATE}, "risk_assessment"),
        ("kill.lifted", {}, "human_oversight_record"),
    ],
)
def test_what_shows_it_does(desk: Path, kind: str, payload: dict[str, Any], shown: str) -> None:
    loop = open_loop(desk)
    go_live(loop)
    enter(loop, kind, **payload)
    assert shown in covered(desk, loop).proofs


def test_every_tag_that_evidence_asks_for_is_one_of_cases() -> None:
    tags = {match.tag for kind in load_evidence_kinds().values() for match in kind.entries}
    assert tags - {""} <= set(KNOWN_TAGS)
