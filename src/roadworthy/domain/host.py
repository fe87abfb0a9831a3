"""What the machine gave in a stretch of time: processors, memory, disk, power.

Only gains fields. What could not be measured is None, and `missing` says why; never 0.
"""

from __future__ import annotations

from msgspec import Struct, field

from .clock import Instant

MEGABYTE = 1_000_000
"""Bytes of a `MB` of the indicators (SI)."""


class HostSample(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reading, of all processes of a gateway, or of the one that evaluates."""

    at: Instant
    """When the stretch ended."""
    seconds: float
    """How long it was: since the reading before."""
    answers: int = 0
    """That ended in it."""
    cpu_s: float | None = None
    """Processor time that the processes took in it."""
    cores: float | None = None
    """Processors that they may use: affinity and control group."""
    memory_mb: float | None = None
    """Resident at its end; a page that several of them share counts once."""
    memory_limit_mb: float | None = None
    """Of the control group; None: as much as the machine has."""
    disk_mb: float | None = None
    """That the workspace takes."""
    gpu: float | None = None
    """Share of the time in which a GPU was at work, mean over the GPUs."""
    joules: float | None = None
    """That the machine's processors, and its GPUs, drew: measured, whoever used them."""
    watts_per_core: float | None = None
    """What the deployment says that a processor at work draws; for an estimate only."""
    grams_per_kwh: float | None = None
    """CO2 equivalent of the grid's electricity, as the deployment says."""
    missing: dict[str, str] = field(default_factory=dict)
    """What was not measured -> why."""
