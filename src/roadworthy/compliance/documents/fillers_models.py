"""What fills a form from the registry: which models are asked, on which data, on which terms.

What a maker says is a claim: it stands with the entry of who registered it, and a figure says
whether anything here showed it.
"""

from __future__ import annotations

from collections.abc import Iterator

from roadworthy.domain import (
    HOSTED,
    Block,
    Cell,
    Gap,
    Language,
    ModelFile,
    ModelStanding,
    ModelVersion,
    Paragraph,
    Source,
    VendorTerms,
)

from .blocks import grid, listing
from .gathered import Gathered
from .registry import filler
from .words import said, told

_REGISTER = "roadworthy model register models/NAME.yaml --as NAME"


def _of(version: ModelVersion) -> Source:
    return Source(what="model.registered", digest=version.digest, entry=version.entry)


@filler("models")
def _models(found: Gathered, language: Language) -> tuple[Block, ...]:
    """Each model, adapter and judge: which it is, how it stands, what is known of it."""
    if not found.models:
        return (Gap(what=said("no model is registered", language), command=_REGISTER),)
    return tuple(block for one in found.models for block in _model(one, language))


def _model(one: ModelStanding, language: Language) -> Iterator[Block]:
    if one.version is None or one.version.file is None:
        why = said("it is not in the registry", language)
        what = f"{told(one.wanted.part, language)} {one.wanted.words}: {why}"
        yield Gap(what=what, command=_REGISTER)
        return
    source, file = _of(one.version), one.version.file
    head = [
        ("part", told(one.wanted.part, language)),
        ("which model it is", one.wanted.words),
        ("file", file.identity.digest),
        ("registered as", one.version.name),
        ("state", said(one.state, language)),
        ("approved by", ", ".join(sorted({each.by for each in one.approvals}))),
        ("until", min((each.until for each in one.approvals if each.until), default="")),
    ]
    rows = [(said(key, language), value) for key, value in (*head, *_facts(file)) if value]
    yield grid(("what", "value"), rows, source, "no model is registered", language)
    if one.state != "approved":
        yield Gap(
            what=f"{told(one.wanted.part, language)} {one.wanted.words}: {one.reason}",
            command=one.step,
        )
    if file.limits:
        cells = [f"{said('limit', language)}: {each}" for each in file.limits]
        yield listing(cells, source, "nothing is out of scope", language)


def _facts(file: ModelFile) -> list[tuple[str, str]]:
    """What is known of it, in the order in which people ask."""
    general = {True: "yes", False: "no", None: ""}[file.general_purpose]
    return [
        ("title", file.title),
        ("maker", file.maker),
        ("licence", file.licence),
        ("released on", file.released),
        ("what it is for", file.intended_use),
        ("tasks", ", ".join(file.tasks)),
        ("modalities", ", ".join(file.modalities)),
        ("parameters", f"{file.parameters:,}" if file.parameters else ""),
        ("context in tokens", f"{file.context_tokens:,}" if file.context_tokens else ""),
        ("knowledge until", file.knowledge_until),
        ("general-purpose model", general),
        ("training compute", file.training_flop),
        ("price", file.price),
        ("documents of the maker", ", ".join(each.title for each in file.documents)),
    ]


@filler("model_data")
def _data(found: Gathered, language: Language) -> tuple[Block, ...]:
    """What is known of the data behind each model; nothing where nobody registered any.

    Half of it is a gap: a section must not look complete and not be.
    """
    blocks: list[Block] = []
    for one in found.models:
        if one.version is None or one.version.file is None:
            continue
        data = one.version.file.data
        known = {"pretraining": data.pretraining, "tuning": data.tuning, "test data": data.test}
        cells = [
            f"{one.version.name}, {said(key, language)}: {value}"
            for key, value in known.items()
            if value.strip()
        ]
        if not cells:
            continue
        blocks.append(listing(cells, _of(one.version), "no model is registered", language))
        unsaid = [said(key, language) for key, value in known.items() if not value.strip()]
        if unsaid:
            what = f"{one.version.name}: {said('nothing is said of', language)} {', '.join(unsaid)}"
            blocks.append(Gap(what=what, command=_REGISTER))
    return tuple(blocks)


@filler("model_claims")
def _claims(found: Gathered, language: Language) -> tuple[Block, ...]:
    """Figures that makers give, each told from what was measured here."""
    blocks: list[Block] = []
    for one in found.models:
        file = one.version.file if one.version is not None else None
        if one.version is None or file is None or not file.figures:
            continue
        rows = [
            (
                one.version.name, each.task, each.metric, _value(each.value, each.low, each.high),
                str(each.n) if each.n else "-", each.source,
                each.checked or said("a claim", language),
            )
            for each in file.figures
        ]  # fmt: skip
        columns = ("model", "task", "indicator", "value", "n", "said by", "checked here by")
        blocks.append(grid(columns, rows, _of(one.version), "no model is registered", language))
    return tuple(blocks)


def _value(value: float, low: float | None, high: float | None) -> str:
    return f"{value:.4g}" if low is None or high is None else f"{value:.4g} ({low:.4g}, {high:.4g})"


@filler("model_terms")
def _terms(found: Gathered, language: Language) -> tuple[Block, ...]:
    """On which terms each model may be asked; of one that runs here, its licence."""
    if not found.models:
        return (Gap(what=said("no vendor terms are recorded", language), command=_REGISTER),)
    return tuple(block for one in found.models for block in _terms_of(one, language))


def _terms_of(one: ModelStanding, language: Language) -> Iterator[Block]:
    file = one.version.file if one.version is not None else None
    name = f"{told(one.wanted.part, language)} {one.wanted.words}"
    if one.version is None or file is None or (file.terms is None and _is_elsewhere(one)):
        what = f"{name}: {said('no vendor terms are recorded', language)}"
        yield Gap(what=what, command=_REGISTER)
        return
    source = _of(one.version)
    if file.terms is None:
        here = said("it runs here, by its licence", language)
        yield Paragraph(cell=Cell(f"{name}: {here} {file.licence}", source))
        return
    rows = [(said(key, language), value) for key, value in _agreed(file.terms, language) if value]
    forbidden = [*file.forbidden.tasks, *file.forbidden.classes, *file.forbidden.jurisdictions,
                 *file.forbidden.words]  # fmt: skip
    if file.forbidden.alone:
        forbidden.append(said("decisions that no person looks at", language))
    if forbidden:
        rows.append((said("not for", language), "; ".join(forbidden)))
    yield Paragraph(cell=Cell(name, source))
    yield grid(("what", "value"), rows, source, "no vendor terms are recorded", language)


def _agreed(terms: VendorTerms, language: Language) -> list[tuple[str, str]]:
    """What the contract says; what it does not say is said, where it decides something."""

    def told(value: bool | None) -> str:
        return said({True: "yes", False: "no", None: "it does not say"}[value], language)

    allowed = {"allowed": True, "forbidden": False, None: None}[terms.personal_data]
    kept = terms.keeps_inputs_days
    return [
        ("contract with", terms.with_whom),
        ("document", terms.document),
        ("digest", terms.document_digest),
        ("read on", terms.read_on),
        ("until", terms.until),
        ("personal data may be sent", told(allowed)),
        ("agreement on processing (GDPR, Article 28)", told(terms.processing_agreement)),
        ("the vendor learns from what is sent", told(terms.trains_on_inputs)),
        ("what is sent is kept, in days", said("it does not say", language) if kept is None
         else str(kept)),
        ("regions", ", ".join(terms.regions)),
        ("what the vendor guarantees", terms.indemnity),
        ("service level", terms.service_level),
        ("notice of changes", terms.notice_of_change),
    ]  # fmt: skip


def _is_elsewhere(one: ModelStanding) -> bool:
    return one.wanted.identity.provider in (*HOSTED, "http")
