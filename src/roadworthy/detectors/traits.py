"""Traits of a text for a linear model: words, neighbours, what they mean, and how it is written.

Enters: the tokens of a text. Leaves: for each stretch of it the names of the traits that it has,
each once. Never happens here: a weight. Names are readable, so that a weight can be read too:
`c:OVERRIDE` (a meaning occurs), `p:OVERRIDE>RULE` (one meaning shortly before another),
`w:prompt`, `b:you are`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .meanings import Lexicon, Mark

STRETCH = 96
"""Tokens looked at together: most prompts whole, and of a long text each part by itself."""
STRIDE = 48
_NEAR = 8
"""So many tokens apart two meanings still belong together."""
_MANY = (1, 2, 4, 6, 9, 13)
"""How many different meanings are few, some, many …"""


def stretches(size: int) -> Iterator[tuple[int, int]]:
    """Start and end of overlapping stretches that cover a text of so many tokens."""
    last = max(0, size - STRETCH)
    for start in range(0, last, STRIDE):
        yield start, start + STRETCH
    yield last, size


def traits_of(tokens: Sequence[str], lexicon: Lexicon) -> Iterator[set[str]]:
    """The traits of each stretch, in order."""
    marks = lexicon.marks(tokens)
    at = _by_place(tokens, marks)
    for start, end in stretches(len(tokens)):
        traits = set().union(*at[start:end])
        names = [trait for trait in traits if trait[:2] == "c:"]
        for many in _MANY:
            if len(names) >= many:
                traits.add(f"n:{many}")
        if end == len(tokens) and end and tokens[-1] == "?":
            traits.add("s:asks")
        yield traits


def _by_place(tokens: Sequence[str], marks: Sequence[Mark]) -> list[list[str]]:
    """The traits that begin at each token."""
    at: list[list[str]] = []
    before = "^"
    for token in tokens:
        at.append(["w:" + token, "b:" + before + " " + token])
        before = token
    if marks and marks[0][0] < 3:
        at[0].append("f:" + marks[0][1])
    for index, (place, name) in enumerate(marks, start=1):
        here = at[place]
        here.append("c:" + name)
        begin = "p:" + name + ">"
        for later, other in marks[index : index + _CROWD]:
            if later - place > _NEAR:
                break
            here.append(begin + other)
    return at


_CROWD = 24
"""Marks after one that are looked at: in nine tokens there are hardly more."""
