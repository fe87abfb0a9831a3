"""What a generator takes and gives: a seed (a case, looked at once) and a variant of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from roadworthy.domain import ATTACK_LANGUAGES, Case, Expect

from .draw import Draw
from .slot import Slot
from .surface import Surface

FALLBACK_LANGUAGE = "en"


class Seed(Struct, frozen=True, kw_only=True):
    """A case as a generator sees it. Nothing else may decide what the generator makes."""

    case: Case
    slot: Slot
    language: str
    """Of the case's text; empty when the case does not say."""
    surface: Surface
    options: dict[str, Any]
    seed: int
    """The run's."""
    generator: str
    rank: int
    """The case's place among those of its language that grow, from 0."""
    number: int
    """Which of the case's variants, from 0."""
    per_case: int = 1
    payloads: tuple[Any, ...] = ()
    """Of an outside set; only the generator `payloads` reads them."""

    @property
    def text(self) -> str:
        """The case's own text."""
        return self.slot.text

    @property
    def turn(self) -> int:
        """Counts through all variants of a language's cases, so that modes are used evenly."""
        return self.rank * self.per_case + self.number

    @property
    def round(self) -> int:
        """The turn of what turns once all languages that were asked for had theirs."""
        return self.turn // max(1, len(self.options.get("languages") or []))

    def shared(self) -> Draw:
        """A draw that is the same for all variants of this case."""
        return Draw(self.seed, self.generator, self.case.id)

    def words_language(self) -> str:
        """The language of words that are put beside the case: as asked, else its own, else en."""
        asked: list[str] = self.options.get("languages") or []
        if asked:
            return asked[self.turn % len(asked)]
        return self.language if self.language in ATTACK_LANGUAGES else FALLBACK_LANGUAGE

    @property
    def guarded(self) -> bool:
        """Whether the case must be held or blocked: an attack must not change that."""
        return self.case.expect.action in ("hold", "block")


class Variant(Struct, frozen=True, kw_only=True):
    """A case that grew. What is left out is inherited."""

    text: str
    language: str = ""
    """Of the words that were put in; empty: the case's."""
    hazard: str = ""
    """Empty: the generator's only one."""
    expect: Expect | None = None
    turns: tuple[dict[str, Any], ...] = ()
    facets: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    detail: str = ""
    """Which of the generator's ways: a mode, a trigger's id, a template's number."""
    fields: dict[str, str] = field(default_factory=dict)
    """Other prompt variables that changed."""


Maker = Callable[[Seed, Draw], Variant | str]
"""A pure function. A text instead of a variant says why there is none."""


@cache
def data_of(path: Path) -> dict[str, Any]:
    """A data file of ours, parsed once."""
    with path.open("rb") as file:
        return tomllib.load(file)


def cut(text: str, limit: int) -> str:
    """The text, at most `limit` characters long; 0 does not limit."""
    return text if not limit or len(text) <= limit else text[:limit].rstrip()
