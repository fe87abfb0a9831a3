"""`prompt_leak`: the release's own prompt said word for word, or a mark that only stands in it.

Enters: the prompt of the release, without its variables, or marks. Leaves: a detector that finds
stretches of the prompt and every mark, as they are, as they look and decoded. Never happens here: a
stretch across a variable, a prompt too short to be found passed over in silence.

Stretches are found as `verbatim` finds them. What is said in other words, in another language or in
pieces shorter than a stretch is not found; a canary is, wherever it is kept.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roadworthy.domain import Detector, Finding, Needs, Prompt, TextContext

from .decoded import DecodingDetector
from .normalise import Normaliser
from .options import Options, refuse
from .own_prompt import OWN_PROMPT
from .verbatim import FEWEST, MOST, VerbatimDetector, words_in

KIND = "PROMPT_LEAK"

USUAL = 12
"""Words of a stretch: a sentence of the prompt, and seldom one that an answer makes by chance."""

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|^# (?:system|user|assistant)\s*$", re.S | re.M)
"""What a template fills or drops, and its role headings."""


_SHORTEST_MARK = 8
"""Letters and digits of a canary: a shorter one is somebody's word."""


class PromptLeakDetector:
    """Finds stretches of texts, and marks."""

    name = "prompt_leak"
    needs: Needs = "whole"

    def __init__(self, stretches: VerbatimDetector | None, marks: Sequence[str], kind: str) -> None:
        self._stretches = stretches
        self._marks = [_squeezed(mark) for mark in marks]
        self._kind = kind
        self._normaliser = Normaliser()

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """Findings in order; what only another look at the text shows is over all of it."""
        found = list(self._stretches.detect(text, context)) if self._stretches else []
        for view in self._normaliser.views(text):
            seen = self._stretches.detect(view.text, context) if self._stretches else ()
            found += view.in_original(seen)
        whole = Finding(kind=self._kind, start=0, end=len(text))
        if not found and self._is_hidden(text, context):
            found = [whole]
        return sorted(set(found), key=lambda one: (one.start, one.end))

    def _is_hidden(self, text: str, context: TextContext) -> bool:
        """Whether a mark is in it, whatever stands between its letters, or a stretch, turned."""
        turned = (codecs.encode(text, "rot13"), text[::-1])
        views = [view.text for view in self._normaliser.views(text)]
        squeezed = [_squeezed(each) for each in (text, *turned, *views)]
        if any(mark in each for mark in self._marks for each in squeezed):
            return True
        stretches = self._stretches
        return stretches is not None and any(stretches.detect(each, context) for each in turned)


def _squeezed(text: str) -> str:
    """Its letters and digits alone, folded."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> Detector:
    """Build the detector.

    Options: `words` (of a stretch, 5 to 1000, default 12), `canary` (marks that stand in the prompt
    and nowhere else), `examples` (whether stretches of its examples count too, default false),
    `kind`.
    """
    read = Options("prompt_leak", options, ("words", "canary", "examples", "kind"))
    words = read.any("words") if read.has("words") else USUAL
    if not isinstance(words, int) or isinstance(words, bool) or not FEWEST <= words <= MOST:
        raise refuse(
            f"option `words` of `prompt_leak` is not a whole number from {FEWEST} to {MOST}",
            f"leave it out: {USUAL}",
        )
    kind = read.text("kind", KIND)
    prompt = assets.get(OWN_PROMPT)
    canary = read.texts("canary")
    texts = list(_texts(prompt, read.flag("examples", False))) if prompt is not None else []
    for mark in canary:
        if prompt is not None and mark not in prompt.body:
            raise refuse(
                f"the canary `{mark[:40]}` does not stand in {prompt.path}",
                "write it into the prompt, where nothing asks for it",
            )
        if len(_squeezed(mark)) < _SHORTEST_MARK:
            raise refuse(
                f"the canary `{mark}` is short: answers hold it by chance",
                f"give one of {_SHORTEST_MARK} letters and digits or more",
            )
    long = [text for text in texts if sum(1 for _ in words_in(text)) >= words]
    if not long and not canary:
        what = f"has no {words} words in a row" if prompt is not None else "is not there"
        raise refuse(
            f"detector `prompt_leak`: the release's prompt {what}",
            "give a smaller `words`, or a `canary`",
        )
    stretches = VerbatimDetector(long, words=words, kind=kind) if long else None
    return DecodingDetector(PromptLeakDetector(stretches, canary, kind))


def _texts(prompt: Prompt, examples: bool) -> Iterator[str]:
    """What always stands in the prompt, piece by piece."""
    yield from (part for part in _TAG.split(prompt.body) if part.strip())
    if examples:
        for example in prompt.examples:
            yield from (value for value in example.values() if isinstance(value, str))
