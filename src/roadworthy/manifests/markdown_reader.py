"""Markdown with YAML front matter: the header's values with their lines, and the body."""

from __future__ import annotations

from .document import Document
from .yaml_reader import read_yaml


def read_markdown(text: str, document: Document) -> bool:
    """Fill the document's data (front matter), `text` (body) and lines; False after a fault."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        document.fault(
            (),
            "the front matter is missing",
            "start the file with a line `---`, the keys, and a line `---`",
            line=1,
        )
        return False
    end = next((at for at, line in enumerate(lines[1:], start=1) if line.rstrip() == "---"), 0)
    if not end:
        document.fault(
            (),
            "the front matter that starts on line 1 has no end",
            "close it with a line `---`",
            line=1,
        )
        return False
    document.text = "\n".join(lines[end + 1 :])
    document.text_line = end + 2
    if not read_yaml("\n".join(lines[1:end]) + "\n", document, first_line=2):
        return False
    if document.data is None:
        document.data = {}
        document.lines[()] = 1
    return True
