"""What the control door says of its process."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from roadworthy.gateway.control import ControlState, follow


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


async def test_a_follower_that_falls_over_goes_on_and_takes_nothing_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Follower:
        rounds = 0

        def round(self) -> float:
            self.rounds += 1
            if self.rounds < 3:
                raise ValueError("a collector's library broke")
            loop.call_soon_threadsafe(over.set)
            return 0.0

    follower = Follower()
    await follow(follower, over, again_s=0.0)
    assert follower.rounds == 3
    assert "what follows the journal failed" in caplog.text
