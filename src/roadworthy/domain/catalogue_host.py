"""Indicators of the machine: processors, memory, disk, energy, and what is left of capacity."""

from __future__ import annotations

from .indicator import IndicatorSpec

_OF_READINGS = ("batch_means",)
_SCI = "Software Carbon Intensity, ISO/IEC 21031:2024, https://sci.greensoftware.foundation/"
_READ = (
    "readings of the machine: while serving one in five seconds; of a run one an answer, at most "
    "one a second"
)


def _mean(name: str, definition: str, unit: str, **notes: str) -> IndicatorSpec:
    """An indicator that readings of the machine show."""
    values = {"counts": _READ, "oracle": "numpy.average; of the readings psutil"} | notes
    return IndicatorSpec(
        name=name,
        definition=definition,
        kind="mean",
        unit=unit,
        high=1.0 if unit == "share" else None,
        area="operations",
        higher_is_better=False,
        needs=("host",),
        measured=True,
        intervals=_OF_READINGS,
        **values,  # type: ignore[arg-type]
    )


HOST = (
    _mean(
        "cpu",
        "share of the processors that a gateway (supervisor, workers, control process, a local "
        "model in them) or a run may use, that it used; limits of control groups count",
        "share",
        misleads="a mean hides peaks; processors that others use up are not seen, latency shows "
        "them",
        formula="sum_i processor seconds_i / sum_i (seconds_i * cores_i)",
        source="https://docs.kernel.org/filesystems/proc.html; "
        "https://docs.kernel.org/admin-guide/cgroup-v2.html",
    ),
    _mean(
        "memory",
        "resident memory of a gateway's processes, or of a run's, in MB (1,000,000 bytes); a page "
        "that several share counts once (PSS)",
        "MB",
        misleads="what the kernel keeps of files is not in it; a local model's weights are, as far "
        "as they were read",
        formula="sum_i seconds_i * megabytes_i / sum_i seconds_i",
        source="https://docs.kernel.org/filesystems/proc.html (smaps_rollup)",
    ),
    _mean(
        "disk",
        "what the workspace takes on disk, in MB (1,000,000 bytes): journal, ledger, releases",
        "MB",
        misleads="it grows by nature, so a mean is of the time that was looked at; readings that "
        "only grow have no bounds",
        formula="sum_i seconds_i * megabytes_i / sum_i seconds_i",
        source="stat(2), st_blocks, as du(1) adds them up",
    ),
    _mean(
        "gpu",
        "share of the time in which a GPU worked, mean over the machine's GPUs",
        "share",
        misleads="whoever uses it counts; one small kernel after the other looks like a full GPU",
        formula="sum_i seconds_i * share_i / sum_i seconds_i",
        source="nvidia-smi, utilization.gpu, https://docs.nvidia.com/deploy/nvidia-smi/",
    ),
    _mean(
        "energy",
        "energy of an answer in Wh: measured by the machine's counters (RAPL, and its GPUs where "
        "it has some), else estimated from processor time and `watts_per_core`; its reason says "
        "which, and the two are never mixed",
        "Wh",
        misleads="a hosted model's energy is not seen, and it is most of it; counters count what "
        "others on the machine use as well, and that of idle time",
        formula="measured: sum_i joules_i / 3600 / answers;  "
        "estimated: sum_i processor seconds_i * watts_per_core / 3600 / answers",
        source=f"{_SCI}; https://docs.kernel.org/power/powercap/powercap.html",
    ),
    _mean(
        "carbon",
        "grams of CO2 equivalent of an answer: its `energy` by the grid's `grams_co2_per_kwh`",
        "g",
        misleads="as `energy`; making the machine (`M` of the standard) is not in it",
        formula="energy / 1000 * grams_co2_per_kwh",
        source=_SCI,
    ),
    IndicatorSpec(
        name="headroom",
        definition="share of its capacity that the live release has free at the expected peak, as "
        "`roadworthy load` measured it last; below 0: the peak does not fit",
        kind="mean",
        unit="share",
        low=None,
        area="operations",
        needs=("load",),
        measured=True,
        misleads="of the machine and upstream that were measured, by the cases of a suite; after "
        "30 days, or of another release, it says nothing",
        formula="1 - expected peak rate / capacity;  capacity: the highest rate at which the "
        "objectives on latency and errors hold",
        counts="ramps, each of which found the capacity anew",
        intervals=("student_t",),
        oracle="scipy.stats.sem",
        source="open-loop load: Schroeder et al. 2006, "
        "https://www.usenix.org/legacy/event/nsdi06/tech/schroeder.html",
    ),
)
"""Indicators that readings of the machine and `roadworthy load` show."""
