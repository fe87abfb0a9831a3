"""Credentials: a reference (`env:NAME`, `file:PATH`) in, the secret out, and nowhere else.

The secret is never logged, printed or put into an error; `repr` of what holds it hides it.
"""

from __future__ import annotations

import os
from pathlib import Path

from roadworthy.domain import UsageError


class Secret:
    """A secret text that does not print itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for the one place that sends it."""
        return self._text

    def hide_in(self, text: str) -> str:
        """The text with every occurrence of the secret replaced."""
        return text.replace(self._text, "<credential>") if self._text else text

    def __repr__(self) -> str:
        return "Secret(<hidden>)"


def resolve_credential(reference: str, *, root: str, upstream: str) -> Secret:
    """Read the secret that `reference` names; empty for no reference.

    A relative `file:` path starts at `root`. Raises UsageError when it cannot be read, naming
    the upstream and the reference, never the content.
    """
    if not reference:
        return Secret("")
    kind, _, where = reference.partition(":")
    if kind == "env" and where:
        text = os.environ.get(where, "").strip()
        missing = f"the environment variable {where} is not set"
    elif kind == "file" and where:
        text, missing = _from_file(Path(root, Path(where).expanduser()))
    else:
        raise UsageError(
            f"upstream {upstream!r}: a credential must be a reference, not the secret itself",
            fix='write credential = "env:NAME" or "file:PATH"',
        )
    if not text:
        raise UsageError(
            f"upstream {upstream!r}: no credential: {missing}",
            fix=f'set it, or correct credential = "{reference}" in roadworthy.toml',
        )
    if not text.isascii() or not text.isprintable():
        raise UsageError(
            f"upstream {upstream!r}: the credential of {reference!r} holds characters that no "
            "header can carry"
        )
    return Secret(text)


def _from_file(path: Path) -> tuple[str, str]:
    try:
        return path.read_text("utf-8").strip(), f"{path} is empty"
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        return "", f"{path} cannot be read ({reason})"
