"""Who the author of a bundle is, and what lies where it is to be built."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.pinnable import a_system
from doubles.release_desk import ReleaseDesk
from roadworthy.domain import AccessError, RefusedError, UndecidedError, UsageError
from roadworthy.flows.entries.release_records import authors_of
from roadworthy.flows.releasing.building import build_release
from roadworthy.flows.workspace.people import add_person
from roadworthy.ledger import Ed25519Signer
from roadworthy.release import pin, read_envelopes, require_verified, verify_release


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "bundle.tar"


def test_with_people_there_nobody_builds_as_the_machine(tmp_path: Path, out: Path) -> None:
    """Or the author would approve himself, by leaving out his name."""
    desk = ReleaseDesk(tmp_path / "home")
    with pytest.raises(UsageError, match=r"who builds\? there are people here \(ana, ") as caught:
        desk.built(out, author="")
    assert caught.value.fix == "add --as NAME"
    assert not out.exists()


def test_people_whose_keys_are_elsewhere_are_people_too(tmp_path: Path, out: Path) -> None:
    desk = ReleaseDesk(tmp_path / "home", people={})
    far = Ed25519Signer.generate()
    add_person(desk.loop, name="far", roles=["reviewer"], public_key=far.public_key)
    with pytest.raises(UsageError, match="who builds"):
        desk.built(out, author="")


def test_what_the_machine_built_is_signed_only_after_a_person_built_it(
    tmp_path: Path, out: Path
) -> None:
    desk = ReleaseDesk(tmp_path / "home", people={})
    desk.judged(pin(a_system()))
    digest = desk.built(out, author="")
    for name, role in (("ana", "engineer"), ("rosa", "risk_officer")):
        add_person(desk.loop, name=name, roles=[role])  # type: ignore[list-item]
    desk.clock.advance(1)
    with pytest.raises(RefusedError, match="no person is the author") as caught:
        desk.signed(out)
    assert "release build" in caught.value.fix
    assert desk.built(out) == digest
    assert len(authors_of(desk.loop, digest)) == 2
    assert desk.signed(out).released
    admission = verify_release(out, trust=desk.trust, at=desk.clock.now())
    assert require_verified(admission).ok


def test_an_auditor_builds_nothing(tmp_path: Path, out: Path) -> None:
    desk = ReleaseDesk(tmp_path / "home")
    with pytest.raises(AccessError):
        build_release(a_system(), desk.loop, out=out, author=desk.key("aude"))


@pytest.mark.parametrize("form", ["bundle.tar", "bundle"])
def test_another_workspaces_signatures_are_neither_kept_nor_thrown_away(
    tmp_path: Path, form: str
) -> None:
    out = tmp_path / form
    other = ReleaseDesk(tmp_path / "other")
    other.released(out)
    before = read_envelopes(out)
    desk = ReleaseDesk(tmp_path / "home")
    desk.judged(pin(a_system()))
    with pytest.raises(
        UsageError, match="with 4 attestations that this workspace did not"
    ) as error:
        desk.built(out)
    assert "--out" in error.value.fix
    assert read_envelopes(out) == before


def test_ones_own_signatures_stay_when_it_is_built_again(tmp_path: Path, out: Path) -> None:
    desk = ReleaseDesk(tmp_path / "home")
    desk.released(out)
    before = out.read_bytes()
    desk.built(out)
    assert out.read_bytes() == before


def test_a_key_of_another_workspace_says_what_helps(tmp_path: Path, out: Path) -> None:
    ReleaseDesk(tmp_path / "other").released(out)
    desk = ReleaseDesk(tmp_path / "home")
    with pytest.raises(UndecidedError, match="not trusted") as caught:
        require_verified(verify_release(out, trust=desk.trust, at=desk.clock.now()))
    assert "people machine --public-key" in caught.value.fix
