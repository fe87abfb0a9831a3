"""A form and evidence become a document; what is missing is in it, as missing."""

from __future__ import annotations

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
                blocks=tuple(
                    block for one in spec.blocks for block in _filled(one, found, language)
                ),
            )
            for spec in form.sections
        ),
    )


def _filled(spec: BlockSpec, found: Gathered, language: Language) -> Iterable[Block]:
    if spec.fill:
        yield from FILLERS[spec.fill](found, language)
        return
    written = found.written.get(spec.human)
    if isinstance(written, Written) and written.text.strip():
        yield written
    else:
        yield Gap(what=spec.ask[language], block=spec.human)
