"""What a model is worth on sets that it has never seen: leave one family out, measure, repeat.

Enters: rows. Leaves: a table, and the scores that innocent texts got from models that had not
seen them. Never happens here: a row that was trained on and measured in the same fold, or two
sets that share texts on both sides of one.

Each fold leaves one family of attacks out, and with it a share of the innocent sets; sets that are
never trained on are measured in every fold.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from roadworthy.statistics import wilson

from .fit import Fitted, Seen
from .sets import IN_CONTEXT

FALSE_ALARMS = 0.01
LOOK_ALIKES = ("held_out_look_alikes", "held_out_kind", "xstest_safe", "bastioncorpus_benign")


class Scored(NamedTuple):
    """One row as a model scored it that had not seen its family."""

    fold: str
    family: str
    set: str
    attack: bool
    logit: float


def folds_of(seen: Sequence[Seen]) -> dict[str, str]:
    """Family -> the fold that leaves it out; innocent families are dealt out in turn."""
    attacks = sorted({one.row.family for one in seen if one.row.attack} - {"own"})
    fold = {family: family for family in attacks}
    innocent = {one.row.family for one in seen if one.row.train and one.row.measured}
    for index, family in enumerate(sorted(innocent - {"own", *attacks})):
        fold[family] = attacks[index % len(attacks)]
    return fold


def leave_families_out(
    seen: Sequence[Seen], fit: Callable[[Sequence[Seen]], Fitted], *, own: bool = True
) -> list[Scored]:
    """Every row of the public sets, scored by a model that saw nothing of its family.

    `own`: whether our own texts are trained on, as the shipped model is.
    """
    fold = folds_of(seen)
    scored: list[Scored] = []
    for left in sorted(set(fold.values())):
        known = [one for one in seen if one.row.train and fold.get(one.row.family) != left]
        model = fit([one for one in known if own or one.row.family != "own"])
        unseen = [
            one
            for one in seen
            if one.row.family != "own"
            and one.row.measured
            and fold.get(one.row.family, left) == left
        ]
        scored += [
            Scored(left, one.row.family, one.row.set, one.row.attack, model.logit(one))
            for one in unseen
        ]
    return scored


def threshold_of(scored: Sequence[Scored]) -> float:
    """The logit that one in a hundred innocent texts exceeds, every set weighing the same."""
    logits, shares = _shares_as_high(scored)
    return float(logits[min(int(np.searchsorted(-shares, -FALSE_ALARMS)), len(logits) - 1)])


class Line(NamedTuple):
    """One line of the table."""

    what: str
    n: int
    auroc: float | None
    auroc_low: float | None
    auroc_high: float | None
    flagged: float
    low: float
    high: float


def table(scored: Sequence[Scored]) -> list[Line]:
    """Attacks by family, all attacks, then innocent texts by set; one threshold for all."""
    threshold = threshold_of(scored)
    attacks = [one for one in scored if one.attack]
    quiet: defaultdict[str, list[float]] = defaultdict(list)
    for one in scored:
        if not one.attack:
            quiet[one.set].append(one.logit)
    every = [logit for logits in quiet.values() for logit in logits]
    lines = [
        _attacks(family, [one.logit for one in attacks if one.family == family], every, threshold)
        for family in sorted({one.family for one in attacks})
    ]
    lines.append(_attacks("all attacks", [one.logit for one in attacks], every, threshold))
    plain = [one.logit for one in attacks if one.family not in IN_CONTEXT]
    if len(plain) < len(attacks):
        lines.append(_attacks("all but those of context", plain, every, threshold))
    sizes = _sizes(scored)
    alike = [name for name in LOOK_ALIKES if name in quiet]
    lines.append(_innocent("innocent: all, every set weighing the same", quiet, sizes, threshold))
    lines.append(_innocent("innocent: look-alikes", {n: quiet[n] for n in alike}, sizes, threshold))
    lines += [
        _innocent(f"innocent: {name}", {name: quiet[name]}, sizes, threshold)
        for name in sorted(quiet)
    ]
    return lines


def _sizes(scored: Sequence[Scored]) -> dict[str, int]:
    """Texts of each innocent set; one that is in no training was measured in every fold."""
    folds = {(one.set, one.fold) for one in scored if not one.attack}
    times = Counter(name for name, _ in folds)
    many = Counter(one.set for one in scored if not one.attack)
    return {name: round(many[name] / times[name]) for name in many}


def _attacks(what: str, logits: Sequence[float], quiet: Sequence[float], threshold: float) -> Line:
    area, low, high = auroc(logits, quiet)
    n, caught = len(logits), sum(logit > threshold for logit in logits)
    bounds = wilson(caught, n)
    return Line(what, n, area, low, high, caught / n, bounds.low, bounds.high)


def _innocent(
    what: str, quiet: Mapping[str, Sequence[float]], sizes: Mapping[str, int], threshold: float
) -> Line:
    shares = [sum(logit > threshold for logit in one) / len(one) for one in quiet.values()]
    n = sum(sizes[name] for name in quiet)
    share = sum(shares) / len(shares)
    bounds = wilson(round(share * n), n)
    return Line(what, n, None, None, None, share, bounds.low, bounds.high)


def auroc(attack: Sequence[float], quiet: Sequence[float]) -> tuple[float, float, float]:
    """Area under the curve with its 95 % interval (Hanley and McNeil 1982)."""
    from scipy.stats import rankdata

    m, n = len(attack), len(quiet)
    ranks = rankdata([*attack, *quiet])
    area = (float(ranks[:m].sum()) - m * (m + 1) / 2) / (m * n)
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area) + (m - 1) * (q1 - area**2) + (n - 1) * (q2 - area**2)
    half = 1.96 * math.sqrt(max(0.0, spread) / (m * n))
    return area, max(0.0, area - half), min(1.0, area + half)


def markdown(lines: Iterable[Line]) -> str:
    """The table for people."""
    rows = [
        "| measured on what the model had not seen | n | AUROC (95 %) | flagged (95 %) |",
        "| --- | --- | --- | --- |",
    ]
    for line in lines:
        area = ""
        if line.auroc is not None:
            area = f"{line.auroc:.3f} ({line.auroc_low:.3f} to {line.auroc_high:.3f})"
        share = f"{line.flagged:.1%} ({line.low:.1%} to {line.high:.1%})"
        rows.append(f"| {line.what} | {line.n} | {area} | {share} |")
    return "\n".join(rows) + "\n"


def operating_points(scored: Sequence[Scored]) -> str:
    """What is caught at which share of false alarms."""
    rows = [
        "| false alarms allowed | attacks flagged | look-alikes flagged |",
        "| --- | --- | --- |",
    ]
    logits, shares = _shares_as_high(scored)
    attacks = [one.logit for one in scored if one.attack]
    alike = [one.logit for one in scored if one.set in LOOK_ALIKES]
    for allowed in (0.001, 0.005, 0.01, 0.02, 0.05):
        threshold = logits[min(int(np.searchsorted(-shares, -allowed)), len(logits) - 1)]
        caught = sum(logit > threshold for logit in attacks) / len(attacks)
        wrong = sum(logit > threshold for logit in alike) / len(alike)
        rows.append(f"| {allowed:.1%} | {caught:.1%} | {wrong:.1%} |")
    return "\n".join(rows) + "\n"


_APART = 0.02
"""Logits nearer than this say the same."""


def calibration(scored: Sequence[Scored], points: int = 60) -> tuple[list[float], list[float]]:
    """Logits and the share of unseen innocent texts that score as high: conformal p-values."""
    logits, shares = _shares_as_high(scored)
    n = len(logits)
    wanted = np.geomspace(1.0, max(3.0 / n, 5e-4), points)
    places = np.searchsorted(-shares, -wanted).clip(0, n - 1)
    kept: dict[float, float] = {}
    for place in places:
        logit = round(float(logits[place]), 4)
        if not kept or logit >= max(kept) + _APART:
            kept[logit] = float(f"{shares[place]:.5g}")
    return list(kept), list(kept.values())


def _shares_as_high(scored: Sequence[Scored]) -> tuple[np.ndarray, np.ndarray]:
    """Rising logits of innocent texts, and the share that scores as high, (n + 1)-corrected.

    Every set weighs the same, so that a long one does not decide what is usual.
    """
    pairs = sorted((one.logit, one.set) for one in scored if not one.attack)
    many = Counter(name for _, name in pairs)
    weights = np.array([1.0 / many[name] for _, name in pairs])
    above = weights[::-1].cumsum()[::-1] / weights.sum()
    n = len(pairs)
    return np.array([logit for logit, _ in pairs]), (above * n + 1) / (n + 1)
