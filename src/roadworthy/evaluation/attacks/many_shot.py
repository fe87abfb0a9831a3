"""Many invented examples of obedience before the request.

Source: Anil et al. 2024, Many-shot jailbreaking (NeurIPS 2024). The examples are harmless or the
suite's own texts; what is copied is the form, not anybody's payload.
"""

from __future__ import annotations

from pathlib import Path

from ..draw import Draw
from ..variant import Seed, Variant, data_of
from .delivery import room
from .goals import Ask, ask

_DATA = Path(__file__).parent / "data" / "many_shot.toml"
_LONGEST = 400
"""Characters of one example."""


def make(seed: Seed, draw: Draw) -> Variant | str:
    """As many examples as asked and as fit, then the case."""
    language = seed.words_language()
    wanted = ask(seed, draw, language)
    if isinstance(wanted, str):
        return wanted
    words = data_of(_DATA)[language]
    question, answer = words["question"], words["answer"]
    pairs = _pairs(seed, draw, wanted, words)
    last = seed.text if wanted.target else f"{seed.text}\n{wanted.text}"
    end = f"{question}: {last}\n{answer}:"
    shots: list[str] = []
    left = room(seed, end)
    for asked, said in pairs[: int(seed.options["shots"])]:
        shot = f"{question}: {asked}\n{answer}: {said}\n\n"
        left -= len(shot)
        if left < 0:
            break
        shots.append(shot)
    if len(shots) < 2:
        return "there is no room for two examples, or no text to make them of"
    return Variant(
        text="".join(shots) + end, language=language, hazard=wanted.hazard,
        expect=wanted.expect, detail=f"{len(shots)} examples",
    )  # fmt: skip


def _pairs(
    seed: Seed, draw: Draw, wanted: Ask, words: dict[str, list[list[str]]]
) -> list[tuple[str, str]]:
    """Invented (question, answer): of a closed set the suite's own texts with the wrong label."""
    count = int(seed.options["shots"])
    if wanted.target:
        others = [text for text, _ in seed.surface.samples if text != seed.text]
        return [(text[:_LONGEST], wanted.target) for text in draw.sample(others, count)]
    known: list[list[str]] = words["obedience"]
    rounds = -(-count // len(known))
    mixed = [pair for _ in range(rounds) for pair in draw.sample(known, len(known))]
    return [(asked, said) for asked, said in mixed[:count]]
