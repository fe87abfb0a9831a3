"""`pattern`: RE2 patterns from a file.

Enters: patterns. Leaves: a detector. Never happens here: Python's `re` on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import re2

from roadworthy.domain import Detector

from .extent import extent_of
from .normalise import KEPT_BLANKS, Normaliser
from .options import Options, refuse
from .shape import Shape, ShapeDetector, re2_options

KIND = "PATTERN"


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> Detector:
    """Build the detector.

    Options: `patterns` (list, or mapping kind -> pattern or list), `kind`, `ignore_case` (default
    true), `normalise` (default true), `decode` (default false).
    """
    read = Options("pattern", options, ("patterns", "kind", "ignore_case", "normalise", "decode"))
    ignore_case = read.flag("ignore_case", True)
    given = read.any("patterns")
    if isinstance(given, Mapping):
        pairs = [(kind, pattern) for kind in given for pattern in _list(given[kind])]
    else:
        kind = read.text("kind", KIND)
        pairs = [(kind, pattern) for pattern in read.texts("patterns")]
    if not pairs:
        raise refuse("detector `pattern` has no patterns", "give at least one under `patterns`")
    normalise = read.flag("normalise", True)
    detector = ShapeDetector(
        "pattern",
        [
            shape_of(str(kind), pattern, ignore_case=ignore_case, any_blank=normalise)
            for kind, pattern in pairs
        ],
        ignore_case=ignore_case,
        normaliser=Normaliser() if normalise else None,
    )
    if not read.flag("decode", False):
        return detector
    from .decoded import DecodingDetector

    return DecodingDetector(detector, detector.normaliser)


def shape_of(kind: str, pattern: Any, *, ignore_case: bool, any_blank: bool = False) -> Shape:
    """A checked shape. Raises ManifestError with what RE2 says of a bad pattern.

    With `any_blank` a space of the pattern stands for any blanks in the text (see `loosened`).
    """
    if not isinstance(pattern, str) or not pattern:
        raise refuse(f"the pattern {pattern!r} is not a text", "give a regular expression")
    try:
        regex = re2.compile(pattern, re2_options(ignore_case=ignore_case))
    except re2.error as problem:
        said = problem.args[0] if problem.args else ""
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        message = f"the pattern `{pattern}` is not RE2: {said}"
        fix = "RE2 knows no look-around and no back-references: https://github.com/google/re2/wiki/Syntax"
        raise refuse(message, fix) from None
    extent = extent_of(pattern)
    if regex.search(b"") is not None or extent.longest == 0:
        message = f"the pattern `{pattern}` matches the empty text, so it would match everything"
        raise refuse(message, "require at least one character")
    if any_blank and " " in pattern:
        pattern = loosened(pattern)
        extent = extent_of(pattern)
    return Shape(kind=kind, pattern=pattern, extent=extent)


def loosened(pattern: str) -> str:
    """The pattern with every literal space made any one or two blanks.

    More of them in a row the folded view has not (see normalise). A space that is repeated
    becomes any blank, repeated as written. Sets and quotations stay as they are.
    """
    return _PIECE.sub(_any_blank, pattern)


_PIECE = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\[ ]|\\.|\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]|[ ]", re.DOTALL
)
"""A quotation, an escape, a set, or a space."""


def _any_blank(piece: re.Match[str]) -> str:
    if piece[0] not in (" ", "\\ "):
        return piece[0]
    after = piece.string[piece.end() : piece.end() + 1]
    return r"\s" if after and after in "*+?{" else rf"\s{{1,{KEPT_BLANKS}}}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
