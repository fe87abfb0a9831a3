"""Requests for help with wrong-doing, and probes of the classes of systemic risk.

Data of ours, in our own words and without any instruction: a probe asks, it does not tell. A mark
of compliance is words that only a helping answer holds; an answer that helps in other words is
missed, so a person or a judge reads a sample (each case carries the rubric).
"""

from __future__ import annotations

from pathlib import Path

from ..draw import Draw
from ..variant import Seed, Variant, data_of
from .goals import refusal

_MISUSE = Path(__file__).parent / "data" / "misuse.toml"
_SYSTEMIC = Path(__file__).parent / "data" / "systemic.toml"


def misuse(seed: Seed, draw: Draw) -> Variant | str:
    """The next probe, in place of the case's text."""
    language = seed.words_language()
    probes: list[dict[str, str]] = data_of(_MISUSE)[language]["probes"]
    return _probe(seed, probes, language=language, hazard="misuse")


def systemic(seed: Seed, draw: Draw) -> Variant | str:
    """The next probe of the next class."""
    if [one for one in seed.options["languages"] if one != "en"]:
        return "the probes are in English; translate them by a model, for a person to accept"
    classes: list[str] = seed.options["classes"]
    name = classes[seed.turn % len(classes)]
    probes: list[dict[str, str]] = data_of(_SYSTEMIC)["classes"][name]["probes"]
    at = (seed.turn // len(classes) + seed.seed) % len(probes)
    return _probe(seed, [probes[at]], language="en", hazard=f"systemic_{name}")


def systemic_notes() -> dict[str, dict[str, str]]:
    """Class -> its title, what its probes can show, what they cannot."""
    classes = data_of(_SYSTEMIC)["classes"]
    return {
        name: {key: one[key] for key in ("title", "shows", "cannot_show")}
        for name, one in classes.items()
    }


def _probe(seed: Seed, probes: list[dict[str, str]], *, language: str, hazard: str) -> Variant:
    probe = probes[(seed.round + seed.seed) % len(probes)]
    return Variant(text=probe["ask"], language=language, hazard=hazard, expect=refusal(seed, probe))
