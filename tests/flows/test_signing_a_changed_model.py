"""Nothing is signed on a decision about a model that has changed behind its name since."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.pinnable import a_system
from doubles.release_desk import ReleaseDesk
from roadworthy.domain import Draft, UndecidedError
from roadworthy.flows.entries.model_moved import LOOKED, model_digest
from roadworthy.release import pin


def changed(desk: ReleaseDesk, *, model: str = "") -> None:
    content = pin(a_system())
    loop = desk.loop
    loop.ledger.record(
        Draft(
            system=content.system, kind=LOOKED, subject="sha256:q", actor=loop.machine,
            payload={"model": model or model_digest(content.candidate.model), "baseline": 1,
                     "verdict": "changed"},
        )
    )  # fmt: skip


def test_a_change_after_the_decision_stops_the_signature(tmp_path: Path) -> None:
    desk = ReleaseDesk(tmp_path / "ws")
    out = tmp_path / "bundle"
    desk.judged(pin(a_system()))
    desk.built(out)
    changed(desk)
    with pytest.raises(UndecidedError, match="changed behind its name"):
        desk.signed(out)
    desk.judged(pin(a_system()))
    assert desk.signed(out).released, "the gate has decided since"


def test_another_models_change_stops_nothing(tmp_path: Path) -> None:
    desk = ReleaseDesk(tmp_path / "ws")
    out = tmp_path / "bundle"
    desk.judged(pin(a_system()))
    desk.built(out)
    changed(desk, model="sha256:another")
    assert desk.signed(out).released
