"""Rounds of whoever follows the journal in the control process, and what is said when one fails.

Enters: a round. Leaves: how long to wait for the next, and why the last one failed. What never
happens here: a failure that looks well, a fault of ours included; one that is said anew each round.
"""

from __future__ import annotations

import logging

from roadworthy.domain import RoadworthyError

logger = logging.getLogger("roadworthy.control")


class Rounds:
    """One round after the other. Who follows says what a round is."""

    falls_behind = ""
    """What is said of a round that failed."""

    pause_s = 10.0
    """After one that failed."""

    def __init__(self) -> None:
        self.fault = ""
        """Why the last round failed, or what it left undone; empty while all is well."""

    def round(self) -> float:
        """One round; returns how long to wait for the next, in seconds."""
        try:
            wait = self._round()
        except (RoadworthyError, OSError) as error:
            self._say(str(error))
            return self.pause_s
        except Exception as error:
            logger.exception("%s", self.falls_behind)
            self.fault = f"{type(error).__name__}: {error}"
            return self.pause_s
        self._say(self._undone())
        return wait

    def stop(self) -> None:
        """The process ends: a round that takes long is cut short. Any thread may call it."""

    def _round(self) -> float:
        raise AssertionError("who follows says what a round is")

    def _undone(self) -> str:
        """What a round that ended left undone."""
        return ""

    def _say(self, fault: str) -> None:
        if fault and fault != self.fault:
            logger.warning("%s: %s", self.falls_behind, fault)
        self.fault = fault
