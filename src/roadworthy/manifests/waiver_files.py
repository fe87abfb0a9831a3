"""waivers/ID.yaml by themselves: read again wherever what they let pass must still be let pass."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import ManifestError, Waiver

from .folder import Folder

WAIVERS = "waivers"


def read_waivers(folder: Folder) -> dict[str, Waiver]:
    """Path -> waiver, of every file that could be read; faults stay in the documents."""
    found = {file: folder.yaml(file, Waiver) for file in folder.names(WAIVERS, ".yaml", ".yml")}
    return {file: waiver for file, waiver in found.items() if waiver is not None}


def load_waivers(root: Path) -> list[Waiver]:
    """A system's waivers. Raises ManifestError with the faults of these files."""
    folder = Folder(root)
    waivers = read_waivers(folder)
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors:
        raise ManifestError(errors)
    return list(waivers.values())
