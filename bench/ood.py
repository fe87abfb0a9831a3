"""What the look for out-of-scope inputs is worth, beside TF-IDF with logistic regression.

`python bench/ood.py [--data DIR] [--only TEXT] [--rounds 1000] [--json]`; without the data it says
so and ends. Each line: area under the curve and false alarms where 95 % of out-of-scope inputs are
found (FPR95), each with a 95 % bootstrap interval, then at a false-alarm rate that is set (1, 5 %)
what was realised and the share of out-of-scope inputs that was found (the power). The baseline is
the largest logit of converged logistic regression over TF-IDF (words and pairs, and groups of
letters). Protocols: CLINC150's official split (of its validation part 500 scale the distances, the
rest set the threshold); the mean over its ten domains, each left out whole; Banking77's held-out
intents, which nobody solves. At the end microseconds a text of 200 characters. With the extra
`encoder` each protocol once more by the sentence encoder, and microseconds for CLINC150's texts as
they are (ten tokens) and for one of 200 characters.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from roadworthy.detectors import ood
from roadworthy.detectors.ood.detector import PARTS, Distances
from roadworthy.domain import UsageError
from roadworthy.providers import sentence_encoder, word_vectors
from roadworthy.statistics import conformal_threshold

REACH = {"auroc": 0.97, "fpr95": 0.15, "domains_auroc": 0.96, "domains_fpr95": 0.20, "us": 200.0}
REACH_ENCODED = {"auroc": 0.98, "fpr95": 0.08, "us": 1000.0}
RATES = (0.01, 0.05)
SEED = 20_261_122

Split = tuple[list[str], list[str], list[str], list[str], list[str]]
"""Texts to fit on, their labels, in-scope ones not fitted on, in-scope ones to test, others."""


def auroc(inside: Any, outside: Any) -> float:
    ordered = np.sort(inside)
    below = np.searchsorted(ordered, outside, "left")
    equal = np.searchsorted(ordered, outside, "right") - below
    return float((below + 0.5 * equal).sum() / (len(inside) * len(outside)))


def fpr95(inside: Any, outside: Any) -> float:
    return float((inside >= np.quantile(outside, 0.05)).mean())


def bounds(inside: Any, outside: Any, rounds: int) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals, texts drawn again."""
    source = np.random.default_rng(SEED)
    drawn: dict[str, list[float]] = {"auroc": [], "fpr95": []}
    for _ in range(rounds):
        a = inside[source.integers(0, len(inside), len(inside))]
        b = outside[source.integers(0, len(outside), len(outside))]
        drawn["auroc"].append(auroc(a, b))
        drawn["fpr95"].append(fpr95(a, b))
    found = {name: np.quantile(values, (0.025, 0.975)) for name, values in drawn.items()}
    return {name: (round(float(a), 4), round(float(b), 4)) for name, (a, b) in found.items()}


def row(name: str, known: Any, inside: Any, outside: Any, rounds: int) -> dict[str, Any]:
    """One method on one split; `known` are in-scope scores for the threshold."""
    said: dict[str, Any] = {
        "what": name, "n": [len(inside), len(outside)], "auroc": round(auroc(inside, outside), 4),
        "fpr95": round(fpr95(inside, outside), 4),
        **{f"{key}_95": each for key, each in bounds(inside, outside, rounds).items()},
    }  # fmt: skip
    for rate in RATES:
        line = conformal_threshold(known.tolist(), rate)
        said[f"at_{rate:g}"] = [
            round(float((inside > line).mean()), 4), round(float((outside > line).mean()), 4)
        ]  # fmt: skip
    return said


@cache
def encoder() -> Any:
    """The sentence encoder's `encode`, or None without the extra."""
    try:
        return sentence_encoder().encode
    except UsageError as error:
        print(f"no rows of the sentence encoder: {error.message} ({error.fix})", file=sys.stderr)
        return None


def ours(split: Split, *, labels: bool, meanings: bool, encode: Any = None) -> list[Any]:
    texts, kinds, held, inside, outside = split
    vectors = word_vectors() if meanings else None
    aside = min(500, len(held) // 3)
    found = ood.fit(
        texts, held[:aside], labels=kinds if labels else (), vector_of=vectors, encode=encode
    )
    distances = Distances(found.tables, vectors, encode)

    def scored(each: Sequence[str]) -> Any:
        rows = np.array([distances.of(distances.projection.place(text)) for text in each])
        means = [found.settings[f"{name}_mean"] for name in PARTS]
        spreads = [found.settings[f"{name}_spread"] for name in PARTS]
        return ((rows - means) / spreads).sum(axis=1)

    return [scored(held[aside:]), scored(inside), scored(outside)]


def baseline(split: Split) -> list[Any]:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts, kinds, held, inside, outside = split
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    table = hstack([words.fit_transform(texts), letters.fit_transform(texts)]).tocsr()
    model = LogisticRegression(C=10, max_iter=200).fit(table, kinds)
    return [
        -model.decision_function(hstack([words.transform(e), letters.transform(e)]).tocsr()).max(1)
        for e in (held, inside, outside)
    ]


def official(data: Path) -> Split:
    rows = json.loads(gzip.decompress((data / "clinc150_oos/data_full.json.gz").read_bytes()))
    held = [text for text, _ in rows["val"]]
    random.Random(SEED).shuffle(held)
    texts, kinds = [text for text, _ in rows["train"]], [kind for _, kind in rows["train"]]
    return (texts, kinds, held, *([t for t, _ in rows[n]] for n in ("test", "oos_test")))  # type: ignore[return-value]


def domains(data: Path) -> dict[str, Split]:
    """Each domain's test texts are out of scope where it was left out."""
    folder = data / "clinc150_oos"
    rows = json.loads(gzip.decompress((folder / "data_full.json.gz").read_bytes()))
    of = json.loads((folder / "domains.json").read_text())
    splits = {}
    for name, gone in of.items():
        kept = {
            part: [r for r in rows[part] if r[1] not in gone] for part in ("train", "val", "test")
        }
        held = [text for text, _ in kept["val"]]
        random.Random(SEED).shuffle(held)
        splits[name] = (
            [text for text, _ in kept["train"]], [kind for _, kind in kept["train"]], held,
            [text for text, _ in kept["test"]], [t for t, kind in rows["test"] if kind in gone],
        )  # fmt: skip
    return splits


def banking(data: Path) -> Split:
    """A third of the intents is left out; a sixth of the other training texts is held back."""
    folder = data / "banking77"
    with gzip.open(folder / "train.csv.gz", "rt", encoding="utf-8") as file:
        train = [(r["text"], r["category"]) for r in csv.DictReader(file)]
    with (folder / "test.csv").open(encoding="utf-8") as file:
        test = [(r["text"], r["category"]) for r in csv.DictReader(file)]
    source = random.Random(SEED)
    intents = sorted({kind for _, kind in train})
    gone = set(source.sample(intents, len(intents) // 3))
    kept = [each for each in train if each[1] not in gone]
    source.shuffle(kept)
    aside = len(kept) // 6
    return (
        [t for t, _ in kept[aside:]], [k for _, k in kept[aside:]], [t for t, _ in kept[:aside]],
        [t for t, k in test if k not in gone], [t for t, k in test if k in gone],
    )  # fmt: skip


def cost(data: Path, encode: Any = None) -> list[dict[str, Any]]:
    """Microseconds a text, the best of nine rounds, processor time and wall."""
    texts, kinds, held, inside, _ = official(data)
    vectors = None if encode else word_vectors()
    found = ood.fit(texts[::5], held[:200], labels=kinds[::5], vector_of=vectors, encode=encode)
    distances = Distances(found.tables, vectors, encode)
    asked = {"a text of 200 characters": [" ".join(inside[a : a + 8])[:200] for a in range(1000)]}
    if encode:
        (long,) = asked.values()
        asked = {"sentence encoder, a text of CLINC150": inside[:250],
                 "sentence encoder, a text of 200 characters": long[:250]}  # fmt: skip
    reach = (REACH_ENCODED if encode else REACH)["us"]
    rows = []
    for name, each in asked.items():
        us = taken(distances, each)
        rows.append({"what": name, **us, "reached": us["processor_us"] <= reach})
    return rows


def taken(distances: Distances, texts: Sequence[str]) -> dict[str, float]:
    spent: dict[str, list[float]] = {"processor": [], "wall": []}
    for _ in range(9):
        processor, wall = time.thread_time(), time.perf_counter()
        for text in texts:
            distances.of(distances.projection.place(text))
        spent["processor"].append((time.thread_time() - processor) / len(texts))
        spent["wall"].append((time.perf_counter() - wall) / len(texts))
    return {f"{name}_us": round(min(each) * 1e6, 1) for name, each in spent.items()}


def mean_of(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    keys = ("auroc", "fpr95", *(f"at_{rate:g}" for rate in RATES))
    means = {key: np.mean([each[key] for each in rows], axis=0).round(4).tolist() for key in keys}
    return {"what": name, "domains": len(rows), **means}


def measured(data: Path, rounds: int, only: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(found: dict[str, Any]) -> None:
        rows.append(found)
        print(json.dumps(found), file=sys.stderr)

    if only in "official":
        split = official(data)
        for name, labels, meanings in (
            ("labels, meanings", True, True), ("meanings", False, True), ("labels", True, False)
        ):  # fmt: skip
            scores = ours(split, labels=labels, meanings=meanings)
            add(row(f"CLINC150 official: {name}", *scores, rounds))
        add(row("CLINC150 official: TF-IDF, logistic regression", *baseline(split), rounds))
    if only in "banking":
        split = banking(data)
        add(row("Banking77, a third of the intents left out",
                *ours(split, labels=True, meanings=True), rounds))  # fmt: skip
        add(row("Banking77: TF-IDF, logistic regression", *baseline(split), rounds))
    if only in "domains":
        own, other = [], []
        for name, split in domains(data).items():
            own.append(row(f"without {name}", *ours(split, labels=True, meanings=True), rounds))
            add(own[-1])
            other.append(row(f"without {name}, TF-IDF", *baseline(split), rounds))
            add(other[-1])
        add(mean_of("mean over ten domains left out", own))
        add(mean_of("mean over ten domains left out, TF-IDF", other))
    if only in "cost":
        for each in cost(data):
            add(each)
    if encoder():
        for each in by_encoder(data, rounds, only):
            add(each)
    return rows


def by_encoder(data: Path, rounds: int, only: str) -> Iterator[dict[str, Any]]:
    def told(name: str, split: Split, *, labels: bool = True) -> dict[str, Any]:
        scores = ours(split, labels=labels, meanings=False, encode=encoder())
        return row(name, *scores, rounds)

    if only in "official":
        yield told("CLINC150 official: labels, sentence encoder", official(data))
        yield told("CLINC150 official: sentence encoder", official(data), labels=False)
    if only in "banking":
        yield told("Banking77, a third left out: sentence encoder", banking(data))
    if only in "domains":
        rows = []
        for name, split in domains(data).items():
            rows.append(told(f"without {name}, sentence encoder", split))
            yield rows[-1]
        yield mean_of("mean over ten domains left out, sentence encoder", rows)
    if only in "cost":
        yield from cost(data, encoder())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--only", default="", help="official, banking, domains or cost")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (asked.data / "clinc150_oos").is_dir():
        print(f"skipped: no data in {asked.data}", file=sys.stderr)
        return 0
    rows = measured(asked.data, asked.rounds, asked.only)
    if asked.json:
        print(json.dumps({"reach": REACH, "reach_encoder": REACH_ENCODED, "rows": rows}))
        return 0
    for each in rows:
        print("  ".join(f"{name} {value}" for name, value in each.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
