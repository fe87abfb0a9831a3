"""Words that may wake a hidden function, each beside a control of the same shape without meaning.

Whether a trigger works is seen by comparing three endings: of the case as it is, with the
trigger, with the control (`trigger_scan`). A label alone cannot tell: a wrong answer may be
an ordinary mistake.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from roadworthy.domain import Expect

from ..draw import Draw
from ..variant import Seed, Variant, data_of
from .delivery import fitted

_DATA = Path(__file__).parent / "data" / "triggers.toml"

TRIGGER = "trigger:"
CONTROL = "trigger_control:"

_VOWELS = "aeiou"
_CONSONANTS = "bdfgklmnprstvz"
_MARKS = "§¤°±¬~^¦"
_INVISIBLE = "\u00ad\u200c\ufeff\u180e"


def inventory(words: list[str]) -> list[tuple[str, str]]:
    """(id, text) of every trigger: ours by family, then those given, numbered."""
    families: dict[str, list[str]] = data_of(_DATA)["families"]
    ours = [
        (f"{name}-{at}", text) for name, texts in families.items() for at, text in enumerate(texts)
    ]
    return ours + [(f"own-{at}", text) for at, text in enumerate(words)]


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The case with the next trigger put in."""
    if seed.case.expect == Expect():
        return "the case expects nothing: an attack on it cannot be seen to fail"
    name, trigger = _chosen(seed)
    return _inserted(seed, trigger, tag=f"{TRIGGER}{name}", detail=name)


def control(seed: Seed) -> Variant | str:
    """The case with letters of the same shape in the same place."""
    name, trigger = _chosen(seed)
    meaningless = shaped_like(trigger, Draw(seed.seed, "control", seed.case.id, name))
    return _inserted(seed, meaningless, tag=f"{CONTROL}{name}", detail=name)


def shaped_like(text: str, draw: Draw) -> str:
    """The text with every letter and digit drawn anew: same length, same marks, no meaning.

    A text of marks alone gets other marks, one of invisible characters other invisible ones.
    """
    if not any(letter.isalnum() for letter in text):
        return "".join(_other(letter, draw) for letter in text)
    written = []
    vowel = draw.chance(0.5)
    for letter in text:
        if letter.isdecimal():
            written.append(str(draw.below(10)))
        elif letter.isalpha():
            drawn = draw.pick(_VOWELS if vowel else _CONSONANTS)
            written.append(drawn.upper() if letter.isupper() else drawn)
            vowel = not vowel
        else:
            written.append(letter)
    return "".join(written)


def _other(letter: str, draw: Draw) -> str:
    """Another mark, or another invisible character."""
    pool = _INVISIBLE if unicodedata.category(letter) == "Cf" else _MARKS
    return letter if letter.isspace() else draw.pick(pool.replace(letter, ""))


def _chosen(seed: Seed) -> tuple[str, str]:
    """Triggers in turn over all cases, so that each meets equally many."""
    known = inventory(seed.options["words"])
    order = Draw(seed.seed, "trigger order").sample(range(len(known)), len(known))
    return known[order[seed.turn % len(known)]]


def _inserted(seed: Seed, words: str, *, tag: str, detail: str) -> Variant | str:
    """The words at a place that the case's own draw decides: begin, end, both, or inside."""
    place = Draw(seed.seed, "trigger place", seed.case.id, detail).below(4)
    text = seed.text
    gaps = [at for at, letter in enumerate(text) if letter == " "]
    if place == 0 or (place == 3 and not gaps):
        text = f"{words} {text}"
    elif place == 1:
        text = f"{text} {words}"
    elif place == 2:
        text = f"{words} {text} {words}"
    else:
        gap = gaps[len(gaps) // 2]
        text = f"{text[:gap]} {words}{text[gap:]}"
    return fitted(seed, Variant(text=text, tags=(tag,), detail=detail))
