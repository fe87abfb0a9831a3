"""How much text one match of an RE2 pattern can span, read from the pattern's syntax.

Enters: a pattern that RE2 has already accepted. Leaves: its extent. Never happens here: matching;
and never a guess: what this reader does not know counts as unbounded, so that a rail built on it
sees the whole text.

Syntax: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

_ZERO_WIDTH = "bB"
_ONE_DARK = "dwS"
"""Escapes for one character that is never white space."""
_ONE_ANY = "sDWnrtfv"
_LAST_BLANK = 0x20
"""A range that begins beyond it holds no blank and no line break."""

_BLANK_CLASSES = ("[:space:]", "[:blank:]", "[:ascii:]", "[:print:]", "[:cntrl:]", "[:^")


class Extent(Struct, frozen=True, kw_only=True):
    """Bounds of what a pattern can match, in characters."""

    shortest: int
    longest: int | None
    """None: not bounded, or the pattern uses syntax that this reader does not know."""
    blanks: int | None = None
    """How many white-space characters a match may contain at most; None: not bounded."""
    anchored: bool = False
    """Whether it looks at the start or end of the text or of a line."""

    @property
    def whole(self) -> bool:
        """Whether a match can only be decided on the whole text."""
        return self.longest is None or self.anchored


UNKNOWN = Extent(shortest=0, longest=None, blanks=None, anchored=True)
_EMPTY = Extent(shortest=0, longest=0, blanks=0)
_ANCHOR = Extent(shortest=0, longest=0, blanks=0, anchored=True)
_DARK = Extent(shortest=1, longest=1, blanks=0)
_SPACED = Extent(shortest=1, longest=1, blanks=1)


class _UnknownSyntaxError(Exception):
    """The pattern uses something that this reader does not know."""


@lru_cache(maxsize=1024)
def extent_of(pattern: str) -> Extent:
    """The extent of a pattern that RE2 has accepted; UNKNOWN when in doubt.

    Kept, since a detector that several rails use is built for each of them.
    """
    reader = _Reader(pattern)
    try:
        extent = reader.alternation()
    except (_UnknownSyntaxError, ValueError, IndexError, RecursionError):
        return UNKNOWN
    return extent if reader.at == len(pattern) else UNKNOWN


def _one(*, spaced: bool) -> Extent:
    return _SPACED if spaced else _DARK


def _most(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None


def _times(value: int | None, count: int | None) -> int | None:
    if value == 0:
        return 0
    return None if value is None or count is None else value * count


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


class _Reader:
    """Recursive descent over the pattern; every method leaves `at` behind what it read."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def _peek(self) -> str:
        return self.pattern[self.at] if self.at < len(self.pattern) else ""

    def _take(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def alternation(self) -> Extent:
        """Branches joined by `|`: the shortest and the longest of them."""
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        return Extent(
            shortest=min(branch.shortest for branch in branches),
            longest=_most([branch.longest for branch in branches]),
            blanks=_most([branch.blanks for branch in branches]),
            anchored=any(branch.anchored for branch in branches),
        )

    def _sequence(self) -> Extent:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        return Extent(
            shortest=sum(part.shortest for part in parts),
            longest=_sum([part.longest for part in parts]),
            blanks=_sum([part.blanks for part in parts]),
            anchored=any(part.anchored for part in parts),
        )

    def _repeated(self) -> Extent:
        part = self._atom()
        while True:
            counts = self._counts()
            if counts is None:
                return part
            if self._peek() == "?":
                self.at += 1
            low, high = counts
            part = Extent(
                shortest=part.shortest * low,
                longest=_times(part.longest, high),
                blanks=_times(part.blanks, high),
                anchored=part.anchored,
            )

    def _counts(self) -> tuple[int, int | None] | None:
        sign = self._peek()
        if sign in ("*", "+", "?") and sign:
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        if sign != "{":
            return None
        close = self.pattern.find("}", self.at)
        inside = self.pattern[self.at + 1 : close] if close > 0 else ""
        low, comma, high = inside.partition(",")
        if not low.isdecimal() or not (high == "" or high.isdecimal()):
            return None  # RE2 reads such a brace as a literal
        self.at = close + 1
        if not comma:
            return int(low), int(low)
        return int(low), int(high) if high else None

    def _atom(self) -> Extent:
        sign = self._take()
        if sign in "^$":
            return _ANCHOR
        if sign == ".":
            return _one(spaced=True)
        if sign == "[":
            return self._set()
        if sign == "(":
            return self._group()
        if sign == "\\":
            return self._escape()
        return _one(spaced=sign.isspace())

    def _escape(self) -> Extent:
        sign = self._take()
        if sign in _ZERO_WIDTH:
            return _EMPTY
        if sign in "Az":
            return _ANCHOR
        if sign in _ONE_DARK or sign == "a":
            return _one(spaced=False)
        if sign in _ONE_ANY:
            return _one(spaced=True)
        if sign in "pP":
            return _one(spaced=self._unicode_class(sign))
        if sign == "x":
            return _one(spaced=chr(self._code()).isspace())
        if sign == "Q":
            return self._quoted()
        if sign.isalnum():
            raise _UnknownSyntaxError(sign)
        return _one(spaced=sign.isspace())

    def _quoted(self) -> Extent:
        close = self.pattern.find("\\E", self.at)
        text = self.pattern[self.at : close if close >= 0 else len(self.pattern)]
        self.at = close + 2 if close >= 0 else len(self.pattern)
        if not text or self._peek() in ("*", "+", "?", "{"):
            raise _UnknownSyntaxError("quantified quotation")  # binds to its last character only
        blanks = sum(sign.isspace() for sign in text)
        return Extent(shortest=len(text), longest=len(text), blanks=blanks)

    def _unicode_class(self, sign: str) -> bool:
        """Read a Unicode class; whether it may hold white space.

        Classes named L… and N… are letters, digits and scripts, which hold none.
        """
        begin = self.at
        if self._take() == "{":
            self.at = self.pattern.index("}", self.at) + 1
        name = self.pattern[begin : self.at].strip("{}")
        return sign == "P" or not name.startswith(("L", "N"))

    def _code(self) -> int:
        """Read a character given by its code, `x41` or `x{10FFFF}`."""
        if self._peek() == "{":
            close = self.pattern.index("}", self.at)
            digits = self.pattern[self.at + 1 : close]
            self.at = close + 1
        else:
            digits = self.pattern[self.at : self.at + 2]
            self.at += 2
        return int(digits, 16)

    def _group(self) -> Extent:
        if self._peek() == "?":
            self.at += 1
            if self._peek() in ("P", "<"):
                self.at = self.pattern.index(">", self.at) + 1
            elif not self._flags():
                return _EMPTY
        inside = self.alternation()
        if self._take() != ")":
            raise _UnknownSyntaxError("group")
        return inside

    def _flags(self) -> bool:
        """Read flags; whether a group body follows. Only known flags are let through."""
        while True:
            sign = self._take()
            if sign == ":":
                return True
            if sign == ")":
                return False
            if sign not in "imsU-":
                raise _UnknownSyntaxError(sign)

    def _set(self) -> Extent:
        """A set of characters; an inverted one holds no blank only when it names them all."""
        inverted = self._peek() == "^"
        self.at += int(inverted)
        begin = self.at
        spaced = False
        while self.at == begin or self._peek() != "]":
            spaced = self._member() or spaced
        inside = self.pattern[begin : self.at]
        self.at += 1
        if inverted:
            spaced = "\\s" not in inside.replace("\\\\", "") and "[:space:]" not in inside
        return _one(spaced=spaced)

    def _member(self) -> bool:
        """One member of a set; whether it may be white space. Ranges count as may."""
        sign = self._take()
        if sign == "[" and self._peek() == ":":
            close = self.pattern.index(":]", self.at)
            name = self.pattern[self.at - 1 : close + 2]
            self.at = close + 2
            return name.startswith(_BLANK_CLASSES)
        if sign == "\\":
            escape = self._take()
            if escape in "pP":
                return self._unicode_class(escape)
            if escape == "x":  # by itself or the low end of a range
                return self._code() <= _LAST_BLANK
            if escape == "Q":
                raise _UnknownSyntaxError("quotation in a set")
            dark = escape in _ONE_DARK or not (escape.isalnum() or escape.isspace())
            return not dark
        if self._peek() == "-" and self.pattern[self.at + 1] != "]":
            # A range whose low end is beyond the space holds no blank or newline.
            return sign <= " "
        return sign.isspace()
