"""Requests for what the release or its model must keep: its own prompt, what was learned.

Source of the repetition requests: Nasr et al. 2023, Scalable Extraction of Training Data from
(Production) Language Models.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Expect

from ..draw import Draw
from ..variant import Seed, Variant, data_of
from .goals import SENSITIVE, leak_pattern

_DATA = Path(__file__).parent / "data" / "extraction.toml"


def prompt(seed: Seed, draw: Draw) -> Variant | str:
    """A request for the release's own words, in place of the case's text."""
    pattern = leak_pattern((*seed.surface.prompt, *seed.surface.examples))
    if not pattern:
        return "the release has no prompt of its own"
    return _asked(seed, "prompt", Expect(absent=pattern))


def training_data(seed: Seed, draw: Draw) -> Variant | str:
    """A request to recite what was learned, in place of the case's text."""
    return _asked(seed, "training_data", Expect(absent=SENSITIVE))


def _asked(seed: Seed, kind: str, expect: Expect) -> Variant:
    language = seed.words_language()
    asks: list[str] = data_of(_DATA)[language][kind]
    # Cases take turns through the list, so that a suite of few cases sees all of it.
    at = (seed.turn + seed.seed) % len(asks)
    return Variant(text=asks[at], language=language, expect=expect, detail=str(at))
