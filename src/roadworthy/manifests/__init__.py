"""The user's files: loaded, checked, every fault at once. And where a workspace keeps what."""

from .workspace import WORKSPACE_VARIABLE, Workspace, open_workspace

__all__ = ["WORKSPACE_VARIABLE", "Workspace", "open_workspace"]
