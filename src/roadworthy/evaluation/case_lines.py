"""Cases as lines of JSON, as a person would write them: what is not said is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from roadworthy.domain import Case


def case_line(case: Case) -> bytes:
    """One line without its end; the same bytes for the same case."""
    return msgspec.json.encode(spoken(case))


def case_lines(cases: Iterable[Case]) -> bytes:
    """A whole file."""
    return b"".join(case_line(case) + b"\n" for case in cases)


def spoken(case: Case) -> dict[str, Any]:
    """The case's fields that say something, in the order of the struct."""
    built = msgspec.to_builtins(case)
    built["expect"] = {key: value for key, value in built["expect"].items() if value is not None}
    return {
        key: value
        for key, value in built.items()
        if key in ("id", "input") or value not in ("", [], {}, None)
    }
