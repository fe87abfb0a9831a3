"""Whether what was given is what was wanted: matchers of `domain.episode`, on plain JSON.

Patterns are RE2, compiled once. Numbers are equal as numbers (2 is 2.0), truth values are no
numbers, and a mapping without a `$` key must have the same keys, each matching.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from roadworthy.domain import MATCHERS

from .pattern import Patterns

_ANY_OF, _LIKE, _REGEX, _ANY, _OPTIONAL = MATCHERS

_NOISE = re.compile(r"[\s,./\-_*^'\"()]+")
"""What `$like` does not look at. A fixed pattern without repetition inside repetition."""

_patterns = Patterns("arguments")

_MOST_LOOKED_AT = 100_000
"""Characters of an argument that a pattern looks at; a longer one does not match."""


def arguments_match(
    wanted: Mapping[str, Any], given: Mapping[str, Any], *, exactly: bool = False
) -> bool:
    """Whether the arguments of a call are those that were described.

    `exactly`: no argument beside the described ones. Raises DetectorError on a bad pattern.
    """
    if exactly and set(given) - set(wanted):
        return False
    return all(_argument(matcher, given, name) for name, matcher in wanted.items())


def value_matches(matcher: Any, value: Any) -> bool:
    """Whether one value is what a matcher describes."""
    if isinstance(matcher, Mapping) and len(matcher) == 1:
        key, inner = next(iter(matcher.items()))
        if key in MATCHERS:
            return _special(str(key), inner, value)
    return _equal(matcher, value)


def _argument(matcher: Any, given: Mapping[str, Any], name: str) -> bool:
    if name in given:
        return value_matches(matcher, given[name])
    return isinstance(matcher, Mapping) and _OPTIONAL in matcher


def _special(key: str, inner: Any, value: Any) -> bool:
    if key == _ANY:
        return True
    if key == _OPTIONAL:
        return value_matches(inner, value)
    if key == _ANY_OF:
        return any(value_matches(each, value) for each in inner)
    if not isinstance(value, str):
        return False
    if key == _LIKE:
        return _plain(value) in {_plain(str(each)) for each in inner}
    return len(value) <= _MOST_LOOKED_AT and _patterns.get(str(inner)).search(value) is not None


def _equal(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    if isinstance(wanted, int | float) and isinstance(value, int | float):
        return wanted == value
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and arguments_match(wanted, value, exactly=True)
    if isinstance(wanted, list | tuple):
        if not isinstance(value, list | tuple) or len(wanted) != len(value):
            return False
        return all(value_matches(one, two) for one, two in zip(wanted, value, strict=True))
    return type(wanted) is type(value) and bool(wanted == value)


def _plain(text: str) -> str:
    return _NOISE.sub("", text).casefold()
