"""Our own texts: what a grammar makes of them, and what only measures."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from .grammar import Grammar
from .sets import Row

TEXTS = Path(__file__).parent / "texts"
_MOST = {"attack": 160, "benign": 240}
"""Texts made of one section, at most; a language other than English gets half."""


def own_texts(
    files: Sequence[str],
    seed: int,
    *,
    most: int = 1000,
    terms: Sequence[str] = ("word",),
    weights: Mapping[str, float] | None = None,
    foreign: float = 1.0,
) -> list[Row]:
    """What the grammars make; a section is a set, and all are one family.

    `terms` fill the slot `{term}`: words that are innocent where nothing else is said; `weights`
    says of a file how much more than others its sets weigh, `foreign` what a section weighs that
    says in another language what an English one says.
    """
    chance = random.Random(seed)  # noqa: S311
    rows: list[Row] = []
    for name in files:
        grammar = Grammar(TEXTS / f"{name}.txt", {"term": terms})
        for section in grammar.sections:
            count = min(most, _MOST[section.label]) // (1 if section.language == "en" else 2)
            made = grammar.texts(section, count, chance)
            label = f"own_{section.group}_{section.language}"
            attack = section.label == "attack"
            weight = (weights or {}).get(name, 1.0) * (1 if section.language == "en" else foreign)
            rows += [
                Row(t, attack, label, "own", language=section.language, weight=weight) for t in made
            ]
    return rows


def held_out(name: str) -> list[Row]:
    """Innocent texts that training never reads."""
    texts = (TEXTS / f"{name}.txt").read_text("utf-8").splitlines()
    texts = [line for line in texts if line and line[:2] != "# "]
    return [Row(text.replace("\\n", "\n"), False, name, name, False) for text in texts]
