"""A gate decision as Markdown (for a pull request) and JUnit XML (for a CI). Pure text."""

from __future__ import annotations

import re
import unicodedata

from roadworthy.domain import (
    INDICATORS,
    Assessment,
    GateDecision,
    IndicatorSpec,
    Verdict,
    WaiverUse,
    read_name,
)

from .assessment import percent
from .trials import confidence_of

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
"""What begins HTML in Markdown (CommonMark 0.31, 4.6 and 6.6); before anything else `<` is text."""

_SPECIAL = re.compile(r"([\\|*\[\]])")
"""What has a meaning in the middle of a line (GFM 0.29, 4.10, 6.4, 6.6 and 6.7)."""

_CALL = re.compile(r"(?<=@)(?=[A-Za-z0-9])|(?<=:)(?=//)|(?<=www)(?=\.)")
"""Where a mention or an automatic link begins."""

_JOINER = "\u2060"
_ENDS = frozenset("\t\n\r\x0b\x0c\x85\u2028\u2029")


def shown(value: float | None, unit: str = "") -> str:
    """A number for people, durations with their unit; a dash where there is none."""
    if value is None:
        return "-"
    if unit == "ms":
        return f"{value / 1000:.3g} s" if abs(value) >= 1000 else f"{value:.3g} ms"
    named = f" {unit}" if unit in ("MB", "Wh", "g") else ""
    return f"{value:.4g}{named}"


def bounds(low: float | None, high: float | None, spec: IndicatorSpec | None = None) -> str:
    """An interval for people. Of a count it is a number of cases or sessions: no rate looks so."""
    if low is None or high is None:
        return "-"
    unit = spec.unit if spec is not None else ""
    of = f" {_things(spec)}" if spec is not None and spec.kind == "count" else ""
    return f"{shown(low, unit)} to {shown(high, unit)}{of}"


def counted(n: int, rows: int, spec: IndicatorSpec | None = None) -> str:
    """How many questions, and how many answers where a question was asked more than once."""
    of_sessions = spec is not None and spec.kind == "count" and _things(spec) == "sessions"
    what = "sessions" if of_sessions else "distinct"
    return f"{n} {what} ({rows} answers)" if rows > n > 0 else str(n)


def _things(spec: IndicatorSpec) -> str:
    """What a count is of."""
    return "sessions" if "session" in spec.needs else "cases"


def _spec(item: Assessment) -> IndicatorSpec | None:
    return INDICATORS.get(read_name(item.slo).metric)


def unit(item: Assessment) -> str:
    """The unit of what an objective measures; empty where it has none."""
    spec = _spec(item)
    return spec.unit if spec is not None else ""


def estimate(item: Assessment) -> str:
    """The estimate for people; of labels with the share of the cases that was answered at all."""
    if item.coverage is None:
        return shown(item.estimate, unit(item))
    return f"{shown(item.estimate)} at coverage {shown(item.coverage)}"


def verdict(item: Assessment) -> str:
    """The verdict for people: one that rests on the estimate alone, or is waived, says so."""
    told = str(item.verdict)
    if item.evidence == "point":
        told += f" (point, n={item.n})"
    return f"{told}, waived by {item.waived_by}" if item.waived_by else told


def headline(decision: GateDecision) -> str:
    """The decision in a few words; one that rests on waivers says on how many."""
    count = len(decision.waivers)
    if not count:
        return str(decision.decision)
    return f"{decision.decision} with {count} waiver{'s' if count > 1 else ''}"


def waived(use: WaiverUse) -> str:
    """What a waiver lets pass, until when, by whom and why: one sentence."""
    people = " and ".join(use.approved_by)
    return (
        f"waiver {use.id} accepts {', '.join(use.covers)} until {use.until}, signed by {people}, "
        f"asked for by {use.author}: {use.reason}"
    )


def interval(item: Assessment) -> str:
    """The interval for people."""
    return bounds(item.low, item.high, _spec(item))


def level(decision: GateDecision) -> str:
    """At what confidence the intervals are: the more runs, the higher."""
    return percent(confidence_of(decision.runs, decision.looks))


def asked(item: Assessment) -> str:
    """How many cases, and how many answers where they were asked more than once."""
    return counted(item.n, item.rows, _spec(item))


def to_markdown(decision: GateDecision, *, title: str = "Gate") -> str:
    """A Markdown section: the decision, the table, the reasons, the next step."""
    lines = [
        f"## {title}: {headline(decision)}",
        "",
        f"Candidate `{decision.candidate[:19]}…`, run `{decision.run or 'none'}`"
        + (f", {decision.runs} runs on these cases." if decision.runs > 1 else "."),
        "",
        f"| SLO | target | estimate | {level(decision)} interval (two-sided) "
        "| n | baseline | difference | verdict |",
        "| --- | --- | --: | --: | --: | --: | --: | --- |",
    ]
    for item in decision.slos:
        lines.append(
            f"| {cell(item.name)} | {cell(item.target)} | {estimate(item)} "
            f"| {interval(item)} | {asked(item)} | {shown(item.baseline, unit(item))} "
            f"| {shown(item.difference, unit(item))} | **{cell(verdict(item))}** |"
        )
    waivers = [waived(use) for use in decision.waivers]
    for heading, texts in (
        ("Waivers", waivers),
        ("Why", decision.reasons),
        ("Notes", decision.notes),
    ):
        if texts:
            lines += ["", f"{heading}:", "", *(f"- {cell(text)}" for text in texts)]
    lines += ["", f"Next: {decision.next_step}", ""]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text that is text wherever the Markdown is posted; `>= 0.8` and `<= 0.1` stay as they are.

    It ends no table cell, starts no HTML, emphasis, image or link, calls nobody (`@name`) and turns
    no words around. Facets and ids in it are words of whoever called.
    """
    clean = _SPECIAL.sub(r"\\\1", _seen(text))
    return _CALL.sub(_JOINER, _TAG.sub("&lt;", clean))


def to_junit(decision: GateDecision) -> str:
    """JUnit XML: an objective a test case, FAIL a failure, ERROR an error, INCONCLUSIVE too.

    CI systems turn a skipped test green, so what is not decided is an error, never skipped; a
    waived failure is: it neither passed nor stops.
    """
    from xml.etree import ElementTree  # a gateway's control process renders nothing

    closed = [item for item in decision.slos if not item.verdict.opens and not item.waived_by]
    failed = [item for item in closed if item.verdict is Verdict.FAIL]
    undecided = [item for item in closed if item.verdict is not Verdict.FAIL]
    extra = 0 if decision.decision.opens or failed or undecided else 1
    suite = ElementTree.Element(
        "testsuite",
        name=f"roadworthy gate {decision.system}",
        tests=str(len(decision.slos) + extra),
        failures=str(len(failed)),
        errors=str(len(undecided) + extra),
        skipped=str(sum(bool(item.waived_by) for item in decision.slos)),
    )
    for item in decision.slos:
        name = _xml(item.name)
        case = ElementTree.SubElement(suite, "testcase", classname=decision.system, name=name)
        if item.verdict.opens:
            continue
        if item.waived_by:
            said = f"{verdict(item)}: {item.reason}"
            ElementTree.SubElement(case, "skipped", message=_xml(said))
            continue
        kind = "failure" if item.verdict is Verdict.FAIL else "error"
        ElementTree.SubElement(case, kind, message=_xml(item.reason), type=str(item.verdict))
    if extra:
        case = ElementTree.SubElement(suite, "testcase", classname=decision.system, name="gate")
        message = _xml("; ".join(decision.reasons))
        ElementTree.SubElement(case, "error", message=message, type=str(decision.decision))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """Text without the characters that XML 1.0 forbids, or that show nothing themselves."""
    return "\n".join(_seen(line) for line in text.split("\n"))


def _seen(text: str) -> str:
    """Text without what nobody sees (controls, marks of direction); a line's end is a blank."""
    return "".join(
        " " if sign in _ENDS else sign
        for sign in text
        if sign in _ENDS or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
