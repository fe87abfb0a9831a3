"""Traits of a text for a linear model: words, neighbours, what they mean, and how it is written.

Enters: the tokens of a text. Leaves: for each stretch of it the names of the traits that it has,
each once. Never happens here: a weight. Names are readable, so that a weight can be read too:
`c:OVERRIDE` (a meaning occurs), `p:OVERRIDE>RULE` (one meaning shortly before another),
`w:prompt`, `b:you are`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from .meanings import Lexicon, Mark

WIDTHS = (96, 32)
"""Tokens looked at together: most prompts whole, of a long text each part, and of all but short
ones the sentence or two that an attack may be, so that what stands around it dilutes nothing."""
_NEAR = 8
"""So many tokens apart two meanings still belong together."""
_CROWD = 24
"""Marks after one that are looked at: in nine tokens there are hardly more."""
_AT_ONCE = 3
"""A first meaning within so many tokens is what the text begins with."""
_MANY = [(size, f"n:{size}") for size in (1, 2, 4, 6, 9, 13)]
"""How many different meanings are few, some, many …"""


def stretches(size: int) -> Iterator[tuple[int, int]]:
    """Start and end of overlapping stretches; those of each width cover the whole text."""
    for width in WIDTHS:
        if width != WIDTHS[0] and size <= width + width // 4:
            return
        last = max(0, size - width)
        for start in range(0, last, width // 2):
            yield start, start + width
        yield last, size


def traits_of(
    tokens: Sequence[str], lexicon: Lexicon, known: Container[str] | None = None
) -> Iterator[set[str]]:
    """The traits of each stretch, in order; of words and neighbours only those that are known."""
    marks = lexicon.marks(tokens)
    at = _words(tokens, known)
    _meanings(at, marks)
    for start, end in stretches(len(tokens)):
        traits = set().union(*at[start:end])
        many = sum([trait[0] == "c" for trait in traits])
        traits.update([name for size, name in _MANY if many >= size])
        if end == len(tokens) and end and tokens[-1] == "?":
            traits.add("s:asks")
        yield traits


def _words(tokens: Sequence[str], known: Container[str] | None) -> list[list[str]]:
    """At each token its word, and the word before with it."""
    at = [["w:" + token] for token in tokens]
    before = "b:^ "
    for here, token in zip(at, tokens, strict=True):
        pair = before + token
        if known is None or pair in known:
            here.append(pair)
        before = "b:" + token + " "
    return at


def _meanings(at: list[list[str]], marks: Sequence[Mark]) -> None:
    """Add at each token what begins there: meanings, and meanings shortly before others."""
    if marks and marks[0][0] < _AT_ONCE:
        at[0].append("f:" + marks[0][1])
    for index, (place, name) in enumerate(marks, start=1):
        here = at[place]
        here.append("c:" + name)
        begin = "p:" + name + ">"
        for later, other in marks[index : index + _CROWD]:
            if later - place > _NEAR:
                break
            here.append(begin + other)
