"""The deliberation note that the gate read must still stand when people sign and activate."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.pinnable import a_system
from doubles.release_desk import ReleaseDesk
from roadworthy.domain import RefusedError, UndecidedError
from roadworthy.flows.releasing.deliberating import require_no_objection
from roadworthy.flows.releasing.releasing import Activation, activate_release
from roadworthy.release import pin, read_envelopes


@pytest.fixture
def desk(tmp_path: Path) -> ReleaseDesk:
    return ReleaseDesk(tmp_path / "ws")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "bundle"


def activated(desk: ReleaseDesk, path: Path) -> Activation:
    return activate_release(path, desk.loop, root=desk.root, signer=desk.key("otto"))


def note(desk: ReleaseDesk) -> Path:
    return desk.root / "deliberation-note.md"


def says_stop(desk: ReleaseDesk) -> None:
    desk.deliberate(pin(a_system()), "stop")


def says_hold(desk: ReleaseDesk) -> None:
    desk.deliberate(pin(a_system()), "hold")


def is_gone(desk: ReleaseDesk) -> None:
    note(desk).unlink()


def is_no_note(desk: ReleaseDesk) -> None:
    note(desk).write_bytes(b"\xff")


def has_another_byte(desk: ReleaseDesk) -> None:
    note(desk).write_bytes(note(desk).read_bytes() + b"\n")


def is_about_another(desk: ReleaseDesk) -> None:
    desk.deliberate(pin(a_system(prompt=None)))


CHANGES = [says_stop, says_hold, is_gone, is_no_note, has_another_byte, is_about_another]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_signed_under_a_note_that_changed(desk, out, change):
    desk.judged(pin(a_system()))
    desk.built(out)
    change(desk)
    with pytest.raises(RefusedError, match=r"deliberation-note\.md"):
        desk.signed(out)
    assert read_envelopes(out)[1] == []


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_goes_live_under_a_note_that_changed(desk, out, change):
    desk.released(out)
    change(desk)
    with pytest.raises(RefusedError, match=r"deliberation-note\.md"):
        activated(desk, out)
    assert not desk.workspace.routing.exists()


@pytest.mark.parametrize("change", [says_stop, is_gone, has_another_byte])
def test_a_release_that_was_live_needs_its_note_again(desk, out, change):
    desk.released(out)
    activated(desk, out)
    change(desk)
    with pytest.raises(RefusedError, match=r"deliberation-note\.md"):
        activated(desk, out)


def test_going_back_is_not_held_up_by_the_note_of_the_next_candidate(desk, tmp_path):
    first = desk.released(tmp_path / "one")
    activated(desk, tmp_path / "one")
    desk.released(tmp_path / "two", a_system(prompt=None))
    activated(desk, tmp_path / "two")
    assert activated(desk, tmp_path / "one").digest == first


def test_a_decision_that_names_no_note_opens_nothing(desk, out):
    """As an older version recorded it."""
    desk.judged(pin(a_system()), deliberation="")
    desk.built(out)
    with pytest.raises(UndecidedError, match="does not name the deliberation note"):
        desk.signed(out)


def test_the_note_put_back_as_it_was_opens_again(desk, out):
    desk.judged(pin(a_system()))
    desk.built(out)
    kept = note(desk).read_bytes()
    says_stop(desk)
    with pytest.raises(RefusedError):
        desk.signed(out)
    note(desk).write_bytes(kept)
    assert desk.signed(out).released


def test_a_release_signed_under_another_note_is_signed_again(desk, out):
    """The gate was run again under a new note; the approvals were given under the old one."""
    desk.released(out)
    content = pin(a_system())
    other = desk.deliberate(content, "ship_limited")
    desk.judged(content, deliberation=other)
    with pytest.raises(RefusedError, match="not signed under the note"):
        activated(desk, out)
    assert desk.signed(out).released
    assert activated(desk, out).system == "claims-desk"


def test_the_signed_gate_attestation_carries_the_note(desk, out):
    desk.judged(pin(a_system()))
    desk.built(out)
    desk.signed(out)
    says = [predicate(envelope) for _, envelope in read_envelopes(out)[1]]
    gate = next(each for each in says if "objectives" in each)
    decision = desk.loop.ledger.newest(kind="gate.decided")
    assert gate["deliberated"] == "ship"
    assert gate["deliberation"] == msgspec.to_builtins(
        desk.loop.blobs.get_json(str(decision.payload["digest"]))
    )["deliberation"]  # fmt: skip
    assert gate["deliberation"].startswith("sha256:")


def test_another_workspaces_release_is_held_up_by_a_no_said_here(desk):
    candidate = pin(a_system()).candidate_digest
    require_no_objection(desk.root, candidate)
    is_about_another(desk)
    require_no_objection(desk.root, candidate)
    says_stop(desk)
    with pytest.raises(RefusedError, match="decided to stop"):
        require_no_objection(desk.root, candidate)


def predicate(envelope: dict[str, Any]) -> dict[str, Any]:
    says: dict[str, Any] = msgspec.json.decode(base64.b64decode(envelope["payload"]))["predicate"]
    return says
