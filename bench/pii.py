"""How much personal data and how many secrets `pii` and `secrets` find, and what they find wrongly.

Reads labelled sets from a folder (`--data`, default the folder next to the repository that holds
`_unified/pii.jsonl.gz`; without it the benchmark says so and ends). Recall per kind and set: a
label counts as found when a finding of its kind overlaps it. "Elsewhere": findings that overlap no
label of their kind; the sets label some places only, so that is an upper bound of what is wrong,
and the texts without any label say how often an innocent text is flagged.
`python bench/pii.py [--data DIR] [--json]`.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from roadworthy.detectors import make_detector
from roadworthy.domain import Finding, TextContext

KIND = {
    "CREDIT_CARD": "PAYMENT_CARD",
    "PHONE_NUMBER": "PHONE",
    "PHONE": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "EMAIL": "EMAIL",
    "IBAN_CODE": "IBAN",
    "IBAN": "IBAN",
    "US_SSN": "NATIONAL_ID",
    "SSN": "NATIONAL_ID",
    "SOCIAL_SECURITY_NUMBER": "NATIONAL_ID",
    "IP_ADDRESS": "IP_ADDRESS",
    "API_KEY": "API_KEY",
    "PASSWORD": "PASSWORD",
}
CONTEXT = TextContext(side="input")
PII = make_detector(
    "pii",
    {
        "kinds": [
            "IBAN",
            "PAYMENT_CARD",
            "EMAIL",
            "PHONE",
            "NATIONAL_ID",
            "VAT_NUMBER",
            "IP_ADDRESS",
        ]
    },
    {},
)
DEFAULT = make_detector("pii", {}, {})
SECRETS = make_detector("secrets", {}, {})


def found(text: str, pii: Any) -> list[Finding]:
    both = [*pii.detect(text, CONTEXT), *SECRETS.detect(text, CONTEXT)]
    return [finding for finding in both if finding.score >= 0.5]


def overlaps(finding: Finding, entity: dict[str, Any]) -> bool:
    return finding.start < entity["end"] and entity["start"] < finding.end


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def labelled(folder: Path) -> list[dict[str, Any]]:
    """Recall and findings elsewhere, per set and kind."""
    labels: Counter[tuple[str, str]] = Counter()
    hits: Counter[tuple[str, str]] = Counter()
    elsewhere: Counter[tuple[str, str]] = Counter()
    for row in lines(folder / "_unified" / "pii.jsonl.gz"):
        entities = [{**e, "kind": KIND.get(e["type"], "")} for e in row["entities"]]
        seen = found(row["text"], PII)
        for entity in entities:
            if entity["kind"]:
                key = (row["dataset"], entity["kind"])
                labels[key] += 1
                hits[key] += any(f.kind == entity["kind"] and overlaps(f, entity) for f in seen)
        for finding in seen:
            here = any(e["kind"] == finding.kind and overlaps(finding, e) for e in entities)
            elsewhere[(row["dataset"], finding.kind)] += not here
    return [
        {
            "set": key[0],
            "kind": key[1],
            "labels": labels[key],
            "found": hits[key],
            "recall": round(hits[key] / labels[key], 3) if labels[key] else None,
            "elsewhere": elsewhere[key],
        }
        for key in sorted(set(labels) | {key for key, count in elsewhere.items() if count})
    ]


def innocent(folder: Path) -> list[dict[str, Any]]:
    """How often texts that are not about personal data are flagged, with the default kinds."""
    texts: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    for name, text in innocent_texts(folder):
        texts[name] += 1
        seen = found(text, DEFAULT)
        flagged[name] += bool(seen)
        kinds.setdefault(name, Counter()).update(finding.kind for finding in seen)
    return [
        {"set": name, "texts": texts[name], "flagged": flagged[name], "kinds": dict(kinds[name])}
        for name in texts
    ]


def innocent_texts(folder: Path) -> Iterator[tuple[str, str]]:
    for row in lines(folder / "_unified" / "guardrail.jsonl.gz"):
        yield f"guardrail {row['label']}", row["text"]
    for row in lines(folder / "_unified" / "intent.jsonl.gz"):
        yield "intents", row["text"]
    for row in lines(folder / "_unified" / "toxicity.jsonl.gz"):
        yield "toxicity", row["text"]
    for row in lines(folder / "_unified" / "pii.jsonl.gz"):
        if not row["entities"]:
            yield f"{row['dataset']}, no label", row["text"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (asked.data / "_unified" / "pii.jsonl.gz").is_file():
        print(json.dumps({"skipped": "no data"}) if asked.json else "no data: give --data DIR")
        return
    rows, quiet = labelled(asked.data), innocent(asked.data)
    if asked.json:
        print(json.dumps({"labelled": rows, "innocent": quiet}))
        return
    print(f"{'set':16} {'kind':18} {'labels':>7} {'found':>6} {'recall':>7} {'elsewhere':>10}")
    for row in rows:
        recall = "" if row["recall"] is None else f"{row['recall']:.3f}"
        print(
            f"{row['set']:16} {row['kind']:18} {row['labels']:7} {row['found']:6} "
            f"{recall:>7} {row['elsewhere']:10}"
        )
    print(f"\n{'texts not about personal data':32} {'texts':>7} {'flagged':>8}  kinds")
    for row in quiet:
        print(f"{row['set']:32} {row['texts']:7} {row['flagged']:8}  {row['kinds'] or ''}")


if __name__ == "__main__":
    main()
