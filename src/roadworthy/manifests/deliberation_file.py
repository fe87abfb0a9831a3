"""deliberation-note.md by itself: what people decided, read again wherever it must still hold."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Deliberation, DeliberationHeader, ManifestError, sha256

from .document import Document
from .folder import Folder
from .source import MAX_MANIFEST_BYTES, read_bytes

DELIBERATION = "deliberation-note.md"


def read_deliberation(folder: Folder) -> Deliberation | None:
    """The folder's note; None without one, or after a fault, which its document keeps."""
    if not folder.lies(DELIBERATION):
        return None
    header = folder.markdown(DELIBERATION, DeliberationHeader)
    data = read_bytes(folder.root, Document(DELIBERATION), limit=MAX_MANIFEST_BYTES)
    if header is None or data is None:
        return None
    document = folder.document(DELIBERATION)
    return Deliberation(
        path=DELIBERATION,
        header=header,
        body=document.text,
        digest=sha256(data),
        body_line=document.text_line,
    )


def load_deliberation(root: Path) -> Deliberation | None:
    """The note in a system's folder; None without one. Raises ManifestError with its faults."""
    folder = Folder(root)
    note = read_deliberation(folder)
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors:
        raise ManifestError(errors)
    return note
