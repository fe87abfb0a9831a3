"""Ways to reach a person: e-mail, telephone, network address.

Enters: nothing but the shapes' own knowledge. Leaves: shapes. Never happens here: a bare number
taken for a telephone; without `+`, `00` or the usual grouping it needs a word beside it.

Sources: RFC 5322 (what mailboxes look like in practice), ITU-T E.164 (at most 15 digits), North
American Numbering Plan.
"""

from __future__ import annotations

import re

from .context import REACH, inside_number, near
from .extent import extent_of
from .shape import REFUSED, Shape

_LETTER = r"A-Za-z0-9\x{C0}-\x{24F}\x{370}-\x{52F}"
"""Latin, Greek, Cyrillic: alphabets that write blanks, so that a sentence is no mailbox."""

_EMAIL = (
    rf"[{_LETTER}][{_LETTER}._%+\-]{{0,47}}"
    rf"@[{_LETTER}](?:[{_LETTER}.\-]{{0,60}}[{_LETTER}])?\.[A-Za-z]{{2,18}}\b"
)
_INTERNATIONAL = r"(?:\+|\b00)[1-9](?:[ .\-/()]{0,2}[0-9]){6,14}\b"
_AMERICAN = r"(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[\-. ])[2-9][0-9]{2}[\-. ][0-9]{4}\b"
_NATIONAL = r"\(?\b[0-9](?:[ .\-/()]{0,3}[0-9]){5,12}\b"
_IP = r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"

_PHONE_WORDS = near(
    (
        *("phone*", "telephone*", "tel", "call", "called", "calling", "cell*", "mobile", "fax"),
        *("whatsapp", "sms", "text me", "dial", "ring me", "reach", "voicemail", "answering"),
        *("contact number", "handy*", "telef*", "ruf", "rufen", "anruf*", "mobil*", "rückruf*"),
        *("durchwahl", "téléph*", "portable", "appel*", "joindre", "numéro de tél*", "teléf*"),
        *("móvil", "llam*", "celular*", "cellulare", "chiam*", "bel mij", "bel me", "gsm"),
        *("telefoon*", "puh", "puhelin*", "telemóvel", "numer tel*", "komórk*"),
    )
)
_OTHER = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}|\d{4}[./-]\d{1,2})[./-]\d{1,4}(?!\d)|(?:\d{1,3}\.){3}\d{1,3}$"
)
"""Dates and network addresses, which a telephone's word may stand beside too."""


def email() -> Shape:
    """Mail addresses, letters of every alphabet allowed."""
    return Shape(kind="EMAIL", pattern=_EMAIL, extent=extent_of(_EMAIL), accept=_accept_email)


def phone() -> list[Shape]:
    """Telephone numbers: international, North American, and national beside a word."""
    return [
        Shape(
            kind="PHONE",
            pattern=_INTERNATIONAL,
            extent=extent_of(_INTERNATIONAL),
            accept=_accept_international,
            left=REACH,
        ),
        Shape(
            kind="PHONE",
            pattern=_AMERICAN,
            extent=extent_of(_AMERICAN),
            accept=_accept_american,
            left=REACH,
        ),
        Shape(
            kind="PHONE",
            pattern=_NATIONAL,
            extent=extent_of(_NATIONAL),
            accept=_accept_national,
            left=REACH,
            again=False,
        ),
    ]


def ip_address() -> Shape:
    """IPv4 addresses."""
    return Shape(
        kind="IP_ADDRESS", pattern=_IP, extent=extent_of(_IP), accept=_accept_ip, left=2, right=2
    )


def _digits(text: str) -> str:
    return "".join([sign for sign in text if sign.isdigit()])


def _accept_email(match: str, before: str, after: str) -> tuple[float, int]:
    _, _, domain = match.rpartition("@")
    if ".." in match or domain.startswith("-"):
        return REFUSED
    return 1.0, len(match)


def _accept_international(match: str, before: str, after: str) -> tuple[float, int]:
    size = len(_digits(match))
    if match.startswith("00"):
        size -= 2
        if not _PHONE_WORDS(before):
            return REFUSED
    return (0.95, len(match)) if 8 <= size <= 15 else REFUSED


def _accept_american(match: str, before: str, after: str) -> tuple[float, int]:
    if _PHONE_WORDS(before):
        return 0.95, len(match)
    return REFUSED if inside_number(before) else (0.75, len(match))


def _accept_national(match: str, before: str, after: str) -> tuple[float, int]:
    digits = _digits(match)
    if not 7 <= len(digits) <= 13 or inside_number(before) or _OTHER.match(match):
        return REFUSED
    if not _PHONE_WORDS(before):
        return REFUSED
    return 0.8, len(match)


def _accept_ip(match: str, before: str, after: str) -> tuple[float, int]:
    if any(int(part) > 255 for part in match.split(".")) or inside_number(before):
        return REFUSED
    if after[:1] == "." and after[1:2].isdigit():
        return REFUSED
    return 0.8, len(match)
