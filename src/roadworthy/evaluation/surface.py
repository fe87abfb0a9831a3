"""The product as an attacker meets it: what can be said to it, what can leave it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from roadworthy.domain import Case, System

from .slot import slot_of

MAX_SAMPLES = 400
"""Texts of cases kept for invented examples: more make no better ones."""

_EXPRESSION = re.compile(r"\{[{%#].*?[%#}]\}", re.DOTALL)
_HEADING = re.compile(r"^#+\s*(system|user|assistant)\s*$", re.IGNORECASE | re.MULTILINE)


class Surface(Struct, frozen=True, kw_only=True):
    """What generators may know of the product. Values only."""

    labels: tuple[str, ...] = ()
    """The closed set of answers; empty where the answer is free text."""
    takes_turns: bool = False
    """Whether a conversation can be sent as such (no prompt of the release in between)."""
    limits: dict[str, int] = {}
    """Prompt variable -> the most characters that it takes."""
    prompt: tuple[str, ...] = ()
    """Pieces of the release's own prompt that stand in every call."""
    examples: tuple[str, ...] = ()
    """Texts of its few-shot examples."""
    languages: tuple[str, ...] = ()
    """Those that the charter allows; none: all."""
    samples: tuple[tuple[str, str], ...] = ()
    """(text, label) of cases, in the order of the suite."""

    @property
    def closed(self) -> bool:
        """Whether nothing but a label can leave."""
        return bool(self.labels)

    def limit(self, field: str) -> int:
        """The most characters that the text may have; 0: not limited."""
        return self.limits.get(field or "input", 0)


def surface_of(system: System, cases: Iterable[Case] = ()) -> Surface:
    """The surface of a system; `cases` are those that grow."""
    decision = system.candidate.decision
    prompt = system.prompt
    limits: dict[str, int] = {}
    if prompt is not None:
        limits = {
            name: variable.max_chars
            for name, variable in prompt.header.variables.items()
            if variable.type == "string"
        }
    return Surface(
        labels=tuple(decision.labels) if decision else (),
        takes_turns=prompt is None and decision is None,
        limits=limits,
        prompt=_pieces(prompt.body) if prompt else (),
        examples=tuple(str(example.get("input", "")) for example in prompt.examples)
        if prompt
        else (),
        languages=tuple(system.charter.use.allowed.languages),
        samples=tuple(_samples(cases)),
    )


def _pieces(body: str) -> tuple[str, ...]:
    """The fixed text between a template's expressions and role headings."""
    plain = _HEADING.sub("\x00", _EXPRESSION.sub("\x00", body))
    return tuple(piece.strip() for piece in plain.split("\x00") if piece.strip())


def _samples(cases: Iterable[Case]) -> Iterable[tuple[str, str]]:
    kept = 0
    for case in cases:
        slot = slot_of(case)
        if slot is None or case.expect.action in ("hold", "block"):
            continue
        yield slot.text, case.expect.label or ""
        kept += 1
        if kept == MAX_SAMPLES:
            return
