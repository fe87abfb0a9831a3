"""A pattern somewhere in the output."""

from __future__ import annotations

from roadworthy.domain import Case, Observation

from .pattern import Patterns


class Regex:
    """1.0 when `expect.regex` (or the option `pattern`) matches somewhere in the output.

    Options: `pattern`; `whole` (default false) asks for a match of all of the output;
    `ignore_case` (false); `absent` (false) turns it round: 1.0 when nothing matches.
    """

    def __init__(
        self,
        name: str,
        *,
        pattern: str = "",
        whole: bool = False,
        ignore_case: bool = False,
        absent: bool = False,
    ) -> None:
        self.name = name
        self._pattern = pattern
        self._whole = whole
        self._absent = absent
        self._patterns = Patterns(name, ignore_case=ignore_case)
        if pattern:
            self._patterns.get(pattern)  # a wrong one is known before the first case

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when there is no pattern. Raises DetectorError on a bad pattern."""
        pattern = case.expect.regex or self._pattern
        if not pattern:
            return None
        compiled = self._patterns.get(pattern)
        look = compiled.fullmatch if self._whole else compiled.search
        return float((look(output) is None) == self._absent)
