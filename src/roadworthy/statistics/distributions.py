"""The distributions that the closed forms need."""

from __future__ import annotations

import math
from statistics import NormalDist

_TINY = 1e-300
_STEPS = 500


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution; probability in (0, 1)."""
    return NormalDist().inv_cdf(probability)


def normal_cdf(value: float) -> float:
    """Probability that a standard normal is at most `value`; exact far into both tails."""
    return math.erfc(-value / math.sqrt(2)) / 2


def regularised_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b), the regularised incomplete beta function; x in [0, 1], a and b above 0.

    Continued fraction by the modified Lentz method (NIST DLMF 8.17.22).
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _STEPS):
        at = a + 2 * m
        even = m * (b - m) * x / ((at - 1) * at)
        d = 1.0 + even * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + even / c
        c = c if abs(c) > _TINY else _TINY
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / (at * (at + 1))
        d = 1.0 + odd * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + odd / c
        c = c if abs(c) > _TINY else _TINY
        step = c * d
        value *= step
        if abs(step - 1.0) < 1e-15:
            break
    return value


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Quantile of the Beta(a, b) distribution; probability in (0, 1).

    Halley's method on the distribution function from a normal approximation, kept inside a bracket
    that halves where a step would leave it: about four evaluations. Each step leaves the cube of
    the error before it, so that after a small one nothing is left to mend.
    """
    low, high = 0.0, 1.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    x = _near_beta_quantile(probability, a, b)
    for _ in range(200):
        gap = regularised_beta(x, a, b) - probability
        low, high = (low, x) if gap > 0 else (x, high)
        slope = math.exp(scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x))
        step = -1.0
        if slope > _TINY:
            newton = gap / slope
            bent = newton * ((a - 1) / x - (b - 1) / (1 - x)) / 2
            step = x - (newton / (1 - bent) if abs(bent) < _BENT else newton)
        if not low < step < high:
            step = (low + high) / 2
            if step in (low, high):
                return step
        elif abs(step - x) <= max(_SMALL * min(x, 1 - x), 1e-15 * x):
            return step
        x = step
    return x


_BENT = 0.5
"""Of a distribution function that bends more than this a step follows the slope alone."""

_SMALL = 1e-7
"""A step of so little of what is left to either end is the last."""


def _near_beta_quantile(probability: float, a: float, b: float) -> float:
    """A quantile to begin with (Abramowitz and Stegun 26.5.22); the mean where it is no use."""
    mean = a / (a + b)
    if a < 1 or b < 1:
        return mean
    z = -normal_quantile(probability)
    part = (z * z - 3) / 6
    width = 2 / (1 / (2 * a - 1) + 1 / (2 * b - 1))
    w = z * math.sqrt(part + width) / width if part + width > 0 else 0.0
    w -= (1 / (2 * b - 1) - 1 / (2 * a - 1)) * (part + 5 / 6 - 2 / (3 * width))
    x = a / (a + b * math.exp(2 * w)) if w < 300 else 0.0
    return x if 0.0 < x < 1.0 else mean


def t_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t with `degrees` degrees of freedom; probability in (0, 1)."""
    if probability == 0.5:
        return 0.0
    if probability < 0.5:
        return -t_quantile(1 - probability, degrees)
    tail = 2 * (1 - probability)
    x = beta_quantile(tail, degrees / 2, 0.5)
    return math.sqrt(degrees * (1 - x) / x) if x > 0 else math.inf


def regularised_gamma(x: float, a: float) -> float:
    """P(a, x), the regularised lower incomplete gamma function; x at least 0, a above 0.

    The series below a + 1, the continued fraction above (NIST DLMF 8.7.1 and 8.9.2).
    """
    if x <= 0.0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        at = a
        while term > total * 1e-16:
            at += 1
            term *= x / at
            total += term
        return min(1.0, front * total)
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for i in range(1, _STEPS):
        b += 2
        d = 1 / (i * (a - i) * d + b)
        c = b + i * (a - i) / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return 1.0 - front * value


def gamma_quantile(probability: float, a: float) -> float:
    """Quantile of the gamma distribution with shape `a` and scale 1; probability in (0, 1).

    Newton's method from Wilson and Hilferty's approximation, inside a bracket, as `beta_quantile`.
    """
    low, high = 0.0, math.inf
    part = 1 - 1 / (9 * a) + normal_quantile(probability) / (3 * math.sqrt(a))
    x = a * part**3 if part > 0 else a * probability
    for _ in range(200):
        gap = regularised_gamma(x, a) - probability
        low, high = (low, x) if gap > 0 else (x, high)
        slope = math.exp((a - 1) * math.log(x) - x - math.lgamma(a)) if x > 0 else 0.0
        step = x - gap / slope if slope > _TINY else -1.0
        if not low < step < high:
            step = (low + high) / 2 if high < math.inf else 2 * x + 1
        if abs(step - x) <= 1e-14 * x:
            return step
        x = step
    return x
