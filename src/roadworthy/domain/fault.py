"""A fault in a user's file: where it is, what is wrong, what would be right."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Fault(Struct, frozen=True, kw_only=True):
    """One thing wrong in one file."""

    file: str
    """Path as the user would type it, relative to the system's folder where possible."""
    line: int
    """1-based; 0 when the fault has no line (a missing file)."""
    message: str
    """What is wrong, in plain words, naming the key."""
    fix: str = ""
    """What would be right."""
    severity: Literal["error", "warning"] = "error"
    """A warning does not change the exit code."""

    @property
    def place(self) -> str:
        """File and line; the file alone where the fault has no line."""
        return f"{self.file}:{self.line}" if self.line else self.file
