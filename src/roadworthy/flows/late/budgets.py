"""What was taken of the budgets of online scores, on disk: a restart begins none anew.

Enters: a score of a release, how much it may take in which time. Leaves: whether it may take more.
Never here: a file that cannot be read taken for a budget of which nothing was used (what is not
known counts as used up, until it would be over), a clock that went back setting one free.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Clock, EvidenceError
from roadworthy_verify.plain_file import read_plain

from ..workspace.routing import put_in_place

USED_UP = "the budget was used up"
UNKNOWN = "what was used of the budget is not known: its file was damaged"

MINUTE_S, DAY_S = 60, 86_400
KEEP_S = 1.0
"""A process that is killed loses what it took in so much time, at most."""


class Taken(Struct, kw_only=True):
    """The file."""

    taken: dict[str, dict[int, int]] = field(default_factory=dict)
    """Score of a release -> minute since 1970 -> how many were taken in it."""
    unknown_since: int = 0
    """The minute in which a file was found that could not be read."""


class Budgets:
    """Of all scores of a workspace. One thread's."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises EvidenceError when the file cannot be read, or a damaged one not set aside."""
        self._path, self._clock = path, clock
        self._changed = False
        self._kept_at = float("-inf")
        try:
            self._state = msgspec.json.decode(read_plain(path), type=Taken)
        except FileNotFoundError:
            self._state = Taken()
        except OSError as error:
            raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._state = Taken(unknown_since=self._minute())
            self._set_aside()

    def take(self, score: str, most: int, lasts_s: float) -> str:
        """Take one more of at most `most` in any time of `lasts_s`, or say why not.

        A minute counts until it is over as a whole: a budget comes back a minute late at most.
        """
        now = self._minute()
        begin = now - int(lasts_s) // MINUTE_S
        if self._state.unknown_since >= begin:
            return UNKNOWN
        minutes = self._state.taken.setdefault(score, {})
        for minute in [each for each in minutes if each > now]:  # the clock went back
            minutes[now] = minutes.get(now, 0) + minutes.pop(minute)
        if sum(n for minute, n in minutes.items() if minute >= begin) >= most:
            return USED_UP
        minutes[now] = minutes.get(now, 0) + 1
        self._changed = True
        if self._clock.monotonic() - self._kept_at >= KEEP_S:
            self.keep()
        return ""

    def keep(self) -> None:
        """Write down what was taken since. Raises EvidenceError when it cannot be written."""
        if not self._changed:
            return
        oldest = self._minute() - DAY_S // MINUTE_S
        lately = {
            score: {minute: n for minute, n in minutes.items() if minute >= oldest}
            for score, minutes in self._state.taken.items()
        }
        self._state.taken = {score: minutes for score, minutes in lately.items() if minutes}
        put_in_place(self._path, msgspec.json.encode(self._state))
        self._changed, self._kept_at = False, self._clock.monotonic()

    def _set_aside(self) -> None:
        """The damaged file lies where a person finds it, and what is not known is written down."""
        try:
            self._path.replace(self._path.with_suffix(".damaged"))
        except OSError as error:
            raise EvidenceError(f"{self._path}: {error.strerror}") from error
        self._changed = True
        self.keep()

    def _minute(self) -> int:
        return int(self._clock.now().timestamp()) // MINUTE_S
