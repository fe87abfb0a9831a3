"""Questions about a passage, by a model: what it is asked, and what of its answer is believed.

The answer must stand in the passage: its numbers all, its words mostly; the sentence that holds
it is kept as the quote. What does not hold is dropped with the reason, never mended. Whether a
question is a good one, a person decides.
"""

from __future__ import annotations

import re

from msgspec import Struct

from .passages import Passage, sentences

SUPPORT = 0.7
"""Share of the answer's words that the quoted sentence must hold."""

_LINE = re.compile(
    r"question\W{0,4}\s*(?P<question>.+?)\s*\n+\W*answer\W{0,4}\s*(?P<answer>.+?)\s*(?:\n\s*\n|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[^\W_]{4,}")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_POINTS_AT_TEXT = re.compile(
    r"\b(the|this|that) (text|passage|paragraph|document|article|section|above|excerpt)\b"
    r"|\b(diese[rmns]?|der|im|in dem) (text|abschnitt|absatz)\b|\b(le|ce) (texte|passage)\b",
    re.IGNORECASE,
)
_MOST = 300
"""Characters of a question or an answer."""


class Question(Struct, frozen=True, kw_only=True):
    """A question with the answer that the passage gives."""

    question: str
    answer: str
    quote: str
    """The sentence of the passage that holds the answer, word for word."""


def request(passage: Passage) -> str:
    """What the model is asked; the passage is data between marks."""
    return (
        "Read the passage. Write one question that a user could ask and that the passage answers, "
        "and the short answer in the passage's own words. The question must make sense without "
        "the passage. Use exactly two lines:\nQuestion: ...\nAnswer: ...\n\n"
        f"Passage:\n{passage.text}\n\n"
    )


def believed(passage: Passage, said: str) -> Question | str:
    """The question of a model's answer, or why it is dropped."""
    match = _LINE.search(said)
    if match is None:
        return "not in the form that was asked for"
    question = " ".join(match["question"].split())
    answer = " ".join(match["answer"].split()).strip("\"'“”")
    if not question.endswith("?") or len(question) < 12:
        return "not a question"
    if len(question) > _MOST or len(answer) > _MOST:
        return "far too long"
    if _POINTS_AT_TEXT.search(question):
        return "the question makes sense only beside the text"
    if not _words(answer) and not _NUMBER.search(answer):
        return "the answer says nothing"
    quote = _quote(passage, answer)
    if not quote:
        return "the passage does not hold the answer"
    if _words(answer) <= _words(question) and not _numbers(answer) - _numbers(question):
        return "the question holds its own answer"
    return Question(question=question, answer=answer, quote=quote)


def _quote(passage: Passage, answer: str) -> str:
    """The sentence that holds all numbers and most words of the answer; empty when none does."""
    wanted, numbers = _words(answer), _numbers(answer)
    best, most = "", 0.0
    for sentence in sentences(passage.text):
        if not numbers <= _numbers(sentence):
            continue
        share = len(wanted & _words(sentence)) / len(wanted) if wanted else 1.0
        if share > most:
            best, most = sentence, share
    return best if most >= SUPPORT else ""


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))
