"""The candidate files of a folder, for people who named one that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from .document import Document
from .source import MAX_MANIFEST_BYTES, readable

_TASK = re.compile(r"^task\s*:", re.MULTILINE)
_MODEL = re.compile(r"^model\s*:", re.MULTILINE)
_GLANCE = 16_384
"""Characters that are looked at: both keys stand at the beginning."""

_MOST = 200
"""Files that are looked at."""


def candidate_files(root: Path) -> list[str]:
    """YAML files of the folder and of the folders in it that look like candidates, by name."""
    found = []
    places = [root, *sorted(one for one in root.iterdir() if one.is_dir() and one.name[0] != ".")]
    files = [file for place in places for file in sorted(place.glob("*.yaml"))]
    for file in files[:_MOST]:
        name = file.relative_to(root).as_posix()
        if readable(root, Document(name), limit=MAX_MANIFEST_BYTES) is None:
            continue  # a pipe would hold whoever opens it; the fault is said where it is named
        try:
            with file.open(encoding="utf-8") as text:
                begin = text.read(_GLANCE)
        except (OSError, UnicodeDecodeError):
            continue
        if _TASK.search(begin) and _MODEL.search(begin):
            found.append(name)
    return found
