"""The same in other words or another language, by a model: what it is asked, what is believed.

A model's answer is only a proposal. What is plainly wrong (empty, unchanged, a number lost, far
too long, the instruction said back) is dropped here; a person decides about the rest.
"""

from __future__ import annotations

import re

from ..draw import Draw
from ..variant import Seed

LANGUAGE_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fi": "Finnish",
    "fr": "French", "ga": "Irish", "hr": "Croatian", "hu": "Hungarian", "it": "Italian",
    "ja": "Japanese", "lt": "Lithuanian", "lv": "Latvian", "mt": "Maltese", "nl": "Dutch",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "sk": "Slovak", "sl": "Slovenian",
    "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip

_STYLES = ("in other words", "more briefly", "in everyday words", "more formally")
_NUMBER = re.compile(r"\d+")
_QUOTES = "\"'“”„«»` \n\t"
_DENSE = frozenset(("ja", "zh"))
"""Languages that need far fewer characters for the same."""


def target_language(seed: Seed) -> str:
    """Into which language this variant goes; empty when there is none but its own."""
    wanted = seed.options.get("languages") or list(seed.surface.languages)
    others = [one for one in wanted if one != seed.language]
    return others[seed.turn % len(others)] if others else ""


def request(seed: Seed, draw: Draw) -> str:
    """What the model is asked; a text of ours around the case's text as data."""
    if seed.generator == "translation":
        name = LANGUAGE_NAMES.get(target_language(seed), target_language(seed))
        task = f"Translate the text into {name}. Keep every fact, name and number."
    else:
        style = _STYLES[seed.turn % len(_STYLES)]
        task = f"Say the text {style}, in the same language. Keep every fact, name and number."
    return f"{task} Answer with the new text only.\n\nText:\n{seed.text}\n\nNew text:\n"


def believed(seed: Seed, answer: str) -> tuple[str, str]:
    """(the text, why it is dropped); one of the two is empty."""
    text = answer.strip().strip(_QUOTES).strip()
    for lead in ("New text:", "Text:"):
        text = text.removeprefix(lead).strip()
    if not text:
        return "", "the model said nothing"
    if " ".join(text.split()).casefold() == " ".join(seed.text.split()).casefold():
        return "", "the model said the same again"
    if sorted(_NUMBER.findall(text)) != sorted(_NUMBER.findall(seed.text)):
        return "", "a number was lost, changed or invented"
    dense = seed.generator == "translation" and target_language(seed) in _DENSE
    share = len(text) / max(len(seed.text), 1)
    if not (0.1 if dense else 0.35) <= share <= 3.0:
        return "", "far too short or too long to say the same"
    if "answer with the new text" in text.casefold():
        return "", "the model said the instruction back"
    return text, ""
