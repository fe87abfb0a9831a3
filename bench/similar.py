"""Do questions that come to the same want the same answer? Against sets of public questions.

`python bench/similar.py [--data DIR] [--json]`; without the data it says so and ends. Each question
of a set looks up those before it, as a cache does that keeps all. A hit is wrong when people gave
the two another intent or no answer in common. Bounds are one-sided 95 % (Clopper and Pearson).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from roadworthy.domain import LEAST_WRONG
from roadworthy.serving import comes_to
from roadworthy.statistics import clopper_pearson

Asked = tuple[str, frozenset[str]]
"""A question, and what people say it wants."""


def banking77(root: Path) -> Iterator[Asked]:
    """77 intents of a bank's customers."""
    for name in ("test.csv", "train.csv.gz"):
        for row in _rows(root / "banking77" / name):
            yield row["text"], frozenset([row["category"]])


def clinc150(root: Path) -> Iterator[Asked]:
    """150 intents of an assistant."""
    with gzip.open(root / "clinc150_oos" / "data_full.json.gz", "rt", encoding="utf-8") as file:
        parts = json.load(file)
    for name in ("train", "val", "test"):
        for text, intent in parts[name]:
            yield text, frozenset([intent])


def bitext(root: Path) -> Iterator[Asked]:
    """27 intents of support, with what they are about."""
    for name in ("Testing", "Training", "Validation"):
        file = f"Bitext_Sample_Customer_Service_{name}_Dataset.csv"
        for row in _rows(root / "bitext_support_intents" / file):
            yield row["utterance"], frozenset([f"{row['intent']} {row['entity_value']}"])


def nq_open(root: Path) -> Iterator[Asked]:
    """Questions of a search engine, with their short answers."""
    with (root / "nq_open" / "NQ-open.dev.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield row["question"], frozenset(answer.lower() for answer in row["answer"])


def xquad(root: Path) -> Iterator[Asked]:
    """Questions about paragraphs, in English and German."""
    for language in ("en", "de"):
        with gzip.open(root / "xquad_en_de" / f"xquad.{language}.json.gz", "rt") as file:
            articles = json.load(file)["data"]
        for article in articles:
            for paragraph in article["paragraphs"]:
                for asked in paragraph["qas"]:
                    answers = frozenset(one["text"].lower() for one in asked["answers"])
                    yield asked["question"], answers


SETS = {"banking77": banking77, "clinc150": clinc150, "bitext": bitext}
"""On these the words that are put aside were chosen."""

OTHERS = {"nq_open": nq_open, "xquad": xquad}
"""These were looked at only afterwards."""


def _rows(path: Path) -> Iterator[dict[str, str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    yield from csv.DictReader(io.StringIO(text))


def measured(asked: Iterable[Asked], seed: int = 0) -> dict[str, Any]:
    """Lookups, hits, wrong ones with their bound; what was asked in the same letters is no hit."""
    rows = list(asked)
    random.Random(seed).shuffle(rows)
    letters: set[str] = set()
    kept: dict[str, Asked] = {}
    lookups = hits = 0
    wrong: list[tuple[str, str]] = []
    for text, wants in rows:
        same = " ".join(text.lower().split())
        if same in letters:
            continue
        letters.add(same)
        lookups += 1
        key = comes_to(text)
        if key is None:
            continue
        before = kept.setdefault(key, (text, wants))
        if before[0] == text:
            continue
        hits += 1
        if not wants & before[1]:
            wrong.append((text, before[0]))
    upper = clopper_pearson(len(wrong), lookups, confidence=0.9).high
    return {"lookups": lookups, "hits": hits, "wrong": wrong, "upper": upper}


def main(argv: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench similar")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    if not (given.data / "banking77").is_dir():
        print(json.dumps({"skipped": "no data"}) if given.json else "no data: give --data DIR")
        return
    if given.json:
        asked = {**SETS, **OTHERS}.items()
        print(json.dumps({name: measured(questions(given.data)) for name, questions in asked}))
        return
    print(f"promised: at most {LEAST_WRONG:.2%} of lookups")
    for name, questions in {**SETS, **OTHERS}.items():
        found = measured(questions(given.data))
        share = found["hits"] / found["lookups"]
        print(
            f"{name:>10}  lookups {found['lookups']}  hits {found['hits']} ({share:.1%})  "
            f"wrong {len(found['wrong'])}, at most {found['upper']:.3%} of lookups"
        )
        for one, other in found["wrong"]:
            print(f"            {one!r} / {other!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
