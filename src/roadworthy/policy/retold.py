"""What an earlier run saw, told in the words of today's suites.

Enters: the rows of an earlier run and of the judged one. Leaves: the judged run as it would be
had each case that both asked been answered as then. So a violation, or a missed estimate, is not
washed by touching what stands around it: a tag, a facet, the suite, the case's name or a word of
it. Never here: an answer, a score or a never event that the earlier run did not record.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from msgspec import structs

from roadworthy.domain import EXPECTED, Observation

Key = tuple[str, str]
"""(suite, case)."""


class Today:
    """The judged run's rows, found by suite and case, by case, and by what was asked."""

    def __init__(self, rows: Sequence[Observation], excused: Set[Key] = frozenset()) -> None:
        """`excused`: cases of incidents that two people dismissed, so the label was a false one."""
        self.rows = rows
        self._excused = excused
        self._first: dict[Key, Observation] = {}
        self._by_case: dict[str, list[Key]] = {}
        self._by_input: dict[str, list[Key]] = {}
        for row in rows:
            key = (row.suite, row.case)
            if key in self._first:
                continue
            self._first[key] = row
            self._by_case.setdefault(row.case, []).append(key)
            if row.input_digest:
                self._by_input.setdefault(row.input_digest, []).append(key)

    def retell(self, earlier: Sequence[Observation], *, whole: bool = True) -> list[Observation]:
        """The judged rows with the earlier answers in their place; none when no case is shared.

        `whole`: of a run that was not, a question that failed shows nothing and is left out.
        """
        told: list[Observation] = []
        seen: set[Key] = set()
        for row in earlier:
            if not whole and row.status == "error" and not row.never:
                continue
            for key in self._places(row):
                excused = key in self._excused
                told.append(_dressed(_unlabelled(row) if excused else row, self._first[key]))
                seen.add(key)
        if not told:
            return []
        return told + [row for row in self.rows if (row.suite, row.case) not in seen]

    def _places(self, row: Observation) -> Sequence[Key]:
        """Where today's suites ask what the row answered: under its name, else in its words."""
        if (row.suite, row.case) in self._first:
            return ((row.suite, row.case),)
        found = self._by_case.get(row.case)
        if found is None and row.input_digest:
            found = self._by_input.get(row.input_digest)
        return found or ()


def _unlabelled(row: Observation) -> Observation:
    """The row without the never events that nothing but its case's label spoke of."""
    return structs.replace(row, never=tuple(one for one in row.never if one.found_by != "label"))


def _dressed(row: Observation, today: Observation) -> Observation:
    """An earlier answer as today's case would carry it; another text keeps its own truth."""
    attributes, label = today.attributes, today.label
    if row.input_digest != today.input_digest:
        expected = row.attributes.get(EXPECTED)
        attributes = {key: value for key, value in attributes.items() if key != EXPECTED}
        attributes |= {EXPECTED: expected} if expected is not None else {}
        label = row.label
    return structs.replace(
        row,
        suite=today.suite,
        case=today.case,
        tags=today.tags,
        facets=today.facets,
        tenant=today.tenant,
        label=label,
        attributes=attributes,
    )
