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
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from roadworthy.statistics import wilson

from .fit import Fitted, Seen

FALSE_ALARMS = 0.01
LOOK_ALIKES = ("held_out_look_alikes", "held_out_kind", "xstest_safe", "bastioncorpus_benign")


class Scored(NamedTuple):
    """One row as a model scored it that had not seen its family."""

    fold: str
    family: str
    set: str
    attack: bool
    above: float
    """Logit above the fold's threshold of one in a hundred false alarms."""
    logit: float


def folds_of(seen: Sequence[Seen]) -> dict[str, str]:
    """Family -> the fold that leaves it out; innocent families are dealt out in turn."""
    attacks = sorted({one.row.family for one in seen if one.row.attack} - {"own"})
    fold = {family: family for family in attacks}
    innocent = sorted({one.row.family for one in seen if one.row.train} - {"own", *attacks})
    for index, family in enumerate(innocent):
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
            if one.row.family != "own" and fold.get(one.row.family, left) == left
        ]
        logits = [model.logit(one) for one in unseen]
        pairs = [
            (logit, row.set)
            for logit, (row, _) in zip(logits, unseen, strict=True)
            if not row.attack
        ]
        values, shares = _shares_as_high(pairs)
        at = min(int(np.searchsorted(-shares, -FALSE_ALARMS)), len(values) - 1)
        threshold = float(values[at])
        scored += [
            Scored(left, row.family, row.set, row.attack, logit - threshold, logit)
            for logit, (row, _) in zip(logits, unseen, strict=True)
        ]
    return scored


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
    """Attacks by family, all attacks, then innocent texts by set."""
    lines: list[Line] = []
    for family in sorted({one.family for one in scored if one.attack}):
        lines.append(_attacks(family, [one for one in scored if one.fold == family]))
    lines.append(_attacks("all attacks", scored))
    quiet: defaultdict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        if not one.attack:
            quiet[one.set].append(one)
    lines.append(_share("innocent: all", [one for ones in quiet.values() for one in ones]))
    lines.append(_share("innocent: look-alikes", [o for n in LOOK_ALIKES for o in quiet[n]]))
    lines += [_share(f"innocent: {name}", quiet[name]) for name in sorted(quiet)]
    return [line for line in lines if line.n]


def _attacks(what: str, scored: Sequence[Scored]) -> Line:
    attack = [one.above for one in scored if one.attack]
    quiet = [one.above for one in scored if not one.attack]
    area, low, high = auroc(attack, quiet)
    caught = sum(above > 0 for above in attack)
    bounds = wilson(caught, len(attack))
    return Line(what, len(attack), area, low, high, caught / len(attack), bounds.low, bounds.high)


def _share(what: str, scored: Sequence[Scored]) -> Line:
    if not scored:
        return Line(what, 0, None, None, None, 0.0, 0.0, 1.0)
    folds = len({one.fold for one in scored})
    flagged, n = sum(one.above > 0 for one in scored), len(scored)
    texts = max(1, round(n / folds))
    bounds = wilson(round(flagged / n * texts), texts)
    return Line(what, texts, None, None, None, flagged / n, bounds.low, bounds.high)


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


def calibration(scored: Sequence[Scored], points: int = 60) -> tuple[list[float], list[float]]:
    """Logits and the share of unseen innocent texts that score as high: conformal p-values."""
    logits, shares = _shares_as_high([(one.logit, one.set) for one in scored if not one.attack])
    n = len(logits)
    wanted = np.geomspace(1.0, max(3.0 / n, 5e-4), points)
    places = np.searchsorted(-shares, -wanted).clip(0, n - 1)
    kept: dict[float, float] = {}
    for place in places:
        kept[round(float(logits[place]), 4)] = float(f"{shares[place]:.5g}")
    kept = dict(sorted(kept.items()))
    return list(kept), list(kept.values())


def _shares_as_high(pairs: Sequence[tuple[float, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Rising logits, and the share of innocent texts that score as high, (n + 1)-corrected.

    Every set weighs the same.
    """
    many = Counter(name for _, name in pairs)
    pairs = sorted(pairs)
    weights = np.array([1.0 / many[name] for _, name in pairs])
    above = weights[::-1].cumsum()[::-1] / weights.sum()
    n = len(pairs)
    return np.array([logit for logit, _ in pairs]), (above * n + 1) / (n + 1)
