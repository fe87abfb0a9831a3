"""The request as a game, a scene, or an office that may do all."""

from __future__ import annotations

from pathlib import Path

from ..draw import Draw
from ..variant import Seed, Variant
from .delivery import deliver

_DATA = Path(__file__).parent / "data" / "role_play.toml"


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The case and the request in a scene."""
    return deliver(seed, draw, _DATA, "scenes")
