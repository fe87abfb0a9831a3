"""The two models: which texts each is taught and measured with.

Enters: the folder with the sets. Leaves: rows and a lexicon. Never happens here: training.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .corpus import held_out, own_texts
from .fit import Fitted, Seen, Way, fit
from .more import more
from .sets import Row, attacks, innocent, lines, table

LEXICONS = Path(__file__).parent / "lexicons"
Meanings = dict[str, list[str]]


class Task(NamedTuple):
    """One model."""

    name: str
    version: int
    rows: Callable[[Path, int], list[Row]]
    lexicon: Callable[[Path], Meanings]
    ways: tuple[Way, ...] = (Way(),)
    """How it is fitted; of several ways the mean."""
    blind: str = ""
    """Kinds of traits that it is not taught (see `fit`)."""

    def fitted(self, seen: Sequence[Seen]) -> Fitted:
        """Fit it as it is fitted."""
        return fit(seen, self.ways, blind=self.blind)


_OWN = (
    "attacks",
    "attacks_more",
    "attacks_other",
    "attacks_long",
    "look_alikes",
    "words_in_peace",
    "peace_long",
    "peace_tail",
)


def _terms(meanings: Meanings) -> list[str]:
    """Every term of a lexicon, as a person would write it."""
    return sorted({term.rstrip("*") for terms in meanings.values() for term in terms})


def _injection_rows(data: Path, seed: int) -> list[Row]:
    return [
        *attacks(data),
        *innocent(data),
        *more(data),
        *own_texts(
            _OWN,
            seed,
            terms=_terms(read_lexicon("injection")),
            weights={"look_alikes": 2.0},
            foreign=0.25,
        ),
        *held_out("held_out_look_alikes"),
    ]


def _toxicity_rows(data: Path, seed: int) -> list[Row]:
    quiet = [row for row in innocent(data) if row.set != "davidson"]  # in _toxic, both labels
    return [
        *_toxic(data),
        *quiet,
        *more(data),
        *own_texts(("toxic", "kind"), seed),
        *own_texts(("look_alikes",), seed, most=60),
        *held_out("held_out_kind"),
        *held_out("held_out_look_alikes"),
    ]


def _toxic(data: Path) -> Iterator[Row]:
    """Two thousand tweets a label, and all of HateCheck."""
    many = {True: 0, False: 0}
    for one in lines(data / "_unified" / "toxicity.jsonl.gz"):
        toxic = bool(one["toxic"])
        if one["dataset"] == "davidson":
            many[toxic] += 1
            if many[toxic] > 4000:
                continue
        name = one["dataset"] if toxic else one["dataset"] + "_innocent"
        yield Row(one["text"], toxic, name, one["dataset"])


def read_lexicon(name: str) -> Meanings:
    """Our own meanings: `NAME: term, term …`, one a line."""
    meanings: Meanings = {}
    for line in (LEXICONS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            meaning, _, terms = line.partition(":")
            parts = (term.strip() for term in re.split(r"[,;](?=\s|$)", terms))
            meanings[meaning] = list(dict.fromkeys(part for part in parts if part))
    return meanings


def _with_lists(data: Path) -> Meanings:
    """Ours, and the words of two public lists: slurs, obscenities, coarse words."""
    found: dict[str, set[str]] = {"SLUR": set(), "OBSCENE": set(), "COARSE": set()}
    for row in table(data / "profanity_lists" / "surge_profanity_en.csv"):
        if any(sign.isalpha() for sign in row["text"]) and len(row["text"]) > 2:
            found[_sort_of(row["category_1"])].add(row["text"].lower().strip())
    for language in ("de", "en", "es", "fr", "it", "pt", "zh"):
        path = data / "profanity_lists" / language
        found["OBSCENE"].update(path.read_text("utf-8").lower().split("\n"))
    own = read_lexicon("toxicity")
    for name, words in found.items():
        own[name] = [*own.get(name, []), *sorted(words - {""} - set(own.get(name, [])))]
    return own


def _sort_of(category: str) -> str:
    if "slurs" in category or "orientation" in category or "disability" in category:
        return "SLUR"
    return "OBSCENE" if "sexual" in category else "COARSE"


TASKS = {
    "injection": Task(
        "injection",
        3,
        _injection_rows,
        lambda data: read_lexicon("injection"),
        (Way(words=0.4, hard=1.0),),
    ),
    "toxicity": Task("toxicity", 2, _toxicity_rows, _with_lists, blind="du"),
}
"""Capitals and density find fewer insults (see the card)."""
