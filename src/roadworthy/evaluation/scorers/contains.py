"""The expected text somewhere in the output."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import Case, Observation

from .leaving import beside_answer
from .references import right_texts


class Contains:
    """1.0 when the output contains `expect.text` or one of `expect.texts`.

    Every text of `all` must be there as well, and none of `none`: nor in a tool call, or in what
    was said on the way.

    Options: `ignore_case` (default false), `all` and `none` (lists of texts, for every case).
    """

    def __init__(
        self,
        name: str,
        *,
        ignore_case: bool = False,
        all: Sequence[str] = (),
        none: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._ignore_case = ignore_case
        self._all = tuple(map(self._shaped, all))
        self._none = tuple(map(self._shaped, none))

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when neither the case nor the options say what to look for."""
        right = right_texts(case)
        if not right and not self._all and not self._none:
            return None
        text = self._shaped(output)
        found = not right or any(self._shaped(each) in text for each in right)
        found = found and all(part in text for part in self._all)
        left = (text, *map(self._shaped, beside_answer(observation))) if self._none else ()
        return float(found and not any(part in each for part in self._none for each in left))

    def _shaped(self, text: str) -> str:
        return text.casefold() if self._ignore_case else text
