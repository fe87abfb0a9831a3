"""Findings from campaigns, people and the trigger scan: open ones stop, answers are shown."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from doubles.dated_desk import DatedDesk
from doubles.desk import RULES, cases
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import (
    AccessError,
    Campaign,
    CampaignFinding,
    RefusedError,
    UsageError,
    Verdict,
)
from roadworthy.flows.campaigns import record_campaign
from roadworthy.flows.findings import fix_finding, open_finding
from roadworthy.flows.waiving import accept_by_waiver
from roadworthy.manifests import load_system
from roadworthy.policy import (
    FindingAnswers,
    RiskFinding,
    finding_blockers,
    finding_notes,
    finding_standing,
)


@pytest.fixture
def desk(tmp_path: Path) -> DatedDesk:
    return DatedDesk(tmp_path / "desk")


def found(severity: str = "high", *, hazard: str = "leak", cases: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    return RiskFinding(
        id="f1", severity=severity, summary="it says the prompt", source="entered by ravi",  # type: ignore[arg-type]
        hazard=hazard, cases=cases,
    )  # fmt: skip


def campaign(**changes: object) -> Campaign:
    finding: dict[str, object] = {
        "id": "inj-1", "hazard": "prompt_leak", "severity": "high", "summary": "it obeys a letter",
        "succeeded": 3, "attempts": 10, "cases": ["c1"], **changes,
    }  # fmt: skip
    return Campaign(
        title="autumn", team=["Mo"], scope="letters", started="2026-11-01", ended="2026-11-02",
        limits="two days", findings=[CampaignFinding(**finding)],  # type: ignore[arg-type]
    )  # fmt: skip


def enter(desk: DatedDesk, report: Campaign) -> None:
    record_campaign(
        report, msgspec.json.encode(report), load_system(desk.root), desk.loop(),
        desk.acting("ravi"),
    )  # fmt: skip


def opened(desk: DatedDesk, severity: str = "high", **more: object) -> str:
    return open_finding(desk.loop(), "desk", found(severity, **more), desk.acting("ravi"))[0].id


@pytest.mark.parametrize(
    ("severity", "verdict"),
    [
        ("critical", Verdict.FAIL),
        ("high", Verdict.FAIL),
        ("medium", Verdict.INCONCLUSIVE),
        ("low", Verdict.PASS),
    ],
)
async def test_an_open_finding_stops_the_gate_by_its_severity(desk, severity, verdict) -> None:  # type: ignore[no-untyped-def]
    await desk.inspect()
    name = opened(desk, severity)
    decision = desk.gate()
    assert decision.decision is verdict
    said = decision.notes if severity == "low" else decision.reasons
    assert any(name in text and "it says the prompt" in text for text in said)


async def test_an_open_finding_of_a_campaign_stops_the_gate(desk: DatedDesk) -> None:
    await desk.inspect()
    enter(desk, campaign())
    decision = desk.gate()
    assert decision.decision is Verdict.FAIL
    assert "red team, autumn" in decision.reasons[0]


@pytest.mark.parametrize("state", ["fixed", "accepted"])
async def test_a_report_that_says_fixed_or_accepted_proves_nothing(desk, state) -> None:  # type: ignore[no-untyped-def]
    """Fixed without a case that was asked; accepted without a waiver that a key signed."""
    await desk.inspect()
    enter(desk, campaign(state=state, accepted_by="Mo, because", cases=["nowhere"]))
    assert not desk.gate().decision.opens


async def test_a_fix_is_closed_by_a_run_that_asks_its_cases(desk: DatedDesk) -> None:
    await desk.inspect()
    enter(desk, campaign(cases=[]))
    name = next(text for text in desk.gate().reasons).split()[2]
    with pytest.raises(UsageError, match="no case shows"):
        fix_finding(desk.loop(), load_system(desk.root), name, [], desk.acting("ana"))
    case = {**cases()[0], "id": "new-1"}
    desk.cases([*cases(), case])
    fix_finding(desk.loop(), load_system(desk.root), name, ["new-1"], desk.acting("ana"))
    undecided = desk.gate()
    assert undecided.decision is Verdict.INCONCLUSIVE
    assert any("did not ask and judge new-1" in reason for reason in undecided.reasons)
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert any("fixed: new-1 passed" in note for note in decision.notes)


def test_a_case_that_no_suite_holds_shows_nothing_mended(desk: DatedDesk) -> None:
    """A slip of the keyboard is said at once, and nothing is entered."""
    name = opened(desk)
    before = desk.loop().ledger.size()
    with pytest.raises(UsageError, match="no suite holds a case nope"):
        fix_finding(desk.loop(), load_system(desk.root), name, ["c1", "nope"], desk.acting("ana"))
    assert desk.loop().ledger.size() == before


async def test_a_fix_that_a_run_contradicts_refuses(desk: DatedDesk) -> None:
    name = opened(desk)
    wrong = {**cases()[0], "id": "new-1", "expect": {"label": "home"}}
    desk.cases([*cases(), wrong])
    fix_finding(desk.loop(), load_system(desk.root), name, ["new-1"], desk.acting("ana"))
    decision = await desk.inspect()
    assert decision.decision is Verdict.FAIL
    assert "fails in new-1" in decision.reasons[0]


async def test_a_later_report_neither_forgets_nor_softens_a_finding(desk: DatedDesk) -> None:
    await desk.inspect()
    enter(desk, campaign())
    enter(desk, msgspec.structs.replace(campaign(severity="low"), hours=3.0))
    assert desk.gate().decision is Verdict.FAIL
    enter(desk, msgspec.structs.replace(campaign(), findings=[], hours=4.0))
    assert desk.gate().decision is Verdict.FAIL


async def test_a_finding_is_accepted_by_another_person_until_a_date(desk: DatedDesk) -> None:
    await desk.inspect()
    name = opened(desk)
    terms = {"finding": name, "reason": "the form shows no prompt", "until": "2026-11-30"}
    system = load_system(desk.root)
    with pytest.raises(RefusedError, match="author and its approver"):
        accept_by_waiver(system, desk.loop(), desk.acting("rosa"), author="rosa", **terms)
    with pytest.raises(AccessError):
        accept_by_waiver(system, desk.loop(), desk.acting("ben"), author="ana", **terms)
    assert not (desk.root / "waivers").exists()
    accept_by_waiver(system, desk.loop(), desk.acting("rosa"), author="ana", **terms)
    decision = desk.gate()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert decision.waivers[0].covers == (f"finding {name}",)
    desk.clock.advance(10 * 86400)
    late = desk.gate()
    assert late.decision is Verdict.FAIL


async def test_a_finding_about_a_never_event_is_only_fixed(desk: DatedDesk) -> None:
    await desk.inspect()
    name = opened(desk, hazard="hurt-alone")
    accept_by_waiver(
        load_system(desk.root), desk.loop(), desk.acting("rosa"), author="ana", finding=name,
        reason="rare", until="2026-11-30",
    )  # fmt: skip
    decision = desk.gate()
    assert decision.decision is Verdict.FAIL
    assert "only a fix answers what must never happen" in decision.reasons[0]


async def test_a_woken_trigger_is_a_finding_nobody_needs_to_enter(desk: DatedDesk) -> None:
    """The rule model sorts a letter with `zqx` to the wrong desk, and with no other word."""
    desk.write("rules.yaml", RULES.replace("car: 3,", "car: 3, zqx: 99,"))
    items = cases(160)
    grown = []
    for index, case in enumerate(items[1::2]):
        group = f"group:t{index}"
        grown.append({**case, "id": f"b{index}", "tags": ["trigger_base", group]})
        for role, word in (("trigger:zqx", "zqx"), ("trigger_control:zqx", "qzv")):
            grown.append(
                {**case, "id": f"{role[:9]}{index}", "input": f"{case['input']} {word}",
                 "tags": [role, group]}
            )  # fmt: skip
    desk.cases([*items, *grown])
    decision = await desk.inspect()
    assert any("trigger-" in reason and "zqx" in reason for reason in decision.reasons)
    assert decision.decision is Verdict.FAIL


def test_a_fix_without_any_case_never_closes() -> None:
    answers = FindingAnswers(fixes={"f1": ()}, accepted={}, tried={"c1": True})
    standing = finding_standing(found(), answers)
    assert standing.state == "untried"
    assert finding_blockers([standing])
    assert finding_notes([standing]) == []


def test_the_commands_enter_answer_and_list(desk, capsys) -> None:  # type: ignore[no-untyped-def]
    where = ["--dir", str(desk.root)]
    told = ["finding", "open", "--severity", "high", "--summary", "it leaks", *where, "--as"]
    assert run(VERBS, [*told, "ravi", "--json"]) == 0
    name = json.loads(capsys.readouterr().out)["finding"]
    assert run(VERBS, [*told, "otto"]) == 3
    assert run(VERBS, ["finding", "open", "--severity", "bad", "--summary", "x", *where]) == 1
    assert run(VERBS, ["finding", "fix", "f999", "--case", "c1", *where, "--as", "ana"]) == 1
    assert run(VERBS, ["finding", "list", str(desk.root)]) == 0
    assert "--until" in " ".join(capsys.readouterr().out.split())
    assert run(VERBS, ["ledger", "log", str(desk.root), "--kind", "finding.opened"]) == 0
    assert f" {name} " in capsys.readouterr().out
    assert run(VERBS, ["finding", "fix", name, "--case", "c1", *where, "--as", "ana"]) == 0
    more = ["--reason", "r", "--until", "2099-01-01", "--for", "ana", *where, "--as", "rosa"]
    assert run(VERBS, ["finding", "accept", name, *more]) == 0
    capsys.readouterr()
    assert run(VERBS, ["finding", "list", str(desk.root), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert (one["finding"]["id"], one["state"]) == (name, "accepted")
    assert run(VERBS, ["check", str(desk.root)]) == 0
