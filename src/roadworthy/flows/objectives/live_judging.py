"""Objectives at run time: each over its window, slice by slice, by the file that gated the release.

Enters: the newest answers, the objectives of the live release. Leaves: assessments. A breach stands
as soon as the bound excludes the target, however full the window; what proves nothing is
INCONCLUSIVE and does nothing. Never here: an objective that is only for the gate, another release's
answers in a window.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from msgspec import UNSET, Struct

from roadworthy.domain import (
    Assessment,
    Instant,
    Measurement,
    Observation,
    RoadworthyError,
    SafetySLO,
    Verdict,
    find_indicator,
    format_instant,
    parse_duration,
    parse_instant,
    parse_target,
    read_name,
)
from roadworthy.monitoring import (
    Against,
    Reach,
    by_facets,
    measure,
    selector,
    showing,
)
from roadworthy.policy import Side, assess, assess_relative, unjudged

from ..late.online_scoring import SamplesOf, as_drawn
from .burning import burn_windows, burnt
from .live_rows import LiveRows

CONFIDENCE = 0.95

MOST_SLICES = 200
"""Slices of one objective that are judged; a facet with more values is an identifier."""


class Judged(Struct, frozen=True, kw_only=True):
    """One objective in one slice, now."""

    slo: SafetySLO
    part: str
    since: Instant
    found: Assessment


Beside = Callable[[SafetySLO, Instant], Measurement | None]
"""An objective and since when -> its measurement; None where answers show it."""


class Looking(Struct, frozen=True, kw_only=True):
    """Which answers count: of a release, since it went live, until now."""

    system: str
    release: str
    live_since: Instant
    now: Instant
    against: Against | None = None
    """What drift is measured from."""
    beside: Beside | None = None
    """What measures an objective that no answer shows."""
    samples: SamplesOf | None = None
    """What says which answers of a release are scored on a random sample; None: none are."""
    lifted: dict[tuple[str, str], Instant] = {}
    """(objective, slice) -> when a person lifted what was done: what was before is settled."""


def judge_live(slos: Sequence[SafetySLO], rows: LiveRows, looking: Looking) -> Iterator[Judged]:
    """Every objective that is for run time, in every slice."""
    for slo in slos:
        if "runtime" in slo.at:
            yield from _judged(slo, rows, looking)


def _judged(slo: SafetySLO, rows: LiveRows, looking: Looking) -> Iterator[Judged]:
    since = window_start(slo, looking)
    try:
        beside = looking.beside(slo, since) if looking.beside is not None else None
        if beside is not None:
            yield Judged(slo=slo, part="", since=since, found=_of_no_answer(slo, beside))
            return
        keep = selector(slo.where)
        late = _by_labels(slo)
        seen = rows.window(looking.system, release=looking.release, since=since, late=late)
        now = [row for row in seen if keep(row)]
        parts = (by_facets(now, slo.by) if slo.by else {}) or {"": now}
    except RoadworthyError as error:
        found = unjudged(slo, Verdict.ERROR, error.message)
        yield Judged(slo=slo, part="", since=since, found=found)
        return
    if len(parts) > MOST_SLICES:
        reason = (
            f"{len(parts)} slices by {', '.join(slo.by)}: a facet like that names requests; only"
            f" the {MOST_SLICES} with most answers are judged"
        )
        found = unjudged(slo, Verdict.ERROR, reason)
        yield Judged(slo=slo, part="", since=since, found=found)
        parts = dict(sorted(parts.items(), key=lambda each: -len(each[1]))[:MOST_SLICES])
    before = _before(slo, rows, looking)
    for part, group in parts.items():
        lifted = looking.lifted.get((slo.name, part), "")
        begin = max(since, lifted)
        if lifted > since:
            group = [row for row in group if row.time >= lifted]
        found = _assess(slo, part, group, before, looking)
        if slo.burn:
            found = burnt(slo, _lately(slo, part, rows, looking, lifted), looking.now,
                          lambda some: _measure(slo, some, looking), found)  # fmt: skip
        yield Judged(slo=slo, part=part, since=begin, found=found)


def _lately(
    slo: SafetySLO, part: str, rows: LiveRows, looking: Looking, lifted: Instant
) -> list[Observation]:
    """The slice's answers of the longest burn window, whatever the objective's own is."""
    longest = dt.timedelta(seconds=max(burn_windows(slo), default=0.0))
    ago = format_instant(parse_instant(looking.now) - longest)
    since = max(looking.live_since, ago, lifted)
    keep = selector(slo.where)
    seen = rows.window(looking.system, release=looking.release, since=since, late=_by_labels(slo))
    now = [row for row in seen if keep(row)]
    return list(by_facets(now, slo.by).get(part, ())) if slo.by and part else now


def _of_no_answer(slo: SafetySLO, measured: Measurement) -> Assessment:
    if measured.value is None:
        return unjudged(slo, Verdict.INCONCLUSIVE, f"no data: {measured.reason}")
    return assess(slo, measured)


Before = dict[str, Sequence[Observation]]
"""Slice -> answers of the time before the window; read once for all slices."""


def _assess(
    slo: SafetySLO, part: str, now: Sequence[Observation], before: Before, looking: Looking
) -> Assessment:
    relative = parse_target(slo.target).relative_to
    if not relative:
        return assess(slo, _measure(slo, now, looking), part=part)
    if not relative.startswith("previous"):
        reason = "a baseline of the same cases is known at the gate alone"
        return unjudged(slo, Verdict.INCONCLUSIVE, reason)
    same = before.get(part)
    beside = _side(slo, same, looking) if same else None
    return assess_relative(slo, _side(slo, now, looking), beside, part=part)


def _before(slo: SafetySLO, rows: LiveRows, looking: Looking) -> Before:
    """Nothing where the target asks for none."""
    relative = parse_target(slo.target).relative_to
    if not relative.startswith("previous"):
        return {}
    lasts = dt.timedelta(seconds=parse_duration(relative.removeprefix("previous").strip()))
    start = parse_instant(window_start(slo, looking))
    before = rows.window(
        looking.system,
        release="",
        since=format_instant(start - lasts),
        until=format_instant(start),
        late=_by_labels(slo),
    )
    keep = selector(slo.where)
    old = [row for row in before if keep(row)]
    return dict(by_facets(old, slo.by)) if slo.by else {"": old}


def _side(slo: SafetySLO, rows: Sequence[Observation], looking: Looking) -> Side:
    """No answer is in both windows: nothing is paired."""
    return Side(measured=_measure(slo, rows, looking), cases={})


def _measure(slo: SafetySLO, rows: Sequence[Observation], looking: Looking) -> Measurement:
    asked = read_name(slo)
    if looking.samples is not None:
        rows = as_drawn(rows, looking.samples, looking.now, metric=asked.metric)
    least, most = slo.values_at_least, slo.values_at_most
    reach = Reach(least=None if least is UNSET else least, most=None if most is UNSET else most)
    return measure(
        asked.metric,
        rows,
        aggregation=asked.aggregation,
        confidence=CONFIDENCE,
        reach=reach,
        against=looking.against,
    )


def showing_of(
    slo: SafetySLO, part: str, rows: LiveRows, looking: Looking, most: int
) -> tuple[str, ...]:
    """Ids of answers in the window that show a breach; none where no answer does."""
    if looking.beside is not None and looking.beside(slo, looking.now) is not None:
        return ()
    seen = rows.window(
        looking.system,
        release=looking.release,
        since=window_start(slo, looking),
        late=_by_labels(slo),
    )
    keep = selector(slo.where)
    now = [row for row in seen if keep(row)]
    group = by_facets(now, slo.by).get(part, []) if slo.by and part else now
    return tuple(row.id for row in showing(read_name(slo).metric, group, most))


def window_start(slo: SafetySLO, looking: Looking) -> Instant:
    """From when on answers count: the window's length ago, or since the release is live."""
    window = read_name(slo).window
    if window is None:
        return looking.live_since
    ago = parse_instant(looking.now) - dt.timedelta(seconds=window)
    return max(looking.live_since, format_instant(ago))


def _by_labels(slo: SafetySLO) -> bool:
    """Whether it counts by when the truth was learned: the answer itself does not tell it."""
    spec = find_indicator(read_name(slo).metric)
    return spec is not None and "label" in spec.needs


def longest_window(slos: Sequence[SafetySLO]) -> float:
    """Seconds of the longest window, twice where a target looks at the time before it."""
    longest = 0.0
    for slo in slos:
        window = float(read_name(slo).window or 0)
        relative = parse_target(slo.target).relative_to
        if relative.startswith("previous"):
            window += parse_duration(relative.removeprefix("previous").strip())
        longest = max(longest, window, *burn_windows(slo))
    return longest
