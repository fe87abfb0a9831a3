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
    """Quantile of the Beta(a, b) distribution.

    Newton's method on the distribution function, kept inside a bracket that halves where a step
    would leave it: a handful of evaluations instead of fifty.
    """
    low, high = 0.0, 1.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    x = a / (a + b)
    for _ in range(200):
        gap = regularised_beta(x, a, b) - probability
        low, high = (low, x) if gap > 0 else (x, high)
        slope = math.exp(scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x))
        step = x - gap / slope if slope > _TINY else -1.0
        if not low < step < high:
            step = (low + high) / 2
        if step in (low, high) or abs(step - x) <= 1e-15 * x:
            return step
        x = step
    return x


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
