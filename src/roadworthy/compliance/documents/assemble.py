"""A form and evidence become a document; what is missing is in it, as missing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from roadworthy.domain import (
    Block,
    BlockSpec,
    Form,
    Gap,
    Language,
    Paper,
    Section,
    Written,
)

from .gathered import Gathered
from .registry import FILLERS
from .words import said

_PLACE_HOLDERS = frozenset((
    "todo", "tbd", "tbc", "fixme", "xxx", "wip", "pending", "later", "placeholder", "n", "a", "x",
    "to", "be", "done", "written", "folgt", "offen", "noch", "platzhalter",
))  # fmt: skip
"""Words that say nothing; a text of nothing else is missing."""


def assemble(form: Form, found: Gathered, language: Language, *, made_at: str, head: str) -> Paper:
    """The document. Every section of the form is in it."""
    return Paper(
        kind=form.document,
        language=language,
        title=form.title[language],
        system=found.charter.system,
        release=found.live.subject if found.live is not None else "",
        made_at=made_at,
        head=head,
        basis=form.basis,
        sections=tuple(
            Section(
                id=spec.id,
                heading=spec.heading[language],
                cite=spec.cite,
                blocks=(
                    *(_strayed(found, language) if at == 0 else ()),
                    *(block for one in spec.blocks for block in _filled(one, found, language)),
                ),
            )
            for at, spec in enumerate(form.sections)
        ),
    )


def _strayed(found: Gathered, language: Language) -> Iterable[Block]:
    """What the folder says would look like what the live release is."""
    if found.strays:
        what = said("the folder is not what is live: this is of another candidate", language)
        yield Gap(what=what, command="roadworthy document KIND DIR --candidate FILE")


def _filled(spec: BlockSpec, found: Gathered, language: Language) -> Iterable[Block]:
    blocks = FILLERS[spec.fill](found, language) if spec.fill else ()
    yield from blocks
    if spec.fill and not spec.human:
        return
    written = found.written.get(spec.human)
    if isinstance(written, Written) and _says_something(written.text):
        yield written
    elif not blocks:
        yield Gap(what=spec.ask[language], block=spec.human)


def _says_something(text: str) -> bool:
    """Whether a person wrote more than a place holder."""
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and not all(word in _PLACE_HOLDERS or not word.strip("_") for word in words)
