"""Exactly the expected text."""

from __future__ import annotations

from roadworthy.domain import Case, Observation

from .json_values import parse, same
from .references import best
from .words import squad_words


class Exact:
    """1.0 when the output is `expect.text`, or one of `expect.texts`.

    Options: `strip` (default true) ignores white space at both ends; `ignore_case` (false);
    `json` (false) compares both as JSON values, and output that is no JSON is wrong; `squad`
    (false) compares the words that SQuAD's evaluation compares.
    """

    def __init__(
        self,
        name: str,
        *,
        strip: bool = True,
        ignore_case: bool = False,
        json: bool = False,
        squad: bool = False,
    ) -> None:
        self.name = name
        self._strip = strip
        self._ignore_case = ignore_case
        self._json = json
        self._squad = squad

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when the case expects no text."""
        if self._squad:
            got = squad_words(output)
            return best(case, lambda text: float(squad_words(text) == got))
        shaped = self._shaped(output)
        if self._json:
            return best(case, lambda text: float(_same_json(self._shaped(text), shaped)))
        return best(case, lambda text: float(self._shaped(text) == shaped))

    def _shaped(self, text: str) -> str:
        if self._strip:
            text = text.strip()
        return text.casefold() if self._ignore_case else text


def _same_json(expected: str, output: str) -> bool:
    (right, wanted), (sound, got) = parse(expected), parse(output)
    return right and sound and same(wanted, got)
