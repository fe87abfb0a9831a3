"""Where a system stands in the law, by all that states it: the strictest counts.

Enters: what each source states (the classification in the ledger, today's answers, a release's
charter). Leaves: one statement, and which source says what. Never here: a source that is silent
taken for a no, a no that outweighs another source's yes or its open question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import CLOCKS

UNDECIDED = "undecided"
"""What a source says of a fact that it asks and does not answer."""

_ASKED = ("risk_class", "systemic_risk", "high_risk_route")
_BOUND = tuple(dict.fromkeys(clock.binds for clock in CLOCKS))
"""Every role that a clock binds."""


class Stated(Struct, frozen=True, kw_only=True):
    """What one source says of a system."""

    source: str
    """In words: `entry 12`, `facts.yaml`."""
    roles: tuple[str, ...] = ()
    may_be: tuple[str, ...] = ()
    """Roles that follow from these where open questions are answered with yes."""
    facts: Mapping[str, Any] = {}
    """`risk_class`, `systemic_risk`, `high_risk_route`; what is left out it says nothing of."""
    time_zone: str = ""
    unread: bool = False
    """It is there and cannot be read: whatever it may say beside this is open."""


class Law(Struct, frozen=True, kw_only=True):
    """What decides which clocks apply; what is left out is unknown."""

    roles: tuple[str, ...] = ()
    may_be: tuple[str, ...] = ()
    """Roles of which it is open whether the organisation has them."""
    facts: Mapping[str, Any] = {}
    time_zones: tuple[str, ...] = ("UTC",)
    """Of each source that names one; the earliest end counts. Empty: nobody named any."""
    holidays: tuple[str, ...] = ()
    """Public holidays where the report is due, `YYYY-MM-DD`."""
    said_by: Mapping[str, tuple[str, ...]] = {}
    """`roles` or a fact -> the sources whose word counts."""
    unread: tuple[str, ...] = ()
    """Sources that cannot be read."""


def strictest(stated: Sequence[Stated], holidays: tuple[str, ...] = ()) -> Law:
    """Every role that any source names, and of each fact the strictest answer."""
    roles = tuple(dict.fromkeys(role for each in stated for role in each.roles))
    may_be = tuple(dict.fromkeys(role for each in stated for role in _may_be(each)))
    facts: dict[str, Any] = {}
    said_by = {"roles": tuple(dict.fromkeys(each.source for each in stated if each.roles))}
    for name in _ASKED:
        given = [
            (each.facts.get(name, UNDECIDED), each.source)
            for each in stated
            if name in each.facts or each.unread
        ]
        if not given:
            continue
        strict = max((value for value, _ in given), key=_STRICTNESS[name])
        facts[name] = strict
        said_by[name] = tuple(dict.fromkeys(source for value, source in given if value == strict))
    return Law(
        roles=roles,
        may_be=tuple(role for role in may_be if role not in roles),
        facts=facts,
        time_zones=tuple(dict.fromkeys(each.time_zone for each in stated if each.time_zone)),
        holidays=holidays,
        said_by=said_by,
        unread=tuple(each.source for each in stated if each.unread),
    )


def _may_be(stated: Stated) -> tuple[str, ...]:
    """Roles that it leaves open: any, where it cannot be read and no role of it is known."""
    return _BOUND if stated.unread and not stated.roles else stated.may_be


def _of_class(value: Any) -> int:
    return {"high": 2, UNDECIDED: 1}.get(value, 0)


def _of_risk(value: Any) -> int:
    return {True: 2, UNDECIDED: 1}.get(value, 0)


def _of_route(value: Any) -> int:
    """By Annex I alone the duties begin later: anything else is stricter."""
    return 0 if str(value).startswith("annex_i_") else 1


_STRICTNESS: dict[str, Callable[[Any], int]] = {
    "risk_class": _of_class,
    "systemic_risk": _of_risk,
    "high_risk_route": _of_route,
}
