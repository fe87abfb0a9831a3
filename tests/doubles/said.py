"""The body of a deliberation note in which every section says something."""

from __future__ import annotations

from roadworthy.domain import SECTIONS

SAID = "".join(f"## {section.title}\n\nSaid and heard.\n\n" for section in SECTIONS)
