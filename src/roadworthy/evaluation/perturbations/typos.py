"""Slips of the keyboard that leave the meaning: a neighbouring key, a swap, a loss, a double.

Numbers, codes, addresses and words of denial are never touched: they carry the meaning.
"""

from __future__ import annotations

import re

from ..draw import Draw
from ..variant import Seed, Variant

_ROWS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}
_KEYBOARD = {"de": "qwertz", "fr": "azerty"}

_KEPT = frozenset(
    word
    for line in (
        "not no never none nor without nothing nobody cannot isnt dont doesnt wont wasnt didnt",
        "nicht kein keine keinen keiner nie niemals ohne nichts niemand weder",
        "pas ne non jamais sans rien aucun aucune personne",
        "nunca sin nada nadie tampoco ningún ninguna senza mai niente nessuno niet geen nooit",
    )
    for word in line.split()
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_TOKEN = re.compile(r"\S+")
_MARKS = re.compile(r"[\d@/\\_<>{}=]|https?:|www\.")


def _neighbours(rows: tuple[str, ...]) -> dict[str, str]:
    """Key -> the keys left and right of it."""
    found: dict[str, str] = {}
    for row in rows:
        for at, key in enumerate(row):
            found[key] = row[max(at - 1, 0) : at] + row[at + 1 : at + 2]
    return found


_NEAR = {name: _neighbours(rows) for name, rows in _ROWS.items()}


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The text with slips in a share of its words, at least one."""
    near = _NEAR[_KEYBOARD.get(seed.language, "qwerty")]
    places = [match.span() for match in _words(seed.text)]
    if not places:
        return "no word of four letters that may have a slip"
    rate = float(seed.options["rate"])
    chosen = [span for span in places if draw.chance(rate)] or [draw.pick(places)]
    pieces, position = [], 0
    for start, end in chosen:
        pieces += [seed.text[position:start], _slip(seed.text[start:end], near, draw)]
        position = end
    return Variant(text="".join(pieces) + seed.text[position:])


def _words(text: str) -> list[re.Match[str]]:
    """Words that may have a slip: none of a token with digits, of an address, or a denial."""
    found = []
    for token in _TOKEN.finditer(text):
        if _MARKS.search(token.group()):
            continue
        for word in _WORD.finditer(text, *token.span()):
            if word.group().casefold() not in _KEPT:
                found.append(word)
    return found


def _slip(word: str, near: dict[str, str], draw: Draw) -> str:
    """One slip inside the word; the first letter stays, as it mostly does."""
    for _ in range(8):
        kind = draw.below(4)
        at = 1 + draw.below(len(word) - 2)
        keys = near.get(word[at].lower(), "")
        if kind == 0 and keys:
            slipped = word[:at] + draw.pick(keys) + word[at + 1 :]
        elif kind == 1:
            slipped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif kind == 2:
            slipped = word[:at] + word[at + 1 :]
        else:
            slipped = word[:at] + word[at] + word[at:]
        if slipped != word and slipped.casefold() not in _KEPT:
            return slipped
    return word[:1] + word
