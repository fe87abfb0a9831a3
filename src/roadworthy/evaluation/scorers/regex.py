"""A pattern somewhere in the output. RE2, because patterns meet untrusted text."""

from __future__ import annotations

from typing import Any

from roadworthy.domain import Case, DetectorError, Observation


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
        self._ignore_case = ignore_case
        self._absent = absent
        self._compiled: dict[str, Any] = {}
        if pattern:
            self._compile(pattern)

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when there is no pattern. Raises DetectorError on a bad pattern."""
        pattern = case.expect.regex or self._pattern
        if not pattern:
            return None
        compiled = self._compiled.get(pattern) or self._compile(pattern)
        look = compiled.fullmatch if self._whole else compiled.search
        return float((look(output) is None) == self._absent)

    def _compile(self, pattern: str) -> Any:
        import re2

        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = not self._ignore_case
        try:
            compiled = re2.compile(pattern, options)
        except re2.error as error:
            raise DetectorError(
                f"scorer {self.name}: {pattern!r} is not an RE2 pattern: {error}",
                fix="RE2 knows no look-around and no back-references",
            ) from error
        self._compiled[pattern] = compiled
        return compiled
