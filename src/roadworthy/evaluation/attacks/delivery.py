"""How a request is put to the product: a template of ours around the case and the request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..draw import Draw
from ..variant import Seed, Variant, data_of
from .goals import ask


def deliver(seed: Seed, draw: Draw, data: Path, kind: str) -> Variant | str:
    """The case and the next goal's request in one of the file's templates of this kind."""
    language = seed.words_language()
    wanted = ask(seed, draw, language)
    if isinstance(wanted, str):
        return wanted
    templates: list[str] = data_of(data)[language][kind]
    at = seed.shared().sample(range(len(templates)), len(templates))[seed.number % len(templates)]
    text = templates[at].format(text=seed.text, request=wanted.text)
    return fitted(
        seed,
        Variant(
            text=text, language=language, hazard=wanted.hazard, expect=wanted.expect,
            detail=str(at),
        ),
    )  # fmt: skip


def fitted(seed: Seed, variant: Variant) -> Variant | str:
    """The variant where the prompt's variable has room for it."""
    if room(seed, variant.text) < 0:
        return "the prompt's variable has no room for the attack"
    return variant


def room(seed: Seed, text: str) -> int:
    """Characters that still fit beside the text; a large number where nothing limits."""
    name: Any = seed.slot.path[0] if seed.slot.path else ""
    limit = seed.surface.limit(name if isinstance(name, str) else "")
    return limit - len(text) if limit else 1_000_000
