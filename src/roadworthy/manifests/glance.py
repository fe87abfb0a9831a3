"""What may be known of a folder without reading its behaviour: its system's name.

Never here: what a release rules. The deployment, the other such thing, is in `settings`.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Charter

from .folder import Folder
from .reading import CHARTER


def read_system_name(root: Path) -> str:
    """`system` of charter.yaml; empty when there is none or it does not load."""
    folder = Folder(root.resolve())
    charter = folder.yaml(CHARTER, Charter) if folder.has(CHARTER) else None
    return charter.system if charter is not None else ""
