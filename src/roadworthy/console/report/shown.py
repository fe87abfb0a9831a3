"""Text that others wrote, made fit to be read in the middle of ours.

Enters: any text. Leaves: the same for ordinary text; characters that one cannot see or that turn
the order of what follows (controls, zero-width, bidirectional marks, tag characters) by their
code, and the start of what is too long, saying how long it is. Escaping is the template's.
"""

from __future__ import annotations

import re

LIMIT = 2_000
"""Characters of one value in the fixed part of the page; the case view has all of them."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U000e0000-\U000e0fff]"
)


def visible(text: str, limit: int = LIMIT) -> str:
    """The text as it may stand among ours."""
    cut = text if len(text) <= limit else text[:limit]
    seen = _UNSEEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", cut)
    return seen if cut is text else f"{seen}… ({len(text):,} characters)"


def finalize(value: object) -> object:
    """For a template: every plain string that is put into the page passes here."""
    if type(value) is str:
        return visible(value)
    return "" if value is None else value
