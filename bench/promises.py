"""What the statistics promise, each as one simulated run: kept, or how much went wrong.

`guarantees.py` repeats them, thousands of times; `tests/properties/test_promises.py` a few hundred
times. A promise says how often it is kept at the least, or what goes wrong on average at the most.
Seeds are the promise's name and the number of the run.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from roadworthy.domain import Observation, Verdict
from roadworthy.monitoring import measure
from roadworthy.policy import PairedScore, RegressionRule, regressions
from roadworthy.statistics import (
    BernoulliAlarm,
    ConfidenceSequence,
    EProcess,
    Interval,
    JudgeErrors,
    alarm_range,
    area_interval,
    bca_mean,
    calibration_interval,
    clopper_pearson,
    cluster_interval,
    cluster_share_interval,
    conformal_threshold,
    controlled_threshold,
    equal_mass,
    expected_count,
    holm,
    krippendorff_alpha,
    mcnemar_exact,
    mean_bounds,
    mean_interval,
    normal_cdf,
    paired_cases,
    paired_difference,
    pass_at_k,
    pass_hat_k,
    prediction_powered,
    proof_cases,
    proven_threshold,
    ratio_interval,
    rogan_gladen,
    share_interval,
    shift,
    sign_flips,
    signed_ranks,
    slope_interval,
    waiting_quantile,
    wilson,
    zero_count_upper,
)

Draw = Callable[[random.Random], float]
"""One simulated run: 1.0 where the promise was kept (an interval covers, a test is silent), or of
`at most` what went wrong."""


class Promise(NamedTuple):
    """What is said of every run, or of all on average."""

    name: str
    said: float
    draw: Draw
    side: Literal["at least", "at most"] = "at least"


def count(source: random.Random, n: int, rate: float) -> int:
    return sum(source.random() < rate for _ in range(n))


def covers(found: Interval | None, truth: float) -> bool:
    return found is not None and found.low <= truth <= found.high


def grouped(source: random.Random, groups: int, again: float, rate: float) -> bool:
    values, names = [], []
    for name in range(groups):
        first = source.random() < rate
        for _ in range(6):
            hit = first if source.random() < again else source.random() < rate
            values.append(float(hit))
            names.append(name)
    return covers(cluster_share_interval(values, names), rate)


def false_alarms(source: random.Random, n: int, rate: float) -> float:
    """The share of new inputs that a threshold on n scores flags; of uniform ones it is known."""
    return 1.0 - conformal_threshold([source.random() for _ in range(n)], rate)


def arrivals(source: random.Random, mean: float) -> int:
    """A Poisson count."""
    seen, at = -1, 0.0
    while at <= mean:
        seen, at = seen + 1, at + source.expovariate(1.0)
    return seen


def sequence(source: random.Random, rate: float) -> bool:
    found = ConfidenceSequence()
    for _ in range(12):
        found.add(*(float(source.random() < rate) for _ in range(25)))
        if not covers(found.look(), rate):
            return False
    return True


def evidence(source: random.Random) -> bool:
    process = EProcess(0.8)
    for _ in range(12):
        process.add(*(float(source.random() < 0.8) for _ in range(25)))
        if process.look() >= 20:
            return False
    return True


def alarm_is_silent(source: random.Random, answers: int, usual: float, attack: float) -> bool:
    """Innocent answers; it promises one alarm in so many answers over its level at the most."""
    alarm = BernoulliAlarm(usual, attack)
    for _ in range(answers):
        alarm.add(source.random() < usual)
        if alarm.log_evidence >= math.log(20 * answers):
            return False
    return True


def waits(source: random.Random, n: int, share: float, looked: float) -> bool:
    """What was not over when somebody looked has waited so long, and counts."""
    pairs = [(source.expovariate(1.0), source.uniform(0, looked)) for _ in range(n)]
    times, ended = [min(pair) for pair in pairs], [wait <= cut for wait, cut in pairs]
    found, truth = waiting_quantile(times, ended, share), -math.log(1 - share)
    below = found.low is None or found.low <= truth
    return below and (found.high is None or truth <= found.high)


def judge(source: random.Random) -> bool:
    passed = count(source, 400, 0.9 * 0.85 + 0.1 * 0.2)
    good, bad = count(source, 100, 0.85), count(source, 50, 0.8)
    seen = JudgeErrors(passed_good=good, good=100, failed_bad=bad, bad=50)
    return covers(rogan_gladen(passed, 400, seen).interval, 0.9)


def powered(source: random.Random) -> bool:
    def pair() -> tuple[float, float]:
        truth = float(source.random() < 0.8)
        return (truth if source.random() < 0.85 else 1 - truth), truth

    judged = [pair()[0] for _ in range(500)]
    return covers(prediction_powered(judged, [pair() for _ in range(80)]).interval, 0.8)


def answers(source: random.Random, n: int) -> tuple[list[float], list[bool]]:
    sure = [source.random() for _ in range(n)]
    return sure, [source.random() < each for each in sure]


def thresholds(source: random.Random) -> bool:
    found = proven_threshold(*answers(source, 1000), limit=0.2)
    return found is None or (1 - found.threshold) / 2 <= 0.2


def raters(source: random.Random) -> bool:
    units = []
    for _ in range(50):
        truth = source.random() < 0.5
        units.append([truth if source.random() < 0.9 else source.random() < 0.5 for _ in "ab"])
    return covers(krippendorff_alpha(units, rounds=400).interval, 0.81)


def plan(source: random.Random) -> bool:
    found = proof_cases(0.9, 0.85)
    assert found is not None
    right = sum(source.random() < 0.9 for _ in range(found.cases))
    return share_interval(right, found.cases).low >= 0.85


def drop(source: random.Random) -> bool:
    n = paired_cases(0.02, 0.05) or 0
    draws = [source.random() for _ in range(n)]
    lost, gained = sum(d < 0.05 for d in draws), sum(0.05 <= d < 0.07 for d in draws)
    return lost > gained and mcnemar_exact(gained, lost) < 0.05


def ties(source: random.Random) -> list[float]:
    return [source.choice([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0]) for _ in range(40)]


def any_share(source: random.Random, n: int) -> bool:
    """Wilson is nominal over the rates, not at each of them."""
    rate = source.uniform(0.02, 0.98)
    return covers(wilson(count(source, n, rate), n), rate)


def nothing_seen(source: random.Random, n: int) -> bool:
    """A rate that is just excluded by no event in n shows itself."""
    return count(source, n, zero_count_upper(n)) > 0


def means_in_groups(source: random.Random, groups: int) -> bool:
    """Groups of 1 to 11 values that share what their group adds."""
    values: list[float] = []
    names: list[int] = []
    for name in range(groups):
        own = source.gauss(0, 1)
        size = 1 + name % 11
        values += [own + source.gauss(0, 1) for _ in range(size)]
        names += [name] * size
    return covers(cluster_interval(values, names), 0.0)


def silent_together(source: random.Random) -> bool:
    """Eight tests of nothing, half of them told the same."""
    alike = source.random()
    found = [source.random() for _ in range(4)] + [alike] * 4
    return min(holm(found)) >= 0.05


def not_too_low(values: list[float], truth: float) -> bool:
    """Student's t has no interval of values that are all equal, and proves nothing then."""
    return min(values) == max(values) or mean_interval(values).high >= truth


def rare_extremes(source: random.Random, n: int) -> bool:
    """Three in a hundred are 1,000, the others about 0.2: few cases hold none of them."""
    values = [1000.0 if source.random() < 0.03 else source.uniform(0.1, 0.3) for _ in range(n)]
    return not_too_low(values, 0.97 * 0.2 + 0.03 * 1000)


def long_tail(source: random.Random, n: int, sigma: float) -> bool:
    values = [source.lognormvariate(0, sigma) for _ in range(n)]
    return not_too_low(values, math.exp(sigma * sigma / 2))


def of_a_clock(source: random.Random, n: int, again: float) -> list[float]:
    """Readings around 5, each `again` times the one before and something new: AR(1)."""
    off = source.gauss(0, 1 / math.sqrt(1 - again * again))
    found = []
    for _ in range(n):
        found.append(5.0 + off)
        off = again * off + source.gauss(0, 1)
    return found


def level_is_right(source: random.Random, n: int, again: float) -> bool:
    """No bounds at all are no wrong ones."""
    try:
        return covers(ratio_interval(of_a_clock(source, n, again), [1.0] * n), 5.0)
    except ValueError:
        return True


def growth_is_right(source: random.Random, n: int, again: float) -> bool:
    values = of_a_clock(source, n, again)
    try:
        return covers(slope_interval([float(at) for at in range(n)], values), 0.0)
    except ValueError:
        return True


def capped_tail(source: random.Random, n: int, sigma: float) -> bool:
    """Lognormal, and nothing beyond 20: the mean of that, to four digits, is known in advance."""
    values = [min(20.0, source.lognormvariate(0, sigma)) for _ in range(n)]
    return mean_bounds(values, least=0, most=20).high >= _capped_mean(20.0, sigma)


def _capped_mean(cap: float, sigma: float) -> float:
    """Of a lognormal value cut at `cap`: what lies below it, and the rest at it."""
    place = math.log(cap)
    below = math.exp(sigma * sigma / 2) * normal_cdf((place - sigma * sigma) / sigma)
    return below + cap * (1 - normal_cdf(place / sigma))


def rare_in_range(source: random.Random, n: int) -> bool:
    """The same rare extremes, of which it is known how large they can be."""
    values = [1000.0 if source.random() < 0.03 else source.uniform(0.1, 0.3) for _ in range(n)]
    return mean_bounds(values, least=0, most=1000).high >= 0.97 * 0.2 + 0.03 * 1000


def grouped_range(source: random.Random, groups: int) -> bool:
    """Groups of 1 to 5 values that are all alike, one group in twenty at the far end."""
    values: list[float] = []
    names: list[int] = []
    for name in range(groups):
        own = 10.0 if source.random() < 0.05 else source.random()
        size = source.randint(1, 5)
        values += [own] * size
        names += [name] * size
    return covers(mean_bounds(values, least=0, most=10, groups=names), 0.95 * 0.5 + 0.05 * 10)


RULE = RegressionRule(drop=0.03, alpha=0.05)


def paired(source: random.Random, score: str, lost: float, gained: float) -> PairedScore:
    old = [source.random() < 0.85 for _ in range(200)]
    new = [
        (source.random() >= lost / 0.85) if was else (source.random() < gained / 0.15)
        for was in old
    ]
    found = paired_difference(old, new)
    return PairedScore(
        score=score, n=200, before=sum(old) / 200, after=sum(new) / 200,
        interval=found.interval, gained=found.gained, lost=found.lost,
    )  # fmt: skip


def silent_gate(source: random.Random) -> bool:
    """Five scores of which none changed: the rule about regressions corrects them by Holm."""
    pairs = [paired(source, name, 0.05, 0.05) for name in "abcde"]
    return all(each.verdict is not Verdict.FAIL for each in regressions(pairs, RULE))


def only_the_worse(source: random.Random) -> bool:
    """One score of five is much worse: whichever else is named, is named wrongly."""
    pairs = [paired(source, name, 0.05, 0.05) for name in "abcd"]
    pairs.append(paired(source, "e", 0.2, 0.01))
    found = regressions(pairs, RULE)
    return all(each.verdict is not Verdict.FAIL for each in found[:-1])


def repeated(source: random.Random, name: str, k: int, cases: int = 40, repeats: int = 5) -> bool:
    """Cases of which each is right at a rate of its own, drawn from Beta(3, 2)."""
    rows = []
    for case in range(cases):
        rate = source.betavariate(3, 2)
        rights = [source.random() < rate for _ in range(repeats)]
        rows += [
            Observation(
                id="o", time="t", system="s", release="r", stage="eval", suite="s", case=str(case),
                repeat=repeat, label="a", decision="a" if right else "b",
                scores={"label": float(right)},
            )
            for repeat, right in enumerate(rights)
        ]  # fmt: skip
    found = measure(f"{name}_{k}", rows)
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth_of(name, k) <= found.high


def truth_of(name: str, k: int) -> float:
    """E of 1 - (1 - p)^k, or of p^k, under Beta(3, 2)."""
    a, b = (2.0, 3.0) if name == "pass_at" else (3.0, 2.0)
    power = math.prod((a + step) / (a + b + step) for step in range(k))
    return 1 - power if name == "pass_at" else power


def unbiased(source: random.Random, estimate: Callable[[int, int, int], float]) -> float:
    """What five repeats at 60 % say of two: on average no more than the truth, of 0.84 or 0.36."""
    return estimate(5, count(source, 5, 0.6), 2)


def controlled(source: random.Random, n: int, limit: float) -> float:
    """The share of all requests that is answered wrongly under the threshold that was chosen."""
    found = controlled_threshold(*answers(source, n), limit=limit)
    return 0.0 if found is None else (1 - found.threshold) ** 2 / 2


@functools.cache
def hard_picture() -> Any:
    """Stripes as far apart as the mark's cells, noise beside them, and a flat part."""
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(3).normal(128, 30, size=(256, 256))
    pixels[:, :90] = 255 * (np.arange(256)[:, None] % 64 < 3)
    pixels[:70] = 200
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def mark_is_seen(source: random.Random) -> float:
    """Whether the invisible mark of a random key is seen in a picture that has none."""
    import numpy as np

    from roadworthy.media import watermark

    tiles = watermark._tiles(source.randbytes(16))[:1]
    spectra = np.conj(np.fft.rfft2(tiles))
    found = watermark._correlations(hard_picture(), (1.0, 0.0), spectra)
    bound = math.sqrt(2 * math.log(watermark.TILE**2 / 0.05))
    return float(found.max() >= bound)


@functools.cache
def hard_sound() -> Any:
    """On one tile: tones on the mark's own bands and slots that come back with it, and noise."""
    import numpy as np

    from roadworthy.media import sound_mark

    chance = np.random.default_rng(3)
    rate, time = 16_000, np.arange(13 * 16_000) / 16_000
    slot = (time / sound_mark.SLOT_S).astype(int) % sound_mark.PERIOD
    sound = chance.normal(0, 0.01, size=len(time))
    for band in range(0, sound_mark.BANDS, 2):
        loud = chance.integers(0, 2, sound_mark.PERIOD)[slot]
        tone = sound_mark.LOWEST_HZ + (band + 0.5) * sound_mark.BAND_HZ
        sound += 0.02 * loud * np.sin(2 * np.pi * tone * time)
    return sound_mark._folded(sound, rate, (1.0, 1.0))


def sound_mark_is_heard(source: random.Random) -> float:
    """Whether the inaudible mark of a random key is found in a sound that has none."""
    import numpy as np

    from roadworthy.media import sound_mark

    spectrum = np.conj(np.fft.rfft(sound_mark._signs(source.randbytes(16)), axis=1))
    bound = math.sqrt(2 * math.log(sound_mark.PERIOD * len(hard_sound()) / 0.05))
    return float(sound_mark._best(hard_sound(), spectrum) >= bound)


PROMISES = [
    Promise("inaudible mark, 5 % over 256 shifts", 0.05, sound_mark_is_heard, "at most"),
    Promise("invisible mark, 5 % over 4,096 shifts", 0.05, mark_is_seen, "at most"),
    Promise("BCa mean, normal n=50", 0.95,
     lambda s: covers(bca_mean([s.gauss(0, 1) for _ in range(50)]), 0.0)),
    Promise("BCa mean, exponential n=100", 0.95,
     lambda s: covers(bca_mean([s.expovariate(1) for _ in range(100)]), 1.0)),
    Promise("BCa mean, long tail n=500", 0.95,
     lambda s: covers(bca_mean([s.lognormvariate(0, 1) for _ in range(500)]), math.exp(0.5))),
    Promise("share in 20 groups of 6, alike", 0.95, lambda s: grouped(s, 20, 1.0, 0.9)),
    Promise("share in 20 groups of 6, half alike", 0.95, lambda s: grouped(s, 20, 0.5, 0.9)),
    Promise("conformal threshold, 5 % on 60 scores", 0.05,
     lambda s: false_alarms(s, 60, 0.05), "at most"),
    Promise("conformal threshold, 1 % on 99 scores", 0.01,
     lambda s: false_alarms(s, 99, 0.01), "at most"),
    Promise("range of false alarms, 200 scores", 0.95,
     lambda s: covers(alarm_range(200, 0.05), false_alarms(s, 200, 0.05))),
    Promise("expected count, 5 on the mean", 0.95,
     lambda s: covers(expected_count(arrivals(s, 5.0)), 5.0)),
    Promise("shift by signed ranks n=30", 0.95,
     lambda s: covers(shift([s.gauss(0.3, 1) for _ in range(30)]).interval, 0.3)),
    Promise("silent: signed ranks, ties", 0.95, lambda s: signed_ranks(ties(s)).p_value > 0.05),
    Promise("silent: sign flips, ties", 0.95, lambda s: sign_flips(ties(s), rounds=500) > 0.05),
    Promise("confidence sequence, 12 looks, 0.9", 0.95, lambda s: sequence(s, 0.9)),
    Promise("silent: e-value, 12 looks", 0.95, evidence),
    Promise("judge corrected (Rogan-Gladen)", 0.95, judge),
    Promise("judge corrected (prediction-powered)", 0.95, powered),
    Promise("equal-mass ECE, calibrated n=200", 0.95,
     lambda s: covers(calibration_interval(equal_mass(*answers(s, 200))), 0.0)),
    Promise("area under risk n=200", 0.95, lambda s: covers(area_interval(*answers(s, 200)), 0.25)),
    Promise("proven accept threshold n=1000", 0.95, thresholds),
    Promise("Krippendorff's alpha, 50 units", 0.95, raters),
    Promise("power of a planned proof, 0.9 over 0.85", 0.80, plan),
    Promise("power of a planned comparison, 3 points", 0.80, drop),
    Promise("a share (Clopper-Pearson), 0.95 of 20", 0.95,
     lambda s: covers(clopper_pearson(count(s, 20, 0.95), 20), 0.95)),
    Promise("a share (Clopper-Pearson), 0.9 of 200", 0.95,
     lambda s: covers(clopper_pearson(count(s, 200, 0.9), 200), 0.9)),
    Promise("a share (Clopper-Pearson), 0.995 of 300", 0.95,
     lambda s: covers(clopper_pearson(count(s, 300, 0.995), 300), 0.995)),
    Promise("a share (Wilson), any rate, n=50", 0.95, lambda s: any_share(s, 50)),
    Promise("a share (Wilson), any rate, n=400", 0.95, lambda s: any_share(s, 400)),
    Promise("a rate that 60 clean cases exclude", 0.95, lambda s: nothing_seen(s, 60)),
    Promise("a rate that 300 clean cases exclude", 0.95, lambda s: nothing_seen(s, 300)),
    Promise("a mean (Student's t), normal n=20", 0.95,
     lambda s: covers(mean_interval([s.gauss(0, 1) for _ in range(20)]), 0.0)),
    Promise("a mean in 6 groups (CR2), unlike sizes", 0.95, lambda s: means_in_groups(s, 6)),
    Promise("a mean in 20 groups (CR2), unlike sizes", 0.95, lambda s: means_in_groups(s, 20)),
    Promise("mean in a range, lognormal 1 up to 20, n=60", 0.975, lambda s: capped_tail(s, 60, 1)),
    Promise("mean in a range, lognormal 1.5 up to 20, n=200", 0.975,
     lambda s: capped_tail(s, 200, 1.5)),
    Promise("mean in a range, 3 % of 1,000, n=60", 0.975, lambda s: rare_in_range(s, 60)),
    Promise("mean in a range, 3 % of 1,000, n=200", 0.975, lambda s: rare_in_range(s, 200)),
    Promise("mean in a range, 40 groups all alike", 0.95, lambda s: grouped_range(s, 40)),
    Promise("silent: an alarm over 40 answers, 1 in 50", 0.95,
     lambda s: alarm_is_silent(s, 40, 0.02, 0.3)),
    Promise("silent: an alarm over 500 answers, 1 in 10", 0.95,
     lambda s: alarm_is_silent(s, 500, 0.1, 0.5)),
    Promise("silent: eight tests of nothing (Holm)", 0.95, silent_together),
    Promise("silent: the gate's five scores (Holm)", 0.95, silent_gate),
    Promise("only the worse of five scores is named", 0.95, only_the_worse),
    Promise("pass@2 of 40 cases, 5 repeats", 0.95, lambda s: repeated(s, "pass_at", 2)),
    Promise("pass@5 of 40 cases, 5 repeats", 0.95, lambda s: repeated(s, "pass_at", 5)),
    Promise("pass^3 of 40 cases, 5 repeats", 0.95, lambda s: repeated(s, "pass_hat", 3)),
    Promise("mean of pass@2 at 0.6", 0.84, lambda s: unbiased(s, pass_at_k), "at most"),
    Promise("mean of pass^2 at 0.6", 0.36, lambda s: unbiased(s, pass_hat_k), "at most"),
    Promise("readings of a clock, AR 0.5, n=720", 0.95, lambda s: level_is_right(s, 720, 0.5)),
    Promise("readings of a clock, AR 0.9, n=1500", 0.95, lambda s: level_is_right(s, 1500, 0.9)),
    Promise("growth by a clock, AR 0.5, n=720", 0.95, lambda s: growth_is_right(s, 720, 0.5)),
    Promise("median of waits, a third still waiting, n=40", 0.95, lambda s: waits(s, 40, 0.5, 3)),
    Promise("p95 of waits, an eighth still waiting, n=200", 0.95, lambda s: waits(s, 200, 0.95, 8)),
    Promise("risk control at 0.05, n=200: mean risk", 0.05, lambda s: controlled(s, 200, 0.05),
     "at most"),
    Promise("risk control at 0.1, n=40: mean risk", 0.1, lambda s: controlled(s, 40, 0.1),
     "at most"),
]  # fmt: skip

APPROXIMATE = [
    Promise("upper bound (Student's t), lognormal 1, n=60", 0.975, lambda s: long_tail(s, 60, 1)),
    Promise("upper bound (Student's t), lognormal 1, n=200", 0.975, lambda s: long_tail(s, 200, 1)),
    Promise("upper bound (Student's t), lognormal 1.5, n=20", 0.975,
     lambda s: long_tail(s, 20, 1.5)),
    Promise("upper bound (Student's t), lognormal 1.5, n=200", 0.975,
     lambda s: long_tail(s, 200, 1.5)),
    Promise("upper bound (Student's t), 3 % of 1,000, n=60", 0.975, lambda s: rare_extremes(s, 60)),
    Promise("upper bound (Student's t), 3 % of 1,000, n=200", 0.975,
     lambda s: rare_extremes(s, 200)),
]  # fmt: skip
"""What would be said if tails were light: simulation refutes it, so the
documents call bounds of means approximate."""
