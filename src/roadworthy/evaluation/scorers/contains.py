"""The expected text somewhere in the output."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import Case, Observation


class Contains:
    """1.0 when the output contains `expect.text` and every text of `all`, and none of `none`.

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
        wanted = self._all
        if case.expect.text is not None:
            wanted = (*wanted, self._shaped(case.expect.text))
        if not wanted and not self._none:
            return None
        text = self._shaped(output)
        found = all(part in text for part in wanted)
        return float(found and not any(part in text for part in self._none))

    def _shaped(self, text: str) -> str:
        return text.casefold() if self._ignore_case else text
