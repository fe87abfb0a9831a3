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
    Question,
    Section,
    Written,
    is_unfinished,
    says_something,
)

from .gathered import Gathered
from .registry import FILLERS
from .visible import visible
from .words import cited, said

_UNKNOWN = frozenset(("unknown", "unbekannt"))
"""An answer, and what nobody knows is listed."""


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
        basis=cited(form.basis, language),
        sections=tuple(
            Section(
                id=spec.id,
                heading=spec.heading[language],
                cite=cited(spec.cite, language),
                blocks=(
                    *(_strayed(found, language) if at == 0 else ()),
                    *(
                        visible(block)
                        for one in spec.blocks
                        for block in (
                            _answered(one, found, language)
                            if one.human and (form.questions or spec.questions)
                            else _filled(one, found, language)
                        )
                    ),
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


def _answered(spec: BlockSpec, found: Gathered, language: Language) -> Iterable[Block]:
    """A question with its id, then what the records and people answer, or that nobody does."""
    yield Question(id=spec.human, text=spec.ask[language])
    blocks = FILLERS[spec.fill](found, language) if spec.fill else ()
    shown = tuple(blocks) if any(not isinstance(one, Gap) for one in blocks) else ()
    yield from shown
    said_so = tuple(_written(spec, found, language))
    yield from said_so
    if said_so or spec.optional or (shown and not spec.judged):
        return
    made = [] if spec.judged else [one for one in blocks if isinstance(one, Gap) and one.command]
    yield from made or [Gap(what=spec.ask[language], block=spec.human)]


def _filled(spec: BlockSpec, found: Gathered, language: Language) -> Iterable[Block]:
    blocks = FILLERS[spec.fill](found, language) if spec.fill else ()
    yield from blocks
    if spec.fill and not spec.human:
        return
    said_so = tuple(_written(spec, found, language))
    yield from said_so
    if not said_so and not spec.optional and (spec.judged or not blocks):
        yield Gap(what=spec.ask[language], block=spec.human)


def _written(spec: BlockSpec, found: Gathered, language: Language) -> Iterable[Block]:
    """What a person wrote, and whether a place holder still stands in it."""
    written = found.written.get(spec.human)
    if not isinstance(written, Written) or not says_something(written.text):
        return
    yield written
    if written.text.strip(" .\n").casefold() in _UNKNOWN:
        yield Gap(what=f"{said('nobody knows', language)}: {spec.ask[language]}", block=spec.human)
    if is_unfinished(written.text):
        what = said("a place holder still stands in what is written", language)
        yield Gap(what=f"{what}: {spec.ask[language]}", block=spec.human)
