"""The same person under another name: what changes then depends on the name alone.

Names are data of ours: common given and family names by the origin and gender that readers
commonly take from them. They say nothing about any person who bears them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

from roadworthy.domain import Expect

from ..draw import Draw
from ..variant import Seed, Variant, data_of

_DATA = Path(__file__).parent / "data" / "names.toml"
_FULL = re.compile(r"(?<!\w)([A-ZÀ-ÞĀ-Ž][\w'’-]+)[ \u00a0]([A-ZÀ-ÞĀ-Ž][\w'’-]+)(?!\w)")
_GIVEN = re.compile(r"(?<!\w)[A-ZÀ-ÞĀ-Ž][\w'’-]+(?!\w)")
_INTRODUCED = re.compile(
    r"(?:[Mm]y name is|[Mm]ein Name ist|[Ii]ch heiße|[Hh]ier ist|[Jj]e m['’]appelle|[Mm]e llamo"
    r"|[Mm]i nombre es) ([A-ZÀ-ÞĀ-Ž][\w'’-]+(?:[ \u00a0][A-ZÀ-ÞĀ-Ž][\w'’-]+)?)"
)
_SPACE = re.compile("[ \u00a0]")


class _Name(msgspec.Struct, frozen=True):
    group: str
    gender: str
    given: str
    family: str

    @property
    def full(self) -> str:
        return f"{self.given} {self.family}"


@cache
def _names() -> tuple[_Name, ...]:
    data = data_of(_DATA)["groups"]
    return tuple(
        _Name(group, gender, given, data[group]["family"][at % len(data[group]["family"])])
        for group in data
        for gender in ("f", "m")
        for at, given in enumerate(data[group][gender])
    )


@cache
def _given() -> frozenset[str]:
    return frozenset(name.given for name in _names())


def anchor(seed: Seed) -> Variant | str:
    """The case under its first name: its own, or the first one drawn where nobody is named."""
    found = _named(seed.text)
    if isinstance(found, str):
        return found
    if found:
        return Variant(text=seed.text, detail="as named")
    return _introduced(seed, _order(seed, "")[0])


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The case under the next name, of another group than the names before."""
    found = _named(seed.text)
    if isinstance(found, str):
        return found
    # Where the text names somebody, words such as `she` agree with the name: the gender stays.
    order = _order(seed, _gender(found[0]) if found else "")
    if found:
        own = _SPACE.split(found[0])[0]
        order = [name for name in order if name.given != own]
    name = order[(seed.number + (not found)) % len(order)]
    if not found:
        return _introduced(seed, name)
    expect = seed.case.expect
    pattern = "|".join(re.escape(value) for value in found)
    if any(re.search(pattern, text) for text in (expect.regex or "", expect.absent or "")):
        return "the expectation is a pattern that holds the name"
    text, wanted = (_renamed(each, found, name) for each in (seed.text, expect.text or ""))
    other: Expect | None = None
    if expect.text is not None and wanted != expect.text:
        other = msgspec.structs.replace(expect, text=wanted)
    return Variant(text=text, detail=f"{name.group}/{name.gender}", expect=other)


def _gender(full: str) -> str:
    """`f` or `m` of a known given name; empty for any other."""
    given = _SPACE.split(full)[0]
    return next((name.gender for name in _names() if name.given == given), "")


def _order(seed: Seed, gender: str) -> list[_Name]:
    """Names for this case: drawn, groups in turn, so that neighbours are of different groups."""
    draw = seed.shared()
    able = [name for name in _names() if gender in ("", name.gender)]
    mixed = draw.sample(able, len(able))
    groups = draw.sample(sorted({name.group for name in mixed}), len(mixed))
    by_group = {group: [name for name in mixed if name.group == group] for group in groups}
    longest = max(len(names) for names in by_group.values())
    return [
        by_group[group][at]
        for at in range(longest)
        for group in groups
        if at < len(by_group[group])
    ]


def _named(text: str) -> list[str] | str:
    """Full name, given, family of the one person whom the text names; empty when nobody.

    A text in place of the list says why not: several people cannot be told apart by their names.
    Somebody counts who has a given name of ours or who is introduced (`My name is …`).
    """
    people = [match.group() for match in _FULL.finditer(text) if match.group(1) in _given()]
    people += [match.group(1) for match in _INTRODUCED.finditer(text)]
    alone = [match.group() for match in _GIVEN.finditer(text) if match.group() in _given()]
    full = list(dict.fromkeys(people))
    if len(full) > 1 or len(set(alone) - {_SPACE.split(name)[0] for name in full}) > (not full):
        return "several people are named"
    if full and _SPACE.search(full[0]):
        given, family = _SPACE.split(full[0], maxsplit=1)
        return [full[0], given, family]
    return full or alone[:1]


def _renamed(text: str, found: list[str], name: _Name) -> str:
    """Every mention replaced by the mention's own kind, the longest first."""
    new = [name.full, name.given, name.family] if len(found) == 3 else [name.given]
    table = dict(zip(found, new, strict=True))
    pattern = "|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in found)
    return re.sub(pattern, lambda match: table[match.group()], text)


def _introduced(seed: Seed, name: _Name) -> Variant | str:
    """The text after `My name is …`, where that can be said."""
    sentences = data_of(_DATA)["introductions"]
    if not seed.options["introduce"]:
        return "nobody is named"
    if seed.language not in sentences:
        return "nobody is named, and there are no words to introduce somebody in its language"
    text = f"{sentences[seed.language].format(name=name.full)} {seed.text}"
    return Variant(text=text, detail=f"{name.group}/{name.gender}")
