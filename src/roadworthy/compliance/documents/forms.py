"""Where the forms lie: one file a kind of document."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "definitions"

FORMS: dict[str, Path] = {path.stem: path for path in sorted(_FOLDER.glob("*.yaml"))}
"""Kind of document -> its form."""
