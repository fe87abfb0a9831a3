"""Harmless text before, after or around the case: it must be found all the same."""

from __future__ import annotations

from pathlib import Path

from ..draw import Draw
from ..variant import Seed, Variant, cut, data_of

_DATA = Path(__file__).parent / "data" / "filler.toml"
_PLACES = ("before", "after", "around")


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The text with harmless sentences beside it; where the prompt's variable has room."""
    language = seed.words_language()
    sentences: list[str] = data_of(_DATA)[language]["sentences"]
    wanted = int(seed.options["chars"])
    limit = seed.surface.limit(str(seed.slot.path[0]) if seed.slot.path else "")
    if limit:
        wanted = min(wanted, limit - len(seed.text) - 4)
    if wanted < 80:
        return "the prompt's variable has no room for more text"
    place = _PLACES[seed.turn % len(_PLACES)]
    if place == "around":
        half = wanted // 2
        parts = [_filler(sentences, half, draw), seed.text, _filler(sentences, half, draw)]
    elif place == "before":
        parts = [_filler(sentences, wanted, draw), seed.text]
    else:
        parts = [seed.text, _filler(sentences, wanted, draw)]
    return Variant(text="\n\n".join(part for part in parts if part), detail=place)


def _filler(sentences: list[str], chars: int, draw: Draw) -> str:
    """Sentences in a drawn order, as often as needed, cut at `chars`."""
    kept: list[str] = []
    length = 0
    while length < chars:
        for sentence in draw.sample(sentences, len(sentences)):
            kept.append(sentence)
            length += len(sentence) + 1
            if length >= chars:
                break
    return cut(" ".join(kept), chars)
