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
from roadworthy.flows.entries.run_records import newest_run, rows_of
from roadworthy.flows.findings.campaigns import record_campaign
from roadworthy.flows.findings.findings import confirm_fix, findings_seen, fix_finding, open_finding
from roadworthy.flows.release_loop import present_bar
from roadworthy.flows.releasing.waiving import accept_by_waiver
from roadworthy.flows.runs.evaluating import Asked
from roadworthy.manifests import load_system
from roadworthy.policy import (
    FindingAnswers,
    FindingStanding,
    FixClaim,
    RiskFinding,
    finding_blockers,
    finding_notes,
    finding_standing,
)
from roadworthy.release import pin


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


def claim(desk: DatedDesk, name: str, case: str, *, by: str = "ana") -> None:
    fix_finding(
        desk.loop(), load_system(desk.root), name, [case], "the prompt is gone", desk.acting(by)
    )


def change(desk: DatedDesk) -> None:
    """Another candidate, which answers alike."""
    desk.write("rules.yaml", RULES.replace("car: 3,", "car: 4,"))


def findings_on_the_run(desk: DatedDesk) -> tuple[FindingStanding, ...]:
    system, loop = load_system(desk.root), desk.loop()
    content = pin(system)
    run = newest_run(loop, content.candidate_digest, bar=present_bar(system, content))
    return findings_seen(loop, content, run, rows_of(loop, run), ()).standings


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
        fix_finding(desk.loop(), load_system(desk.root), name, [], "why", desk.acting("ana"))
    case = {**cases()[0], "id": "new-1"}
    desk.cases([*cases(), case])
    claim(desk, name, "new-1")
    undecided = desk.gate()
    assert undecided.decision is Verdict.INCONCLUSIVE
    assert any("did not ask and judge new-1" in reason for reason in undecided.reasons)
    change(desk)
    unconfirmed = await desk.inspect()
    assert unconfirmed.decision is Verdict.INCONCLUSIVE
    assert any("nobody but ana has confirmed it" in reason for reason in unconfirmed.reasons)
    confirm_fix(desk.loop(), "desk", name, desk.acting("ravi"))
    decision = desk.gate()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert any(
        "fixed: new-1 passed; ana: the prompt is gone; confirmed by ravi" in note
        for note in decision.notes
    )


async def test_an_older_run_and_any_passing_case_close_no_finding(desk: DatedDesk) -> None:
    """Nothing was changed, asked or confirmed since a critical finding was opened."""
    await desk.inspect()
    name = opened(desk, "critical")
    claim(desk, name, "c1")
    confirm_fix(desk.loop(), "desk", name, desk.acting("ravi"))
    older = desk.gate()
    assert not older.decision.opens
    assert any("this run began before it was found" in reason for reason in older.reasons)
    await desk.evaluate(Asked(fresh=True))
    same = desk.gate()
    assert not same.decision.opens
    assert any("c1 failed in no run before" in reason for reason in same.reasons)
    change(desk)
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons


def test_a_case_that_failed_before_shows_the_finding_without_another_candidate() -> None:
    claimed = FixClaim(cases=("c1",), reason="r", by="ana", later=True)
    tried = {"c1": True}
    for failed, state in ((frozenset({"c2"}), "untried"), (frozenset({"c1"}), "fixed")):
        fix = msgspec.structs.replace(claimed, failed_before=failed)
        answers = FindingAnswers(fixes={"f1": fix}, accepted={}, tried=tried)
        assert finding_standing(found("medium"), answers).state == state


async def test_what_failed_in_an_earlier_run_of_the_candidate_is_found(desk: DatedDesk) -> None:
    wrong = {**cases()[0], "id": "new-1", "expect": {"label": "home"}}
    desk.cases([*cases(), wrong])
    await desk.inspect()
    name = opened(desk, "medium")
    desk.cases([*cases(), {**wrong, "expect": {"label": "motor"}}])
    claim(desk, name, "new-1")
    await desk.inspect()
    (one,) = findings_on_the_run(desk)
    assert one.state == "fixed", one.said


@pytest.mark.parametrize("lacks", ["reason", "later", "other", "confirmed_by"])
def test_a_fix_that_lacks_anything_is_undecided(lacks: str) -> None:
    whole = FixClaim(
        cases=("c1",), reason="r", by="ana", confirmed_by="ravi", later=True, other=True
    )
    for severity in ("high", "critical"):
        answers = FindingAnswers(fixes={"f1": whole}, accepted={}, tried={"c1": True})
        assert finding_standing(found(severity), answers).closed
        part = msgspec.structs.replace(whole, **{lacks: type(getattr(whole, lacks))()})
        answers = FindingAnswers(fixes={"f1": part}, accepted={}, tried={"c1": True})
        standing = finding_standing(found(severity), answers)
        assert not standing.closed
        assert [each.verdict for each in finding_blockers([standing])] == [Verdict.INCONCLUSIVE]


async def test_who_claims_a_fix_does_not_confirm_it_and_a_new_claim_asks_anew(
    desk: DatedDesk,
) -> None:
    await desk.inspect()
    name = opened(desk)
    with pytest.raises(UsageError, match="nobody says"):
        confirm_fix(desk.loop(), "desk", name, desk.acting("ravi"))
    claim(desk, name, "c1", by="ravi")
    with pytest.raises(AccessError, match="cannot confirm"):
        confirm_fix(desk.loop(), "desk", name, desk.acting("ravi"))
    with pytest.raises(AccessError):
        confirm_fix(desk.loop(), "desk", name, desk.acting("ben"))
    confirm_fix(desk.loop(), "desk", name, desk.acting("rosa"))
    change(desk)
    assert (await desk.inspect()).decision is Verdict.PASS
    claim(desk, name, "c3")
    assert any("nobody but ravi, ana" in reason for reason in desk.gate().reasons)


def test_a_fix_says_what_was_changed(desk: DatedDesk) -> None:
    name = opened(desk)
    with pytest.raises(UsageError, match="says what was changed"):
        fix_finding(desk.loop(), load_system(desk.root), name, ["c1"], "  ", desk.acting("ana"))


def test_a_case_that_no_suite_holds_shows_nothing_mended(desk: DatedDesk) -> None:
    """A slip of the keyboard is said at once, and nothing is entered."""
    name = opened(desk)
    before = desk.loop().ledger.size()
    with pytest.raises(UsageError, match="no suite holds a case nope"):
        fix_finding(
            desk.loop(), load_system(desk.root), name, ["c1", "nope"], "why", desk.acting("ana")
        )
    assert desk.loop().ledger.size() == before


async def test_a_fix_that_a_run_contradicts_refuses(desk: DatedDesk) -> None:
    name = opened(desk)
    wrong = {**cases()[0], "id": "new-1", "expect": {"label": "home"}}
    desk.cases([*cases(), wrong])
    claim(desk, name, "new-1")
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
    answers = FindingAnswers(fixes={"f1": FixClaim()}, accepted={}, tried={"c1": True})
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
    why = ["--reason", "the rail is new", *where]
    assert run(VERBS, ["finding", "fix", "f999", "--case", "c1", *why, "--as", "ana"]) == 1
    assert run(VERBS, ["finding", "fix", name, "--case", "c1", *where, "--as", "ana"]) == 1
    assert run(VERBS, ["finding", "list", str(desk.root)]) == 0
    assert "--until" in " ".join(capsys.readouterr().out.split())
    assert run(VERBS, ["ledger", "log", str(desk.root), "--kind", "finding.opened"]) == 0
    assert f" {name} " in capsys.readouterr().out
    assert run(VERBS, ["finding", "fix", name, "--case", "c1", *why, "--as", "ana"]) == 0
    assert run(VERBS, ["finding", "confirm", name, *where, "--as", "ana"]) == 3
    assert run(VERBS, ["finding", "confirm", name, *where, "--as", "ravi"]) == 0
    more = ["--reason", "r", "--until", "2099-01-01", "--for", "ana", *where, "--as", "rosa"]
    assert run(VERBS, ["finding", "accept", name, *more]) == 0
    capsys.readouterr()
    assert run(VERBS, ["finding", "list", str(desk.root), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert (one["finding"]["id"], one["state"]) == (name, "accepted")
    assert run(VERBS, ["check", str(desk.root)]) == 0
