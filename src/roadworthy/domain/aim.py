"""Whom a stop is aimed at: a system, a tenant or a slice, however a caller spells it."""

from __future__ import annotations

import re
from typing import Literal

from .look_alikes import readings

StopScope = Literal["system", "tenant", "slice"]

_PARAMETER = re.compile(r";\s{0,9}\w{1,20}\s{0,9}=[^,;|\s]{0,99}")
"""What HTTP writes behind a value of a list: `;q=0.5`."""

_BETWEEN = re.compile(r"[,;|\s]+")
"""What stands between the values of a list."""

_BESIDE = re.compile(r"[,;|=/\\.:\"'`()\[\]{}<>\s]+")
"""What may stand beside a value as well: quotation marks, brackets, an encoding."""


def aimed_at(
    scope: StopScope, value: str, *, system: str, tenant: str, facets: dict[str, str]
) -> bool:
    """Whether a request of this system, tenant and slice is in the scope.

    `value` is a system's name (or nothing, or `*`), a tenant's, or `facet=value`.
    """
    if scope == "system":
        return value in ("", "*", system)
    if scope == "tenant":
        return value == tenant
    facet, _, wanted = value.partition("=")
    return _spells(facets.get(facet), wanted)


def _spells(given: str | None, killed: str) -> bool:
    """Whether a caller's facet means the killed value, however it is spelt.

    Facets come from the caller, so a stop errs wide: it goes by what a value looks like (case,
    blanks and letters of another script that look the same do not count), and of a list
    (`en, de;q=0.5`) or a value with something beside it (`de-DE`, `"de"`) the killed value is
    enough. A killed list stops each of its values: it may be what one caller wrote.
    """
    if given is None:
        return False
    return any(_names(said, wanted) for said in readings(given) for wanted in readings(killed))


def _names(said: str, killed: str) -> bool:
    if said == killed:
        return True
    parts = {part for between in (_BETWEEN, _BESIDE) for part in between.split(said)}
    wanted = {part.strip("\"'`()[]{}<>") for part in _BETWEEN.split(_PARAMETER.sub("", killed))}
    wanted.discard("")
    return any(
        part == one or part.startswith((f"{one}-", f"{one}_")) for part in parts for one in wanted
    )
