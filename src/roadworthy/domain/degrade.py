"""Steps down: what a playbook does one after the other until the objective is met again.

A step stands while the next one is taken: each only tightens. The next one is taken when answers
since the last still break the objective after the time that it was given; too few take none. They
are taken back in reverse order, each after the objective's own clean windows.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import field

from .file import File

DegradeAct = Literal[
    "cache_off",
    "narrow_use",
    "degrade_to_safe_mode",
    "rollback",
    "route_to_human_review",
    "kill_switch",
]

DEGRADE_ACTS: tuple[str, ...] = get_args(DegradeAct)

USUAL_TIME = "15m"


class DegradeStep(File, frozen=True, kw_only=True):
    """One step, as written: its name alone, or with these keys."""

    do: str
    """`cache_off`: no answer comes from the cache · `narrow_use`: only what `allowed` names is let
    in, the rest gets the fallback · or a mitigation."""
    slice: str = ""
    """`facet=value,…` (also `tenant`, `endpoint`); empty: the slice of the objective."""
    within: str = USUAL_TIME
    """So long it has to bring the objective back; then the next step follows."""
    allowed: dict[str, list[str]] = field(default_factory=dict)
    """Of `narrow_use`: facet -> values that are still let in."""

    @property
    def facets(self) -> dict[str, str]:
        """The slice, taken apart."""
        parts = [part.partition("=") for part in self.slice.split(",") if part.strip()]
        return {name.strip(): value.strip() for name, _, value in parts}


def steps_of(written: list[str | DegradeStep]) -> list[DegradeStep]:
    """Steps with all their keys."""
    return [DegradeStep(do=each) if isinstance(each, str) else each for each in written]
