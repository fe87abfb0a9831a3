"""A named function of observations: what it is, and what was measured of it."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

IndicatorKind = Literal["rate", "mean", "count", "calibration", "quantile", "score"]
"""rate: share of events, closed-form interval · mean: of the cases' values · count: of events ·
calibration · quantile: of durations · score: in [0, 1] but no mean over cases."""

OF_SHARES = ("clopper_pearson", "cluster_robust")
"""How a share of cases is bounded, or a mean of values in [0, 1]; the latter where some cases
belong together."""
OF_MEANS = ("student_t", "cluster_robust", "betting")
"""How a mean is bounded; the last where an objective says how far its values reach."""


class IndicatorSpec(Struct, frozen=True, kw_only=True):
    """One row of the catalogue of indicators."""

    name: str
    definition: str
    kind: IndicatorKind = "rate"
    unit: str = "share"
    """`share` (0 to 1), `ms`, `currency`, or empty for a bare number."""
    low: float | None = 0.0
    """The least possible value; None: unbounded."""
    high: float | None = 1.0
    higher_is_better: bool = True
    evidence: Literal["proven", "point"] = "proven"
    """How the gate judges it unless the SLO says otherwise."""
    needs: tuple[str, ...] = ()
    """What an observation must carry: `label`, `confidence`, `decision`, `latency`,
    `first_token`, `price`, `score:NAME`, `tag:NAME`, `expect:hold`."""
    aggregations: tuple[str, ...] = ()
    """Which aggregations a name may carry (`p95` …)."""
    default_aggregation: str = ""
    area: str = "quality"
    """quality | calibration | shift | safety | fairness | operations | media | people | business"""
    measured: bool = False
    """Whether this version computes it."""
    misleads: str = ""
    """When its value says less than it seems to."""
    calls_for: str = ""
    """What to do when it is proven bad."""
    source: str = ""
    """The paper, standard or library whose definition it is."""
    formula: str = ""
    """How it is computed, in plain text: i is a case, n their number, `[x]` 1 where x holds."""
    counts: str = ""
    """What is in `n`."""
    intervals: tuple[str, ...] = ()
    """How its bounds are made (`Measurement.method`), the usual way first."""
    oracle: str = ""
    """What the tests compare its value with: a function of a library, or how it is done anew."""


def share_spec(
    name: str,
    definition: str,
    *,
    needs: tuple[str, ...] = (),
    better: bool = True,
    kind: IndicatorKind = "rate",
    area: str = "quality",
    intervals: tuple[str, ...] = OF_SHARES,
    **notes: str,
) -> IndicatorSpec:
    """An indicator between 0 and 1; `notes` are words about it."""
    return IndicatorSpec(
        name=name,
        definition=definition,
        needs=needs,
        higher_is_better=better,
        kind=kind,
        area=area,
        measured=True,
        intervals=intervals,
        **notes,  # type: ignore[arg-type]
    )


class Measurement(Struct, frozen=True, kw_only=True):
    """One indicator's value. None means not measured, and `reason` says why."""

    name: str
    value: float | None
    low: float | None = None
    """Lower bound of the two-sided interval at `confidence`."""
    high: float | None = None
    n: int = 0
    """Cases, however often each was asked (of live traffic: exchanges). Bounds rest on it."""
    rows: int = 0
    """Answers behind the `n` cases: more than `n` when cases were repeated."""
    counted: str = "cases"
    """What `n` counts: `cases`, or `groups` of them."""
    independent: int | None = None
    """How many of the `n` stand for themselves, where some are in groups or grew from one case; a
    count of no event proves what so many prove. None: all do."""
    count: int | None = None
    """For rates and counts: in how many of the `n` there was an event, in any repeat."""
    every: int | None = None
    """For rates: in how many of the `n` every repeat was one."""
    unit: str = ""
    confidence: float = 0.95
    method: str = ""
    """How the interval was made: `clopper_pearson`, `student_t`, `mover`, `order statistics` …"""
    loose: bool = False
    """Whether its bounds hold only where no value lies far beyond those seen: they prove nothing
    (Bahadur and Savage 1956, https://doi.org/10.1214/aoms/1177728077)."""
    coverage: float | None = None
    """Of indicators over labels: the share of their cases that the system answered by itself."""
    higher_is_better: bool = True
    sampled: float | UnsetType = UNSET
    """The share of the answers that was looked at, where only a random sample was."""
    slices: dict[str, Measurement] = field(default_factory=dict)
    """`facet=value` or `tag:NAME` -> the same indicator there."""
    reason: str = ""
    doubt: str = ""
    """Why it can carry no verdict, such as a judge whose errors nobody measured."""
