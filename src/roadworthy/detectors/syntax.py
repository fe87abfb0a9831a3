"""The syntax of an RE2 pattern as a tree, for whoever asks what its matches look like.

Enters: a pattern that RE2 has already accepted. Leaves: nodes. Never happens here: matching; and
never a guess: what this reader does not know it refuses, and says so.

Syntax: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from msgspec import Struct

_ZERO_WIDTH = "bB"
_ONE_DARK = "dwS"
"""Escapes for one character that is never white space."""
_ONE_ANY = "sDWnrtfv"
_LAST_BLANK = 0x20
"""A range that begins beyond it holds no blank and no line break."""

_BLANK_CLASSES = ("[:space:]", "[:blank:]", "[:ascii:]", "[:print:]", "[:cntrl:]", "[:^")


class One(Struct, frozen=True, tag=True):
    """One character, by whatever names it."""

    source: str
    spaced: bool = False
    """Whether it may be white space."""


class Assertion(Struct, frozen=True, tag=True):
    """An assertion about where the match stands: no character of its own."""

    source: str
    anchored: bool = False
    """Whether it looks at the start or end of the text or of a line."""


class Flags(Struct, frozen=True, tag=True):
    """`(?i)`: flags for the rest of the group that it stands in."""

    source: str


class Row(Struct, frozen=True, tag=True):
    """One after the other."""

    parts: tuple[Node, ...]


class Choice(Struct, frozen=True, tag=True):
    """One of them."""

    branches: tuple[Node, ...]


class Repeated(Struct, frozen=True, tag=True):
    """Several times; greedy or not is no matter of what can match."""

    part: Node
    low: int
    high: int | None
    """None: as often as it likes."""


class Group(Struct, frozen=True, tag=True):
    """Something in brackets, with the flags that hold in there."""

    flags: str
    inside: Node


Node = One | Assertion | Flags | Row | Choice | Repeated | Group


class UnknownSyntaxError(Exception):
    """The pattern uses something that this reader does not know."""


def parsed(pattern: str) -> Node:
    """The tree of a pattern that RE2 has accepted. Raises UnknownSyntaxError."""
    reader = _Reader(pattern)
    try:
        node = reader.choice()
    except (ValueError, IndexError, RecursionError) as problem:
        raise UnknownSyntaxError(pattern) from problem
    if reader.at != len(pattern):
        raise UnknownSyntaxError(pattern)
    return node


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

    def choice(self) -> Node:
        """Branches joined by `|`."""
        branches = [self._row()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._row())
        return Choice(tuple(branches)) if len(branches) > 1 else branches[0]

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _repeated(self) -> Node:
        part = self._atom()
        while (counts := self._counts()) is not None:
            if self._peek() == "?":
                self.at += 1
            part = Repeated(part, *counts)
        return part

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

    def _atom(self) -> Node:
        begin = self.at
        sign = self._take()
        if sign in "^$":
            return Assertion(sign, anchored=True)
        if sign == "(":
            return self._group()
        if sign == "\\":
            return self._escape()
        spaced = self._set() if sign == "[" else sign == "." or sign.isspace()
        return One(self.pattern[begin : self.at], spaced)

    def _escape(self) -> Node:
        begin = self.at - 1
        sign = self._take()
        if sign in _ZERO_WIDTH:
            return Assertion("\\" + sign)
        if sign in "Az":
            return Assertion("\\" + sign, anchored=True)
        if sign == "Q":
            return self._quoted()
        if sign in _ONE_DARK or sign == "a":
            spaced = False
        elif sign in _ONE_ANY:
            spaced = True
        elif sign in "pP":
            spaced = self._unicode_class(sign)
        elif sign == "x":
            spaced = chr(self._code()).isspace()
        elif sign.isalnum():
            raise UnknownSyntaxError(sign)
        else:
            spaced = sign.isspace()
        return One(self.pattern[begin : self.at], spaced)

    def _quoted(self) -> Node:
        close = self.pattern.find("\\E", self.at)
        text = self.pattern[self.at : close if close >= 0 else len(self.pattern)]
        self.at = close + 2 if close >= 0 else len(self.pattern)
        if not text or self._peek() in ("*", "+", "?", "{"):
            raise UnknownSyntaxError("quantified quotation")  # binds to its last character only
        return Row(tuple(One(rf"\x{{{ord(sign):x}}}", sign.isspace()) for sign in text))

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

    def _group(self) -> Node:
        flags = ""
        if self._peek() == "?":
            self.at += 1
            if self._peek() in ("P", "<"):
                self.at = self.pattern.index(">", self.at) + 1
            else:
                begin = self.at
                holds_more = self._flags()
                flags = self.pattern[begin : self.at - 1]
                if not holds_more:
                    return Flags(flags)
        inside = self.choice()
        if self._take() != ")":
            raise UnknownSyntaxError("group")
        return Group(flags, inside)

    def _flags(self) -> bool:
        """Read flags; whether a group body follows. Only known flags are let through."""
        while True:
            sign = self._take()
            if sign == ":":
                return True
            if sign == ")":
                return False
            if sign not in "imsU-":
                raise UnknownSyntaxError(sign)

    def _set(self) -> bool:
        """A set of characters; whether it may hold white space.

        An inverted one holds none only when it names them all.
        """
        inverted = self._peek() == "^"
        self.at += int(inverted)
        begin = self.at
        spaced = False
        while self.at == begin or self._peek() != "]":
            spaced = self._member() or spaced
        inside = self.pattern[begin : self.at]
        self.at += 1
        if inverted:
            return "\\s" not in inside.replace("\\\\", "") and "[:space:]" not in inside
        return spaced

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
                raise UnknownSyntaxError("quotation in a set")
            dark = escape in _ONE_DARK or not (escape.isalnum() or escape.isspace())
            return not dark
        if self._peek() == "-" and self.pattern[self.at + 1] != "]":
            # A range whose low end is beyond the space holds no blank or newline.
            return sign <= " "
        return sign.isspace()
