"""Traits of a text for a linear model: words, neighbours, what they mean, and how it is written.

Enters: tokens of a stretch of text. Leaves: the names of the traits it has, each once. Never
happens here: a weight. Names are readable, so that a weight can be read too: `c:OVERRIDE` (a
meaning occurs), `p:OVERRIDE>RULE` (one meaning shortly before another), `w:prompt`, `b:you are`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .meanings import Lexicon

STRETCH = 96
"""Tokens looked at together: most prompts whole, and of a long text each part by itself."""
STRIDE = 48
_NEAR = 8
"""So many tokens apart two meanings still belong together."""
_MANY = (1, 2, 4, 6, 9, 13)
"""How many different meanings are few, some, many …"""


def stretches(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    """The whole when it is short; else overlapping stretches that cover all of it."""
    if len(tokens) <= STRETCH:
        yield tokens
        return
    last = len(tokens) - STRETCH
    for at in range(0, last, STRIDE):
        yield tokens[at : at + STRETCH]
    yield tokens[last:]


def traits_of(tokens: Sequence[str], lexicon: Lexicon) -> set[str]:
    """The traits of one stretch."""
    traits: set[str] = set()
    before = "^"
    for token in tokens:
        traits.add("w:" + token)
        traits.add("b:" + before + " " + token)
        before = token
    marks = lexicon.marks(tokens)
    names = {name for _, name in marks}
    for name in names:
        traits.add("c:" + name)
    for index, (place, name) in enumerate(marks):
        for later, other in marks[index + 1 :]:
            if later - place > _NEAR:
                break
            traits.add("p:" + name + ">" + other)
    if marks and marks[0][0] < 3:
        traits.add("f:" + marks[0][1])
    for many in _MANY:
        if len(names) >= many:
            traits.add(f"n:{many}")
    if tokens and tokens[-1] == "?":
        traits.add("s:asks")
    return traits
