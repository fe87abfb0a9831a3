"""`classifier` (also `linear`): logistic regression over words, from a side file.

Enters: weights `{"bias": b, "weights": {token: w}}`. Leaves: a detector whose finding carries
the probability. Never happens here: training, or a token that the file does not name.

Tokens are lower-case words; with `ngrams: 2` pairs of neighbours joined by a blank too. A text's
score is the logistic function of bias plus the weights of its tokens: each once (`counting:
once`, the default), as often as it occurs (`all`), or with the count vector scaled to length one
(`unit`, as scikit-learn's TfidfVectorizer without idf does).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from roadworthy.domain import Finding, Needs, TextContext

from .options import Options, refuse

KIND = "CLASSIFIER"

_WORD = re.compile(r"\w+")

_COUNTINGS = ("once", "all", "unit")


class LinearDetector:
    """Scores a text; always one finding, so that the rail's threshold decides."""

    name = "classifier"
    needs: Needs = "whole"

    def __init__(
        self, bias: float, weights: Mapping[str, float], *, ngrams: int, counting: str, kind: str
    ) -> None:
        self._bias = bias
        self._weights = dict(weights)
        self._ngrams = ngrams
        self._counting = counting
        self._kind = kind

    def score(self, text: str) -> float:
        """The probability in [0, 1]."""
        counts = Counter(self._tokens(text))
        scale = 1.0
        if self._counting == "unit":
            scale = math.sqrt(sum(count * count for count in counts.values())) or 1.0
        once = self._counting == "once"
        total = self._bias
        for token, count in counts.items():
            weight = self._weights.get(token)
            if weight is not None:
                total += weight * (1 if once else count) / scale
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding over the whole text, with its score."""
        return (Finding(kind=self._kind, start=0, end=len(text), score=self.score(text)),)

    def _tokens(self, text: str) -> list[str]:
        words = _WORD.findall(text.lower())
        tokens = list(words)
        for size in range(2, self._ngrams + 1):
            tokens += [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]
        return tokens


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> LinearDetector:
    """Build the detector.

    Options: `weights` (the object, or the path of a side file), `ngrams` (1 to 3, default 1),
    `counting` (once | all | unit), `kind`.
    """
    read = Options("classifier", options, ("weights", "ngrams", "counting", "kind"))
    model = read.asset("weights", assets)
    weights = model.get("weights") if isinstance(model, Mapping) else None
    bias = model.get("bias", 0.0) if isinstance(model, Mapping) else None
    if not isinstance(weights, Mapping) or not _is_number(bias):
        raise refuse("the classifier's weights do not fit", '{"bias": b, "weights": {"word": w}}')
    for token, weight in weights.items():
        if not isinstance(token, str) or not _is_number(weight):
            raise refuse(f"the classifier's weight of {token!r} is not a finite number")
    ngrams = read.any("ngrams") if read.has("ngrams") else 1
    if not isinstance(ngrams, int) or isinstance(ngrams, bool) or not 1 <= ngrams <= 3:
        raise refuse("option `ngrams` of `classifier` is not 1, 2 or 3")
    counting = read.text("counting", "once")
    if counting not in _COUNTINGS:
        raise refuse(f"option `counting` is not one of {', '.join(_COUNTINGS)}")
    return LinearDetector(
        float(bias),  # type: ignore[arg-type]
        {token: float(weight) for token, weight in weights.items()},
        ngrams=ngrams,
        counting=counting,
        kind=read.text("kind", KIND),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
