"""Who follows the journal fails loudly: nothing that went wrong looks well."""

from __future__ import annotations

import logging

import pytest

from roadworthy.domain import EvidenceError
from roadworthy.wiring.rounds import Rounds


class Follower(Rounds):
    """Does as it is told."""

    falls_behind = "it falls behind"
    pause_s = 3.0

    def __init__(self) -> None:
        super().__init__()
        self.trouble: Exception | None = None
        self.left = ""

    def _round(self) -> float:
        if self.trouble is not None:
            raise self.trouble
        return 0.5

    def _undone(self) -> str:
        return self.left


@pytest.mark.parametrize(
    ("trouble", "fault"),
    [(EvidenceError("the segment is damaged"), "the segment is damaged"),
     (OSError("no space"), "no space"), (KeyError("ours"), "KeyError: 'ours'")],
)  # fmt: skip
def test_a_round_that_fails_closed_is_said_and_shown_until_one_ends(
    trouble: Exception, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    follower = Follower()
    assert (follower.round(), follower.fault) == (0.5, "")
    follower.trouble = trouble
    assert (follower.round(), follower.fault) == (3.0, fault)
    assert "it falls behind" in caplog.text
    follower.trouble = None
    assert (follower.round(), follower.fault) == (0.5, "")


def test_the_same_trouble_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    follower = Follower()
    follower.left = "one answer"
    follower.round()
    follower.round()
    assert len(caplog.records) == 1 and follower.fault == "one answer"
