"""Parts that many cases have alike, held once: tags, facets, what is expected, what is empty.

Enters: cases, one after the other. Leaves: the same cases, equal parts of them one object. A suite
of a million cases has a handful of different tags; held apart they are two thirds of its memory.
What never happens here: a case that says something else than before, or a table that grows with
the number of cases.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from msgspec import UNSET
from msgspec.structs import force_setattr

from roadworthy.domain import Case, Expect

MOST = 10_000
"""Different parts that are remembered: more of them are no parts that many cases have."""

Part = TypeVar("Part")


class SharedParts:
    """Shares the parts of cases. Nobody changes a loaded case, so nobody sees it."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._tags: dict[Hashable, list[str]] = {}
        self._facets: dict[Hashable, dict[str, str]] = {}
        self._sources: dict[Hashable, str] = {}
        self._expected: dict[Hashable, Expect] = {}
        self._empty: dict[str, object] = {}

    def of(self, case: Case) -> Case:
        """The case, with parts that were seen before in the place of its own."""
        force_setattr(case, "tags", _one(self._tags, tuple(case.tags), case.tags))
        force_setattr(case, "facets", _one(self._facets, tuple(case.facets.items()), case.facets))
        force_setattr(case, "expect", self._same(case.expect))
        if case.source:
            force_setattr(case, "source", _one(self._sources, case.source, case.source))
        for name in ("context", "turns", "origin"):
            value = getattr(case, name)
            if not value:
                force_setattr(case, name, self._empty.setdefault(name, value))
        return case

    def _same(self, expect: Expect) -> Expect:
        # 1, 1.0 and true are equal, and not the same expectation.
        if expect.json is not UNSET:
            return expect
        try:
            return _one(self._expected, expect, expect)
        except TypeError:  # It holds a list or a mapping, and those have no hash.
            return expect


def _one(known: dict[Hashable, Part], key: Hashable, value: Part) -> Part:
    found = known.get(key)
    if found is None:
        if len(known) < MOST:
            known[key] = value
        return value
    return found
