"""Learn baseline-rules.yaml: a heuristic to beat, from past letters only.

    python make_baseline.py [--check]

Reads dev/claims.jsonl and suites/cases/past.jsonl (200 claims, none of which the gate asks), fits
a plain logistic regression over the words of a claim (scikit-learn), and writes one number per
label and word. The same claims give the same file; `--check` says whether the file is what they
give. No held-out claim is read here.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE / "baseline-rules.yaml"
WORD = re.compile(r"[^\W\d_]{2,}")
"""A word: two letters or more, of any alphabet."""
SMALLEST = 0.12
"""Weights below say little and are left out, so that the file stays readable."""
HEAD = """\
# Made by make_baseline.py from past letters; change the claims, not this file.
# A claim's score for a label: the label's bias and the weight of each of its words, once.
"""


def words(text: str) -> list[str]:
    """The words of a text, lower case."""
    return WORD.findall(text.casefold())


def learn() -> str:
    """The rules file's text."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    files = (HERE / "dev" / "claims.jsonl", HERE / "suites" / "cases" / "past.jsonl")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    cases = [case for case in map(json.loads, lines) if "expect" in case]
    counter = CountVectorizer(analyzer=words, binary=True)
    seen = counter.fit_transform([case["input"] for case in cases])
    model = LogisticRegression(C=3.0, max_iter=1000)
    model.fit(seen, [case["expect"]["label"] for case in cases])
    vocabulary = counter.get_feature_names_out()
    out = [HEAD + "roadworthy: 1", "labels:"]
    for label, bias, weights in zip(model.classes_, model.intercept_, model.coef_, strict=True):
        kept = {
            word: weight
            for word, weight in zip(vocabulary, weights, strict=True)
            if abs(weight) >= SMALLEST
        }
        pairs = ", ".join(f'"{word}": {kept[word]:.2f}' for word in sorted(kept))
        out += [f"  {label}:", f"    bias: {bias:.2f}", "    words:"]
        out += textwrap.wrap(
            f"{{{pairs}}}", 98, initial_indent=" " * 6, subsequent_indent=" " * 7,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(out) + "\n"


def main() -> int:
    """Write the file, or with `--check` compare it."""
    text = learn()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
