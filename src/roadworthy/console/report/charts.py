"""Charts as inline SVG, drawn by a few small functions: no library, no script, no style attribute.

Enters: numbers and short names. Leaves: markup whose every text is escaped here. Colours and
fonts are classes, so that light, dark and print are the style sheet's. Each chart has a title and
a description for those who do not see it; the numbers stand in a table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from msgspec import Struct

_LARGEST = 1e100
"""What is larger is in no chart: a scale that holds it shows nothing else."""


class Scale(Struct, frozen=True):
    """A linear scale from values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies; outside values at the edge."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


class Drawing:
    """One SVG in the making."""

    def __init__(self, width: float, height: float, *, title: str, says: str, kind: str) -> None:
        """`title` and `says` are read aloud; `kind` is the class."""
        self._size = (width, height)
        self._kind = kind
        self._parts = [f"<title>{escape(title)}</title>"]
        if says and says != title:
            self._parts.append(f"<desc>{escape(says)}</desc>")

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line."""
        self._put("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)

    def rect(
        self, x: float, y: float, width: float, height: float, kind: str, *, round_: float = 0
    ) -> None:
        """A box; a negative size is none."""
        if width > 0 and height > 0:
            self._put("rect", kind, x=x, y=y, width=width, height=height, rx=round_)

    def dot(self, x: float, y: float, radius: float, kind: str, *, says: str = "") -> None:
        """A point, with words when it is pointed at."""
        self._put("circle", kind, says, cx=x, cy=y, r=radius)

    def path(
        self, points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False
    ) -> None:
        """Straight pieces between points."""
        if points:
            steps = " ".join(f"{'L' if i else 'M'}{_px(x)} {_px(y)}"
                             for i, (x, y) in enumerate(points))  # fmt: skip
            self._parts.append(f'<path class="{kind}" d="{steps}{"Z" if closed else ""}"/>')

    def text(self, x: float, y: float, words: str, kind: str = "", *, at: str = "start") -> None:
        """Words, anchored at start, middle or end."""
        self._parts.append(
            f'<text x="{_px(x)}" y="{_px(y)}" text-anchor="{at}" class="{kind}">'
            f"{escape(words)}</text>"
        )

    def svg(self) -> str:
        """The markup."""
        width, height = self._size
        return (
            f'<svg class="{self._kind}" viewBox="0 0 {_px(width)} {_px(height)}" role="img"'
            f' width="{_px(width)}" height="{_px(height)}">{"".join(self._parts)}</svg>'
        )

    def _put(self, element: str, kind: str, says: str = "", **numbers: float) -> None:
        attributes = "".join(f' {name}="{_px(value)}"' for name, value in numbers.items())
        inside = f"<title>{escape(says)}</title>" if says else ""
        self._parts.append(f'<{element} class="{kind}"{attributes}>{inside}</{element}>')


def interval_bar(
    estimate: float | None,
    bounds: tuple[float, float] | None,
    *,
    target: tuple[str, float] | None,
    domain: tuple[float, float],
    verdict: str = "",
    says: str = "",
) -> str:
    """An estimate with its interval against a target; the side that is asked for is shaded."""
    width, height, middle = 220.0, 34.0, 13.0
    drawing = Drawing(width, height, title=says or "interval", says=says, kind="bar")
    x = Scale(domain[0], domain[1], 8, width - 8)
    drawing.rect(8, 3, width - 16, 20, "plot", round_=3)
    if target is not None:
        _target(drawing, x, target, domain)
    if bounds is not None:
        start, end = x(bounds[0]), x(bounds[1])
        drawing.rect(start, middle - 4, max(end - start, 2.5), 8, f"reach v-{verdict}", round_=4)
    if estimate is not None:
        drawing.dot(x(estimate), middle, 4.6, f"point v-{verdict}")
    drawing.text(8, height - 1, number(domain[0]), "tick")
    drawing.text(width - 8, height - 1, number(domain[1]), "tick", at="end")
    return drawing.svg()


def _target(
    drawing: Drawing, x: Scale, target: tuple[str, float], domain: tuple[float, float]
) -> None:
    operator, bound = target
    here = x(bound)
    if operator in (">=", ">"):
        drawing.rect(here, 3, x(domain[1]) - here, 20, "wanted")
    elif operator in ("<=", "<"):
        drawing.rect(x(domain[0]), 3, here - x(domain[0]), 20, "wanted")
    drawing.line(here, 1, here, 25, "target")
    if 44 < here < 176:
        drawing.text(here, 33, number(bound), "tick strong", at="middle")


def forest(
    parts: Sequence[tuple[str, float, float | None, float | None, int]],
    *,
    domain: tuple[float, float],
    line: float | None,
    title: str,
) -> list[str]:
    """One interval a slice on one scale; `line` is the value of all together."""
    drawn = []
    x = Scale(domain[0], domain[1], 6, 254)
    for name, value, low, high, n in parts:
        says = f"{title}, {name}: {number(value)}, {_between(low, high)}, n {n}"
        drawing = Drawing(260, 22, title=says, says=says, kind="forest")
        drawing.rect(6, 10.5, 248, 1, "axis-soft")
        if line is not None:
            drawing.line(x(line), 0, x(line), 22, "all")
        if low is not None and high is not None:
            drawing.rect(x(low), 8, max(x(high) - x(low), 2), 6, "reach v-slice", round_=3)
        drawing.dot(x(value), 11, 4.2, "point v-slice")
        drawn.append(drawing.svg())
    return drawn


def reliability_diagram(
    bins: Sequence[tuple[float, float, float, float, float, float, float]], *, title: str
) -> str:
    """Confidence against share right; how many answers each bin holds lies beneath.

    A bin is (low, high, n, mean confidence, accuracy, interval's low, interval's high).
    """
    says = "; ".join(
        f"sure {conf:.2f}: right {acc:.2f} (n {n:.4g})" for _, _, n, conf, acc, _, _ in bins
    )
    drawing = Drawing(420, 372, title=title, says=says, kind="chart")
    x, y = Scale(0, 1, 52, 404), Scale(0, 1, 288, 14)
    _grid(drawing, x, y, right=404, bottom=288)
    drawing.path([(x(0), y(0)), (x(1), y(1))], "ideal")
    most = max((n for _, _, n, *_ in bins), default=1)
    for low, high, n, conf, acc, floor, ceiling in bins:
        left, wide = x(low) + 2, x(high) - x(low) - 4
        kind = "gap over" if conf > acc else "gap under"
        drawing.rect(left, y(min(acc, conf)), wide, y(0) - y(min(acc, conf)), "accuracy")
        drawing.rect(left, y(max(acc, conf)), wide, abs(y(acc) - y(conf)), kind)
        drawing.line(left, y(acc), left + wide, y(acc), "top")
        drawing.line(x(conf), y(floor), x(conf), y(ceiling), "whisker")
        drawing.dot(x(conf), y(acc), 4, "point v-chart",
                    says=f"{n:.4g} cases, mean confidence {conf:.3f}, right {acc:.3f} "
                         f"({floor:.3f} to {ceiling:.3f})")  # fmt: skip
        tall = 34 * n / most
        drawing.rect(left, 354 - tall, wide, tall, "count", round_=2)
    drawing.text(228, 318, "confidence", "label", at="middle")
    drawing.text(14, 151, "share right", "label turned", at="middle")
    drawing.text(52, 368, f"cases a bin, {most:,.4g} at most", "tick")
    return drawing.svg()


def risk_curve(
    points: Sequence[tuple[float, float, float, float]],
    *,
    other: Sequence[tuple[float, float]] = (),
    top: float,
    title: str,
) -> str:
    """Coverage against the share of wrong answers, with Wilson's interval at each point.

    A point is (coverage, risk, low, high); `other` is another run's curve.
    """
    last = points[-1] if points else (0.0, 0.0, 0.0, 0.0)
    says = f"answering everything: {last[1]:.3f} wrong ({last[2]:.3f} to {last[3]:.3f})"
    drawing = Drawing(420, 372, title=title, says=says, kind="chart")
    x, y = Scale(0, 1, 52, 404), Scale(0, top, 318, 14)
    _grid(drawing, x, y, right=404, bottom=318)
    band = [(x(c), y(high)) for c, _, _, high in points]
    band += [(x(c), y(low)) for c, _, low, _ in reversed(points)]
    drawing.path(band, "band", closed=True)
    drawing.path([(x(c), y(risk)) for c, risk in other], "curve other")
    drawing.path([(x(c), y(risk)) for c, risk, _, _ in points], "curve")
    for coverage, risk, low, high in points[:: max(1, len(points) // 12)]:
        words = f"answering {coverage:.0%}: {risk:.3f} wrong ({low:.3f} to {high:.3f})"
        drawing.dot(x(coverage), y(risk), 3, "point v-chart", says=words)
    drawing.text(228, 350, "coverage: share answered, the surest first", "label", at="middle")
    drawing.text(14, 166, "share wrong", "label turned", at="middle")
    return drawing.svg()


def _grid(drawing: Drawing, x: Scale, y: Scale, *, right: float, bottom: float) -> None:
    for value in ticks(y.low, y.high):
        drawing.line(x.start, y(value), right, y(value), "grid")
        drawing.text(x.start - 7, y(value) + 4, number(value), "tick", at="end")
    for value in ticks(x.low, x.high):
        drawing.text(x(value), bottom + 15, number(value), "tick", at="middle")
    drawing.line(x.start, bottom, right, bottom, "axis")


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values from `low` to `high`, about `wanted` of them."""
    span = high - low
    if not max(1e-100, 1e-9 * abs(low)) < span < 2 * _LARGEST:
        return [low]
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def domain_of(
    values: Sequence[float | None], *, share: bool, bound: float | None = None
) -> tuple[float, float]:
    """What a scale spans: all of [0, 1] for shares, or the end of it where everything lies."""
    known = [value for value in (*values, bound) if value is not None and abs(value) < _LARGEST]
    if not known:
        return (0.0, 1.0)
    low, high = min(known), max(known)
    if share and low >= 0 and high <= 1:
        top = next((top for top in (0.01, 0.02, 0.05, 0.1, 0.2) if high <= top), 1.0)
        if top < 1:
            return (0.0, top)
        floor = next((floor for floor in (0.99, 0.98, 0.95, 0.9, 0.8) if low >= floor), 0.0)
        return (floor, 1.0)
    start = 0.0 if low >= 0 else low * 1.15
    end = 0.0 if high <= 0 else high * 1.15
    if end - start < 1e-90:
        return (0.0, 1.0)
    around = ticks(start, end, 4)
    step = around[1] - around[0] if len(around) > 1 else end - start
    return (math.floor(start / step + 1e-9) * step, math.ceil(end / step - 1e-9) * step)


def number(value: float | None) -> str:
    """A number for people; a dash where there is none."""
    if value is None:
        return "-"
    if value and abs(value) < 0.0005:
        return f"{value:.1e}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.4g}" if abs(value) >= 1 else f"{value:.3f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _between(low: float | None, high: float | None) -> str:
    return "no interval" if low is None or high is None else f"{number(low)} to {number(high)}"


def _px(value: float) -> str:
    """A length, short; never an exponent or a non-number."""
    if not math.isfinite(value):
        return "0"
    return f"{value:.1f}".removesuffix(".0")
