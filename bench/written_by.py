"""Why no detector of style says whether a model wrote an input: what one is worth on other texts.

`python bench/written_by.py [--data FOLDER] [--json]`; FOLDER is ROADWORTHY_SHARED/data, or
../shared/data beside the checkout; without it nothing is measured, and that is said. Logistic
regression over runs of two to four letters, trained on texts of models and of people, two sets left
out: one of a model, one of people. Its threshold accuses 1 % of the people that it was trained on;
told is how many people of the set left out it accuses, and how many texts of the model it finds.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from roadworthy.statistics import clopper_pearson

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ROADWORTHY_SHARED", ROOT.parent / "shared")) / "data"
MOST = 500
LONGEST = 400


def texts_of(data: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Set -> texts of at least twenty words, of models and of people."""

    def text(path: str) -> str:
        with gzip.open(data / path, "rt", encoding="utf-8") as file:
            return file.read()

    def lines(path: str) -> list[Any]:
        return [json.loads(line) for line in text(path).splitlines() if line.strip()]

    arena = "arena_hard_answers/gpt-3.5-turbo-0125.jsonl.gz"
    halu = "halueval_general/general_data.json.gz"
    models = {
        "HaluEval": [row["chatgpt_response"] for row in lines(halu)],
        "Arena": [row["choices"][0]["turns"][0]["content"] for row in lines(arena)],
    }  # fmt: skip
    complaints = text("cfpb_llm_predictions/dataset.csv.gz").splitlines(keepends=True)
    people = {
        "GSM8K": [row["question"] for row in lines("gsm8k/test.jsonl.gz")],
        "PubMedQA": [row["LONG_ANSWER"] for row in
                     json.loads(text("pubmedqa/ori_pqal.json.gz")).values()],
        "complaints": [row["narrative"] for row in csv.DictReader(complaints)],
        "Topical-Chat": [row["source"] for row in
                         json.loads(text("topical_chat_human/topical_chat.json.gz"))],
    }  # fmt: skip
    return _cut(models), _cut(people)


def _cut(sets: dict[str, list[str]]) -> dict[str, list[str]]:
    found = {}
    for name, texts in sets.items():
        own = sorted({" ".join(text.lower().split())[:LONGEST] for text in texts
                      if len(text.split()) >= 20})  # fmt: skip
        random.Random(name).shuffle(own)
        found[name] = own[:MOST]
    return found


def measured(models: dict[str, list[str]], people: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Each pair of sets left out."""
    return [left_out(models, people, one, other) for one in models for other in people]


def left_out(
    models: dict[str, list[str]], people: dict[str, list[str]], model: str, human: str
) -> dict[str, Any]:
    """What a detector that saw neither set makes of both."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    written = _others(models, model)
    spoken = _others(people, human)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True,
                              max_features=60_000)  # fmt: skip
    seen = letters.fit_transform([*written, *spoken])
    truth = np.array([1] * len(written) + [0] * len(spoken))
    fitted = LogisticRegression(C=4, max_iter=300, class_weight="balanced").fit(seen, truth)
    line = np.quantile(fitted.predict_proba(seen)[truth == 0, 1], 0.99)
    found = fitted.predict_proba(letters.transform(models[model]))[:, 1]
    accused = fitted.predict_proba(letters.transform(people[human]))[:, 1]
    both = np.concatenate([found, accused])
    area = roc_auc_score([1] * len(found) + [0] * len(accused), both)
    hits = int((accused > line).sum())
    bounds = clopper_pearson(hits, len(accused))
    return {"model": model, "people": human, "auroc": float(area), "n": len(accused),
            "accused": hits / len(accused), "low": bounds.low, "high": bounds.high,
            "found": float((found > line).mean()), "found_n": len(found)}  # fmt: skip


def _others(sets: dict[str, list[str]], name: str) -> list[str]:
    rest: Iterable[list[str]] = (texts for other, texts in sets.items() if other != name)
    return [text for texts in rest for text in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (asked.data / "halueval_general").is_dir():
        print(json.dumps({"skipped": f"there is no {asked.data}"}))
        return
    rows = measured(*texts_of(asked.data))
    if asked.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(f"left out {row['model']:9} and {row['people']:13} AUROC {row['auroc']:.3f}   people "
              f"accused {row['accused']:.3f} ({row['low']:.3f} to {row['high']:.3f}, n={row['n']})"
              f"   models found {row['found']:.2f} (n={row['found_n']})")  # fmt: skip


if __name__ == "__main__":
    main()
