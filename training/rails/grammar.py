"""Texts from a small grammar: slots (`@name: a | b`) and sections of templates with `{slots}`.

Enters: a file of our own texts. Leaves: `[label group language]` -> texts, the same for the same
seed. Never happens here: a template that names a slot that is not there (it raises).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_SLOT = re.compile(r"\{(\w+)\}")


class Section(NamedTuple):
    """The templates under one heading."""

    label: str
    group: str
    language: str
    templates: list[str]


class Grammar:
    """One file of texts."""

    def __init__(self, path: Path, slots: Mapping[str, Sequence[str]] | None = None) -> None:
        self.slots: dict[str, Sequence[str]] = dict(slots or {})
        self.sections: list[Section] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# ") and not self.sections:
                continue
            if line.startswith("@"):
                name, _, values = line[1:].partition(":")
                self.slots[name] = [value.strip() for value in re.split(r"\s\|(?:\s|$)", values)]
            elif line.startswith("[attack ") or line.startswith("[benign "):
                self.sections.append(Section(*line[1:-1].split(), []))  # type: ignore[arg-type]
            elif line.strip():
                self.sections[-1].templates.append(line)

    def texts(self, section: Section, count: int, chance: random.Random) -> list[str]:
        """At most `count` different texts, every template equally often."""
        found: dict[str, None] = {}
        for turn in range(count * 3):
            template = section.templates[turn % len(section.templates)]
            text = self._filled(template, chance).replace("\\n", "\n").strip()
            found[_varied(text, chance)] = None
            if len(found) >= count:
                break
        return list(found)

    def _filled(self, template: str, chance: random.Random) -> str:
        while slot := _SLOT.search(template):
            value = chance.choice(self.slots[slot[1]])
            template = template[: slot.start()] + value + template[slot.end() :]
        return re.sub(r" {2,}", " ", template.replace("~", " "))


def _varied(text: str, chance: random.Random) -> str:
    """The same as people write it: sometimes in capitals, without a full stop, or in small."""
    roll = chance.random()
    if roll < 0.08:
        return text.upper()
    if roll < 0.3:
        return text.lower()
    if roll < 0.4:
        return text.rstrip(".!?")
    return text
