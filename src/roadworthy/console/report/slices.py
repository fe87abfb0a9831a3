"""Every indicator by tag and by facet, each slice with its own interval."""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import INDICATORS, Measurement
from roadworthy.flows.gate.inspection import Inspection

from .charts import domain_of, forest, number
from .links import Links

MOST = 14
"""Slices drawn of one group; the summary of the run has all of them."""

_AREAS = ("quality", "safety", "fairness", "calibration", "shift", "operations", "people")


class SliceRow(Struct, frozen=True, kw_only=True):
    """One slice."""

    name: str
    link: int
    value: str
    interval: str
    n: str
    chart: str


class SliceGroup(Struct, frozen=True, kw_only=True):
    """The slices of one facet, or the tags."""

    name: str
    rows: tuple[SliceRow, ...]
    left_out: int


class Sliced(Struct, frozen=True, kw_only=True):
    """One indicator with its slices."""

    name: str
    definition: str
    value: str
    interval: str
    n: str
    better: str
    scale: str
    groups: tuple[SliceGroup, ...]


def sliced_indicators(inspection: Inspection, links: Links) -> list[Sliced]:
    """Those with more than one slice that has a value, in the order of the catalogue's areas."""
    shown = [each for each in inspection.run.indicators if len(_valued(each)) > 1]
    main = next((each for each in shown if each.name == "accuracy"), None)
    twins = {"recall_micro", "precision_micro", "f1_micro"}
    if main is not None:
        shown = [e for e in shown if not (e.name in twins and e.value == main.value)]
    shown.sort(key=_place)
    return [_sliced(each, links) for each in shown]


def _place(each: Measurement) -> int:
    spec = INDICATORS.get(each.name)
    area = spec.area if spec is not None else "quality"
    return _AREAS.index(area) if area in _AREAS else len(_AREAS)


def _valued(each: Measurement) -> dict[str, Measurement]:
    return {name: part for name, part in each.slices.items() if part.value is not None}


def _sliced(each: Measurement, links: Links) -> Sliced:
    spec = INDICATORS.get(each.name)
    parts = _valued(each)
    share = each.unit == "share" or spec is None
    drawn = [part for part in parts.values() if part.low is not None] or list(parts.values())
    domain = domain_of(
        [bound for part in drawn for bound in (part.value, part.low, part.high)], share=share
    )
    grouped: dict[str, list[tuple[str, Measurement]]] = {}
    for name, part in parts.items():
        group = "tags" if name.startswith("tag:") else name.partition("=")[0]
        grouped.setdefault(group, []).append((name, part))
    return Sliced(
        name=each.name,
        definition=spec.definition if spec is not None else "a score of the suite",
        value=number(each.value),
        interval=_interval(each),
        n=f"{each.n:,}",
        better="higher is better" if each.higher_is_better else "lower is better",
        scale=f"{number(domain[0])} to {number(domain[1])}",
        groups=tuple(
            _group(name, rows, each, domain, links) for name, rows in sorted(
                grouped.items(), key=lambda item: item[0] != "tags")
        ),
    )  # fmt: skip


def _group(
    name: str,
    parts: list[tuple[str, Measurement]],
    whole: Measurement,
    domain: tuple[float, float],
    links: Links,
) -> SliceGroup:
    """The largest slices of a group, the worst first."""
    largest = sorted(parts, key=lambda item: -item[1].n)[:MOST]
    sign = 1 if whole.higher_is_better else -1
    largest.sort(key=lambda item: sign * (item[1].value or 0.0))
    charts = forest(
        [(_short(key), part.value or 0.0, part.low, part.high, part.n) for key, part in largest],
        domain=domain,
        line=whole.value,
        title=whole.name,
    )
    rows = tuple(
        SliceRow(
            name=_short(key),
            link=_link(key, links),
            value=number(part.value),
            interval=_interval(part),
            n=f"{part.n:,}",
            chart=chart,
        )
        for (key, part), chart in zip(largest, charts, strict=True)
    )
    return SliceGroup(name=name, rows=rows, left_out=len(parts) - len(largest))


def _short(key: str) -> str:
    return key[4:] if key.startswith("tag:") else key.partition("=")[2] or "(empty)"


def _link(key: str, links: Links) -> int:
    if key.startswith("tag:"):
        return links.to(tag=key[4:])
    facet, _, value = key.partition("=")
    return links.to(facet=facet, value=value)


def _interval(each: Measurement) -> str:
    if each.low is None or each.high is None:
        return "no interval"
    return f"{number(each.low)} to {number(each.high)}"
