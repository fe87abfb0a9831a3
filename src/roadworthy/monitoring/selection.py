"""Which observations an objective is about: `where` filters and slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from roadworthy.domain import DetectorError, Fault, ManifestError, Observation
from roadworthy.expressions import load_cel

Predicate = Callable[[Observation], bool]


def selector(where: str) -> Predicate:
    """The filter that an SLO's `where` describes: empty, `tag:NAME`, or a CEL expression.

    A CEL expression sees the observation's fields and `tags`. Raises ManifestError when it does
    not compile; the predicate raises DetectorError when it cannot be evaluated on a row (a
    filter that cannot look must not drop rows).
    """
    if not where:
        return lambda observation: True
    if where.startswith("tag:"):
        tag = where[4:].strip()
        return lambda observation: tag in observation.tags
    return _cel(where)


def _cel(expression: str) -> Predicate:
    cel = load_cel()
    try:
        program = cel.compile(expression)
    except Exception as error:
        fault = Fault(
            file="safety-slos.yaml",
            line=0,
            message=f"`where: {expression}` does not compile: {error}",
            fix="write a CEL expression such as `facets.tenant == 'acme'`, or `tag:NAME`",
        )
        raise ManifestError([fault]) from error

    def matches(observation: Observation) -> bool:
        try:
            return bool(program.execute(_fields(observation)))
        except Exception as error:
            raise DetectorError(
                f"`where: {expression}` cannot be evaluated on {observation.id}: {error}"
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
        key = ",".join(f"{facet}={_value(observation, facet)}" for facet in facets)
        slices.setdefault(key, []).append(observation)
    return dict(sorted(slices.items()))


def _value(observation: Observation, facet: str) -> str:
    return observation.facets.get(facet) or (observation.tenant if facet == "tenant" else "")
