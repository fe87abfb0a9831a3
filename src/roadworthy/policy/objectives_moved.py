"""What earlier bars asked of the objectives, where it is not what is asked today.

Enters: objectives as earlier bars fixed them, and today's. Leaves: sentences for a decision's
notes. Never here: a verdict. People may lower a target, and nobody may do it unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from roadworthy.domain import SafetySLO, SloFile

_WORDS = frozenset({"objective", "owner", "clause", "severity"})
"""Fields for readers: they judge nothing."""

_SHOWN = 10
"""Sentences; more objectives are counted."""


def objectives_moved(earlier: Iterable[tuple[str, SloFile]], present: SloFile) -> list[str]:
    """One sentence per objective that an earlier bar held otherwise, or that is gone.

    `earlier` holds (instant, objectives), oldest first; the newest that differs is the one told.
    """
    today = {slo.name: slo for slo in present.slos}
    told: dict[str, str] = {}
    for fixed_at, file in earlier:
        for slo in file.slos:
            said = _difference(slo, today.get(slo.name))
            if said:
                told[slo.name] = f"objective {slo.name}{said} (bar fixed at {fixed_at[:19]}Z)"
    found = [told[name] for name in sorted(told)]
    more = len(found) - _SHOWN
    return found[:_SHOWN] + ([f"and {more} more objectives were others"] if more > 0 else [])


def _difference(before: SafetySLO, now: SafetySLO | None) -> str:
    if now is None:
        return f" ({before.target}) is not there any more"
    old, new = _ruling(before), _ruling(now)
    changed = [f"{name} was {spelled(old[name])} and is {spelled(new[name])}"
               for name in old if old[name] != new[name]]  # fmt: skip
    return f": {', '.join(changed)}" if changed else ""


def _ruling(slo: SafetySLO) -> Mapping[str, Any]:
    return {name: of for name, of in structs.asdict(slo).items() if name not in _WORDS}


def spelled(value: Any) -> str:
    """A value of a file, for people."""
    if value in ("", None, []):
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else f"`{value}`"
