"""A detector of shapes that also looks at what a text hides: option `decode`.

Enters: a detector. Leaves: one that takes the whole text, as it is, as it looks and decoded (see
`disguise`). Never happens here: a place inside what was decoded; who hides something there hides
it in all of the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import Detector, Finding, Needs, TextContext

from .disguise import hidden_texts
from .normalise import Normaliser

_AROUND = 8
"""Characters by which a place that decoding left as it was is known."""


class DecodingDetector:
    """Looks once more at each text that decoding brings to light."""

    needs: Needs = "whole"

    def __init__(self, inner: Detector, normaliser: Normaliser | None = None) -> None:
        self.name = inner.name
        self._inner = inner
        self._normaliser = normaliser or Normaliser()

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """Findings in the text, and before them each kind that is hidden, over all of it."""
        found = list(self._inner.detect(text, context))
        hidden: dict[str, float] = {}
        for each in readings(text, self._normaliser):
            for one in self._inner.detect(each, context):
                if each[max(0, one.start - _AROUND) : one.end + _AROUND] in text:
                    continue  # it stands there as it is, and was found there
                hidden[one.kind] = max(one.score, hidden.get(one.kind, 0.0))
        over = [
            Finding(kind=kind, start=0, end=len(text), score=score)
            for kind, score in hidden.items()
        ]
        return over + found


def readings(text: str, normaliser: Normaliser) -> list[str]:
    """What a text hides, as it is and as it looks; mostly nothing."""
    texts = [text, *(view.text for view in normaliser.views(text))]
    return list(dict.fromkeys(hidden for each in texts for hidden in hidden_texts(each)))
