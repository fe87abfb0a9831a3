"""JSON that an output holds, beside the JSON that is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from roadworthy.domain import Case, DetectorError, Observation

from .fences import blocks
from .overlap import f1

_canonical = msgspec.json.Encoder(order="sorted")


def parse(text: str, *, fenced: bool = False) -> tuple[bool, Any]:
    """Whether the text is JSON, and its value. With `fenced` its first fenced block may be it."""
    inside = blocks(text, ("json", "")) if fenced else []
    try:
        return True, msgspec.json.decode((inside[0] if inside else text).strip())
    except (msgspec.DecodeError, RecursionError):
        return False, None


def same(one: Any, other: Any, *, tolerance: float = 0.0, ordered: bool = True) -> bool:
    """Whether two JSON values are equal; true is not 1, 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or abs(one - other) <= tolerance
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(item, other[key], tolerance=tolerance, ordered=ordered)
            for key, item in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return False
        pairs = (
            zip(one, other, strict=True)
            if ordered
            else zip(*map(_sorted, (one, other)), strict=True)
        )
        return all(same(a, b, tolerance=tolerance, ordered=ordered) for a, b in pairs)
    return type(one) is type(other) and bool(one == other)


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: (isinstance(item, str), _canonical.encode(_deep(item))))


def _deep(value: Any) -> Any:
    """The value with every list in one order, so that lists of lists can be set beside others."""
    if isinstance(value, dict):
        return {key: _deep(item) for key, item in value.items()}
    return sorted(map(_deep, value), key=_canonical.encode) if isinstance(value, list) else value


def holds(value: Any, part: Any, *, tolerance: float = 0.0) -> bool:
    """Whether a value has every key of the part, with what the part has there; lists as a whole."""
    if isinstance(part, dict) and isinstance(value, dict):
        return all(
            key in value and holds(value[key], item, tolerance=tolerance)
            for key, item in part.items()
        )
    if isinstance(part, list) and isinstance(value, list):
        return len(part) == len(value) and all(
            holds(a, b, tolerance=tolerance) for a, b in zip(value, part, strict=True)
        )
    return same(value, part, tolerance=tolerance)


class JsonMatch:
    """1.0 when the output is JSON that equals `expect.json`, or holds it."""

    def __init__(
        self,
        name: str,
        *,
        mode: Literal["equal", "contains"],
        ordered: bool,
        tolerance: float,
        fenced: bool,
    ) -> None:
        self.name = name
        self._mode = mode
        self._ordered = ordered
        self._tolerance = tolerance
        self._fenced = fenced

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case expects no JSON."""
        wanted = case.expect.json
        if wanted is UNSET:
            return None
        sound, got = parse(output, fenced=self._fenced)
        if not sound:
            return 0.0
        if self._mode == "contains":
            return float(holds(got, wanted, tolerance=self._tolerance))
        return float(same(got, wanted, tolerance=self._tolerance, ordered=self._ordered))


class JsonFields:
    """F1 of the fields, each a path and a value, of the output and of `expect.json`."""

    def __init__(self, name: str, *, fenced: bool) -> None:
        self.name = name
        self._fenced = fenced

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1, 0.0 for what is no JSON; None when the case expects none."""
        if case.expect.json is UNSET:
            return None
        sound, got = parse(output, fenced=self._fenced)
        return _f1_of(list(_fields(got)), list(_fields(case.expect.json))) if sound else 0.0


def _fields(value: Any, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Path and value of every leaf; items of a list share their list's path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _fields(item, f"{path}/{key.replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for item in value:
            yield from _fields(item, f"{path}/-")
    else:
        yield path, _one(value)


def _one(value: Any) -> bytes:
    """A value in the one form that equal values share."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return _canonical.encode(int(value) if whole else value)


def _f1_of(got: list[Any], wanted: list[Any]) -> float:
    if not got and not wanted:
        return 1.0
    return f1((Counter(got) & Counter(wanted)).total(), len(got), len(wanted))


class Items:
    """F1 of a list of items, each as often as it is there, in any order.

    The output is a JSON list or, unless `json_only`, has one item a line (with `-`, `*` or a
    number before it, or without).
    """

    def __init__(
        self, name: str, *, fenced: bool, ignore_case: bool = False, json_only: bool = False
    ) -> None:
        self.name = name
        self._fenced = fenced
        self._ignore_case = ignore_case
        self._json_only = json_only

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1; None when the case expects no JSON. Raises DetectorError when it is no list."""
        wanted = case.expect.json
        if wanted is UNSET:
            return None
        if not isinstance(wanted, list):
            raise DetectorError(f"`expect.json` of case {case.id} is no list")
        sound, got = parse(output, fenced=self._fenced)
        if not sound or not isinstance(got, list):
            if self._json_only:
                return 0.0
            got = [item for line in output.splitlines() if (item := _item(line))]
        return _f1_of(*([self._key(item) for item in items] for items in (got, wanted)))

    def _key(self, item: Any) -> bytes:
        text = item.strip() if isinstance(item, str) else item
        return _one(text.casefold() if self._ignore_case and isinstance(text, str) else text)


def _item(line: str) -> str:
    """A line without the mark of a list."""
    text = line.strip()
    number, point, rest = text.partition(". ")
    if point and number.isdigit():
        return rest.strip()
    return text[2:].strip() if text[:2] in ("- ", "* ", "• ") else text
