"""Code and SQL of an answer, run confined and judged outside of it.

Enters: what an answer says and what its case says is right. Leaves: whether it is right, and why
not. What never happens here: a verdict that the answer's own process could write. Nothing that was
not run is right: NotRunError says why, and the row is an error.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from msgspec import Struct

from roadworthy.domain import DetectorError

from .box import Limits, Program, run


class Judgement(Struct, frozen=True):
    """Whether an answer is right, and if not, why."""

    right: bool
    why: str = ""


def run_tests(code: str, tests: str, limits: Limits) -> Judgement:
    """Run Python tests against an answer's code, each in a process of its own.

    The tests call the code through pipes and see plain values only, so nothing that the code
    prints, patches, raises or exits with is a verdict. Raises NotRunError when it cannot be
    confined, DetectorError when the tests cannot judge any answer.
    """
    to_code, calls = os.pipe()
    results, from_code = os.pipe()
    answer = Program(
        module="answer",
        job={"code": code, "reading": to_code, "writing": from_code},
        descriptors=(to_code, from_code),
    )
    judge = Program(
        module="tests",
        job={"tests": tests, "reading": results, "writing": calls},
        descriptors=(results, calls),
    )
    _, verdict = run([answer, judge], limits)
    if verdict is None:
        return Judgement(False, f"no verdict within the limits ({limits.wall_seconds:g} s)")
    if "broken" in verdict:
        raise DetectorError(f"not judged: {verdict['broken']}")
    return Judgement(verdict.get("passed") is True, str(verdict.get("why", "")))


def run_query(setup: str, right: str, query: str, limits: Limits, *, ordered: bool) -> Judgement:
    """Compare the rows of an answer's query with those of the right one, in SQLite.

    Columns count by their place, not by their name; rows as a multiset unless `ordered`; real
    numbers to nine significant digits. Raises NotRunError, and DetectorError when the case's own
    SQL fails or its right query gives no row: nothing could then be told from wrong.
    """
    job = {"setup": setup, "right": right, "query": query}
    (said,) = run([Program(module="query", job=job)], limits)
    if said is None:
        return Judgement(False, f"no rows within the limits ({limits.wall_seconds:g} s)")
    if "broken" in said:
        raise DetectorError(f"not judged: {said['broken']}")
    if said.get("right") == []:
        raise DetectorError(
            "not judged: the right query gives no row, so an empty answer would be right",
            fix="add rows that tell a right query from a wrong one",
        )
    if "rows" not in said:
        return Judgement(False, str(said.get("why", "")))
    wanted, got = ([_row(row) for row in said[name]] for name in ("right", "rows"))
    same = wanted == got if ordered else Counter(wanted) == Counter(got)
    return Judgement(same, "" if same else f"{len(got)} rows where {len(wanted)} other ones are")


def _row(row: list[Any]) -> tuple[Any, ...]:
    return tuple(_value(value) for value in row)


def _value(value: Any) -> Any:
    """A value that equals what is equal in SQL: 1 and 1.0 are, 1 and '1' are not."""
    if isinstance(value, dict):
        return ("bytes", value["bytes"])
    return float(f"{value:.9g}") if isinstance(value, float) else value
