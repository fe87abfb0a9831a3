"""Texts of made-up topics, with a table of meanings that knows which words belong together."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

SYLLABLES = ("ka", "lo", "mi", "ru", "ten", "sho", "vel", "dar", "pim", "or", "eth", "zu")
FILLERS = ("please", "the", "a", "my", "is", "when", "can", "you", "for", "to")


def vocabulary(topic: int, size: int = 40) -> list[str]:
    """Words of one topic."""
    source = random.Random(f"words {topic}")
    return ["".join(source.choices(SYLLABLES, k=3)) + str(topic % 7) for _ in range(size)]


def texts_of(topic: int, count: int, *, seed: int = 0) -> list[str]:
    """Sentences of one topic: its words among words of everybody."""
    source = random.Random(f"{seed} {topic}")
    words = vocabulary(topic)
    return [
        " ".join(source.choices(words, k=5) + source.choices(FILLERS, k=4)) for _ in range(count)
    ]


def vector_of(word: str) -> Any:
    """What a word means: its topic's direction, with a little of its own."""
    own = np.random.Generator(np.random.PCG64(abs(hash_of(word)))).normal(size=16)
    for topic in range(12):
        if word in vocabulary(topic):
            shared = np.random.Generator(np.random.PCG64(1000 + topic)).normal(size=16)
            return (shared + 0.3 * own).astype("f4")
    return (0.1 * own).astype("f4")


class TopicEncoder:
    """The Encoder port over the same table: a text means the sum of its words."""

    def __init__(self, pin: str = "topics/1@sha256:0") -> None:
        self.pin = pin

    def encode(self, text: str) -> Any:
        """Of length 1; of a text without words zeros."""
        found = sum((vector_of(word) for word in text.split()), np.zeros(16, dtype="f4"))
        size = float(np.sqrt(found @ found))
        return found / size if size else found


def hash_of(word: str) -> int:
    """The same on every run."""
    return sum(ord(letter) * 31**at for at, letter in enumerate(word)) % (1 << 61)
