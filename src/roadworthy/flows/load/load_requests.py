"""Cases of a suite as requests to the gateway, as any client would send them.

Enters: cases, the candidate's facets. Leaves: bodies with their headers. What never happens here:
an attack sent as load (it would stop what is live, and rightly so), or a conversation that needs
somebody to play its user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Case, FacetSource, UsageError

PATH = "/v1/chat/completions"
NO_LOAD = frozenset({"adversarial", "misuse", "hidden_function"})
"""Tags of cases that are not sent."""


class LoadRequest(Struct, frozen=True, kw_only=True):
    """One request."""

    case: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def requests_of(
    cases: Iterable[Case], *, system: str, facets: Mapping[str, FacetSource]
) -> tuple[list[LoadRequest], int]:
    """What is sent, in the cases' order, and how many cases are not. Raises UsageError: none is."""
    made, left = [], 0
    for case in cases:
        if case.is_episode or NO_LOAD & set(case.tags):
            left += 1
            continue
        made.append(request_of(case, system, facets))
    if not made:
        raise UsageError(
            f"no case can be sent: {left} are attacks or conversations with a user to be played",
            fix="name a suite of ordinary questions: --suite NAME",
        )
    return made, left


def request_of(case: Case, system: str, facets: Mapping[str, FacetSource]) -> LoadRequest:
    """One case as a client would ask it."""
    body: dict[str, Any] = {"model": system}
    if isinstance(case.input, dict):
        body["variables"] = case.input
    else:
        asked = (
            case.input
            if isinstance(case.input, list)
            else [{"role": "user", "content": case.input}]
        )
        body["messages"] = [*case.turns, *asked]
    headers = []
    for name, value in case.facets.items():
        source = facets.get(name)
        if source is not None and source.header:
            headers.append((source.header.lower(), value))
        elif source is not None and source.pointer:
            _put(body, source.pointer, value)
    return LoadRequest(case=case.id, body=msgspec.json.encode(body), headers=tuple(sorted(headers)))


def _put(body: dict[str, Any], pointer: str, value: str) -> None:
    """Set a value at a JSON pointer (RFC 6901) of objects; one through a list is left alone."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    inner: Any = body
    for part in parts[:-1]:
        inner = inner.setdefault(part, {})
        if not isinstance(inner, dict):
            return
    if parts:
        inner.setdefault(parts[-1], value)
