"""Code and SQL of an output, right when what they do is right. Nothing of it runs in here."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

from msgspec import UNSET

from roadworthy.domain import Case, Observation

from .fences import blocks


class PythonTests:
    """1.0 when the code of the output passes the tests of its case.

    The code is all of the output, or its fenced Python blocks one after the other, after the
    case's `setup` (so an output may be the whole function or only its body).
    """

    def __init__(self, name: str, *, cpu_seconds: int, wall_seconds: float, memory_mb: int) -> None:
        self.name = name
        self._limits: dict[str, Any] = {
            "cpu_seconds": cpu_seconds, "wall_seconds": wall_seconds, "memory_mb": memory_mb,
        }  # fmt: skip

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case has no tests.

        Raises DetectorError when the tests can judge nothing, or the code cannot be confined.
        """
        tests, setup = case.expect.tests, case.expect.setup
        if tests is UNSET:
            return None
        from ..sandbox import Limits, run_tests

        code = "\n".join(blocks(output, ("python", "py", "python3", ""))) or output
        if not code.strip():
            return 0.0
        before = "" if setup is UNSET else setup
        return float(run_tests(before + code, tests, Limits(**self._limits)).right)


class SqlRows:
    """1.0 when the query of the output gives the rows of the right one.

    The query is all of the output, or its first fenced block. Columns count by place.
    """

    def __init__(
        self,
        name: str,
        *,
        setup: str,
        ordered: Literal["auto", "yes", "no"],
        cpu_seconds: int,
        wall_seconds: float,
        memory_mb: int,
    ) -> None:
        self.name = name
        self._setup = setup
        self._ordered = ordered
        self._limits: dict[str, Any] = {
            "cpu_seconds": cpu_seconds, "wall_seconds": wall_seconds, "memory_mb": memory_mb,
        }  # fmt: skip

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case has no query.

        Raises DetectorError when the case's own SQL fails, or the query cannot be confined.
        """
        right, setup = case.expect.sql, case.expect.setup
        if right is UNSET:
            return None
        from ..sandbox import Limits, run_query

        query = (blocks(output, ("sql", "sqlite", "")) or [output])[0].strip()
        if not query:
            return 0.0
        tables = f"{self._setup}\n{'' if setup is UNSET else setup}"
        ordered = orders(right) if self._ordered == "auto" else self._ordered == "yes"
        limits = Limits(**self._limits)
        return float(run_query(tables, right, query, limits, ordered=ordered).right)


def orders(query: str) -> bool:
    """Whether a query itself, not only a query within it, orders its rows."""
    depth, outer = 0, []
    for part in query.casefold().replace("(", " ( ").replace(")", " ) ").split():
        depth += (part == "(") - (part == ")")
        if not depth:
            outer.append(part)
    return ("order", "by") in pairwise(outer)
