"""What a text says to a reader who decodes it: base64, 32, 85, hex, escapes, rot13, leet, Morse.

Enters: a text. Leaves: the texts hidden in it, few and never longer than it, mostly none. Never
happens here: a decoding of a decoding, a decoding that is not text, or work without a bound.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

_MOST = 8
"""So many hidden texts are read; who hides more has been noticed by then."""
_SHORTEST = 8
"""Signs of a hidden text worth a look."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE32 = re.compile(r"[A-Z2-7]{16,}={0,6}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){10,}")
_BITS = re.compile(r"(?:[01]{8} ?){6,}")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}){4,}")
_ENTITIES = re.compile(r"(?:&#x?[0-9a-fA-F]{1,6};){4,}")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2}){4,}")
_MORSE = re.compile(r"(?:[.\-]{1,6}(?: ?/ ?| {1,3})){10,}[.\-]{0,6}")
_SPACED = re.compile(r"(?<!\w)(?:\w[ .*_-]){5,}\w(?!\w)")
_LEET_SIGN = re.compile(r"[a-zA-Z][013457@$]|[013457@$][a-zA-Z]")

_PACKED = 20
"""Signs without a blank that may be base85, or quoted as in an address."""
_UNPACKED = 5_000
"""Signs of it that are read: a multiple of five, and a bound on the work."""

_WORD = re.compile(r"[a-z]+")

_LEET = str.maketrans("013457@$", "oieastas")
_COMMON = frozenset(
    (
        "above", "all", "and", "answer", "as", "forget", "ignore", "instructions", "is", "me",
        "of", "password", "previous", "print", "prompt", "reveal", "rules", "say", "secret",
        "show", "system", "tell", "that", "the", "this", "to", "with", "you", "your",
    )
)  # fmt: skip
"""Words by which a text is known to be English once it is turned."""
_ROT13 = frozenset(codecs.encode(word, "rot13") for word in _COMMON)
_BACK = frozenset(word[::-1] for word in _COMMON if len(word) > 2) - _COMMON
_ENOUGH = 3
"""So many common words make a turned text one that was turned."""

_MORSE_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...-",
    ".-- -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.",
)
_PLAIN_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789"
_CODE = dict(zip(" ".join(_MORSE_SIGNS).split(), _PLAIN_SIGNS, strict=True))
"""ITU-R M.1677-1."""


def hidden_texts(text: str) -> list[str]:
    """What decoding brings to light, at most eight texts."""
    found: dict[str, None] = {}
    for hidden in _all(text):
        if len(hidden) >= _SHORTEST and hidden != text:
            found[hidden[: len(text)]] = None
            if len(found) == _MOST:
                break
    return list(found)


def hides(text: str) -> bool:
    """Whether a text hides another one.

    Signs put for signs, one by one, hide something only where common words come to light: names of
    users, keys and instants read as leet too.
    """
    words = set(_WORD.findall(text.lower()))
    return any(
        len(hidden) != len(text)
        or len((set(_WORD.findall(hidden.lower())) - words) & _COMMON) >= _ENOUGH
        for hidden in hidden_texts(text)
    )


def _all(text: str) -> Iterator[str]:
    for sign, pattern, decode in _DECODERS:
        if sign not in text:
            continue
        for match in pattern.finditer(text):
            plain = decode(match[0])
            if plain is not None:
                yield plain
    for part in text.split():
        if len(part) >= _PACKED:
            yield from _of_packed(part[:_UNPACKED])
    words = set(text.lower().split())
    if len(words & _ROT13) >= _ENOUGH:
        yield codecs.encode(text, "rot13")
    if len(words & _BACK) >= _ENOUGH:
        yield text[::-1]
    if _LEET_SIGN.search(text):
        parts = text.split(" ")
        leet = [_is_leet(part) for part in parts]
        if sum(leet) >= _ENOUGH:
            pairs = zip(parts, leet, strict=True)
            yield " ".join([part.translate(_LEET) if odd else part for part, odd in pairs])
    if _SPACED.search(text):
        yield _SPACED.sub(lambda match: match[0][::2], text)


def _is_leet(part: str) -> bool:
    """Letters with digits that look like letters among them."""
    return 3 <= len(part) <= 40 and not part.isalpha() and _LEET_SIGN.search(part) is not None


def _text(data: bytes) -> str | None:
    """Bytes as text; None when they are not mostly letters."""
    try:
        plain = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    letters = sum(sign.isalpha() or sign.isspace() for sign in plain)
    return plain if plain.isprintable() and letters >= 0.7 * len(plain) else None


def _of_base64(match: str) -> str | None:
    if match.isalpha() and match.islower():  # a long word
        return None
    body = match.rstrip("=")
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=_altchars(body))
    except (binascii.Error, ValueError):
        return None
    return _text(data)


def _altchars(body: str) -> bytes:
    return b"-_" if "-" in body or "_" in body else b"+/"


def _of_base32(match: str) -> str | None:
    body = match.rstrip("=")
    try:
        return _text(base64.b32decode(body + "=" * (-len(body) % 8)))
    except binascii.Error:
        return None


def _of_packed(part: str) -> Iterator[str]:
    """What signs without a blank say as base85 or Ascii85, or quoted as in an address.

    An address itself hides nothing: browsers write blanks so.
    """
    if part.count("%") >= _ENOUGH and "://" not in part:
        plain = unquote(part)
        if len(set(_WORD.findall(plain.lower())) & _COMMON) >= _ENOUGH:
            yield plain
    for body in dict.fromkeys((part, part.strip("\"'`.,"), part.strip("\"'`.,<~>"))):
        for decode in (base64.b85decode, base64.a85decode):
            try:
                plain85 = _text(decode(body))
            except ValueError:
                continue
            if plain85 is not None:
                yield plain85


def _of_hex(match: str) -> str | None:
    return _text(bytes.fromhex(match.replace(":", "").replace(" ", "")))


def _of_bits(match: str) -> str | None:
    bits = match.replace(" ", "")
    return _text(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8)))


def _of_escapes(match: str) -> str | None:
    points = (int(part[1:], 16) for part in match.split("\\")[1:])
    return "".join(map(chr, points))


def _of_percent(match: str) -> str | None:
    return _text(bytes.fromhex(match.replace("%", "")))


def _of_morse(match: str) -> str | None:
    words = re.split(r" ?/ ?| {3}", match)
    return " ".join("".join(_CODE.get(sign, "") for sign in word.split()) for word in words)


def _of_entities(match: str) -> str:
    import html  # its table is large, and such texts are rare

    return html.unescape(match)


_DECODERS: tuple[tuple[str, re.Pattern[str], Callable[[str], str | None]], ...] = (
    ("", _BASE64, _of_base64),
    ("", _BASE32, _of_base32),
    ("6", _HEX, _of_hex),
    ("01", _BITS, _of_bits),
    ("\\", _ESCAPES, _of_escapes),
    ("&#", _ENTITIES, _of_entities),
    ("%", _PERCENT, _of_percent),
    (". ", _MORSE, _of_morse),
)
"""What stands in every such text, its shape, and how it is read.

In hex a small letter begins with 6 or 7, and there is hardly a word without one from a to o.
"""
