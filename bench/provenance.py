"""What of a text survives so that `/v1/provenance/check` knows it, and what it knows wrongly.

Answers of three models (Arena-Hard) go into a log; each is then asked for as it is and changed:
words replaced, dropped, cut off, sentences in another order; paragraphs are asked for in a
translation that people made (XQuAD). Asked as strangers: reports that
people wrote (AIID), and answers to the same questions that are not in the log. The
sets are read from ROADWORTHY_SHARED/data, or ../shared/data beside the checkout.
`python bench/provenance.py [--texts 500] [--json]`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from roadworthy.gateway.provenance import ENOUGH
from roadworthy.journal import FingerprintLog, Logged, fingerprints, shares, words_of
from roadworthy.statistics import wilson

ROOT = Path(__file__).resolve().parents[1]
KEY = b"bench" * 6
Change = Callable[[list[str], random.Random], list[str]]


def shared() -> Path | None:
    named = os.environ.get("ROADWORTHY_SHARED", "")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder / "data" if (folder / "data").is_dir() else None


def answers(data: Path, model: str) -> list[str]:
    with gzip.open(data / "arena_hard_answers" / f"{model}.jsonl.gz", "rt") as file:
        return [json.loads(line)["choices"][0]["turns"][0]["content"] for line in file]


def reports(data: Path, most: int) -> list[str]:
    """Descriptions of incidents, written by people, of fifteen words and more."""
    with gzip.open(data / "aiid_snapshot" / "incidents.csv.gz", "rt") as file:
        texts = [row["description"] or "" for row in csv.DictReader(file)]
    return [text for text in texts if len(text.split()) >= 15][:most]


def paragraphs(data: Path, language: str) -> list[str]:
    """Paragraphs of XQuAD, which people translated, in the same order in each language."""
    with gzip.open(data / "xquad_en_de" / f"xquad.{language}.json.gz", "rt") as file:
        articles = json.load(file)["data"]
    return [each["context"] for article in articles for each in article["paragraphs"]]


def every(nth: int) -> Change:
    return lambda words, dice: [
        dice.choice(words) if at % nth == nth - 1 else word for at, word in enumerate(words)
    ]


def dropped(share: float) -> Change:
    return lambda words, dice: [word for word in words if dice.random() > share]


def swapped(words: list[str], dice: random.Random) -> list[str]:
    """The order of the sentences changed."""
    text = " ".join(words).split(". ")
    dice.shuffle(text)
    return ". ".join(text).split()


CHANGES: dict[str, Change] = {
    "as it is": lambda words, dice: words,
    "upper case, no punctuation": lambda words, dice: [w.strip(".,:;!?*#`").upper() for w in words],
    "sentences in another order": swapped,
    "every 20th word replaced": every(20),
    "every 10th word replaced": every(10),
    "every 6th word replaced": every(6),
    "5 % of the words dropped": dropped(0.05),
    "15 % of the words dropped": dropped(0.15),
    "the first half only": lambda words, dice: words[: len(words) // 2],
    "the first 30 words only": lambda words, dice: words[:30],
}


def known(log: FingerprintLog, texts: dict[str, list[str]], text: str) -> tuple[str, float]:
    words = words_of(text)
    best, share = "", 0.0
    for name, _ in log.alike(fingerprints(words, KEY)):
        found = max(shares(words, texts[name]))
        if found > share:
            best, share = name, found
    return best, share


def measure(data: Path, most: int) -> list[dict[str, object]]:
    dice = random.Random(7)
    models = ("gpt-3.5-turbo-0125", "gpt-4-0314", "gpt-4-0613")
    all_of = {model: answers(data, model) for model in models}
    logged = {f"{model}/{at}": text for model in models for at, text in enumerate(all_of[model])}
    held_out = {name for name in logged if name.startswith("gpt-4-0613/") and dice.random() < 0.6}
    words = {name: words_of(text) for name, text in logged.items() if name not in held_out}
    translated = dict(enumerate(paragraphs(data, "de")))
    own = {f"xquad/{at}": text for at, text in enumerate(paragraphs(data, "en"))}
    words |= {name: words_of(text) for name, text in own.items()}
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        log = FingerprintLog(Path(folder) / "f.db", write=True)
        begun = time.perf_counter()
        log.add(
            [
                Logged(id=name, tenant="", key="k", leaf="", marks=fingerprints(each, KEY))
                for name, each in words.items()
            ],
            {},
        )
        spent = time.perf_counter() - begun
        log.close()
        size = (Path(folder) / "f.db").stat().st_size
        log = FingerprintLog(Path(folder) / "f.db", write=False)
        asked = dice.sample(sorted(set(words) - set(own)), min(most, len(words) - len(own)))
        for change, make in CHANGES.items():
            hits = right = 0
            for name in asked:
                best, share = known(log, words, " ".join(make(logged[name].split(), dice)))
                hits += share >= ENOUGH
                right += share >= ENOUGH and best == name
            rows.append(_row(change, hits, len(asked), right))
        for what, texts in (
            ("a paragraph as it is (XQuAD)", own),
            ("the same, translated into German by people", translated),
        ):
            hits = sum(known(log, words, text)[1] >= ENOUGH for text in texts.values())
            rows.append(_row(what, hits, len(texts), None))
        people = reports(data, most)
        for what, texts in (
            ("written by people (incident reports)", people),
            ("other answers to the same questions", [logged[one] for one in sorted(held_out)]),
        ):
            hits = sum(known(log, words, text)[1] >= ENOUGH for text in texts)
            rows.append(_row(what, hits, len(texts), None))
        rows.append(
            {
                "what": "log",
                "answers": len(words),
                "microseconds_an_answer": round(1e6 * spent / len(words)),
                "bytes_an_answer": round(size / len(words)),
            }
        )
        log.close()
    return rows


def _row(what: str, hits: int, n: int, right: int | None) -> dict[str, object]:
    known_in = wilson(hits, n)
    row: dict[str, object] = {"what": what, "known": hits, "n": n, "right_answer": right}
    return row | {"low": known_in.low, "high": known_in.high}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = shared()
    if data is None:
        print("skipped: no shared data (set ROADWORTHY_SHARED to the folder that holds data/)")
        return 0
    rows = measure(data, options.texts)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows[:-1]:
        print(
            f"{row['what']:<38} {row['known']:>4} of {row['n']:>4}  "
            f"{100 * float(str(row['low'])):5.1f} to {100 * float(str(row['high'])):5.1f} %"
            + (f"  the right one {row['right_answer']}" if row["right_answer"] is not None else "")
        )
    print(rows[-1])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
