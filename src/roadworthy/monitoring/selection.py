"""Which observations an objective is about: `where` filters and slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from roadworthy.domain import DetectorError, Fault, ManifestError, Observation
from roadworthy.expressions import Condition

Predicate = Callable[[Observation], bool]


def selector(where: str) -> Predicate:
    """The filter that an SLO's `where` describes: empty, `tag:NAME`, or a CEL expression.

    A CEL expression sees the observation's fields and `tags`. Raises ManifestError when it does
    not compile; the predicate raises DetectorError when it cannot be evaluated on a row or is
    neither true nor false of it (a filter that cannot look must not drop rows, nor keep them).
    """
    if not where:
        return lambda observation: True
    if where.startswith("tag:"):
        tag = where[4:].strip()
        return lambda observation: tag in observation.tags
    return _cel(where)


def _cel(expression: str) -> Predicate:
    try:
        condition = Condition(expression)
    except ValueError as error:
        fault = Fault(
            file="safety-slos.yaml",
            line=0,
            message=f"`where: {expression}` does not compile: {error}",
            fix="write a CEL expression such as `facets.tenant == 'acme'`, or `tag:NAME`",
        )
        raise ManifestError([fault]) from error

    def matches(observation: Observation) -> bool:
        try:
            return condition.holds(_fields(observation))
        except ValueError as error:
            name = observation.case or observation.id
            raise DetectorError(
                f"`where: {expression}` cannot be evaluated on {name}: {error}",
                fix="guard what not every case has, as in `has(facets.language) && …`",
            ) from error

    return matches


def _fields(observation: Observation) -> dict[str, Any]:
    """Every field, defaults included, as plain values."""
    return {
        name: msgspec.to_builtins(getattr(observation, name))
        for name in observation.__struct_fields__
    }


def by_facets(
    observations: Iterable[Observation], facets: Sequence[str]
) -> dict[str, list[Observation]]:
    """Observations by the values of `facets`: `tenant=acme,region=eu` -> rows.

    A row without one of the facets is in the slice with an empty value, so that none is lost.
    """
    slices: dict[str, list[Observation]] = {}
    for observation in observations:
        slices.setdefault(slice_of(observation, facets), []).append(observation)
    return dict(sorted(slices.items()))


def slice_of(observation: Observation, facets: Sequence[str]) -> str:
    """The slice by these facets that an observation is in."""
    return slice_name({facet: _value(observation, facet) for facet in facets})


def columns_of_facet(facet: str) -> tuple[str, ...]:
    """The columns of a table that `slice_of` reads for a facet."""
    own = f"facets.{facet}"
    return (own, facet) if facet in _FIELDS else (own,)


def slice_name(facets: Mapping[str, str]) -> str:
    """`tenant=acme,region=eu`. Values come from callers: of another slice none has the name.

    A comma or a backslash in a value has a backslash before it.
    """
    pairs = ((_quoted(name).replace("=", "\\="), _quoted(value)) for name, value in facets.items())
    return ",".join(f"{name}={value}" for name, value in pairs)


def slice_facets(name: str) -> dict[str, str]:
    """What `slice_name` made a name of."""
    parts, escaped = [[""]], False
    for sign in name:
        if escaped or sign not in "\\,=" or (sign == "=" and len(parts[-1]) == 2):
            parts[-1][-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == ",":
            parts.append([""])
        else:
            parts[-1].append("")
    return {part[0]: part[-1] for part in parts if len(part) == 2}


def in_slice(observation: Observation, name: str) -> bool:
    """Whether an observation is in a slice; all are in the one without a name."""
    said = slice_facets(name)
    return all(_value(observation, facet) == value for facet, value in said.items())


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,")


def uncarried(observations: Iterable[Observation], facets: Sequence[str]) -> list[str]:
    """The facets of which no observation has a value: there is nothing to slice by."""
    missing = list(facets)
    for observation in observations:
        missing = [facet for facet in missing if not _value(observation, facet)]
        if not missing:
            break
    return missing


_FIELDS = frozenset({"tenant", "suite", "endpoint", "decision", "label"})
"""What every observation has a place for: it can be sliced by as well."""


def _value(observation: Observation, facet: str) -> str:
    field = str(getattr(observation, facet)) if facet in _FIELDS else ""
    return observation.facets.get(facet) or field
