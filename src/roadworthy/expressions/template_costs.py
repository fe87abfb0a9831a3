"""What filling a template may cost, in characters: known before anything is made, paid as it is.

Enters: values of a template. Leaves: how long they would be as text. Never happens here: the
text itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

MOST_CHARACTERS = 16_000_000
"""More than any model reads. Of one section of a prompt, what is made on the way included."""

STEP = 64
"""What a piece, a call and a round of a loop cost beside their text, so that none goes on for
ever without any."""

PLACE = 8
"""What an item of a list costs beside the item."""

_DIGITS = re.compile(r"\d+")
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


class Purse:
    """What one rendering may still make."""

    def __init__(self) -> None:
        self._left = MOST_CHARACTERS

    def pay(self, characters: int) -> None:
        """Take so much out of it, and a step. Raises OverflowError once there is no more."""
        self._left -= max(0, characters) + STEP
        if self._left < 0:
            raise OverflowError(f"the prompt grew beyond {MOST_CHARACTERS} characters")


def size(value: Any) -> int:
    """What a value takes by itself: the characters of a text, the places of a list."""
    if isinstance(value, str):
        return len(value)
    return PLACE * len(value) if isinstance(value, Collection) else 0


def text_size(value: Any) -> int:
    """How long `str(value)` can be. What stands in it often counts often, and is looked at once."""
    return len(value) if isinstance(value, str) else _repr_size(value, {})


def _repr_size(value: Any, known: dict[int, int]) -> int:
    if isinstance(value, str):
        return len(value) + 16 if value.isprintable() else 10 * len(value) + 16
    if isinstance(value, int):
        return value.bit_length() // 3 + 8
    inner = _held(value)
    if inner is None:
        return 200
    if id(value) not in known:
        known[id(value)] = 0
        known[id(value)] = 200 + sum(_repr_size(one, known) + 4 for one in inner)
    return known[id(value)]


def _held(value: Any) -> Iterable[Any] | None:
    """What the `repr` of a value spells out; None where it is short."""
    if isinstance(value, Mapping):
        return (part for item in value.items() for part in item)
    if isinstance(value, Collection) and not isinstance(value, range):
        return value
    if type(value).__name__ == "Namespace":
        return (vars(value),) if hasattr(value, "__dict__") else None
    own = getattr(value, "__self__", None)
    return None if own is None else (own,)


def of_product(left: Any, right: Any) -> int:
    """`*`: a text or list so often, or a number of so many digits."""
    for one, times in ((left, right), (right, left)):
        if isinstance(one, str | list | tuple) and isinstance(times, int):
            return size(one) * times
    return _bits(left) + _bits(right)


def of_power(left: Any, right: Any) -> int:
    """`**`: a number of so many binary digits."""
    return _bits(left) * max(0, right) if isinstance(right, int) else 0


def of_sum(left: Any, right: Any) -> int:
    """`+`: both, one after the other."""
    return size(left) + size(right)


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def of_printf(form: Any, given: Any) -> int:
    """`%`: of a text its widths and what fills it; a mapping may fill every place."""
    if not isinstance(form, str):
        return 0
    if "*" in form:
        raise OverflowError("a width of `*` is not taken: write the width itself")
    places = form.count("%") if isinstance(given, Mapping) else 1
    return len(form) + widths(form) + places * text_size(given)


def widths(form: str) -> int:
    """All numbers of a format string together: no width or precision is larger."""
    return sum(int(run[:9]) if len(run) < 10 else MOST_CHARACTERS for run in _DIGITS.findall(form))


def of_padding(text: str, given: list[Any]) -> int:
    """`center`, `ljust`, `zfill`, `batch` …: as wide as the largest number given."""
    return max(len(text), *_numbers(given), 0)


def of_tabs(text: str, given: list[Any]) -> int:
    """`expandtabs`."""
    return len(text) + text.count("\t") * max(*_numbers(given), 8)


def of_replacing(text: str, given: list[Any]) -> int:
    """`replace`, its two texts in either order."""
    texts = [str(one) for one in given if not isinstance(one, int)] + ["", ""]
    old, new = texts[0], texts[1]
    return len(text) + max(text.count(old) * len(new), text.count(new) * len(old))


def of_indenting(text: str, given: list[Any]) -> int:
    """`indent`: every line gets the width, a number or a text."""
    lines = 1 + sum(text.count(end) for end in _LINE_ENDS)
    return len(text) + lines * max(*_numbers(given), *_lengths(given), 4)


def of_wrapping(text: str, given: list[Any]) -> int:
    """`wordwrap`: of two lines one after the other, both together are wider than the width."""
    width = min((one for one in _numbers(given) if one > 1), default=1)
    lines = 1 + 2 * len(text) // width + sum(text.count(end) for end in _LINE_ENDS)
    return len(text) + lines * max(*_lengths(given), 1)


def of_joining(items: Collection[Any], given: list[Any]) -> int:
    """`join`: the items as text, and what is between them."""
    known: dict[int, int] = {}
    texts = sum(len(one) if isinstance(one, str) else _repr_size(one, known) for one in items)
    return texts + len(items) * max(*_lengths(given), 0)


def of_json(value: Any, given: list[Any]) -> int:
    """`tojson`: escaped, and indented as deep as it goes."""
    return text_size(value) * (6 + max(*_numbers(given), 0))


def _numbers(given: Iterable[Any]) -> list[int]:
    return [0, *(one for one in given if isinstance(one, int))]


def _lengths(given: Iterable[Any]) -> list[int]:
    return [0, *(text_size(one) for one in given if not isinstance(one, int))]


def of_format(text: str, given: list[Any]) -> int:
    """The filter `format`, which is `%`."""
    filled = [of_printf(text, one) for one in given if isinstance(one, Mapping)]
    return max([of_printf(text, tuple(given)), *filled])


PREDICTED: dict[str, Callable[[Any, list[Any]], int]] = {
    "center": of_padding, "ljust": of_padding, "rjust": of_padding, "zfill": of_padding,
    "expandtabs": of_tabs, "replace": of_replacing, "indent": of_indenting,
    "wordwrap": of_wrapping, "format": of_format,
}  # fmt: skip
"""Of filters and methods of texts: from the text and all that is given, how long it gets."""
