"""Indicators: named functions of observations, the same before release and after it."""

from .indicators import measure, measure_all
from .selection import by_facets, selector

__all__ = ["by_facets", "measure", "measure_all", "selector"]
