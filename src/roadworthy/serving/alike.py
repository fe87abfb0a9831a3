"""Whether two questions ask the same: the same words in the same order, said more or less politely.

Enters: a question in one line. Leaves: what it comes to, equal for questions that ask the same; or
nothing, where that cannot be said. Never happens here: a number, a name, a "not", an order of words
or a sign such as + taken for another; a likeness by degree, since a near miss is another question.

What is put aside: case, ends of sentences and quotes, articles, contractions, the plural, and in
English how a wish begins ("could you please tell me", "I would like to") or ends ("thanks"). Other
languages lose their case and punctuation alone. How often two that come to the same were answered
differently by people is measured: `python bench/similar.py`.
"""

from __future__ import annotations

import re
import unicodedata

FEWEST_WORDS = 3
LONGEST = 200
"""Characters of a question; longer ones say too much besides."""

_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[^\s.,!;\"“”„«»…]")
"""A number, a word, or a sign that is no end of a sentence and no quote."""

_ASKS = frozenset(
    ("who", "whom", "whose", "what", "which", "when", "where", "why", "how", "is", "are", "am",
     "was", "were", "do", "does", "did", "can", "could", "will", "would", "shall", "should", "may",
     "might", "must", "has", "have", "had")
)  # fmt: skip
"""A text that begins so is a question, whether or not its mark is there."""

_SHORT = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not",
    "what's": "what is", "where's": "where is", "how's": "how is", "who's": "who is",
    "when's": "when is", "it's": "it is", "that's": "that is", "there's": "there is",
    "dont": "do not", "doesnt": "does not", "isnt": "is not", "didnt": "did not",
    "havent": "have not", "wont": "will not", "cant": "can not", "im": "i am", "ive": "i have",
}  # fmt: skip
_ENDINGS = {
    "n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would",
}  # fmt: skip
_ARTICLES = frozenset(("a", "an", "the"))

_BEGINS = sorted(
    (
        tuple(said.split())
        for said in (
            "please", "kindly", "hi", "hello", "hey", "hi there", "hello there", "good morning",
            "good evening", "good afternoon", "dear sir", "ok", "okay", "just", "quickly",
            "can you", "could you", "would you", "will you", "would you mind", "go ahead and",
            "i want to", "i want you to", "i need to", "i need you to", "i would like to",
            "i would like you to", "i would love to", "i wish to", "i am trying to",
            "i am looking to", "help me", "help me to", "help to", "i need help to",
            "i need help with", "i need assistance to", "i want help to", "i want assistance to",
            "tell me", "let me know", "do you know", "i would like to know", "i need to know",
            "i wonder", "i was wondering", "i am wondering if",
        )
    ),
    key=len,
    reverse=True,
)  # fmt: skip
_ENDS = (("help", "please"), ("thank", "you"), ("please",), ("thanks",), ("thx",))


def comes_to(text: str) -> str | None:
    """What the question comes to; None where it is too short, too long or no line of words."""
    if len(text) > LONGEST or "\n" in text.strip() or "`" in text:
        return None
    folded = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    words = _words(folded)
    asks = bool(words) and words[0] in _ASKS
    words = _bare(words)
    if asks or (words and words[0] in _ASKS):
        words = [word for word in words if word != "?"]
    said = [_singular(word) for word in words if word not in _ARTICLES]
    return " ".join(said) if sum(map(str.isalnum, said)) >= FEWEST_WORDS else None


def _words(text: str) -> list[str]:
    """Words, numbers and signs, folded; a word in capitals among others that are not stays so."""
    shouted = text.upper() == text
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if len(token) > 1 and token.isupper() and not shouted:
            found.append(token)
            continue
        word = token.lower()
        if word in _SHORT:
            found += _SHORT[word].split()
            continue
        ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) > len(end)), "")
        found += [word.removesuffix(ending), _ENDINGS[ending]] if ending else [word]
    return found


def _bare(words: list[str]) -> list[str]:
    """Without how a wish begins or ends, as often as it does; never without all."""
    changed = True
    while changed:
        changed = False
        for begin in _BEGINS:
            if len(words) > len(begin) + 1 and tuple(words[: len(begin)]) == begin:
                words, changed = words[len(begin) :], True
                break
        mark = ["?"] if words and words[-1] == "?" else []
        inner = words[: len(words) - len(mark)]
        for end in _ENDS:
            if len(inner) > len(end) + 1 and tuple(inner[-len(end) :]) == end:
                words, changed = [*inner[: -len(end)], *mark], True
                break
    return words


def _singular(word: str) -> str:
    plural = len(word) > 4 and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if plural else word
