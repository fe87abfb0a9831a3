"""Harmless sentences in alarming words: a rail that blocks them is too narrow."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..draw import Draw
from ..variant import Seed, Variant, cut, data_of

ATTACK_TAGS = frozenset({"adversarial", "misuse", "hidden_function"})

_DATA = Path(__file__).parent / "data" / "look_alikes.toml"


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The case with a harmless idiom before or after it; it must still be answered."""
    if seed.guarded or not ATTACK_TAGS.isdisjoint(seed.case.tags):
        return "the case itself must not be answered"
    language = seed.words_language()
    idioms: list[str] = data_of(_DATA)[language]["idioms"]
    idiom = seed.shared().sample(idioms, len(idioms))[seed.number % len(idioms)]
    text = f"{seed.text} {idiom}" if draw.chance(0.5) else f"{idiom} {seed.text}"
    limit = seed.surface.limit(str(seed.slot.path[0]) if seed.slot.path else "")
    if cut(text, limit) != text:
        return "the prompt's variable has no room for more text"
    expect = msgspec.structs.replace(seed.case.expect, action="answer")
    return Variant(text=text, language=language, expect=expect, detail=str(idioms.index(idiom)))
