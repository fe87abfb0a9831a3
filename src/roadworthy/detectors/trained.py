"""`injection` and `toxicity`: small classifiers that the project trained, in plain Python.

Enters: a text. Leaves: one finding over the whole text, whose score says how unusual so
suspicious a text is among innocent ones: 0.5 where `false_alarms` of them score as high.
Never happens here: training, or a look with weights other than those that were measured; missing,
cut or changed weights are an error, and the rail closes.

A text is read as it is, as it looks (see `normalise`) and as it decodes (see `disguise`). It is
looked at in stretches of 96 tokens, and of 32 where it is longer than two sentences; the most
suspicious counts. How it was trained and what it is worth stands in the card beside the weights.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import msgspec

from roadworthy.domain import Finding, ManifestError, Needs, TextContext, sha256

from .disguise import hidden_texts
from .meanings import Lexicon, loud_of, tokens_of
from .normalise import Normaliser
from .options import Options, refuse
from .pins import PINS
from .traits import traits_of

KINDS = {"injection": "INJECTION", "toxicity": "TOXICITY"}
"""Detector -> the kind of what it finds."""

_BY_CHANCE = 0.1
"""Of e times as many stretches the highest is so much higher by chance (see the cards)."""
_RARE = 0.02
"""The share of innocent texts at which their tail begins."""
_SCALE = 1000.0
"""Weights are whole numbers of thousandths."""


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What training leaves."""

    name: str
    version: int
    lexicon: dict[str, tuple[str, ...]]
    bias: int
    weights: dict[str, int]
    logits: tuple[float, ...]
    """Rising; innocent texts that the model had not seen scored so."""
    shares: tuple[float, ...]
    """The share of innocent texts that score as high, falling: conformal p-values."""


class TrainedDetector:
    """Scores a text; always one finding, so that the rail's threshold decides."""

    needs: Needs = "whole"

    def __init__(self, model: Model, *, kind: str, false_alarms: float) -> None:
        self.name = model.name
        self._model = model
        self._lexicon = Lexicon(model.lexicon)
        self._kind = kind
        self._false_alarms = false_alarms
        self._normaliser = Normaliser()
        self._log_shares = [math.log(share) for share in model.shares]
        self._tail = sum(share > _RARE for share in model.shares) - 1
        """Where the tail begins; its last points alone are too few to say how it falls."""

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding over the whole text, with its score."""
        share = self.share_as_high(self.logit(text))
        score = self._false_alarms / (self._false_alarms + share)
        return (Finding(kind=self._kind, start=0, end=len(text), score=score),)

    def logit(self, text: str) -> float:
        """The most suspicious stretch of the text, of its other looks and of what it hides."""
        return most_suspicious(
            [
                self._of_stretch(traits)
                for tokens, loud in readings(text, self._normaliser)
                for traits in traits_of(tokens, self._lexicon, self._model.weights, loud)
            ]
        )

    def share_as_high(self, logit: float) -> float:
        """The share of innocent texts that score as high; beyond those seen, their tail goes on."""
        logits, logs = self._model.logits, self._log_shares
        at = min(max(bisect_left(logits, logit), 1), len(logits) - 1)
        before = at - 1 if logit <= logits[-1] else self._tail
        slope = (logs[at] - logs[before]) / (logits[at] - logits[before])
        return math.exp(min(0.0, logs[at] + slope * (logit - logits[at])))

    def _of_stretch(self, traits: set[str]) -> float:
        get = self._model.weights.get
        return (self._model.bias + sum([get(trait, 0) for trait in traits])) / _SCALE


def most_suspicious(logits: Sequence[float]) -> float:
    """The highest, less what the highest of so many is higher by chance."""
    return max(logits) - _BY_CHANCE * math.log(len(logits))


def readings(text: str, normaliser: Normaliser) -> list[tuple[list[str], list[int]]]:
    """The tokens of a text as it is, as it looks, and of what it hides; each reading once.

    Beside them, which of them are words in capitals.
    """
    texts = [text, *(view.text for view in normaliser.views(text))]
    texts += [hidden for each in tuple(texts) for hidden in hidden_texts(each)]
    read: list[tuple[list[str], list[int]]] = []
    for each in texts:
        tokens = tokens_of(each)
        if all(tokens != known for known, _ in read):
            read.append((tokens, loud_of(each, tokens)))
    return read


def make(name: str, options: Mapping[str, Any]) -> TrainedDetector:
    """Build the detector.

    Options: `false_alarms` (the share of innocent texts that may reach a score of 0.5; 0.0001 to
    0.2, default 0.01), `kind`.
    """
    read = Options(name, options, ("false_alarms", "kind"))
    share = read.any("false_alarms") if read.has("false_alarms") else 0.01
    if isinstance(share, bool) or not isinstance(share, int | float) or not 1e-4 <= share <= 0.2:
        raise refuse(
            f"option `false_alarms` of `{name}` is not 0.0001 to 0.2", "0.01 is one in 100"
        )
    return TrainedDetector(
        load(name), kind=read.text("kind", KINDS[name]), false_alarms=float(share)
    )


def load(name: str, folder: Traversable | None = None) -> Model:
    """The weights, checked against the digest that the code holds. Raises ManifestError.

    `folder` holds the file; the package's own if none is given.
    """
    file = f"{name}.json"
    folder = folder or resources.files("roadworthy.detectors") / "weights"
    try:
        data = (folder / file).read_bytes()
    except OSError:
        raise _unsound(name, f"`{file}` is missing") from None
    if sha256(data) != PINS.get(file):
        raise _unsound(name, f"`{file}` is not the file that was measured")
    return msgspec.json.decode(data, type=Model)


def _unsound(name: str, what: str) -> ManifestError:
    return refuse(f"the weights of `{name}` cannot be used: {what}", "install roadworthy again")
