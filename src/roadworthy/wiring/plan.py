"""What a process of the gateway is told at its start."""

from __future__ import annotations

from msgspec import Struct


class Plan(Struct, frozen=True, kw_only=True):
    """What a worker is told at its start."""

    workspace: str
    roots: dict[str, str]
    """System -> its folder, for roadworthy.toml and model files beside it. With `""` as a key:
    the folder of every system that is not named."""
    worker: str = "w1"
    control_port: int = 0
    """0: the control process answers nowhere."""

    def root_of(self, system: str) -> str | None:
        """The folder of a system; None when this gateway does not serve it."""
        return self.roots.get(system, self.roots.get(""))
