r"""What a text spells whose characters are written as escapes (`\u0062` for b).

Enters: a text, JSON or only somewhat like it. Leaves: the texts that it decodes to, layer by
layer (JSON in JSON in JSON). Never happens here: a text passed over because it is not valid JSON;
whoever reads it may be lenient.
"""

from __future__ import annotations

import re

LAYERS = 8
"""Beyond this nobody reads; and each layer is a pass over the text."""

_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["\\/\'bfnrtv0]))')
"""RFC 8259, section 7, and the two forms that JSON5 and JavaScript add."""

_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}


def unescaped(text: str) -> list[str]:
    """The text of each layer of escapes; [] when nothing is escaped."""
    layers: list[str] = []
    while "\\" in text and len(layers) < LAYERS:
        read = _ESCAPE.sub(_sign, text)
        if read == text:
            break
        text = _paired(read)
        layers.append(text)
    return layers


def _sign(escape: re.Match[str]) -> str:
    point = escape.group(1) or escape.group(2)
    if point:
        return chr(int(point, 16))
    short = escape.group(3)
    return _SHORT.get(short, short)


def _paired(text: str) -> str:
    r"""Surrogates written one by one (`\ud83d\ude00`) as the characters that they stand for."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
