"""`deny`: words and phrases that must not occur.

Enters: a list, in place or as a side file. Leaves: a detector. Never happens here: a hit inside
another word, unless `inside_words` asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import re2

from roadworthy.domain import Detector

from .extent import Extent
from .normalise import Normaliser
from .options import Options, refuse
from .shape import REFUSED, Shape, ShapeDetector

KIND = "DENIED"

_SPARE = 3
"""Blanks allowed between the words of a phrase, so that line breaks do not hide it."""


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> Detector:
    """Build the detector.

    Options: `words` (list, or the path of a side file), `kind`, `inside_words` (default false),
    `ignore_case` (default true), `normalise` (default true), `decode` (default false).
    """
    known = ("words", "kind", "inside_words", "ignore_case", "normalise", "decode")
    read = Options("deny", options, known)
    words = read.asset("words", assets)
    if isinstance(words, str):
        words = [line for line in words.splitlines() if line.strip()]
    if isinstance(words, Mapping):
        words = list(words)
    if not isinstance(words, list) or not words:
        raise refuse("detector `deny` has no words", "give a list of words under `words`")
    inside = read.flag("inside_words", False)
    kind = read.text("kind", KIND)
    detector = ShapeDetector(
        "deny",
        [_shape(word, kind, inside) for word in words],
        ignore_case=read.flag("ignore_case", True),
        normaliser=Normaliser() if read.flag("normalise", True) else None,
    )
    if not read.flag("decode", False):
        return detector
    from .decoded import DecodingDetector

    return DecodingDetector(detector, detector.normaliser)


def _shape(word: Any, kind: str, inside: bool) -> Shape:
    if not isinstance(word, str) or not word.strip():
        raise refuse(f"detector `deny` has {word!r} among its words", "give texts")
    parts = word.split()
    gap = f"\\s{{1,{_SPARE}}}"
    blanks = _SPARE * (len(parts) - 1)
    longest = sum(len(part) for part in parts) + blanks
    return Shape(
        kind=kind,
        pattern=gap.join(re2.escape(part) for part in parts),
        extent=Extent(shortest=len(word), longest=longest, blanks=blanks),
        accept=None if inside else _stands_alone,
    )


def _stands_alone(match: str, before: str, after: str) -> tuple[float, int]:
    """RE2's word boundary knows ASCII only; this one knows every alphabet."""
    joined = (before[-1:].isalnum() and match[0].isalnum()) or (
        after[:1].isalnum() and match[-1].isalnum()
    )
    return REFUSED if joined else (1.0, len(match))
