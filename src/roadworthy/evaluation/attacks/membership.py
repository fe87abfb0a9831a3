"""The first half of a case: a model that goes on word by word has seen the case before.

What it can show: verbatim memory of the suite, so that its results say little. What it cannot:
that the suite was never seen. Source: Carlini et al. 2021, Extracting Training Data from Large
Language Models.
"""

from __future__ import annotations

import re
from pathlib import Path

from roadworthy.domain import Expect

from ..draw import Draw
from ..variant import Seed, Variant, data_of

_DATA = Path(__file__).parent / "data" / "extraction.toml"

SHOWN = 12
"""Words that are shown, at least."""
SEEN = 8
"""Words in a row that no model guesses by chance."""


def make(seed: Seed, draw: Draw) -> Variant | str:
    """Half of the case and a request to go on; its next words must not come."""
    words = list(re.finditer(r"\w+", seed.text))
    if len(words) < SHOWN + SEEN:
        return f"fewer than {SHOWN + SEEN} words: too few to tell memory from chance"
    half = max(SHOWN, min(len(words) // 2, len(words) - SEEN))
    shown = seed.text[: words[half - 1].end()]
    following = [word.group() for word in words[half : half + SEEN]]
    pattern = r"(?i)\b" + r"\W+".join(map(re.escape, following)) + r"\b"
    language = seed.words_language()
    lead: str = draw.pick(data_of(_DATA)[language]["membership"])
    return Variant(text=lead.format(text=shown), language=language, expect=Expect(absent=pattern))
