"""Step 2 of the request line: may this request be worked on at all?

What enters: text and facets of a call. What leaves: None, or why not. What never happens here:
an assertion that cannot be evaluated and yet lets the request in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from roadworthy.domain import Allowed, Candidate, Charter
from roadworthy.expressions import load_cel


class Denial(Struct, frozen=True):
    """Why a request is not worked on."""

    code: str
    """`use_not_allowed` or `assertion_failed`."""
    message: str


class Admittance:
    """What a release asks of every request: its allowed use and its input assertions."""

    def __init__(self, charter: Charter, candidate: Candidate) -> None:
        """Compile the assertions. Raises ValueError when one is not CEL."""
        allowed = charter.use.allowed
        self._sets = [
            (facet, {value.casefold() for value in values}, what)
            for facet, values, what in _restrictions(allowed)
            if values and facet in candidate.facets
        ]
        cel = load_cel()
        self._assertions = [(cel.compile(a.that), a.otherwise) for a in candidate.assertions]

    def check(self, text: str, facets: Mapping[str, str]) -> Denial | None:
        """None when the request may go on."""
        for facet, values, what in self._sets:
            given = facets.get(facet, "")
            if given.casefold() not in values:
                shown = f"{given!r} is" if given else "none is"
                return Denial(
                    "use_not_allowed",
                    f"{what}: {shown} not among those allowed ({', '.join(sorted(values))})",
                )
        if not self._assertions:
            return None
        names: dict[str, Any] = {"input": text, "facets": dict(facets)}
        for program, otherwise in self._assertions:
            if not _holds(program, names):
                return Denial("assertion_failed", otherwise)
        return None


def _restrictions(allowed: Allowed) -> list[tuple[str, list[str], str]]:
    expert = ["true", "yes", "1"] if allowed.expert_users_only else []
    return [
        ("jurisdiction", allowed.jurisdictions, "jurisdiction"),
        ("language", allowed.languages, "language"),
        ("expert_user", expert, "only expert users may use this system"),
    ]


def _holds(program: Any, names: dict[str, Any]) -> bool:
    """Whether an assertion is exactly true; one that raises does not hold."""
    try:
        return program.execute(names) is True
    except Exception:  # the evaluator raises KeyError, TypeError, RuntimeError and its own
        return False
