"""Indicators of scores that only a random sample of the answers has.

Enters: answers, drawn and not drawn, each with the probability with which it was, and the meter of
the indicator. Leaves: its value for all of them, with an interval that holds whatever the shares
were. What never happens here: an answer that was not drawn taken for one that was looked at, one
that was drawn and skipped taken for a good one (it may be anything).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field, structs

from roadworthy.domain import IndicatorSpec, Measurement
from roadworthy.statistics import DrawnPart, Interval, Weighted, stratified

from .cases import Cases, part_of
from .results import absent

Measure = Callable[[Cases], Measurement]


class _Part(Struct):
    """Rows that were drawn with one probability, by their place."""

    size: float = 0.0
    varies: float = 0.0
    """Variance of that, by chance."""
    seen: list[int] = field(default_factory=list)
    """Those with the score."""
    skipped: list[str] = field(default_factory=list)
    """Why each drawn one was not looked at."""


def score_drawn(spec: IndicatorSpec, cases: Cases) -> str:
    """The score of the indicator that was given to a random sample only; empty where none was."""
    asked = {need.removeprefix("score:") for need in spec.needs if need.startswith("score:")}
    return next(iter(sorted(asked & cases.once(_drawn_scores))), "")


def over_sample(
    spec: IndicatorSpec, cases: Cases, score: str, measure: Measure, confidence: float
) -> Measurement:
    """The indicator over all answers, by what was drawn of each share.

    Each stratum is measured as it would be by itself, and counts for as many as it has. What was
    drawn and skipped may have any value that can be, so it widens the bounds from both sides.
    """
    parts = _parts(cases, score)
    seen = sum(len(each.seen) for each in parts.values())
    told = _told(parts)
    if not seen:
        return absent(spec, f"nobody has looked at any: {told}")
    found = {share: measure(part_of(cases, one.seen)) for share, one in parts.items() if one.seen}
    known = {share: one for share, one in found.items() if one.value is not None}
    if not known:
        return structs.replace(next(iter(found.values())), sampled=_share(parts))
    strata = [_stratum(one, known.get(share), spec) for share, one in parts.items()]
    whole = stratified(strata, least=spec.low, most=spec.high, confidence=confidence)
    first, n = next(iter(known.values())), sum(one.n for one in known.values())
    count = _sum([one.count for one in known.values()])
    alike = len(parts) == 1 and not any(one.skipped for one in parts.values())
    every = _sum([one.every for one in known.values()])
    worth = min([whole.effective, *_proven(whole, count == 0, every == n, confidence)])
    said = [told, *(one.reason for one in known.values() if one.reason)]
    return structs.replace(
        first,
        value=whole.value,
        low=whole.bounds.low if whole.bounds else None,
        high=whole.bounds.high if whole.bounds else None,
        n=n,
        rows=sum(one.rows for one in known.values()),
        count=count,
        every=every,
        independent=first.independent if alike else min(n, math.floor(worth + 1e-9)),
        method=first.method if alike else "stratified" if whole.bounds else "",
        loose=any(one.loose for one in known.values()),
        doubt=next((one.doubt for one in known.values() if one.doubt), ""),
        sampled=_share(parts),
        reason="; ".join(dict.fromkeys(said)),
    )


def _drawn_scores(cases: Cases) -> set[str]:
    return {each.score for row in cases.rows if row.drawn for each in row.drawn}


def _rest_known(cases: Cases) -> frozenset[str]:
    """Releases of which what was not drawn is there too: of others its number is estimated."""
    return frozenset(row.release for row in cases.rows if any(not each.taken for each in row.drawn))


def _parts(cases: Cases, score: str) -> dict[float, _Part]:
    """By share, the largest first; what was not drawn for but has the score is looked at whole."""
    known = (cases.whole or cases).once(_rest_known)
    parts: dict[float, _Part] = {}
    for place, row in enumerate(cases.rows):
        drawn = next((each for each in row.drawn if each.score == score), None)
        if drawn is None and score not in row.scores:
            continue
        share = drawn.share if drawn is not None else 1.0
        part = parts.setdefault(share, _Part())
        stands_for = 1.0 if drawn is None or row.release in known else 1 / share
        part.size += stands_for
        part.varies += stands_for**2
        if score in row.scores:
            part.seen.append(place)
        elif drawn is not None and drawn.skipped:
            part.skipped.append(drawn.skipped)
    return dict(sorted(parts.items(), reverse=True))


def _stratum(part: _Part, found: Measurement | None, spec: IndicatorSpec) -> DrawnPart:
    if found is None or found.value is None:
        return DrawnPart(size=part.size, varies=part.varies, n=0)
    bounds = None
    if found.low is not None and found.high is not None:
        bounds = _with_unknown(Interval(found.low, found.high), part, spec)
    n = found.n if found.independent is None else found.independent
    return DrawnPart(size=part.size, varies=part.varies, n=n, value=found.value, bounds=bounds)


def _with_unknown(bounds: Interval, part: _Part, spec: IndicatorSpec) -> Interval | None:
    """Bounds that hold whatever the skipped ones were; None where no value is the worst."""
    if not part.skipped:
        return bounds
    if spec.low is None or spec.high is None:
        return None
    share = len(part.skipped) / (len(part.skipped) + len(part.seen))
    return Interval(
        (1 - share) * bounds.low + share * spec.low, (1 - share) * bounds.high + share * spec.high
    )


def _proven(whole: Weighted, none: bool, all_: bool, confidence: float) -> list[float]:
    """Where all were alike: so many, drawn alike, would prove what the bounds say."""
    if whole.bounds is None or not (none or all_):
        return []
    off = whole.bounds.high if none else 1.0 - whole.bounds.low
    return [math.log((1 - confidence) / 2) / math.log(1 - off) if 0 < off < 1 else 0.0]


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if len(known) == len(counts) else None


def _share(parts: Mapping[float, _Part]) -> float:
    """The share of the answers that was looked at."""
    total = sum(each.size for each in parts.values())
    return sum(len(each.seen) for each in parts.values()) / total


def _told(parts: Mapping[float, _Part]) -> str:
    """What was drawn, in a sentence: nobody reads a sample as the whole."""
    seen = sum(len(each.seen) for each in parts.values())
    total = round(sum(each.size for each in parts.values()))
    shares = sorted(parts)
    each = f"{shares[0]:.3g}" if len(shares) == 1 else f"{shares[0]:.3g} to {shares[-1]:.3g}"
    words = f"a random sample: {seen} of {total} answers were looked at, each drawn with {each}"
    why = Counter(why for one in parts.values() for why in one.skipped)
    if why:
        named = ", ".join(f"{n} {reason}" for reason, n in why.most_common(3))
        words += f"; {sum(why.values())} drawn ones were skipped, and may be anything: {named}"
    return words
