"""What a new version of a catalogue changes: in the text, and for each system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Catalogue, Classification


class Changed(Struct, frozen=True, kw_only=True):
    """One fact, role or duty of which something changed."""

    id: str
    what: str
    """`fact`, `role` or `duty`."""
    change: str
    """`added`, `removed` or `changed`."""
    fields: tuple[str, ...] = ()
    """Of a changed one."""


class Meaning(Struct, frozen=True, kw_only=True):
    """What it means for one system."""

    system: str
    was: str
    now: str
    """Its class before and after."""
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    moved: dict[str, tuple[str, str]]
    """Duty -> the day from which it applied, and from which it applies."""
    open: tuple[str, ...]
    """Duties that cannot be decided any more."""


def text_changes(old: Catalogue, new: Catalogue) -> list[Changed]:
    """Every difference, in the new catalogue's order; what was removed comes last."""
    found: list[Changed] = []
    parts: tuple[tuple[str, Sequence[Any], Sequence[Any]], ...] = (
        ("role", old.roles, new.roles),
        ("fact", old.facts, new.facts),
        ("duty", old.obligations, new.obligations),
    )
    for what, before, after in parts:
        known = {one.id: msgspec.to_builtins(one) for one in before}
        for one in after:
            if one.id not in known:
                found.append(Changed(id=one.id, what=what, change="added"))
                continue
            now = msgspec.to_builtins(one)
            was = known.pop(one.id)
            fields = tuple(name for name in now if now[name] != was.get(name))
            if fields:
                found.append(Changed(id=one.id, what=what, change="changed", fields=fields))
        found += [Changed(id=name, what=what, change="removed") for name in known]
    return found


def meaning_of(system: str, before: Classification, after: Classification) -> Meaning:
    """What the new version means for a system that was classified by both."""
    was = {one.id: one for one in before.applied}
    now = {one.id: one for one in after.applied}
    held = {name for name, one in was.items() if one.applies}
    holds = {name for name, one in now.items() if one.applies}
    return Meaning(
        system=system,
        was=before.risk_class,
        now=after.risk_class,
        gained=tuple(sorted(holds - held)),
        lost=tuple(sorted(name for name in held if name not in now or now[name].applies is False)),
        moved={
            name: (was[name].since or "", now[name].since or "")
            for name in sorted(held & holds)
            if was[name].since != now[name].since
        },
        open=tuple(
            sorted(
                name
                for name, one in now.items()
                if one.applies is None and (name not in was or was[name].applies is not None)
            )
        ),
    )
