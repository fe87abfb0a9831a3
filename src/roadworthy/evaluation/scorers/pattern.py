"""RE2 patterns of a scorer, each compiled once. RE2, because patterns meet untrusted text."""

from __future__ import annotations

from typing import Any

from roadworthy.domain import DetectorError


class Patterns:
    """Compiles what a scorer's cases name, and remembers it."""

    def __init__(self, scorer: str, *, ignore_case: bool = False) -> None:
        self._scorer = scorer
        self._ignore_case = ignore_case
        self._compiled: dict[str, Any] = {}

    def get(self, pattern: str) -> Any:
        """The compiled pattern. Raises DetectorError when it is not RE2."""
        return self._compiled.get(pattern) or self._compile(pattern)

    def _compile(self, pattern: str) -> Any:
        import re2

        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = not self._ignore_case
        try:
            compiled = re2.compile(pattern, options)
        except re2.error as error:
            raise DetectorError(
                f"scorer {self._scorer}: {pattern!r} is not an RE2 pattern: {error}",
                fix="RE2 knows no look-around and no back-references",
            ) from error
        self._compiled[pattern] = compiled
        return compiled
