"""What the control door says of its process."""

from __future__ import annotations

import msgspec

from roadworthy.gateway.control import ControlState


def test_nothing_wrong_is_ready() -> None:
    assert msgspec.json.decode(ControlState().body())["ready"] is True


def test_entries_that_are_owed_are_said_with_why() -> None:
    state = ControlState()
    state.entering, state.owed = "the ledger cannot be written", 3
    said = msgspec.json.decode(state.body())
    assert said["ready"] is False
    assert said["fault"] == "the ledger cannot be written (3 entries are owed)"


def test_stops_that_cannot_be_set_are_said_first() -> None:
    state = ControlState()
    state.looking, state.judging = "serving/lock is held", "no judge"
    assert state.faults == "serving/lock is held; no judge"
