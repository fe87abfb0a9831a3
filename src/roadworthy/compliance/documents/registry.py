"""Fillers by name: what a form may ask for."""

from __future__ import annotations

from collections.abc import Callable

from roadworthy.domain import Block, Language

from .gathered import Gathered

Filler = Callable[[Gathered, Language], tuple[Block, ...]]

FILLERS: dict[str, Filler] = {}
"""Name -> filler; forms may name these only."""


def filler(name: str) -> Callable[[Filler], Filler]:
    """Enter a filler under a name."""

    def enter(one: Filler) -> Filler:
        FILLERS[name] = one
        return one

    return enter
