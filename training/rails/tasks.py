"""The two models: which texts each is taught and measured with.

Enters: the folder with the sets. Leaves: rows and a lexicon. Never happens here: training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from .corpus import held_out, own_texts
from .sets import Row, attacks, innocent, lines, table

WEIGHTS = Path(__file__).resolve().parents[2] / "src" / "roadworthy" / "detectors" / "weights"


class Task(NamedTuple):
    """One model."""

    name: str
    version: int
    rows: Callable[[Path, int], list[Row]]
    lexicon: Callable[[Path], str]


def _injection_rows(data: Path, seed: int) -> list[Row]:
    return [
        *attacks(data),
        *innocent(data),
        *own_texts(("attacks", "attacks_other", "look_alikes"), seed),
        *held_out("held_out_look_alikes"),
    ]


def _toxicity_rows(data: Path, seed: int) -> list[Row]:
    quiet = [row for row in innocent(data) if row.set != "davidson"]
    return [
        *_toxic(data),
        *quiet,
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


def _lexicon(name: str) -> str:
    return (WEIGHTS / f"{name}.lexicon").read_text(encoding="utf-8")


_LISTED = "# From here on made from public word lists by training; see the model card.\n"


def _toxicity_lexicon(data: Path) -> str:
    """Ours, and the words of two public lists: slurs, obscenities, coarse words."""
    found: dict[str, set[str]] = {"SLUR": set(), "OBSCENE": set(), "COARSE": set()}
    for row in table(data / "profanity_lists" / "surge_profanity_en.csv"):
        if any(sign.isalpha() for sign in row["text"]) and len(row["text"]) > 2:
            found[_sort_of(row["category_1"])].add(row["text"].lower())
    for language in ("de", "en", "es", "fr", "it", "pt", "zh"):
        path = data / "profanity_lists" / language
        found["OBSCENE"].update(path.read_text("utf-8").lower().split("\n"))
    own = _lexicon("toxicity").partition(_LISTED)[0]
    listed = [
        f"{name}: {', '.join(sorted(w.strip() for w in words if w.strip() and ',' not in w))}\n"
        for name, words in found.items()
    ]
    return own + _LISTED + "".join(listed)


def _sort_of(category: str) -> str:
    if "slurs" in category or "orientation" in category or "disability" in category:
        return "SLUR"
    return "OBSCENE" if "sexual" in category else "COARSE"


TASKS = {
    "injection": Task("injection", 1, _injection_rows, lambda data: _lexicon("injection")),
    "toxicity": Task("toxicity", 1, _toxicity_rows, _toxicity_lexicon),
}
