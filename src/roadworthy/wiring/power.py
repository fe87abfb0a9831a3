"""Electricity and GPUs, where the machine measures them.

What enters: the processors' own energy counters (RAPL, powercap), `nvidia-smi`. What leaves: joules
and shares. What never happens here: an estimate; a counter that may not be read is a reason.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

POWERCAP = Path("/sys/class/powercap")
_QUERY = ("--query-gpu=utilization.gpu,power.draw", "--format=csv,noheader,nounits")
PATIENCE_S = 5.0


class Gpus(Struct, frozen=True, kw_only=True):
    """All GPUs of the machine at one moment; None where that is not known."""

    busy: float | None = None
    """Share of the last second or less in which a kernel ran, mean over the GPUs."""
    watts: float | None = None
    """That all of them draw."""
    missing: str = ""
    there: bool = False


class Counters:
    """The energy that the processors counted since it was asked last, in joules.

    Powercap, https://docs.kernel.org/power/powercap/powercap.html: each package and its memory;
    counters begin anew at `max_energy_range_uj`.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        self._zones = [
            zone
            for zone in sorted(folder.glob("intel-rapl:*"))
            if _name(zone).startswith(("package", "dram"))
        ]
        self._before: dict[Path, int] | None = None
        self.missing = "" if self._zones else "this machine has no energy counters (RAPL)"

    def spent(self) -> float | None:
        """Joules since the last call; None at the first one, and where they cannot be read."""
        if not self._zones:
            return None
        try:
            now = {zone: _number(zone / "energy_uj") for zone in self._zones}
            ranges = {zone: _number(zone / "max_energy_range_uj") for zone in self._zones}
        except (OSError, ValueError) as error:
            self._before = None
            self.missing = f"the energy counters cannot be read: {_why(error)}"
            return None
        before, self._before = self._before, now
        self.missing = ""
        if before is None:
            self.missing = "the energy counters were read once only"
            return None
        micro = 0
        for zone, count in now.items():
            more = count - before[zone]
            micro += more if more >= 0 else more + ranges[zone]
        return micro / 1e6


def read_gpus(command: str = "nvidia-smi") -> Gpus:
    """How the GPUs stand."""
    found = shutil.which(command)
    if found is None:
        return Gpus(missing=f"no GPU was found: there is no {command} here")
    try:
        said = subprocess.run(
            [found, *_QUERY], capture_output=True, text=True, timeout=PATIENCE_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return Gpus(missing=f"{command} says nothing of a GPU: {type(error).__name__}")
    rows = [line.split(",") for line in said.splitlines() if line.strip()]
    if not rows:
        return Gpus(missing="there is no GPU")
    busy, watts = _column(rows, 0), _column(rows, 1)
    return Gpus(
        busy=sum(busy) / len(busy) / 100 if busy else None,
        watts=sum(watts) if watts else None,
        missing="" if busy else f"{command} does not tell how busy the GPU is",
        there=True,
    )


def _column(rows: list[list[str]], place: int) -> list[float]:
    """The numbers of a column; empty when one of them is none (`[N/A]`)."""
    try:
        return [float(row[place]) for row in rows]
    except (ValueError, IndexError):
        return []


def _name(zone: Path) -> str:
    try:
        return (zone / "name").read_text().strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    return int(path.read_text())


def _why(error: Exception) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else str(error)
