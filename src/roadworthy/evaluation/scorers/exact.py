"""Exactly the expected text."""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import Case, Observation


class Exact:
    """1.0 when the output is `expect.text`.

    Options: `strip` (default true) ignores white space at both ends; `ignore_case` (false);
    `json` (false) compares both as JSON values, and output that is no JSON is wrong.
    """

    def __init__(
        self, name: str, *, strip: bool = True, ignore_case: bool = False, json: bool = False
    ) -> None:
        self.name = name
        self._strip = strip
        self._ignore_case = ignore_case
        self._json = json

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case expects no text."""
        expected = case.expect.text
        if expected is None:
            return None
        if self._json:
            return float(_same_json(self._shaped(expected), self._shaped(output)))
        return float(self._shaped(expected) == self._shaped(output))

    def _shaped(self, text: str) -> str:
        if self._strip:
            text = text.strip()
        return text.casefold() if self._ignore_case else text


def _same_json(expected: str, output: str) -> bool:
    try:
        return bool(_typed(msgspec.json.decode(expected)) == _typed(msgspec.json.decode(output)))
    except msgspec.DecodeError:
        return False


def _typed(value: Any) -> Any:
    """The value with booleans apart from the numbers that Python holds equal to them."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return value
