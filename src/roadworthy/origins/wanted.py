"""What of a place is meant, and whom the importer trusts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from msgspec import Struct


class Wanted(Struct, frozen=True, kw_only=True):
    """What of a store is meant, and what signatures may lead to."""

    now: dt.datetime
    """Certificates must be valid then."""
    runs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    roots: tuple[Path, ...] = ()
    """Files with certificates that the importer trusts."""

    @property
    def names_runs(self) -> bool:
        """Whether runs or models are named, which only stores have."""
        return bool(self.runs or self.models)
