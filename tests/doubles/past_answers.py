"""What the journal gives of answers that left: always the same letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roadworthy.domain import Asked, EvidenceError, Finding
from roadworthy.flows.incidents.learning import Question


def nothing(text: str) -> Sequence[Finding]:
    """Nothing in it is sensitive."""
    return ()


class PastAnswers:
    """The port `flows.learning.Past`."""

    def __init__(
        self,
        letter: str | Callable[[str], str],
        facets: dict[str, str] | None = None,
        look: Callable[[str], Sequence[Finding]] = nothing,
    ) -> None:
        """`letter`: the text, or a function from the answer's id to it."""
        self._letter = letter
        self._facets = facets or {}
        self._look = look
        self.erased = False

    def question(self, observation_id: str) -> Question:
        """The letter, unless it was erased."""
        if self.erased:
            raise EvidenceError(f"the texts of {observation_id} were erased")
        letter = self._letter
        text = letter if isinstance(letter, str) else letter(observation_id)
        return Question(text=text, asked=Asked(input=text), facets=self._facets)

    def sensitive(self, text: str) -> Sequence[Finding]:
        """What must be redacted."""
        return self._look(text)
