"""A waiver from its signature to the end of the release that rests on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.dated_desk import DatedDesk
from doubles.desk import RULES, cases
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import (
    AccessError,
    Deployment,
    Draft,
    ManifestError,
    RefusedError,
    Verdict,
    VerificationError,
    digest_of,
    plain,
)
from roadworthy.flows.releasing.releasing import activate_release
from roadworthy.flows.releasing.waiving import WAIVED, sign_waiver
from roadworthy.flows.workspace.people import revoke_person
from roadworthy.flows.workspace.routing import read_table
from roadworthy.manifests import load_system
from roadworthy.release import pin, read_envelopes, verify_release
from roadworthy.wiring.fronts import load_front

WAIVER = """\
id: w1
slo: accuracy
reason: "The new desk opens in January; until then people sort its letters."
author: ana
approved_by: {approver}
until: "{until}"
"""


class Waived(DatedDesk):
    """A desk whose candidate misses its accuracy."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.write("rules.yaml", RULES.replace("roof: 3, kitchen: 3", "nothing: 3"))
        (root / "waivers").mkdir()
        self.waiver()

    def waiver(self, approver: str = "rosa", until: str = "2026-11-30") -> None:
        self.write("waivers/w1.yaml", WAIVER.format(approver=approver, until=until))

    def sign(self, by: str) -> None:
        system = load_system(self.root)
        sign_waiver(system.waivers[0], pin(system), self.loop(), self.acting(by))

    async def inspected(self) -> None:
        self.deliberate()
        await self.evaluate()

    async def built(self, out: Path) -> None:
        """A release that passed under rosa's waiver, not yet approved."""
        await self.inspected()
        self.sign("rosa")
        self.gate()
        self.build(out, "ben")


@pytest.fixture
def waived(tmp_path: Path) -> Waived:
    return Waived(tmp_path / "desk")


async def test_the_gate_passes_with_a_waiver_that_a_person_signed(waived: Waived) -> None:
    await waived.inspected()
    closed = waived.gate()
    assert closed.decision is Verdict.FAIL
    assert any("w1 counts for nothing: nobody signed it" in note for note in closed.notes)
    waived.sign("rosa")
    decision = waived.gate()
    assert decision.decision is Verdict.PASS, decision.reasons
    accuracy = next(item for item in decision.slos if item.name == "accuracy")
    assert (accuracy.verdict, accuracy.waived_by) == (Verdict.FAIL, "w1")
    decided = waived.loop().ledger.newest(kind="gate.decided")
    assert decided is not None
    assert list(decided.payload["waivers"]) == ["w1"]


async def test_nobody_signs_for_somebody_else(waived: Waived) -> None:
    with pytest.raises(AccessError, match="rosa is to approve"):
        waived.sign("ravi")
    with pytest.raises(AccessError, match="is engineer"):
        waived.sign("ben")
    waived.waiver(approver="ana")
    with pytest.raises(ManifestError, match="author and its approver"):
        waived.sign("ana")


async def test_a_forged_entry_signs_nothing(waived: Waived) -> None:
    """The machine writes what it likes; a person's signature it has not."""
    await waived.inspected()
    waiver = load_system(waived.root).waivers[0]
    loop = waived.loop()
    key = waived.acting("rosa").key
    payload = {"waiver": plain(waiver), "signed_at": "2026-11-21T20:00:00.000000Z"}
    loop.ledger.record(
        Draft(system="desk", kind=WAIVED, subject=digest_of(waiver),
              actor=f"person:{key.key_id}", payload=payload)
    )  # fmt: skip
    with pytest.raises(VerificationError, match="carries no signature"):
        waived.gate()


async def test_a_changed_word_asks_for_the_person_again(waived: Waived) -> None:
    await waived.inspected()
    waived.sign("rosa")
    waived.waiver(until="2027-11-30")
    assert waived.gate().decision is Verdict.FAIL
    waived.sign("rosa")
    assert waived.gate().decision is Verdict.PASS


async def test_an_expired_waiver_fails(waived: Waived) -> None:
    await waived.inspected()
    waived.sign("rosa")
    waived.clock.advance(10 * 86400)
    decision = waived.gate()
    assert decision.decision is Verdict.FAIL
    assert any("it expired" in note for note in decision.notes)
    with pytest.raises(RefusedError, match="expired"):
        waived.sign("rosa")


async def test_the_candidates_author_excuses_nothing(waived: Waived, tmp_path: Path) -> None:
    """rosa builds it herself; her signature from before counts no more."""
    await waived.inspected()
    waived.sign("rosa")
    waived.build(tmp_path / "b.tar", "rosa")
    decision = waived.gate()
    assert decision.decision is Verdict.FAIL
    assert any("built this candidate" in note for note in decision.notes)
    with pytest.raises(RefusedError, match="built this candidate"):
        waived.sign("rosa")


async def test_a_revoked_key_waives_nothing(waived: Waived) -> None:
    await waived.inspected()
    waived.sign("rosa")
    assert waived.gate().decision is Verdict.PASS
    waived.clock.advance(60)
    revoke_person(waived.loop(), name="rosa", reason="left", by=waived.acting("rosa"))
    waived.clock.advance(86400)
    assert waived.gate().decision is Verdict.FAIL


async def test_a_removed_case_is_accepted_by_a_waiver(waived: Waived) -> None:
    waived.write("rules.yaml", RULES)
    await waived.inspected()
    waived.cases(cases()[2:])
    await waived.inspected()
    assert waived.gate().decision is Verdict.FAIL
    text = WAIVER.format(approver="rosa", until="2026-11-30").replace(
        "slo: accuracy", "cases: [c0, c1]"
    )
    waived.write("waivers/w1.yaml", text)
    waived.sign("rosa")
    decision = waived.gate()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert decision.waivers[0].covers == ("case c0", "case c1")


async def test_the_release_pins_its_waiver_and_ends_with_it(waived: Waived, tmp_path: Path) -> None:
    out = tmp_path / "out.tar"
    await waived.built(out)
    waived.approve(out)
    _, envelopes = read_envelopes(out)
    assert len(envelopes) == 4
    trust = waived.loop().trust
    last = verify_release(out, trust=trust, at="2026-11-30T23:59:59.999999Z")
    after = verify_release(out, trust=trust, at="2026-12-01T00:00:00.000000Z")
    assert (last.state, after.state) == ("verified", "expired")
    waived.clock.advance(10 * 86400)
    with pytest.raises(RefusedError, match="expired"):
        activate_release(out, waived.loop(), root=waived.root, signer=waived.office.key("otto"))


@pytest.mark.parametrize("how", ["gone", "changed", "expired"])
async def test_nothing_is_signed_under_a_waiver_that_no_longer_holds(
    waived: Waived, tmp_path: Path, how: str
) -> None:
    out = tmp_path / "out.tar"
    await waived.built(out)
    if how == "gone":
        (waived.root / "waivers/w1.yaml").unlink()
    elif how == "changed":
        waived.waiver(until="2027-11-30")
    else:
        waived.clock.advance(10 * 86400)
    with pytest.raises(RefusedError, match="w1"):
        waived.approve(out)
    assert read_envelopes(out)[1] == []


async def test_nothing_goes_live_under_a_waiver_that_was_taken_back(
    waived: Waived, tmp_path: Path
) -> None:
    out = tmp_path / "out.tar"
    await waived.built(out)
    waived.approve(out)
    (waived.root / "waivers/w1.yaml").unlink()
    with pytest.raises(RefusedError, match="w1"):
        activate_release(out, waived.loop(), root=waived.root, signer=waived.office.key("otto"))


async def test_a_live_release_warns_a_week_ahead_and_serves_on(
    waived: Waived, tmp_path: Path
) -> None:
    out = tmp_path / "out.tar"
    await waived.built(out)
    waived.approve(out)
    activate_release(out, waived.loop(), root=waived.root, signer=waived.office.key("otto"))
    route = read_table(waived.office.workspace.routing).routes["desk"]

    def warning() -> str:
        return load_front(
            route, workspace=waived.office.workspace, deployment=Deployment(),
            root=str(waived.root), clock=waived.clock,
        ).warning  # fmt: skip

    assert warning() == ""
    waived.clock.advance(3 * 86400)
    assert "will have expired in a week" in warning()
    waived.clock.advance(10 * 86400)
    assert "expired since it went live" in warning()


def test_the_command_signs_and_lists(waived: Waived, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    where = str(waived.root)
    waived.waiver(until="2099-01-01")
    assert run(VERBS, ["waiver", "list", where, "--json"]) == 0
    (before,) = json.loads(capsys.readouterr().out)["waivers"]
    assert (before["holds"], before["signed_by"]) == (False, [])
    assert run(VERBS, ["waiver", "sign", "w1", "--dir", where, "--as", "rosa", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"]
    assert run(VERBS, ["waiver", "sign", "w1", where, "--as", "ben"]) == 3
    assert run(VERBS, ["waiver", "sign", "w2", where, "--as", "rosa"]) == 1
    capsys.readouterr()
    assert run(VERBS, ["waiver", "list", where]) == 0
    assert "yes" in capsys.readouterr().out
