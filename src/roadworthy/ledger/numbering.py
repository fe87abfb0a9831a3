"""Which entries are gone, by their numbers alone: 1 to N, each once, is what a log has.

In: the numbers that are there, and how many there must be. Out: a sentence. Never: an entry read;
that none was changed is what verification shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_NAMED = 5
"""So many runs of missing numbers are named."""


def gone_in_words(numbers: Iterable[int], size: int) -> str:
    """What is missing of 1 to `size`, and which of the ascending `numbers` no entry has."""
    strays: list[int] = []
    runs: list[tuple[int, int]] = []
    missing = 0
    for first, last in _runs(numbers, size, strays):
        missing += last - first + 1
        runs.append((first, last))
    named = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs[:_NAMED]]
    more = f" and {len(runs) - _NAMED} more places" if len(runs) > _NAMED else ""
    said = []
    if runs:
        verb = "is" if missing == 1 else "are"
        said.append(f"{missing} of {size} entries {verb} gone ({', '.join(named)}{more})")
    if strays:
        said.append(f"a row has the number {strays[0]}, which no entry has")
    return ", and ".join(said)


def _runs(numbers: Iterable[int], size: int, strays: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run that is missing; numbers outside 1 to `size` go to `strays`."""
    expected = 1
    for number in numbers:
        if not expected <= number <= size:
            strays.append(number)
            continue
        if number > expected:
            yield expected, number - 1
        expected = number + 1
    if expected <= size:
        yield expected, size
