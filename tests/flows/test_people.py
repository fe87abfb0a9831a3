"""Changes of people: signed, recorded, then trusted; and what a crash between the steps leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.ledgers import TickingClock
from roadworthy.domain import AccessError, UsageError, format_instant
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import (
    Acting,
    add_person,
    revoke_person,
    rotate_key,
)
from roadworthy.flows.workspace.trusting import admitted_machine
from roadworthy.ledger import (
    BlobStore,
    Ed25519Signer,
    Keyring,
    live_key,
    open_ledger,
    require_signature,
)
from roadworthy.manifests import Workspace, load_trust


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    """An empty workspace, opened."""
    workspace, clock = Workspace(tmp_path), TickingClock()
    keyring = Keyring(workspace.keys)
    return Loop(
        workspace=workspace,
        ledger=open_ledger(
            database=workspace.ledger,
            checkpoints=workspace.checkpoints,
            clock=clock,
            keys=workspace.keys,
        ),
        blobs=BlobStore(workspace.blobs),
        keyring=keyring,
        trust=admitted_machine(workspace, keyring, clock),
        clock=clock,
    )


def acting(loop: Loop, name: str) -> Acting:
    trust = load_trust(loop.workspace.trust)
    key = live_key(trust, name, format_instant(loop.clock.now()))
    assert key is not None
    return Acting(name=name, signer=loop.keyring.signer(name), key=key)


def check(loop: Loop) -> None:
    """Every change of people so far is signed by a key that was valid then; all verifies."""
    trust = load_trust(loop.workspace.trust)
    for entry in loop.ledger.entries():
        assert require_signature(entry, trust, at=entry.time)
    report = loop.ledger.verify(trust=trust)
    assert report.ok, report.fault


def test_given_nobody_when_people_come_and_go_then_every_change_is_signed(loop: Loop) -> None:
    add_person(loop, name="ada", roles=["admin"])
    add_person(loop, name="ben", roles=["reviewer"], by=acting(loop, "ada"))
    rotate_key(loop, name="ben")
    revoke_person(loop, name="ben", reason="left", by=acting(loop, "ada"))
    rotate_key(loop, name="ada")
    rotate_key(loop, name="machine")
    add_person(loop, name="cy", roles=["operator"], by=acting(loop, "ada"))
    kinds = [entry.kind for entry in loop.ledger.entries()]
    assert kinds == [
        "person.added", "person.added", "key.rotated", "key.revoked",
        "key.rotated", "key.rotated", "person.added",
    ]  # fmt: skip
    check(loop)


def test_given_an_admin_when_somebody_else_adds_people_then_it_is_refused(loop: Loop) -> None:
    add_person(loop, name="ada", roles=["admin"])
    add_person(loop, name="ben", roles=["reviewer"], by=acting(loop, "ada"))
    for by in (None, acting(loop, "ben")):
        with pytest.raises((AccessError, UsageError)):
            add_person(loop, name="eve", roles=["admin"], by=by)
    assert loop.ledger.size() == 2
    assert "eve" not in loop.keyring.names()


def test_people_may_end_their_own_keys_and_nobody_elses(loop: Loop) -> None:
    for name in ("ada", "ben"):
        by = acting(loop, "ada") if name == "ben" else None
        add_person(loop, name=name, roles=["admin" if name == "ada" else "reviewer"], by=by)
    with pytest.raises(AccessError):
        revoke_person(loop, name="ada", reason="because", by=acting(loop, "ben"))
    revoke_person(loop, name="ben", reason="lost", by=acting(loop, "ben"))
    check(loop)


def test_a_crash_before_the_trust_was_saved_is_made_good_by_the_same_command(loop: Loop) -> None:
    left = loop.keyring.create("ada")
    assert add_person(loop, name="ada", roles=["engineer"]).key_id == left.key_id
    fresh = loop.keyring.prepare("ada")
    assert rotate_key(loop, name="ada").key_id == fresh.key_id
    check(loop)


def test_a_crash_before_the_key_was_promoted_is_made_good_by_the_same_command(
    loop: Loop,
) -> None:
    add_person(loop, name="ada", roles=["engineer"])
    old = loop.keyring.signer("ada")
    fresh = loop.keyring.prepare("ada")
    rotate_key(loop, name="ada")
    folder = loop.workspace.keys  # as if `promote` had not come to pass
    (folder / "ada.key").rename(folder / "ada.next")
    (folder / "ada.key").write_bytes(old.to_pem())
    (folder / "ada.key").chmod(0o600)
    assert rotate_key(loop, name="ada").key_id == fresh.key_id
    assert loop.keyring.signer("ada").key_id == fresh.key_id
    assert loop.ledger.size() == 2


def test_an_ended_name_is_not_given_a_new_key(loop: Loop) -> None:
    add_person(loop, name="ada", roles=["engineer"])
    revoke_person(loop, name="ada", reason="left", by=acting(loop, "ada"))
    with pytest.raises(UsageError, match="has ended"):
        add_person(loop, name="ada", roles=["engineer"])


def test_a_key_without_its_private_half_cannot_be_rotated_here(loop: Loop) -> None:
    far = Ed25519Signer.generate()
    key = add_person(loop, name="far", roles=["auditor"], public_key=far.public_key)
    assert key.key_id == far.key_id
    assert "far" not in loop.keyring.names()
    with pytest.raises(UsageError, match="far has no key"):
        rotate_key(loop, name="far")
