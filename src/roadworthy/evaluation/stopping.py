"""Rounds of questions: one, unless a suite says when it has been asked enough.

Enters: a plan, and a judge of whether a suite's rows are enough. Leaves: the questions round by
round, and which suites ended before their last case. A suite with a rule is asked in an order
drawn with the seed, and looked at after fixed numbers of cases, each twice the one before; between
two looks nothing is known of the rows, so that how many questions run at a time changes nothing.

What never happens here: a case of a never event or an incident, or one that must be held or
blocked, is left out; a look that the number of looks does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from msgspec import UNSET

from roadworthy.domain import Case, EarlyStop, Observation, StopWhen, Suite, never_set_aside

from .plan import Item, Plan
from .repeats import suites_of

Enough = Callable[[StopWhen, list[Observation], int], bool]
"""(rule, the suite's rows so far, looks in all) -> whether they meet the rule."""


def look_sizes(cases: int, first: int) -> tuple[int, ...]:
    """After how many cases a suite is looked at; the last is all of them."""
    sizes = []
    size = first
    while size < cases:
        sizes.append(size)
        size *= 2
    return (*sizes, cases)


class Stopping:
    """The rounds of one run. `rounds` is read once."""

    def __init__(self, planned: Plan, enough: Enough | None = None) -> None:
        """`enough` judges a suite that may stop early; without it every case is asked."""
        self._plan = planned
        self._enough = enough
        self._open = [_Drawn(suite, planned) for suite in planned.suites if _may_stop(suite)]
        self.stopped: tuple[EarlyStop, ...] = ()
        """The suites that ended early, once the rounds are over."""
        self.left_out = 0
        """Questions that a rule made needless."""
        self.looks = 1
        """At how many points the run could have ended, over all suites together."""
        for drawn in self._open:
            self.looks *= len(drawn.sizes)

    def rounds(self, rows: Callable[[], Iterable[Observation]]) -> Iterator[tuple[Item, ...]]:
        """Questions to ask next. Those of a round are all answered before the next is drawn."""
        if not self._open or self._enough is None:
            yield self._plan.items
            return
        drawn_by = {drawn.suite.name: drawn for drawn in self._open}
        fixed = [item for item in self._plan.items if item.suite not in drawn_by]
        yield (*fixed, *(item for drawn in self._open for item in drawn.next()))
        while self._open:
            self._look(list(rows()), self._enough)
            self._open = [drawn for drawn in self._open if not drawn.done]
            if self._open:
                yield tuple(item for drawn in self._open for item in drawn.next())

    def _look(self, rows: list[Observation], enough: Enough) -> None:
        for drawn in self._open:
            if drawn.asked == drawn.sizes[-1]:
                drawn.done = True
                continue
            name = drawn.suite.name
            own = [row for row in rows if name in suites_of(row)]
            if enough(drawn.rule, own, self.looks):
                drawn.done = True
                self.left_out += sum(1 for _ in drawn.rest())
                self.stopped += (drawn.ended(self.looks),)


class _Drawn:
    """A suite with a rule: its cases in the order in which they are asked."""

    def __init__(self, suite: Suite, planned: Plan) -> None:
        assert suite.file.stop_when is not UNSET
        self.suite = suite
        self.rule = suite.file.stop_when
        self.done = False
        self.asked = 0
        items: dict[str, list[Item]] = {}
        always: list[Item] = []
        for item in planned.items:
            if item.suite != suite.name:
                continue
            if must_be_asked(item.case):
                always.append(item)
            else:
                items.setdefault(item.case.id, []).append(item)
        self._always = always
        self._order = sorted(items.values(), key=lambda each: _rank(planned.bar.seed, each[0]))
        self.sizes = look_sizes(len(self._order), self.rule.first)

    def next(self) -> Iterator[Item]:
        """The items up to the next look; the first time with all that must be asked."""
        if not self.asked:
            yield from self._always
        start, self.asked = self.asked, next(size for size in self.sizes if size >= self._after())
        for items in self._order[start : self.asked]:
            yield from items

    def rest(self) -> Iterator[Item]:
        """What is not asked yet."""
        for items in self._order[self.asked :]:
            yield from items

    def ended(self, looks: int) -> EarlyStop:
        """In words and numbers."""
        rule, always = self.rule, len({item.case.id for item in self._always})
        return EarlyStop(
            suite=self.suite.name,
            rule=f"{rule.metric} within {rule.width:g}",
            asked=self.asked + always,
            of=len(self._order) + always,
            looks=looks,
        )

    def _after(self) -> int:
        return self.asked + 1 if self.asked < self.sizes[-1] else self.sizes[-1]


def must_be_asked(case: Case) -> bool:
    """Whether no rule may leave the case out."""
    return bool(never_set_aside(case)) or case.expect.action in ("hold", "block")


def _may_stop(suite: Suite) -> bool:
    return suite.file.stop_when is not UNSET


def _rank(seed: int, item: Item) -> bytes:
    """A case's place in the draw: the same for a seed, whatever the order of the file."""
    return hashlib.sha256(f"{seed}:{item.case.id}".encode()).digest()
