"""What a text looks like: letters that look Latin, and characters that nobody sees.

Source: Unicode Technical Standard 39, confusables.txt, cut down to Cyrillic, Greek, Armenian,
Cherokee and Latin letters of common fonts, dashes, quotes and digits. Compatibility forms (wide,
mathematical, circled letters) need no row here: NFKC unfolds them.
"""

from __future__ import annotations

import unicodedata

_ROWS = (
    # Cyrillic
    "0405S 0406I 0408J 0410A 0412B 0415E 0417Z 041AK 041CM 041DH 041EO 0420P 0421C 0422T 0423Y "
    "0425X 0430a 0435e 043Eo 0440p 0441c 0443y 0445x 0455s 0456i 0458j 0474V 0475v 04AEY 04AFy "
    "04BBh 04BDe 04C0I 04CFl 0501d 050CG 051AQ 051Bq 051CW 051Dw "
    # Latin with a twist
    "0131i 0185b 01C3! 0251a 0261g 0262G 0269i 026AI 0274N 0280R 0299B 029CH 029FL 1D00A 1D04C "
    "1D05D 1D07E 1D0AJ 1D0BK 1D0DM 1D0FO 1D18P 1D1BT 1D1CU 1D20V 1D21W 1D22Z "
    # Dashes, quotes, slashes, dots
    "2010- 2011- 2012- 2013- 2014- 2015- 2018' 2019' 201A' 201B' 201C\" 201D\" 201E\" 201F\" "
    "2024. 2032' 2033\" 2043- 2044/ 217Cl 2212- 2215/ 2236: 3002. A789: FE58- "
    # Greek
    "0391A 0392B 0395E 0396Z 0397H 0399I 039AK 039CM 039DN 039FO 03A1P 03A4T 03A5Y 03A7X 03B1a "
    "03B3y 03B7n 03B9i 03BAk 03BDv 03BFo 03C1p 03C4t 03C5u 03C7x 03C9w 03F2c 03F9C "
    # Armenian
    "053CL 054DU 0570h 0578n 057Du 0581g 0585o "
    # Cherokee
    "13A0D 13A2T 13AAA 13ABJ 13ACE 13B7M 13BBH 13C3Z 13D4W 13D9V 13DAS 13DEL 13DFC 13E2P 13E6K "
    "13F4B "
    # Digits of other scripts
    "06600 06611 06622 06633 06644 06655 06666 06677 06688 06699 06F00 06F11 06F22 06F33 06F44 "
    "06F55 06F66 06F77 06F88 06F99 09660 09671 09682 09693 096A4 096B5 096C6 096D7 096E8 096F9 "
)
"""Code point in hexadecimal, four digits, then the one character that it looks like."""

LOOK_ALIKES: dict[str, str] = {chr(int(row[:4], 16)): row[4] for row in _ROWS.split()}
"""Character -> what it looks like; one character to one."""

_FILLERS = frozenset("\u115f\u1160\u180e\u3164\uffa0")
"""Most fonts show them as a blank, some not at all (Hangul fillers, Mongolian vowel separator)."""
_TO_BLANK = frozenset("\x0b\x1c\x1d\x1e\x1f\x85\u2800\U00013441\U00013442\U0001d159")
"""What shows as a blank beside category Z: separators of old, Braille's, Egyptian, no note."""
_BLANK_CONTROLS = frozenset("\t\n\f\r")
_IGNORED = (
    range(0x034F, 0x0350),
    range(0x17B4, 0x17B6),
    range(0x180B, 0x1810),
    range(0x2060, 0x2070),
    range(0xFE00, 0xFE10),
    range(0xFFF0, 0xFFF9),
    range(0xE0000, 0xE1000),
)
"""Default_Ignorable_Code_Point (DerivedCoreProperties.txt), but for what is Cf or a filler."""

_MARKS = (
    range(0x0300, 0x0370),
    range(0x1AB0, 0x1B00),
    range(0x1DC0, 0x1E00),
    range(0x20D0, 0x2100),
    range(0xFE20, 0xFE30),
)
"""Combining marks of no script in particular; those of Hindi or Hebrew stay."""


def _is_mark(point: int) -> bool:
    return any(point in block for block in _MARKS)


def looks_like(point: int, filler: str = " ") -> str | None:
    """What one code point looks like after composition (NFKC).

    A space for all that shows as a blank (a tab and a line's end stay), nothing for a stray mark,
    None where nobody sees it. `filler`: what to take for a filler.
    """
    sign = chr(point)
    if sign in _FILLERS:
        return filler
    if sign in LOOK_ALIKES:
        return LOOK_ALIKES[sign]
    kind = unicodedata.category(sign)
    if sign in _TO_BLANK or kind[0] == "Z":
        return " "
    if kind == "Cf" or any(point in block for block in _IGNORED):
        return None
    if kind == "Cc":
        return sign if sign in _BLANK_CONTROLS else None
    return "" if _is_mark(point) else sign


def readings(text: str) -> tuple[str, ...]:
    """A short text as it looks, without case and what nobody sees.

    Two where the order matters: of some letters only the capital looks like a Latin one.
    """
    if text.isascii() and text.isprintable():
        return (text.strip().casefold(),)
    return (_as_seen(text).casefold().strip(), _as_seen(text.casefold()).strip())


def _as_seen(text: str) -> str:
    signs = (looks_like(ord(sign), filler="") for sign in unicodedata.normalize("NFKC", text))
    return "".join(filter(None, signs))
