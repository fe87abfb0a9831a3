"""Build, sign, activate: what opens, what stays closed, what survives being killed half-way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.pinnable import a_system, charter
from doubles.release_desk import PEOPLE, ReleaseDesk
from roadworthy.domain import (
    AccessError,
    Draft,
    Incident,
    RefusedError,
    SloFile,
    UndecidedError,
    UsageError,
    Verdict,
    VerificationError,
    Waiver,
    WaiverUse,
    format_instant,
    plain,
    sha256,
)
from roadworthy.flows.entries.release_records import history
from roadworthy.flows.releasing.building import build_release
from roadworthy.flows.releasing.releasing import activate_release, sign_release
from roadworthy.flows.releasing.waiving import sign_waiver
from roadworthy.flows.workspace.people import Acting, add_person, revoke_person, rotate_key
from roadworthy.flows.workspace.routing import read_table
from roadworthy.release import pin, read_bundle, read_envelopes, verify_release
from roadworthy_verify import verify_bundle


@pytest.fixture
def desk(tmp_path: Path) -> ReleaseDesk:
    return ReleaseDesk(tmp_path / "ws")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "bundle"


def kinds(desk: ReleaseDesk) -> list[str]:
    return [entry.kind for entry in desk.loop.ledger.entries()]


def admission(desk: ReleaseDesk, path: Path):
    return verify_release(path, trust=desk.trust, at=desk.clock.now())


@pytest.mark.parametrize("name", ["bundle", "bundle.tar"])
def test_a_judged_candidate_becomes_a_verified_release(desk, tmp_path, name):
    out = tmp_path / name
    digest = desk.released(out)
    found = admission(desk, out)
    assert (found.ok, found.state, found.digest) == (True, "verified", digest)
    assert found.signed_by == ("rosa", "machine")
    assert found.checkpoint > 0
    tail = kinds(desk)[-3:]
    assert tail == ["release.built", "release.approved", "release.signed"]
    assert desk.loop.ledger.verify(trust=desk.trust).ok


def test_the_digest_stays_when_attestations_come(desk, out):
    desk.judged(pin(a_system()))
    digest = desk.built(out)
    desk.signed(out)
    assert read_bundle(out)[0] == digest
    assert len(read_envelopes(out)[1]) == 4


def test_an_unsigned_bundle_is_unsigned_and_not_activated(desk, out):
    desk.judged(pin(a_system()))
    desk.built(out)
    assert admission(desk, out).state == "unsigned"
    with pytest.raises(UndecidedError):
        activate_release(out, desk.loop, root=desk.root, signer=desk.key("otto"))
    assert not desk.workspace.releases.exists()
    assert read_table(desk.workspace.routing).routes == {}


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict.FAIL, RefusedError),
        (Verdict.ERROR, RefusedError),
        (Verdict.INCONCLUSIVE, UndecidedError),
    ],
)
def test_only_pass_is_signed(desk, out, verdict, error):
    desk.judged(pin(a_system()), verdict)
    desk.built(out)
    with pytest.raises(error, match="accuracy is too low"):
        desk.signed(out)
    assert read_envelopes(out)[1] == []


def test_without_a_gate_decision_nothing_is_signed(desk, out):
    desk.built(out)
    with pytest.raises(UndecidedError, match="has not judged"):
        desk.signed(out)


def test_the_newest_decision_rules(desk, out):
    content = pin(a_system())
    desk.judged(content)
    desk.judged(content, Verdict.FAIL)
    desk.built(out)
    with pytest.raises(RefusedError):
        desk.signed(out)


def test_a_decision_on_another_candidate_does_not_count(desk, out):
    other = pin(a_system(prompt=None))
    desk.judged(other)
    desk.built(out)
    with pytest.raises(UndecidedError):
        desk.signed(out)


def test_a_bundle_with_other_objectives_than_were_judged_is_refused(desk, out):
    desk.judged(pin(a_system()))
    softer = msgspec.convert({"slos": [{"name": "accuracy", "target": ">= 0.1"}]}, SloFile)
    desk.built(out, a_system(slos=softer))
    with pytest.raises(RefusedError, match="safety-slos"):
        desk.signed(out)


def test_the_author_cannot_approve_himself(tmp_path, out):
    desk = ReleaseDesk(tmp_path / "ws", people=PEOPLE)
    desk.judged(pin(a_system()))
    desk.built(out, author="rosa")
    with pytest.raises(AccessError, match="rosa built this bundle"):
        desk.signed(out, "rosa")
    # Nor after rotating the key, nor after somebody else built the same bundle again.
    rotate_key(desk.loop, name="rosa")
    desk.clock.advance(1)
    desk.built(out, author="ravi")
    with pytest.raises(AccessError):
        desk.signed(out, "rosa")
    add_person(desk.loop, name="tom", roles=["reviewer"])
    assert desk.signed(out, "tom").released


def test_whoever_becomes_an_author_later_no_longer_counts(tmp_path, out):
    people = {**PEOPLE, "tom": ["reviewer"]}
    desk = ReleaseDesk(tmp_path / "ws", people=people)
    system = a_system(charter=charter(review={"approvals": {"release": 2}}))
    desk.judged(pin(system))
    desk.built(out, system)
    assert not desk.signed(out, "rosa").released
    desk.built(out, system, author="rosa")
    signing = desk.signed(out, "ravi")
    assert (signing.released, signing.approved_by) == (False, ("ravi",))
    assert desk.signed(out, "tom").approved_by == ("ravi", "tom")
    assert sorted(admission(desk, out).signed_by) == ["machine", "ravi", "tom"]


@pytest.mark.parametrize("name", ["ana", "otto", "aude"])
def test_only_some_roles_may_approve(desk, out, name):
    desk.judged(pin(a_system()))
    desk.built(out, author="rosa")
    with pytest.raises(AccessError, match="risk_officer"):
        desk.signed(out, name)


def test_the_machine_cannot_approve(desk, out):
    desk.judged(pin(a_system()))
    desk.built(out)
    with pytest.raises(AccessError, match="machine"):
        sign_release(out, desk.loop, root=desk.root, signer=desk.keyring.machine())


def test_a_bundle_of_unknown_origin_is_not_signed(desk, tmp_path, out):
    ReleaseDesk(tmp_path / "elsewhere").built(out)
    desk.judged(pin(a_system()))
    with pytest.raises(UndecidedError, match="who built"):
        desk.signed(out)


def test_two_people_are_two_people(desk, out):
    system = a_system(charter=charter(review={"approvals": {"release": 2}}))
    desk.judged(pin(system))
    desk.built(out, system)
    first = desk.signed(out, "rosa")
    assert (first.released, first.missing) == (False, 1)
    assert admission(desk, out).fault.endswith("1 of 2 approvals are there")
    again = desk.signed(out, "rosa")
    assert (again.released, again.missing) == (False, 1)
    assert len(read_envelopes(out)[1]) == 1
    rotate_key(desk.loop, name="rosa")
    desk.clock.advance(1)
    assert not desk.signed(out, "rosa").released
    assert desk.signed(out, "ravi").released
    assert admission(desk, out).ok


def test_an_approval_after_the_release_was_signed_is_attached_and_called_so(desk, out):
    desk.released(out)
    before = verify_bundle(out, desk.workspace.trust, format_instant(desk.clock.now())).details
    assert [item["name"] for item in before["signed_by"]] == ["rosa", "machine"]
    assert before["approved_beside"] == []
    desk.clock.advance(60)
    signing = sign_release(out, desk.loop, root=desk.root, signer=desk.key("ravi"))
    assert signing.approved_by == ("ravi", "rosa")
    assert signing.after == ("ravi",)
    report = verify_bundle(out, desk.workspace.trust, format_instant(desk.clock.now()))
    assert report.ok
    assert report.details["signed_by"] == before["signed_by"], "the release rests on rosa alone"
    assert [item["name"] for item in report.details["approved_beside"]] == ["ravi"]
    assert any("ravi" in line and "signed without" in line for line in report.lines)


def test_an_approval_by_a_key_revoked_since_counts_no_more(desk, out):
    system = a_system(charter=charter(review={"approvals": {"release": 2}}))
    desk.judged(pin(system))
    desk.built(out, system)
    desk.signed(out, "rosa")
    rosa = Acting(
        name="rosa", signer=desk.key("rosa"), key=desk.trust.find(desk.key("rosa").key_id)
    )
    revoke_person(desk.loop, name="rosa", reason="lost", by=rosa)
    desk.clock.advance(1)
    assert not desk.signed(out, "ravi").released


def test_a_clock_that_went_back_opens_nothing(desk, out):
    """An approval from the future does not count; nothing is signed that would not verify."""
    system = a_system(charter=charter(review={"approvals": {"release": 2}}))
    desk.judged(pin(system))
    desk.built(out, system)
    desk.clock.advance(3600)
    desk.signed(out, "rosa")
    desk.clock.advance(-3000)
    assert not desk.signed(out, "ravi").released
    desk.clock.advance(3600)
    assert desk.signed(out, "ravi").released
    assert admission(desk, out).ok


def test_signing_again_changes_nothing(desk, out):
    desk.released(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    size = desk.loop.ledger.size()
    assert desk.signed(out).released
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert desk.loop.ledger.size() == size


def test_what_the_ledger_knows_is_put_into_another_copy(desk, tmp_path, out):
    desk.released(out)
    copy = tmp_path / "copy.tar"
    desk.built(copy)
    assert desk.signed(copy).released
    assert admission(desk, copy).ok


def test_a_signing_killed_before_the_bundle_was_written_goes_on(desk, out, tmp_path):
    """The ledger has everything, the bundle nothing: as after a kill between the two."""
    desk.released(out)
    fresh = tmp_path / "fresh"
    build_release(a_system(), desk.loop, out=fresh, author=desk.key("ana"))
    size = desk.loop.ledger.size()
    assert desk.signed(fresh).released
    assert desk.loop.ledger.size() == size
    assert (fresh / "index.json").read_bytes() == (out / "index.json").read_bytes()


def test_a_signing_killed_while_the_bundle_was_written_goes_on(desk, out):
    desk.judged(pin(a_system()))
    desk.built(out)
    left = sha256(b"left").removeprefix("sha256:")
    (out / "blobs" / "sha256" / left).write_bytes(b"left")
    (out / "blobs" / "sha256" / ".writing-x").write_bytes(b"half")
    assert admission(desk, out).state == "tampered"
    desk.signed(out)
    assert admission(desk, out).ok


def test_a_tampered_bundle_is_not_signed(desk, out):
    desk.judged(pin(a_system()))
    desk.built(out)
    blob = next(iter(sorted((out / "blobs" / "sha256").iterdir())))
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    with pytest.raises(VerificationError):
        desk.signed(out)


def waived(desk, content, until):
    """A waiver in the folder, signed by rosa, as the gate would name it."""
    waiver = Waiver(
        id="w1", slo="accuracy", reason="r", author="ana", approved_by="rosa", until=until
    )
    (desk.root / "waivers").mkdir(exist_ok=True)
    (desk.root / "waivers" / "w1.yaml").write_bytes(msgspec.yaml.encode(waiver))
    key = next(key for key in desk.trust.keys if key.name == "rosa")
    by = Acting(name="rosa", signer=desk.key("rosa"), key=key)
    entry, held = sign_waiver(waiver, content, desk.loop, by)
    return WaiverUse(
        id="w1", digest=entry.subject, covers=("accuracy",), reason="r", author="ana",
        approved_by=held.signed_by, until=until,
    )  # fmt: skip


def test_a_waiver_ends_the_release_with_its_last_day(desk, out):
    system = a_system(charter=charter(time_zone="Europe/Berlin"))
    desk.judged(pin(system), waived_by="w1")
    desk.built(out, system)
    with pytest.raises(RefusedError, match="w1"):
        desk.signed(out)
    desk.judged(pin(system), waived_by="w1", waivers=(waived(desk, pin(system), "2026-11-30"),))
    desk.signed(out)
    last = verify_release(out, trust=desk.trust, at="2026-11-30T22:59:59.999999Z")
    after = verify_release(out, trust=desk.trust, at="2026-11-30T23:00:00.000000Z")
    assert (last.state, after.state) == ("verified", "expired")
    desk.clock.advance(30 * 86400)
    with pytest.raises(RefusedError, match="expired"):
        activate_release(out, desk.loop, root=desk.root, signer=desk.key("otto"))
    # A longer waiver makes a new release of the same bundle.
    desk.judged(pin(system), waived_by="w1", waivers=(waived(desk, pin(system), "2027-11-30"),))
    assert desk.signed(out).released
    assert admission(desk, out).ok


def test_activation_publishes_the_verified_copy(desk, out):
    digest = desk.released(out)
    live = activate_release(out, desk.loop, root=desk.root, signer=desk.key("otto"))
    table = read_table(desk.workspace.routing)
    route = table.routes["claims-desk"]
    assert (route.live, route.baseline, table.version) == (digest, "", 1)
    assert live.digest == digest
    folder = desk.root / route.path
    assert verify_release(folder, trust=desk.trust, at=desk.clock.now()).ok
    assert kinds(desk)[-1] == "release.activated"
    # The working copy may go; what serves is the workspace's own.
    (out / "index.json").unlink()
    assert verify_release(folder, trust=desk.trust, at=desk.clock.now()).ok


def test_the_release_before_becomes_the_baseline(desk, tmp_path):
    first = desk.released(tmp_path / "one")
    activate_release(tmp_path / "one", desk.loop, root=desk.root, signer=desk.key("otto"))
    second = desk.released(tmp_path / "two", a_system(prompt=None))
    live = activate_release(tmp_path / "two", desk.loop, root=desk.root, signer=desk.key("otto"))
    assert live.baseline == first
    again = activate_release(tmp_path / "two", desk.loop, root=desk.root, signer=desk.key("otto"))
    assert again.baseline == first
    states = {item["digest"]: item["state"] for item in history(desk.loop)}
    assert states == {first: "activated", second: "live"}


def test_a_release_whose_incident_was_dismissed_is_a_safe_baseline(desk, tmp_path):
    first = desk.released(tmp_path / "one")
    activate_release(tmp_path / "one", desk.loop, root=desk.root, signer=desk.key("otto"))
    route = read_table(desk.workspace.routing).routes
    incident = Incident(
        id="inc-1", system=next(iter(route)), severity="high", state="dismissed", title="it left",
        opened_at="", aware_at="", release=first,
    )  # fmt: skip
    opened = Draft(
        system=incident.system, kind="incident.opened", subject="inc-1", actor="machine:m",
        payload=plain({"incident": plain(incident)}),
    )  # fmt: skip
    desk.loop.ledger.record(opened)
    desk.released(tmp_path / "two", a_system(prompt=None))
    live = activate_release(tmp_path / "two", desk.loop, root=desk.root, signer=desk.key("otto"))
    assert (live.baseline, live.why_no_baseline) == (first, "")


def test_the_first_release_says_that_nothing_was_live_before_it(desk, tmp_path):
    desk.released(tmp_path / "one")
    for _ in range(2):
        live = activate_release(
            tmp_path / "one", desk.loop, root=desk.root, signer=desk.key("otto")
        )
        assert "no other release" in live.why_no_baseline
        assert "the next release" in live.why_no_baseline


@pytest.mark.parametrize("name", ["ana", "rosa", "aude"])
def test_only_operators_activate(desk, out, name):
    desk.released(out)
    with pytest.raises(AccessError, match="operator"):
        activate_release(out, desk.loop, root=desk.root, signer=desk.key(name))
    assert read_table(desk.workspace.routing).routes == {}


def test_a_candidate_that_failed_since_is_not_activated(desk, out):
    desk.released(out)
    desk.judged(pin(a_system()), Verdict.FAIL)
    with pytest.raises(RefusedError):
        activate_release(out, desk.loop, root=desk.root, signer=desk.key("otto"))


def test_a_tampered_release_is_never_activated(desk, out):
    desk.released(out)
    index = out / "index.json"
    index.write_bytes(index.read_bytes().replace(b"size", b"siZe", 1))
    with pytest.raises(VerificationError):
        activate_release(out, desk.loop, root=desk.root, signer=desk.key("otto"))


def test_an_activation_that_the_charter_wants_from_two_people(tmp_path, out):
    desk = ReleaseDesk(tmp_path / "ws", people={**PEOPLE, "olga": ["operator"]})
    system = a_system(charter=charter(review={"approvals": {"release": 1, "activate": 2}}))
    desk.judged(pin(system))
    desk.built(out, system)
    desk.signed(out)
    for _ in range(2):
        with pytest.raises(UndecidedError, match="1 of 2"):
            activate_release(out, desk.loop, root=desk.root, signer=desk.key("otto"))
    live = activate_release(out, desk.loop, root=desk.root, signer=desk.key("olga"))
    assert read_table(desk.workspace.routing).routes["claims-desk"].live == live.digest
    # An approval is used up by the activation that it approved.
    with pytest.raises(UndecidedError, match="1 of 2"):
        activate_release(out, desk.loop, root=desk.root, signer=desk.key("otto"))


def test_an_activation_killed_before_the_routing_goes_on(tmp_path, out):
    """The entry is there, the table is not: as after a kill between the two."""
    desk = ReleaseDesk(tmp_path / "ws", people={"r": ["reviewer"], "o": ["operator"]})
    desk.judged(pin(a_system()))
    desk.built(out, author="o")
    desk.signed(out, "r")
    activate_release(out, desk.loop, root=desk.root, signer=desk.key("o"))
    desk.workspace.routing.unlink()
    size = desk.loop.ledger.size()
    activate_release(out, desk.loop, root=desk.root, signer=desk.key("o"))
    assert desk.loop.ledger.size() == size
    assert "claims-desk" in read_table(desk.workspace.routing).routes


def test_a_build_never_overwrites_what_is_no_bundle(desk, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(UsageError, match="not a bundle"):
        desk.built(folder)
    assert (folder / "diary.txt").read_text() == "mine"
    assert "release.built" not in kinds(desk)


def test_building_again_keeps_the_release(desk, out):
    digest = desk.released(out)
    assert desk.built(out) == digest
    assert admission(desk, out).ok
    assert kinds(desk).count("release.built") == 1
