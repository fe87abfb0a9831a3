"""Addresses and references to secrets; a secret itself is never repeated."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .document import Document, Path

REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
FORM = "write `env:NAME` or `file:PATH`; the secret itself never stands in a file of the system"


def check_reference(text: str, place: Path, document: Document) -> None:
    """Note a credential that is no reference, without saying what stands there."""
    if text and document.sound(place) and not REFERENCE.fullmatch(text):
        document.fault(place, f"`{document.spell(place)}` is neither `env:` nor `file:`", FORM)


def check_url(url: str, where: Path, document: Document) -> None:
    """Note an address that is none, or that holds a secret."""
    if not document.sound(where):
        return
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        secret = parts.username is not None or parts.password is not None
        _ = parts.port
    except ValueError:
        sound, secret = False, False
    if secret:
        fault_of_secret(where, document)
    elif not sound:
        document.fault(
            where,
            f"`{document.spell(where)}` is `{url[:80]}`, which is no web address",
            'write one such as `url = "https://api.example.org/v1"`',
        )


def fault_of_secret(where: Path, document: Document) -> None:
    """Note a name or password in an address."""
    document.fault(
        where,
        f"`{document.spell(where)}` holds a name or password",
        "put them into `credential`, as `env:NAME` or `file:PATH`",
    )
