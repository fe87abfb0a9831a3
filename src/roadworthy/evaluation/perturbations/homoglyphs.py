"""Letters that look alike, full-width letters, marks and invisible characters.

Digits stay: a number that only looks the same is another number to whoever reads it later.
Source of the pairs: Unicode Technical Standard 39, confusables (a choice of Latin ones).
"""

from __future__ import annotations

from ..draw import Draw
from ..variant import Seed, Variant

_ALIKE = dict(
    zip(
        "aceiopsxyjhkmtABCEHIJKMOPSTXYZ",
        "асеіорѕхујһкмтАВСЕНІЈКМОРЅТХУΖ",
        strict=True,
    )
)
_INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad")
_COMBINING = ("\u0301", "\u0308", "\u0323", "\u0332")


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The text with a share of its letters in another guise; modes are used in turn."""
    modes = seed.options["modes"]
    rate = float(seed.options["rate"])
    for step in range(len(modes)):
        mode = modes[(seed.turn + step) % len(modes)]
        text = _dressed(seed.text, mode, rate, draw)
        if text != seed.text:
            limit = seed.surface.limit(str(seed.slot.path[0]) if seed.slot.path else "")
            if limit and len(text) > limit:
                continue
            return Variant(text=text, detail=mode)
    return "no letter that has a look-alike"


def _dressed(text: str, mode: str, rate: float, draw: Draw) -> str:
    able = [at for at, letter in enumerate(text) if _able(letter, mode)]
    if not able:
        return text
    chosen = {at for at in able if draw.chance(rate)} or {draw.pick(able)}
    return "".join(
        _letter(letter, mode, draw) if at in chosen else letter for at, letter in enumerate(text)
    )


def _able(letter: str, mode: str) -> bool:
    if mode == "look_alike":
        return letter in _ALIKE
    if mode == "full_width":
        return letter.isascii() and letter.isalpha()
    return letter.isalpha()


def _letter(letter: str, mode: str, draw: Draw) -> str:
    if mode == "look_alike":
        return _ALIKE[letter]
    if mode == "full_width":
        return chr(ord(letter) + 0xFEE0)
    return letter + draw.pick(_INVISIBLE if mode == "invisible" else _COMBINING)
