"""One rail in a file of its own, written as in rails.yaml: read with every fault at once."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import ManifestError, Rail, UsageError

from .folder import Folder


def load_rail(path: Path) -> Rail:
    """The rail. Raises UsageError without a file, ManifestError with all its faults."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}", fix="write one rail as in rails.yaml")
    folder = Folder(path.resolve().parent)
    rail = folder.yaml(path.name, Rail)
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors or rail is None:
        raise ManifestError(errors)
    return rail
