"""A session's last requests as sketches, and how the next one stands to them.

Enters: requests in their order, each a text. Leaves: a `Step` for each. What never happens here: a
word kept, or more than the last few sketches of a session in memory.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from roadworthy.detectors import Sketch, Sketcher, likeness, make_detector, same_frame
from roadworthy.domain import Detector, Step, TextContext

RECENT = 8
"""Sketches kept of a session: so far back a request is held against others."""

ALIKE = 0.4
"""Likeness from which on two requests ask the same. Of pairs that ask different things 1 in 1,000
is so alike; see `bench/misuse.py`."""

NEAR = 0.25
"""From which on one is near another: asked again after a stop, or moved a little."""

FRAME = 0.6
"""From which on one is another with something else put in."""

AGAIN_S = 600.0
"""After that many seconds a request is no rephrasing of the one before it."""

FEWEST_WORDS = 3
"""Of a request that is held to ask again: `yes` and `go on` ask nothing."""

HOUR_S = 3600.0

MOST_HOURLY = 512
"""Instants kept of the last hour; who asks more often has been noticed by then."""


class _Kept(Struct, frozen=True):
    at: int
    sketch: Sketch
    session: str
    seconds: float | None


class Trail:
    """The last requests of one session, or of one person's sessions."""

    __slots__ = ("_came", "_kept", "_next")

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque(maxlen=RECENT)
        self._came: deque[float] = deque(maxlen=MOST_HOURLY)
        self._next = 0

    def step(
        self,
        sketch: Sketch,
        *,
        session: str = "",
        seconds: float | None = None,
        takeover: float | None = None,
    ) -> Step:
        """How a request stands to those before it, and keep its sketch.

        `seconds` are of any clock that does not go back; None where nobody knows when it came.
        """
        at, last = self._next, self._kept[-1] if self._kept else None
        like, nearest = 0.0, None
        for kept in self._kept:
            found = likeness(sketch, kept.sketch)
            if found >= like and found > 0.0:
                like, nearest = found, kept
        step = Step(
            at=at,
            like=round(like, 3),
            near=nearest.at if nearest is not None and like >= NEAR else None,
            same=any(kept.sketch.digest == sketch.digest for kept in self._kept),
            again=last is not None and _again(sketch, last, session, seconds),
            frame=any(same_frame(sketch, kept.sketch, FRAME) for kept in self._kept),
            drone=sketch.drones,
            veiled=sketch.veils,
            takeover=takeover,
            hourly=None if seconds is None else self._hourly(seconds),
        )
        self._kept.append(_Kept(at, sketch, session, seconds))
        self._next += 1
        return step

    def _hourly(self, seconds: float) -> int:
        self._came.append(seconds)
        while self._came[0] <= seconds - HOUR_S:
            self._came.popleft()
        return len(self._came)


def _again(sketch: Sketch, last: _Kept, session: str, seconds: float | None) -> bool:
    """Whether a request asks what the one just before it in its session asked."""
    if last.session != session or last.sketch.digest == sketch.digest:
        return False
    if min(sketch.words, last.sketch.words) < FEWEST_WORDS:
        return False
    if seconds is not None and last.seconds is not None and seconds - last.seconds > AGAIN_S:
        return False
    return likeness(sketch, last.sketch) >= ALIKE


class Reader:
    """Turns the words of a request into its step."""

    def __init__(self, secret: bytes = b"") -> None:
        """`secret` is what sketches are made with; another one, another process."""
        self._sketcher = Sketcher(secret)
        self._takeover: Detector = make_detector("injection", {}, {})

    def step(
        self, trail: Trail, words: str, *, session: str = "", seconds: float | None = None
    ) -> Step:
        """The step of what a session asked next. Raises DetectorError when nobody can look."""
        found = self._takeover.detect(words, TextContext(side="input", input=words))
        return trail.step(
            self._sketcher.sketch(words),
            session=session,
            seconds=seconds,
            takeover=round(max((each.score for each in found), default=0.0), 3),
        )
