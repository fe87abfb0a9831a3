"""The post of the demo: letters that go on arriving while releases change under them.

Enters: letters with their facets, keys of tenants. Leaves: how many each release answered, and what
failed. Never here: a letter that is sent twice because the first answer did not please.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPException
from typing import NamedTuple

from roadworthy.domain import Case

from .demo_stage import Answer, Stage, StoryError

CLERKS = 2
"""Who send at once: the model has the same cores."""

PAUSE_S = 0.05
"""Between two letters of one clerk: more than 40 a second do not come in."""

HEADERS = {
    "jurisdiction": "x-jurisdiction", "language": "x-language", "amount": "x-amount-band",
}  # fmt: skip
"""Which header tells which facet; the key tells the tenant, the letter the supplier."""


class Letter(NamedTuple):
    """One letter, who sends it, and what is known beside it."""

    text: str
    tenant: str
    facets: dict[str, str]
    session: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """As the tenant's own program sends them."""
        known = {HEADERS[name]: text for name, text in self.facets.items() if name in HEADERS}
        return {**known, **({"x-session-id": self.session} if self.session else {})}


class Traffic:
    """Letters, one after the other, from threads that end when they are told to."""

    def __init__(self, stage: Stage, cases: Sequence[Case], keys: dict[str, str]) -> None:
        self._stage = stage
        self._cases = [case for case in cases if case.facets.get("tenant") in keys]
        self._keys = keys
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._clerks: list[threading.Thread] = []
        self._sent = 0
        self._whose: dict[str, Letter] = {}
        self.answered: Counter[str] = Counter()
        """Release -> answers since `count_anew`."""
        self.refused: Counter[str] = Counter()
        """What came instead of an answer."""

    def start(self) -> None:
        """Let the post come in."""
        self._over.clear()
        self._clerks = [threading.Thread(target=self._work, daemon=True) for _ in range(CLERKS)]
        for clerk in self._clerks:
            clerk.start()

    def stop(self) -> None:
        """No further letter; those under way are answered."""
        self._over.set()
        for clerk in self._clerks:
            clerk.join(timeout=60)
        self._clerks = []

    def until(self, true: Callable[[], bool], *, within_s: float, what: str) -> None:
        """Let letters come in until something is true. Raises StoryError when it never is."""
        for _ in range(int(within_s / 0.25)):
            if true():
                return
            self._over.wait(0.25)
        raise StoryError(f"{what} did not happen within {within_s:.0f} s of traffic")

    def count_anew(self) -> None:
        """Forget what was counted."""
        with self._lock:
            self.answered.clear()
            self.refused.clear()

    def letter_of(self, release: str) -> Letter:
        """A letter that this release answered: its session stays with it."""
        with self._lock:
            return self._whose[release]

    def _work(self) -> None:
        while not self._over.is_set():
            with self._lock:
                number, self._sent = self._sent, self._sent + 1
            case = self._cases[number % len(self._cases)]
            letter = Letter(
                str(case.input), case.facets["tenant"], case.facets, f"letter-{number:05d}"
            )
            self._count(letter, self._send(letter))
            self._over.wait(PAUSE_S)

    def _send(self, letter: Letter) -> Answer | None:
        with suppress(OSError, HTTPException):
            return self._stage.ask(letter.text, self._keys[letter.tenant], letter.headers)
        return None

    def _count(self, letter: Letter, answer: Answer | None) -> None:
        with self._lock:
            if answer is not None and answer.status == 200:
                self.answered[answer.release] += 1
                self._whose[answer.release] = letter
            else:
                why = "no answer" if answer is None else f"HTTP {answer.status}, {answer.code}"
                self.refused[why] += 1
