"""The user's files: loaded, checked, every fault at once. And where a workspace keeps what."""

from .glance import load_deployment, read_system_name
from .loader import check_system, load_system, read_folder
from .reading import Reading
from .trust_file import load_trust, save_trust
from .workspace import WORKSPACE_VARIABLE, Workspace, open_workspace

__all__ = [
    "WORKSPACE_VARIABLE",
    "Reading",
    "Workspace",
    "check_system",
    "load_deployment",
    "load_system",
    "load_trust",
    "open_workspace",
    "read_folder",
    "read_system_name",
    "save_trust",
]
