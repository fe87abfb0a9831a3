"""Harmless turns that lead to the request, step by step.

Source: Russinovich et al. 2024, Great, Now Write an Article About That: The Crescendo Multi-Turn
LLM Jailbreak Attack. Where the product takes no conversation of its own, the turns are told as a
transcript inside its one text; a real conversation answers turn by turn, which this cannot show.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..draw import Draw
from ..variant import Seed, Variant, data_of
from .delivery import fitted
from .goals import ask

_DATA = Path(__file__).parent / "data" / "crescendo.toml"


def make(seed: Seed, draw: Draw) -> Variant | str:
    """Three turns that lead on, then the request; the case's own text opens."""
    language = seed.words_language()
    wanted = ask(seed, draw, language)
    if isinstance(wanted, str):
        return wanted
    words = data_of(_DATA)[language]
    ladder: list[str] = draw.pick(words["ladders"][wanted.hazard])
    steps = [seed.text, *ladder]
    last: str = words["last"].format(request=wanted.text)
    replies: list[str] = words["replies"]
    if seed.surface.takes_turns:
        turns: list[dict[str, Any]] = []
        for at, step in enumerate(steps):
            turns.append({"role": "user", "content": step})
            turns.append({"role": "assistant", "content": replies[at % len(replies)]})
        return Variant(
            text=last, turns=tuple(turns), language=language, hazard=wanted.hazard,
            expect=wanted.expect, detail=f"{len(steps) + 1} turns",
        )  # fmt: skip
    told = [
        f"{words['person']}: {step}\n{words['model']}: {replies[at % len(replies)]}"
        for at, step in enumerate(steps)
    ]
    text = "\n".join([*told, f"{words['person']}: {last}"])
    return fitted(
        seed,
        Variant(
            text=text, language=language, hazard=wanted.hazard, expect=wanted.expect,
            detail=f"transcript of {len(steps) + 1} turns",
        ),
    )  # fmt: skip
