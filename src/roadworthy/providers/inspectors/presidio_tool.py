"""`presidio`: personal data, found by Microsoft Presidio (the `presidio` extra).

Enters: a text. Leaves: a finding per entity, with Presidio's score. What never happens here: a call
of the internet (Presidio would fetch a list of domain suffixes, spaCy a model), or a kind of data
asked for that nothing here can find.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from roadworthy.domain import Finding, PresidioCheck, TextContext, UsageError

from .in_thread import InThread

_NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP", "AGE", "ID", "EMAIL"})
"""What only a language model finds."""


def make_presidio(check: PresidioCheck) -> InThread:
    """Something that looks. Raises UsageError where it is not installed, or knows no such kind."""
    analyzer = _analyzer(check.language, check.spacy)
    known = set(analyzer.get_supported_entities(check.language))
    entities = _entities(check, known if check.spacy else known - _NAMES)
    return InThread(_looking(analyzer.analyze, check.language, entities), at_once=check.at_once)


@cache
def _analyzer(language: str, name: str) -> Any:
    """One for all that look in a language with a model: it takes seconds and much memory."""
    try:
        import spacy
        import tldextract
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
    except ImportError:
        raise UsageError(
            "a rail asks `presidio`, which is not installed",
            fix="pip install 'roadworthy[presidio]'",
        ) from None
    suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.tldextract.TLD_EXTRACTOR = suffixes  # its own would ask the internet first
    if name and not spacy.util.is_package(name):
        raise UsageError(
            f"the spaCy model {name!r} is not installed",
            fix=f"install it; without one leave out `spacy`, and {', '.join(sorted(_NAMES))} are"
            " not found",
        )
    try:
        model = spacy.load(name) if name else spacy.blank(language)
    except (ImportError, OSError, ValueError) as error:
        raise UsageError(
            f"spaCy has nothing for {name or language!r}: {type(error).__name__}"
        ) from None
    engine = SpacyNlpEngine()
    engine.nlp = {language: model}
    registry = RecognizerRegistry(supported_languages=[language])
    registry.load_predefined_recognizers(languages=[language], nlp_engine=engine)
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[language])


def _entities(check: PresidioCheck, known: set[str]) -> list[str]:
    unknown = [name for name in check.entities if name not in known]
    if unknown:
        needs = "" if check.spacy else " without a spaCy model"
        raise UsageError(
            f"Presidio finds no {unknown[0]} in {check.language!r}{needs}",
            fix=f"it finds {', '.join(sorted(known))}",
        )
    return check.entities or sorted(known)


def _looking(
    analyze: Callable[..., Any], language: str, entities: list[str]
) -> Callable[[str, TextContext], list[Finding]]:
    def look(text: str, context: TextContext) -> list[Finding]:
        found = analyze(text=text, language=language, entities=entities)
        return [
            Finding(kind=one.entity_type, start=one.start, end=one.end, score=float(one.score))
            for one in found
        ]

    return look
