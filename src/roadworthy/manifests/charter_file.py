"""charter.yaml by itself: what a system is for, read where nothing else of it matters yet."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Charter, Fault, ManifestError

from .folder import Folder
from .reading import CHARTER


def load_charter(root: Path) -> Charter:
    """A system's charter. Raises ManifestError with its faults, or where there is none."""
    if not (root / CHARTER).is_file():
        fix = "name a system's folder; `roadworthy init DIR` makes one"
        said = f"{root} is no system's folder: it has no {CHARTER}"
        raise ManifestError([Fault(file=str(root / CHARTER), line=0, message=said, fix=fix)])
    folder = Folder(root)
    charter = folder.yaml(CHARTER, Charter)
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors or charter is None:
        raise ManifestError(errors)
    return charter
