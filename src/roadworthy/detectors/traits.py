"""Traits of a text for a linear model: words, neighbours, what they mean, and how it is written.

Enters: the tokens of a text. Leaves: for each stretch of it the names of the traits that it has,
each once. Never happens here: a weight. Names are readable, so that a weight can be read too:
`c:OVERRIDE` (a meaning occurs), `p:OVERRIDE>RULE` (one meaning shortly before another),
`w:prompt`, `b:you are`, `d:YOU:0.1` (a tenth of the words mean it), `u:4` (four words in capitals).
"""

from __future__ import annotations

from bisect import bisect_left
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
_DENSE = frozenset(("YOU", "ME", "MUST", "NOT", "ALL", "AI", "PERSONA", "FREE"))
"""Meanings that innocent texts have too: how often they stand there tells more."""
_SHARES = [(share, f":{share}") for share in (0.03, 0.06, 0.1, 0.15)]
_FEW = 8
"""Of so few tokens a share says nothing."""
_LOUD = [(size, f"u:{size}") for size in (1, 2, 4, 8)]
"""How many words in capitals are few, some, many …"""
_ALL_LOUD = 0.6
"""Where so many words are capitals, they are how the text is written."""


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
    tokens: Sequence[str],
    lexicon: Lexicon,
    known: Container[str] | None = None,
    loud: Sequence[int] = (),
) -> Iterator[set[str]]:
    """The traits of each stretch, in order; of words and neighbours only those that are known.

    `loud`: where words in capitals stand, rising.
    """
    marks = lexicon.marks(tokens)
    at = _words(tokens, known)
    _meanings(at, marks)
    for place in loud:
        if place and tokens[place - 1] == "[":
            at[place - 1].append("u:slot")
    dense: dict[str, list[int]] = {}
    for place, name in marks:
        if name in _DENSE:
            dense.setdefault("d:" + name, []).append(place)
    for start, end in stretches(len(tokens)):
        traits = set().union(*at[start:end])
        many = sum([trait[0] == "c" for trait in traits])
        size = end - start
        shouted = _within(loud, start, end)
        if shouted and shouted < _ALL_LOUD * size:
            traits.update([name for least, name in _LOUD if shouted >= least])
        for name, places in dense.items() if size > _FEW else ():
            share = _within(places, start, end) / size
            traits.update([name + level for least, level in _SHARES if share >= least])
        traits.update([name for size, name in _MANY if many >= size])
        if end == len(tokens) and end and tokens[-1] == "?":
            traits.add("s:asks")
        yield traits


def _within(places: Sequence[int], start: int, end: int) -> int:
    """How many of rising places lie between."""
    return bisect_left(places, end) - bisect_left(places, start)


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
