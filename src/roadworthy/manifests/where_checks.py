"""`where` of an objective: what it may select by, and whether the cases that it will meet have it.

A facet that a row lacks is an error of the expression, and the gate cannot judge past it: that is
said here, before a run is paid for. What the answer decides is no way to select: whatever went
wrong would drop out, and a share of the rest says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from roadworthy.domain import (
    EXPECTED,
    KNOWN_BEFORE,
    Case,
    SafetySLO,
    find_indicator,
    split_aggregation,
    split_window,
)
from roadworthy.expressions import Condition

from .document import Document, Path
from .reading import Reading
from .typed import suggest

_NAMED = re.compile(r"""\bfacets\s*\[\s*(?:"([^"]*)"|'([^']*)')\s*\]""")
_ASKED = re.compile(r"""(?:"([^"]*)"|'([^']*)')\s+in\s+facets\b""")
_TEXT = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_HAS = re.compile(r"\bhas\s*\(\s*facets\s*\.\s*(\w+)\s*\)")
_ATTRIBUTE = re.compile(r"\battributes\b(?:\s*\.\s*(\w+)\b(?!\s*\())?")
_DOTTED = re.compile(r"\bfacets\s*\.\s*(\w+)\b(?!\s*\()")
_FACETS = re.compile(r"\bfacets\b")


def facets_of(expression: str) -> tuple[set[str], set[str]]:
    """The facets that a CEL expression names, and those of them that it asks for before use."""
    asked = {one or other for one, other in _ASKED.findall(expression)}
    named = {one or other for one, other in _NAMED.findall(expression)}
    bare = _TEXT.sub('""', expression)
    asked |= set(_HAS.findall(bare))
    return named | asked | set(_DOTTED.findall(bare)), asked


def reads_other_facets(expression: str) -> bool:
    """Whether it may read more than the facets that it names: their number, one that it works out.

    Of a text that only looks like it the answer is yes, too.
    """
    named = len(_NAMED.findall(expression)) + len(_ASKED.findall(expression))
    dotted = len(_DOTTED.findall(_TEXT.sub('""', expression)))
    return len(_FACETS.findall(expression)) > named + dotted


def attributes_of(expression: str) -> set[str]:
    """The attributes that a CEL expression names; among them an empty one where it reads others."""
    return set(_ATTRIBUTE.findall(_TEXT.sub('""', expression)))


def outcome_in(expression: str) -> str:
    """What of the answer a valid CEL expression reads, such as `decision`; empty for nothing."""
    for name in Condition(expression).names:
        if name == "attributes":
            if attributes_of(expression) - {EXPECTED}:
                return "attributes"
        elif name not in KNOWN_BEFORE:
            return name
    return ""


def check_where_hides_nothing(slo: SafetySLO, where: Path, document: Document) -> None:
    """Note a `where` that selects by the answer; durations and costs alone may."""
    if not document.sound(where) or _is_cost(slo):
        return
    name = outcome_in(slo.where)
    if name:
        document.fault(
            where,
            f"`{document.spell(where)}` selects by `{name}`, which is known only with the answer: "
            "what goes wrong would drop out of the objective",
            f"select by {', '.join(f'`{one}`' for one in _OFFERED)}; for the answers that stood "
            "measure `selective_accuracy` beside `coverage`, for each label `by: [decision]`",
        )


_OFFERED = ("tags", "facets", "tenant", "suite", "endpoint", "label", f"attributes.{EXPECTED}")


def _is_cost(slo: SafetySLO) -> bool:
    """Whether it measures a duration or a cost: the gate says how many answers were selected."""
    spec = find_indicator(split_aggregation(slo.metric or split_window(slo.name)[0])[0])
    return spec is not None and spec.kind in ("quantile", "mean") and spec.area == "operations"


def check_where_meets(slo: SafetySLO, place: Path, document: Document, reading: Reading) -> None:
    """Note facets and tags of a `where` that the cases do not carry."""
    where = (*place, "where")
    if not slo.where or not document.sound(where) or not reading.cases_known:
        return
    cases = [case for suite in reading.suites for case in suite.cases]
    if slo.where.startswith("tag:"):
        _check_tag(slo, where, document, cases)
        return
    named, asked = facets_of(slo.where)
    declared = set(reading.candidate.facets) if reading.candidate else set()
    for facet in sorted(named):
        _check_facet(facet, facet in asked, slo, where, document, cases, declared)


def _check_tag(slo: SafetySLO, where: Path, document: Document, cases: list[Case]) -> None:
    tag = slo.where.removeprefix("tag:").strip()
    tags = {one for case in cases for one in case.tags}
    if tag and cases and tag not in tags and "gate" in slo.at:
        document.fault(
            where,
            f"no case carries the tag `{tag}`: the gate will say INCONCLUSIVE",
            suggest(tag, sorted(tags), "the tags are"),
            severity="warning",
        )


def _check_facet(
    facet: str,
    asked: bool,
    slo: SafetySLO,
    where: Path,
    document: Document,
    cases: list[Case],
    declared: set[str],
) -> None:
    known = declared | {one for case in cases for one in case.facets}
    breaks = "gate" in slo.at and not asked
    if facet not in known:
        document.fault(
            where,
            f"`where` names the facet `{facet}`, which neither the candidate nor a case has",
            suggest(facet, sorted(known), "the facets are"),
            severity="error" if breaks else "warning",
        )
        return
    without = _without(facet, cases)
    if breaks and without:
        document.fault(
            where,
            f"`where` reads the facet `{facet}`, which {len(without)} of {len(cases)} cases do not "
            f"have (first `{without[0]}`): the gate could not judge",
            f"write `has(facets.{facet}) && …`, or give every case the facet",
        )


def _without(facet: str, cases: Iterable[Case]) -> list[str]:
    return [case.id for case in cases if facet not in case.facets]
