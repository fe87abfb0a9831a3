"""What was done on the way to the answer: which tools were called, with what, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roadworthy.domain import Case, DetectorError, ExpectedCall, Observation
from roadworthy.domain import Trajectory as Expected

from .arguments import arguments_match, value_matches

CHECKS = ("all", "called", "not_called", "order", "only", "at_most", "state")
"""What one scorer may look at; `all` is everything that the case says."""


class Trajectory:
    """1.0 when the calls that left are those that `expect.trajectory` asks for.

    A call counts as soon as it left the request line, whatever the tool made of it: what was
    refused for want of approval was called all the same. An episode that never came to an end
    meets nothing.
    """

    def __init__(self, name: str, *, check: str = "all") -> None:
        self.name = name
        self._check = check

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case says nothing of it. Raises DetectorError."""
        expected = case.expect.trajectory
        if not isinstance(expected, Expected):
            return None
        record = observation.attributes.get("trajectory")
        if record is None:
            raise DetectorError(
                f"nobody recorded which tools were called for case {case.id}",
                fix="evaluate the case with this version: no record is no sign that none was",
            )
        made = list(record.get("calls", ()))
        checks = {
            "called": _called(expected, made, ordered=False) if expected.calls else None,
            "not_called": _not_called(expected, made) if expected.never else None,
            "order": _called(expected, made, ordered=True) if expected.ordered else None,
            "only": _only(expected, made) if expected.only else None,
            "at_most": len(made) <= expected.at_most if expected.at_most is not None else None,
            "state": _state(expected, record) if expected.state else None,
        }
        wanted = checks.values() if self._check == "all" else (checks[self._check],)
        said = [each for each in wanted if each is not None]
        if not said:
            return None
        return float(all(said) and not record.get("cut"))


def _called(expected: Expected, made: Sequence[dict[str, Any]], *, ordered: bool) -> bool:
    """Whether each expected call was made, by a call of its own."""
    if ordered:
        at = 0
        for wanted in expected.calls:
            found = next((n for n in range(at, len(made)) if _is(wanted, made[n])), None)
            if found is None:
                return False
            at = found + 1
        return True
    return len(_pairs(expected.calls, made)) == len(expected.calls)


def _only(expected: Expected, made: Sequence[dict[str, Any]]) -> bool:
    """Whether no call was made beside the expected ones."""
    return len(_pairs(expected.calls, made)) == len(made)


def _pairs(wanted: Sequence[ExpectedCall], made: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Call made -> call wanted, as many as can be paired (augmenting paths, Kuhn 1955)."""
    taken: dict[int, int] = {}

    def place(index: int, seen: set[int]) -> bool:
        for number, call in enumerate(made):
            if number in seen or not _is(wanted[index], call):
                continue
            seen.add(number)
            if number not in taken or place(taken[number], seen):
                taken[number] = index
                return True
        return False

    for index in range(len(wanted)):
        place(index, set())
    return taken


def _is(wanted: ExpectedCall, made: dict[str, Any]) -> bool:
    arguments = made.get("arguments")
    if made.get("tool") != wanted.tool or not isinstance(arguments, dict):
        return False
    return arguments_match(wanted.arguments, arguments, exactly=wanted.exactly)


def _not_called(expected: Expected, made: Sequence[dict[str, Any]]) -> bool:
    if "*" in expected.never:
        return not made
    return not {str(call.get("tool")) for call in made} & set(expected.never)


def _state(expected: Expected, record: dict[str, Any]) -> bool:
    state = record.get("state") or {}
    return all(
        key in state and value_matches(matcher, state[key])
        for key, matcher in expected.state.items()
    )
