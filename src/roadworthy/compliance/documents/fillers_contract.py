"""What fills a form from the contract: who looks after it, how it is run, what it is told."""

from __future__ import annotations

from collections import Counter
from html import escape

from msgspec import UnsetType

from roadworthy.domain import Block, Cell, Drawing, Gap, Language, Paragraph, Source

from .blocks import CHARTER, grid, listing, of_entry, paragraph
from .gathered import Gathered
from .plain import spoken
from .registry import filler
from .words import said, told

_SIDE = 34
"""Pixels of one field of the risk chart."""


@filler("inputs")
def _inputs(found: Gathered, language: Language) -> tuple[Block, ...]:
    candidate, prompt = found.system.candidate, found.system.prompt
    variables = prompt.header.variables if prompt is not None else {}
    rows = [
        (name, one.type, str(one.max_chars), one.description) for name, one in variables.items()
    ]
    source = found.source(found.system.candidate_file)
    task = Paragraph(cell=Cell(f"{said('task', language)}: {candidate.task}", source))
    checked = [f"{one.that}: {one.otherwise}" for one in candidate.assertions]
    parts: list[Block] = [task]
    if rows:
        columns = ("name", "kind", "longest", "what")
        parts.append(grid(columns, rows, source, "nothing is given", language))
    if checked:
        parts.append(listing(checked, source, "nothing is asserted", language))
    return tuple(parts)


@filler("oversight")
def _oversight(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (one.name, ", ".join(map(spoken, one.roles)), one.valid_from[:10])
        for one in found.people
        if one.kind == "person" and not one.revoked_at
    ]
    review = found.charter.review
    source = found.source(CHARTER)
    needed = [
        f"{told(act, language)}, {said('people needed', language)}: {number}"
        for act, number in review.approvals.items()
    ]
    return (
        grid(
            ("name", "role", "since"),
            rows,
            found.source("trust.yaml"),
            "nobody has a key",
            language,
        ),
        listing(needed, source, "no approval is asked for", language),
    )


@filler("playbooks")
def _playbooks(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (one.name, one.header.trigger, one.header.automatic_step, one.header.owner,
         Cell(one.header.last_drilled or "-", found.source(one.path)))
        for one in found.system.playbooks
    ]  # fmt: skip
    columns = ("playbook", "when", "by itself", "owner", "drilled, by its own file")
    return (grid(columns, rows, None, "no playbook is written", language),)


@filler("suites")
def _suites(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows: list[tuple[str, str, Cell]] = []
    for suite in found.system.suites:
        tags = Counter(tag for case in suite.cases for tag in case.tags)
        most = ", ".join(f"{tag} {number}" for tag, number in tags.most_common(6))
        rows.append((suite.name, str(len(suite.cases)), Cell(most, found.source(suite.path))))
    columns = ("suite", "cases", "tags")
    return (grid(columns, rows, None, "no suite is written", language),)


@filler("success")
def _success(found: Gathered, language: Language) -> tuple[Block, ...]:
    named = found.charter.value.success if found.charter.value is not None else {}
    rows = [
        (told(level, language), criterion)
        for level, criteria in named.items()
        for criterion in criteria
    ]
    source = found.source(CHARTER)
    columns = ("level", "criterion")
    return (grid(columns, rows, source, "no success criterion is written", language),)


@filler("endpoints")
def _endpoints(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (
            one.id,
            told(one.impact, language),
            told(one.safe_mode, language),
            str(one.expected_volume_per_day),
            one.service_level,
        )
        for one in found.charter.endpoints
    ]
    columns = ("endpoint", "impact", "safe mode", "a day", "service level")
    source = found.source(CHARTER)
    return (grid(columns, rows, source, "no endpoint is named", language),)


@filler("rollout")
def _rollout(found: Gathered, language: Language) -> tuple[Block, ...]:
    rollout = found.system.rollout
    if rollout is None:
        return (Gap(what=said("no rollout is planned", language), block=""),)
    source = found.source("rollout.yaml")
    rows = [
        (f"{step.weight_percent:g} %", step.bake, said("yes" if step.approval else "no", language))
        for step in rollout.steps
    ]
    strategy = f"{said('strategy', language)}: {told(rollout.strategy, language)}"
    return (
        Paragraph(cell=Cell(strategy, source)),
        grid(("share", "for", "approved by people"), rows, source, "no step is planned", language),
    )


@filler("disclosure")
def _disclosure(found: Gathered, language: Language) -> tuple[Block, ...]:
    behaviour = found.charter.behaviour
    source = found.source(CHARTER)
    told = behaviour.disclosure
    if isinstance(told, UnsetType) or told.where == "answer":
        sentence = behaviour.identifies_as_ai
        return (paragraph(sentence, source, "no sentence says that it is an AI", language),)
    return (paragraph(told.why, source, "nobody says where people are told", language),)


@filler("marks")
def _marks(found: Gathered, language: Language) -> tuple[Block, ...]:
    told = found.charter.behaviour.disclosure
    logged = isinstance(told, UnsetType) or told.log
    source = found.source(CHARTER)
    key = found.newest.get("media.key_made")
    logs = said("yes" if logged else "no", language)
    if isinstance(told, UnsetType):
        logs = f"{logs} ({said('unless the charter says otherwise, and it does not', language)})"
    always = Source(what="roadworthy")
    rows = [
        (said("log of fingerprints", language), Cell(logs, source)),
        (
            said("header and field of each answer", language),
            Cell(said("yes, by the gateway, always", language), always),
        ),
        (
            said("key for marks on media", language),
            Cell(said("yes", language), of_entry(key))
            if key
            else Cell(said("no", language), found.ledger),
        ),
    ]
    return (grid(("mark", "there"), rows, None, "nothing is marked", language),)


@filler("unheard")
def _unheard(found: Gathered, language: Language) -> tuple[Block, ...]:
    source = found.source(CHARTER)
    unheard = [one.who for one in found.charter.stakeholders if not one.consulted]
    voices = {one.voice for one in found.charter.stakeholders if one.consulted}
    unheard += [one for one in found.charter.review.required_voices if one not in voices]
    if not unheard:
        return (Paragraph(cell=Cell(said("everybody named was heard", language), source)),)
    return (listing(unheard, source, "everybody named was heard", language),)


@filler("untested")
def _untested(found: Gathered, language: Language) -> tuple[Block, ...]:
    """Findings of their own: a risk without a test, a never event without a case."""
    tags = {tag for suite in found.system.suites for case in suite.cases for tag in case.tags}
    source = found.source(CHARTER)
    bare = [
        f"{said('risk without a test', language)}: {risk.id}"
        for risk in found.charter.risks
        if not any(tag in tags for tag in risk.tested_by)
    ]
    bare += [
        f"{said('never event without a case', language)}: {one.id}"
        for one in found.charter.never
        if f"never:{one.id}" not in tags
    ]
    if not bare:
        return (Paragraph(cell=Cell(said("each has one", language), source)),)
    return tuple(Gap(what=one) for one in bare)


@filler("risk_chart")
def _risk_chart(found: Gathered, language: Language) -> tuple[Block, ...]:
    """Severity against likelihood, each field with the risks in it."""
    places: dict[tuple[int, int], list[str]] = {}
    for risk in found.charter.risks:
        places.setdefault((risk.occurrence, risk.severity), []).append(risk.id.split("-")[0])
    if not places:
        return (Gap(what=said("no risk is written down", language)),)
    words = "; ".join(
        f"{', '.join(ids)}: {said('severity', language)} {severity},"
        f" {said('occurrence', language)} {occurrence}"
        for (occurrence, severity), ids in sorted(places.items())
    )
    return (Drawing(svg=_chart(places, language), words=words),)


def _chart(places: dict[tuple[int, int], list[str]], language: Language) -> str:
    size = 11 * _SIDE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}"'
        ' role="img" font-family="sans-serif" font-size="11">'
    ]
    for across in range(1, 11):
        for up in range(1, 11):
            hot = across * up / 100
            x, y = across * _SIDE, (10 - up) * _SIDE
            parts.append(
                f'<rect x="{x}" y="{y}" width="{_SIDE - 1}" height="{_SIDE - 1}"'
                f' fill="rgb(179,38,30)" fill-opacity="{0.05 + 0.6 * hot:.2f}"/>'
            )
            text = " ".join(places.get((across, up), ()))
            if text:
                parts.append(f'<text x="{x + 2}" y="{y + 20}">{escape(text)}</text>')
    for number in range(1, 11):
        parts.append(f'<text x="{number * _SIDE + 12}" y="{10 * _SIDE + 16}">{number}</text>')
        parts.append(f'<text x="14" y="{(10 - number) * _SIDE + 20}">{number}</text>')
    across_said, up_said = said("occurrence", language), said("severity", language)
    parts.append(f'<text x="{5 * _SIDE}" y="{size - 4}">{escape(across_said)}</text>')
    turned = f"rotate(-90 10 {5 * _SIDE})"
    parts.append(f'<text x="10" y="{5 * _SIDE}" transform="{turned}">{escape(up_said)}</text>')
    return "".join(parts) + "</svg>"
