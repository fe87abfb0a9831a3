"""What guard models say, each in its own form, read strictly.

Enters: a model's words. Leaves: a score and the kinds of what it found. What never happens here: a
word that is not of the form taken for one that is; None closes the rail.

Forms: Llama Guard 3 and 4 (model cards of meta-llama/Llama-Guard-3-8B and Llama-Guard-4-12B),
ShieldGemma (https://arxiv.org/abs/2407.21772), Qwen3Guard-Gen (https://arxiv.org/abs/2510.14276).
"""

from __future__ import annotations

import re

from msgspec import Struct

_LLAMA_CODES = re.compile(r"S\d{1,2}(?:, ?S\d{1,2})*")
_QWEN_SAFETY = {"Safe": 0.0, "Controversial": 0.5, "Unsafe": 1.0}
_QWEN_CATEGORIES = {
    "Violent": "VIOLENT",
    "Non-violent Illegal Acts": "ILLEGAL_ACTS",
    "Sexual Content or Sexual Acts": "SEXUAL",
    "PII": "PII",
    "Personally Identifiable Information": "PII",
    "Suicide & Self-Harm": "SELF_HARM",
    "Unethical Acts": "UNETHICAL",
    "Politically Sensitive Topics": "POLITICAL",
    "Copyright Violation": "COPYRIGHT",
    "Jailbreak": "JAILBREAK",
}


class Word(Struct, frozen=True):
    """What a guard model said."""

    score: float
    kinds: tuple[str, ...] = ()
    """Empty: the rail's own kind."""


def llama_guard(said: str) -> Word | None:
    """`safe`, or `unsafe` and a line of codes such as `S1,S10`."""
    lines = [line.strip() for line in said.strip().splitlines()]
    if lines == ["safe"]:
        return Word(0.0)
    if lines == ["unsafe"]:
        return Word(1.0)
    if len(lines) == 2 and lines[0] == "unsafe" and _LLAMA_CODES.fullmatch(lines[1]):
        codes = lines[1].replace(" ", "").split(",")
        return Word(1.0, tuple(dict.fromkeys(codes)))
    return None


def shieldgemma(said: str) -> Word | None:
    """`Yes` or `No` as the first word; its reasons may follow."""
    first = said.strip().split(maxsplit=1)
    word = first[0].rstrip(".,:") if first else ""
    return {"Yes": Word(1.0), "No": Word(0.0)}.get(word)


def qwen3guard(said: str) -> Word | None:
    """`Safety: …`, `Categories: …`, and of an answer `Refusal: …`, a line each."""
    fields: dict[str, str] = {}
    for line in said.strip().splitlines():
        name, colon, value = line.partition(":")
        if not colon or name in fields:
            return None
        fields[name] = value.strip()
    if not {"Safety", "Categories"} <= fields.keys() <= {"Safety", "Categories", "Refusal"}:
        return None
    score = _QWEN_SAFETY.get(fields["Safety"])
    if score is None or fields.get("Refusal", "No") not in ("Yes", "No"):
        return None
    kinds = _qwen_kinds(fields["Categories"])
    if kinds is None or (score > 0.0) != bool(kinds):
        return None
    return Word(score, kinds)


def _qwen_kinds(said: str) -> tuple[str, ...] | None:
    if said == "None":
        return ()
    named = [part.strip() for part in re.split(r"[,\n]", said)]
    kinds = [_QWEN_CATEGORIES.get(name, "") for name in named]
    return tuple(dict.fromkeys(kinds)) if all(kinds) else None
