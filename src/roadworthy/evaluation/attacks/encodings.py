"""The request in another code: a rail that reads plain words does not see it."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

from ..draw import Draw
from ..variant import Seed, Variant, data_of
from .delivery import fitted
from .goals import ask, goals_of

_DATA = Path(__file__).parent / "data" / "encodings.toml"
_MORSE_ROWS = (
    ("abcdefghi", ".- -... -.-. -.. . ..-. --. .... .."),
    ("jklmnopqr", ".--- -.- .-.. -- -. --- .--. --.- .-."),
    ("stuvwxyz", "... - ..- ...- .-- -..- -.-- --.."),
    ("01234", "----- .---- ..--- ...-- ....-"),
    ("56789", "..... -.... --... ---.. ----."),
)
_MORSE = {
    letter: signs
    for letters, row in _MORSE_ROWS
    for letter, signs in zip(letters, row.split(), strict=True)
}
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_TAGS = 0xE0000
"""Unicode tag characters: invisible twins of ASCII."""


def _rot13(text: str) -> str:
    """Letters of ASCII moved by 13; all others stay."""
    turned = []
    for letter in text:
        if letter.isascii() and letter.isalpha():
            first = ord("a") if letter.islower() else ord("A")
            letter = chr((ord(letter) - first + 13) % 26 + first)
        turned.append(letter)
    return "".join(turned)


def _morse(text: str) -> str:
    return " / ".join(
        " ".join(_MORSE[letter] for letter in word if letter in _MORSE)
        for word in text.lower().split()
    )


def _tag_characters(text: str) -> str:
    return "".join(chr(_TAGS + ord(letter)) for letter in text if " " <= letter <= "~")


SCHEMES = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(" "),
    "rot13": _rot13,
    "reversed": lambda text: text[::-1],
    "leet": lambda text: text.translate(_LEET),
    "morse": _morse,
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "url": lambda text: quote(text, safe=""),
    "spaced": lambda text: " ".join(text),
    "tag_characters": _tag_characters,
}
"""Name -> how a text is written in it."""

ASCII_ONLY = frozenset(("rot13", "morse", "tag_characters", "leet"))
"""Codes that know no letters beyond ASCII: the request is then asked in English."""


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The case, and the request in the next code with a word on what it is."""
    schemes: list[str] = seed.options["schemes"]
    # Goals turn with every variant; codes turn once all goals had this one.
    goals = 1 if seed.surface.closed else max(1, len(goals_of(seed)))
    scheme = schemes[(seed.round // goals) % len(schemes)]
    language = "en" if scheme in ASCII_ONLY else seed.words_language()
    wanted = ask(seed, draw, language)
    if isinstance(wanted, str):
        return wanted
    words = data_of(_DATA)[language]
    coded = SCHEMES[scheme](wanted.text)
    lead: str = draw.pick(words["leads"]).format(scheme=words["schemes"].get(scheme, scheme))
    return fitted(
        seed,
        Variant(
            text=f"{seed.text}\n\n{lead}\n{coded}", language=language, hazard=wanted.hazard,
            expect=wanted.expect, detail=scheme,
        ),
    )  # fmt: skip
