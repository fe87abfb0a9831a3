"""Edit distance and longest common subsequence, a machine word of positions at a time.

Python's whole numbers are as wide as the shorter sequence, so that thousands of words take
milliseconds. Sources: Myers 1999 (https://doi.org/10.1145/316542.316550) in Hyyro's form (2001);
Hyyro 2004, "Bit-parallel LCS-length computation revisited".
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def distance(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions."""
    pattern, text = sorted((one, other), key=len)
    if not pattern:
        return len(text)
    places = _places(pattern)
    full = (1 << len(pattern)) - 1
    last = 1 << (len(pattern) - 1)
    up, down, edits = full, 0, len(pattern)
    for item in text:
        same = places.get(item, 0)
        vertical = same | down
        across = (((same & up) + up) ^ up) | same
        more = (down | ~(across | up)) & full
        less = up & across
        if more & last:
            edits += 1
        elif less & last:
            edits -= 1
        more = ((more << 1) | 1) & full
        less = (less << 1) & full
        up = (less | ~(vertical | more)) & full
        down = more & vertical
    return edits


def common(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence."""
    pattern, text = sorted((one, other), key=len)
    places = _places(pattern)
    full = (1 << len(pattern)) - 1
    open_places = full
    for item in text:
        found = open_places & places.get(item, 0)
        open_places = ((open_places + found) | (open_places - found)) & full
    return len(pattern) - open_places.bit_count()


def _places(pattern: Sequence[Hashable]) -> dict[Hashable, int]:
    places: dict[Hashable, int] = {}
    for at, item in enumerate(pattern):
        places[item] = places.get(item, 0) | 1 << at
    return places
