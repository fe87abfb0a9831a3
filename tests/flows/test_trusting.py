"""The ledger is the authority on keys and roles; trust.yaml is its copy, and never more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from doubles.release_desk import ReleaseDesk
from roadworthy.domain import (
    AccessError,
    Draft,
    RoadworthyError,
    Trust,
    TrustedKey,
    UndecidedError,
    UsageError,
    VerificationError,
)
from roadworthy.flows.releasing.releasing import activate_release
from roadworthy.flows.workspace import trusting
from roadworthy.flows.workspace.people import (
    Acting,
    add_machine,
    add_person,
    restore_people,
    revoke_person,
    rotate_key,
)
from roadworthy.flows.workspace.trusting import agreed_trust, locked
from roadworthy.ledger import Ed25519Signer, live_key, sign_draft
from roadworthy.manifests import save_trust
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def desk(tmp_path: Path) -> ReleaseDesk:
    """Five people and an admin, on the system's clock."""
    return ReleaseDesk(tmp_path / "home", people={**PEOPLE, "emil": ["admin"]})


PEOPLE = {"ana": ["engineer"], "rosa": ["risk_officer"], "otto": ["operator"], "ravi": ["reviewer"]}


def acting(desk: ReleaseDesk, name: str) -> Acting:
    key = live_key(desk.trust, name, "2999-01-01T00:00:00.000000Z")
    assert key is not None
    return Acting(name=name, signer=desk.key(name), key=key)


def agreed(desk: ReleaseDesk) -> Trust:
    loop = desk.loop
    return agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)


def edit(desk: ReleaseDesk, change: Callable[[TrustedKey], TrustedKey | None]) -> None:
    keys = [new for key in desk.trust.keys if (new := change(key)) is not None]
    save_trust(desk.workspace.trust, Trust(keys=keys))


def only(name: str, /, **changed: object) -> Callable[[TrustedKey], TrustedKey]:
    return lambda key: msgspec.structs.replace(key, **changed) if key.name == name else key


EDITS: dict[str, tuple[Callable[[TrustedKey], TrustedKey | None], str]] = {
    "a role": (only("otto", roles=["risk_officer"]), "otto .* roles is risk_officer, but entry 3"),
    "a role more": (only("ana", roles=["engineer", "admin"]), "ana .* roles is engineer, admin"),
    "a name": (only("ravi", name="rosa"), "rosa|ravi"),
    "a kind": (only("ravi", kind="machine"), "kind is machine, but entry 4 says person"),
    "a start": (only("ravi", valid_from="2020-01-01T00:00:00.000000Z"), "valid_from is 2020"),
    "an end": (only("ravi", valid_until="2999-01-01T00:00:00.000000Z"), "valid_until is 2999"),
    "a revocation": (only("rosa", revoked_at="2026-01-01T00:00:00.000000Z"), "revoked_at is 2026"),
    "the machine's role": (only("machine", roles=["admin"]), "machine .* roles is admin"),
    "somebody less": (lambda key: None if key.name == "rosa" else key, "of rosa is missing"),
    "no machine": (lambda key: None if key.kind == "machine" else key, "of machine is missing"),
}


@pytest.mark.parametrize("name", EDITS)
def test_whatever_is_edited_in_trust_yaml_is_integrity_broken(desk: ReleaseDesk, name: str) -> None:
    change, words = EDITS[name]
    assert agreed(desk)
    edit(desk, change)
    with pytest.raises(VerificationError, match=words) as caught:
        agreed(desk)
    assert "roadworthy people" in caught.value.fix
    with pytest.raises(VerificationError):
        add_person(desk.loop, name="eve", roles=["auditor"], by=acting(desk, "emil"))


def test_somebody_whom_no_entry_added_is_nobody(desk: ReleaseDesk) -> None:
    eve = Ed25519Signer.generate()
    emil = acting(desk, "emil").key
    key = msgspec.structs.replace(
        emil, name="eve", key_id=eve.key_id, public_key=eve.public_key_base64
    )
    save_trust(desk.workspace.trust, Trust(keys=[*desk.trust.keys, key]))
    with pytest.raises(VerificationError, match=r"eve \(admin\) is in no entry of the ledger"):
        agreed(desk)


def test_an_old_trust_yaml_brings_back_no_revoked_key(desk: ReleaseDesk, tmp_path: Path) -> None:
    bundle = tmp_path / "x.tar"
    desk.built(bundle)
    before = desk.workspace.trust.read_bytes()
    revoke_person(desk.loop, name="rosa", reason="stolen", by=acting(desk, "emil"))
    with pytest.raises(RoadworthyError):
        desk.signed(bundle)
    desk.workspace.trust.write_bytes(before)
    with pytest.raises(VerificationError, match=r"rosa .*revoked_at is empty, but entry"):
        desk.signed(bundle)


def test_a_role_written_by_hand_activates_nothing(desk: ReleaseDesk, tmp_path: Path) -> None:
    bundle = tmp_path / "x.tar"
    desk.released(bundle)
    edit(desk, only("ravi", roles=["operator"]))
    with pytest.raises(VerificationError, match=r"ravi .* roles is operator"):
        activate_release(bundle, desk.loop, root=desk.root, signer=desk.key("ravi"))


def test_an_entry_by_somebody_who_might_not_make_it_gives_no_right(desk: ReleaseDesk) -> None:
    """Ana writes to the ledger directly, then into trust.yaml: both agree, and still."""
    eve, ana = Ed25519Signer.generate(), desk.key("ana")
    said = {
        "key_id": eve.key_id,
        "public_key": eve.public_key_base64,
        "roles": ["admin"],
        "valid_from": desk.trust.keys[-1].valid_from,
    }
    draft = Draft(
        system="",
        kind="person.added",
        subject="eve",
        actor=f"person:{ana.key_id}",
        payload=said,
    )
    desk.clock.advance(1)
    desk.loop.ledger.record(sign_draft(draft, ana))
    with pytest.raises(VerificationError, match=r"ana \(engineer\) might not make that change"):
        agreed(desk)


def test_a_change_that_was_killed_before_trust_yaml_had_it_is_made_good(
    desk: ReleaseDesk,
) -> None:
    before = desk.workspace.trust.read_bytes()
    with locked(desk.workspace) as lock:
        lock.begin()  # as `revoke_person` does; then it is killed
    loop = desk.loop
    revoked = acting(desk, "rosa").key.key_id
    emil = acting(desk, "emil")
    said = {"key_ids": [revoked], "reason": "stolen"}
    draft = Draft(
        system="",
        kind="key.revoked",
        subject="rosa",
        actor=f"person:{emil.key.key_id}",
        payload=said,
    )
    loop.ledger.record(sign_draft(draft, emil.signer))
    trust = agreed(desk)
    assert desk.workspace.trust.read_bytes() != before
    rosa = trust.find(revoked)
    assert rosa is not None
    assert rosa.revoked_at
    desk.workspace.trust.write_bytes(before)  # the mark is gone: now it is somebody's doing
    with pytest.raises(VerificationError):
        agreed(desk)


def test_trust_yaml_is_written_again_as_the_ledger_has_it(desk: ReleaseDesk) -> None:
    rotate_key(desk.loop, name="ravi")
    revoke_person(desk.loop, name="rosa", reason="left", by=acting(desk, "emil"))
    right = desk.trust
    edit(desk, lambda key: None if key.name != "machine" else key)
    restore_people(desk.loop)
    assert desk.trust == right
    desk.workspace.trust.unlink()
    restore_people(desk.loop)
    assert [key for key in desk.trust.keys if key.kind == "person"] == [
        key for key in right.keys if key.kind == "person"
    ]
    assert agreed(desk)


def test_a_machine_that_nobody_admitted_is_not_trusted_where_there_is_an_admin(
    desk: ReleaseDesk,
) -> None:
    (desk.workspace.keys / "machine.key").unlink()
    with pytest.raises(UndecidedError, match="a new one that nobody admitted") as caught:
        agreed(desk)
    assert "roadworthy people machine" in caught.value.fix
    with pytest.raises(AccessError):
        add_machine(desk.loop, by=acting(desk, "ana"))
    with pytest.raises(UsageError, match="an admin must do this"):
        add_machine(desk.loop)
    key = add_machine(desk.loop, by=acting(desk, "emil"))
    assert key.name == f"machine-{key.key_id[:8]}"
    assert agreed(desk).find(desk.keyring.machine().key_id) == key
    assert desk.loop.ledger.verify(trust=desk.trust).ok


def test_without_an_admin_a_new_machine_admits_itself_by_an_entry(tmp_path: Path) -> None:
    desk = ReleaseDesk(tmp_path / "home")
    (desk.workspace.keys / "machine.key").unlink()
    assert agreed(desk).find(desk.keyring.machine().key_id)
    assert [e.kind for e in desk.loop.ledger.entries()][-1] == "machine.admitted"
    assert agreed(desk)


def test_another_workspaces_machine_is_trusted_by_its_public_key(desk: ReleaseDesk) -> None:
    other = Ed25519Signer.generate()
    key = add_machine(desk.loop, by=acting(desk, "emil"), public_key=other.public_key)
    assert (key.kind, key.key_id) == ("machine", other.key_id)
    assert agreed(desk).find(other.key_id)
    with pytest.raises(UsageError, match="trusted already"):
        add_machine(desk.loop, by=acting(desk, "emil"), public_key=other.public_key)


def test_people_without_any_entry_are_nobody_in_a_new_workspace(tmp_path: Path) -> None:
    """A trust.yaml that lies there before the first entry gives no right."""
    desk = ReleaseDesk(tmp_path / "home", people={})
    eve = Ed25519Signer.generate()
    key = TrustedKey(
        key_id=eve.key_id,
        name="eve",
        roles=["admin"],
        public_key=eve.public_key_base64,
        valid_from="2020-01-01T00:00:00.000000Z",
    )
    save_trust(desk.workspace.trust, Trust(keys=[*desk.trust.keys, key]))
    with pytest.raises(VerificationError, match=r"eve \(admin\) is in no entry"):
        agreed(desk)


def test_only_entries_on_people_are_read(
    desk: ReleaseDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command asks, so it must not cost a walk over the log."""
    loop = desk.loop
    loop.ledger.record(
        *(
            Draft(system="s", kind="run.completed", subject=str(n), actor=loop.machine, payload={})
            for n in range(2000)
        )
    )
    asked: list[str] = []
    find = loop.ledger.store.find

    class Store:
        def __getattr__(self, name: str) -> object:
            return getattr(loop.ledger.store, name)

        def find(self, *, kind: str = "", subject: str = "", system: str = "") -> object:
            asked.append(kind)
            return find(kind=kind, subject=subject, system=system)

        def rows(self) -> object:
            raise AssertionError("the whole log was read")

        read = rows

    trusting.trust_disagreements(
        type(loop.ledger)(Store(), signer=desk.keyring.machine()).authority(desk.trust),  # type: ignore[arg-type]
        desk.trust,
    )
    assert set(asked) == {"person.added", "machine.admitted", "key.revoked", "key.rotated"}


def test_the_control_process_goes_on_whatever_trust_yaml_says(desk: ReleaseDesk) -> None:
    edit(desk, only("otto", roles=["admin"]))
    with pytest.raises(VerificationError):
        loop_of(desk.workspace)
    loop = loop_of(desk.workspace, agreed=False)
    draft = Draft(system="s", kind="kill.set", subject="k", actor=loop.machine, payload={})
    assert loop.ledger.record(sign_draft(draft, loop.keyring.machine()))
