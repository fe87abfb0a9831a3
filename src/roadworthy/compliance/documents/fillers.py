"""What fills a form from evidence, by name. Each gives blocks with sources, or a gap."""

from __future__ import annotations

from collections.abc import Iterable

from roadworthy.domain import (
    Block,
    Cell,
    DutyStatus,
    Gap,
    Language,
    Listing,
    Measurement,
    Paragraph,
    Proof,
    read_name,
)

from .blocks import CHARTER, grid, listing, of_entry, of_file, paragraph, worth
from .gathered import Gathered
from .plain import asked_of, decision, figure, looked_for, meaning, seen, spoken, target
from .registry import filler
from .words import cited, said, told

LEAST_CASES = 10
"""Of a part that a document shows a figure of."""
WORST_SLICES = 3
"""Of each indicator, in documents that are not about the evaluation."""
MOST_RELEASES = 50
"""The newest ones, that a document lists."""


@filler("human_goal")
def _human_goal(found: Gathered, language: Language) -> tuple[Block, ...]:
    source = found.source(CHARTER)
    return (paragraph(found.charter.human_goal, source, "no purpose is written", language),)


@filler("purpose")
def _purpose(found: Gathered, language: Language) -> tuple[Block, ...]:
    use, source = found.charter.use, found.source(CHARTER)
    return (
        paragraph(use.intended_purpose, source, "no purpose is written", language),
        listing(
            [f"{said('used by', language)}: {one}" for one in use.users], source, "nobody is named",
            language,
        ),
        listing(
            [f"{said('affects', language)}: {one}" for one in use.affected_people], source,
            "nobody is named", language,
        ),
        listing(
            [f"{said('not for', language)}: {one}" for one in use.out_of_scope], source,
            "nothing is out of scope", language,
        ),
    )  # fmt: skip


@filler("proxies")
def _proxies(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [(one.metric, one.fails_when_over_optimised) for one in found.charter.proxies]
    columns = ("proxy metric", "fails when over-optimised")
    source = found.source(CHARTER)
    return (grid(columns, rows, source, "no proxy is named", language),)


@filler("never_events")
def _never(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (
            one.id, one.statement, said(one.scope, language),
            looked_for(one.rule.kind if one.is_wired else "-", language),
        )
        for one in found.charter.never
    ]  # fmt: skip
    columns = ("id", "never event", "scope", "looked for by")
    source = found.source(CHARTER)
    return (grid(columns, rows, source, "no never event is named", language),)


@filler("results")
def _results(found: Gathered, language: Language) -> tuple[Block, ...]:
    """What the objectives ask about; how many more there are. All, where no objective asks."""
    return _figures(found, language, whole=False)


@filler("all_results")
def _all_results(found: Gathered, language: Language) -> tuple[Block, ...]:
    return _figures(found, language, whole=True)


def _figures(found: Gathered, language: Language, *, whole: bool) -> tuple[Block, ...]:
    missing = "no complete run of this candidate is in the ledger"
    if found.run is None or found.run_entry is None:
        return (Gap(what=said(missing, language), command="roadworthy eval DIR"),)
    asked = {read_name(slo).metric for slo in found.system.slos.slos if "gate" in slo.at}
    known = [one for one in found.run.indicators if one.value is not None or one.name in asked]
    shown = known if whole else [one for one in known if one.name in asked] or known
    rows = [(spoken(one.name), meaning(one.name), _value(one, language)) for one in shown]
    source = of_entry(found.run_entry)
    left = len(known) - len(shown)
    why = said("more indicators were measured: they are in the evaluation report", language)
    rest = (Paragraph(cell=Cell(f"{left} {why}", source)),) if left else ()
    columns = ("indicator", "what it says", "value")
    return (grid(columns, rows, source, missing, language), *rest)


def _value(one: Measurement, language: Language) -> str:
    """A figure; of what an objective asks for and nobody measured, that, and why."""
    if one.value is not None:
        return figure(one, language)
    return f"{said('not measured', language)}: {one.reason}"


@filler("results_by_slice")
def _by_slice(found: Gathered, language: Language) -> tuple[Block, ...]:
    """The parts in which each indicator that an objective asks about does worst."""
    return _parts(found, language, most=WORST_SLICES)


@filler("all_results_by_slice")
def _all_slices(found: Gathered, language: Language) -> tuple[Block, ...]:
    return _parts(found, language, most=0)


def _parts(found: Gathered, language: Language, *, most: int) -> tuple[Block, ...]:
    missing = "no complete run of this candidate is in the ledger"
    if found.run is None or found.run_entry is None:
        return (Gap(what=said(missing, language), command="roadworthy eval DIR"),)
    asked = {read_name(slo).metric for slo in found.system.slos.slos if "gate" in slo.at}
    parts = [
        (one, part, inner)
        for one in found.run.indicators
        for part, inner in one.slices.items()
        if inner.value is not None
    ]
    shown = [each for each in parts if each[0].name in asked and each[2].n >= LEAST_CASES]
    if most:
        worst = sorted(
            shown,
            key=lambda each: (each[2].value or 0.0) * (1 if each[0].higher_is_better else -1),
        )
        shown = [
            each
            for one in found.run.indicators
            for each in [part for part in worst if part[0] is one][:most]
        ]
    rows = [(spoken(one.name), part, figure(inner, language)) for one, part, inner in shown]
    source = of_entry(found.run_entry)
    left = len(parts) - len(shown)
    told = (
        "more figures of parts: all are in the evaluation report" if most
        else "more figures of parts are in the run's summary: of indicators that no objective asks"
        " for, and of parts with fewer than 10 cases, which show little"
    )  # fmt: skip
    why = said(told, language)
    rest = (Paragraph(cell=Cell(f"{left} {why}", source)),) if left else ()
    return (grid(("indicator", "slice", "value"), rows, source, missing, language), *rest)


@filler("objectives")
def _objectives(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (
            one.name,
            asked_of(one, language),
            target(one, language),
            told(spoken(one.clause or "-"), language),
        )
        for one in found.system.slos.slos
    ]
    source = found.source("safety-slos.yaml")
    columns = ("objective", "what it says", "target", "clause")
    return (grid(columns, rows, source, "no objective is set", language),)


@filler("risks")
def _risks(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (
            one.id, one.failure_mode, one.effect, one.cause, str(one.severity), str(one.occurrence),
            str(one.detection), one.mitigation, ", ".join(one.tested_by) or "-",
        )
        for one in found.charter.risks
    ]  # fmt: skip
    columns = ("id", "failure mode", "effect", "cause", "severity", "occurrence", "detection",
               "mitigation", "tested by")  # fmt: skip
    source = found.source(CHARTER)
    scale = said("severity, occurrence, detection: 1 is best, 10 is worst", language)
    table = grid(columns, rows, source, "no risk is written down", language)
    return (Paragraph(cell=Cell(scale)), table) if rows else (table,)


@filler("owners")
def _owners(found: Gathered, language: Language) -> tuple[Block, ...]:
    source = found.source(CHARTER)
    rows = [(spoken(role), name) for role, name in found.charter.owners.items()]
    people = [
        (", ".join(map(spoken, one.roles)), one.name)
        for one in found.people
        if one.kind == "person"
    ]
    return (
        grid(("role", "name"), rows, source, "no owner is named", language),
        grid(("role", "name"), people, found.source("trust.yaml"), "nobody has a key", language),
    )


@filler("stakeholders")
def _stakeholders(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (
            one.who,
            one.voice,
            ", ".join(one.phases),
            said("yes" if one.consulted else "no", language),
        )
        for one in found.charter.stakeholders
    ]
    columns = ("who", "voice", "phases", "consulted")
    source = found.source(CHARTER)
    return (grid(columns, rows, source, "no stakeholder is named", language),)


@filler("components")
def _components(found: Gathered, language: Language) -> tuple[Block, ...]:
    """The parts of the candidate, each by its digest."""
    rows = [(file, digest) for file, digest in found.system.files.items()]
    model = found.system.candidate.model
    known = f"{model.provider} {model.name} {model.digest or model.version or ''}".strip()
    source = found.source(found.system.candidate_file)
    return (
        Paragraph(cell=Cell(f"{said('model', language)}: {known}", source)),
        grid(("part", "digest"), rows, source, "no release was built", language),
    )


@filler("releases")
def _releases(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (Cell(entry.subject, of_entry(entry)), Cell(entry.time[:19] + "Z", of_entry(entry)))
        for entry in found.releases[-MOST_RELEASES:]
    ]
    return (grid(("release", "built"), rows, None, "no release was built", language),)


@filler("gate")
def _gate(found: Gathered, language: Language) -> tuple[Block, ...]:
    missing = "no gate has decided about this candidate"
    if found.gate is None:
        return (Gap(what=said(missing, language), command="roadworthy gate DIR"),)
    source = of_entry(found.gate)
    reasons = [str(one) for one in found.gate.payload.get("reasons", ())]
    word = str(found.gate.payload.get("decision"))
    told = f"{said('decision', language)}: {decision(word, language)}"
    rest: Iterable[Block] = (Listing(cells=tuple(Cell(r, source) for r in reasons)),)
    return (
        Paragraph(cell=Cell(told, source)),
        *(rest if reasons else ()),
        *_judged(found, language),
    )


def _judged(found: Gathered, language: Language) -> Iterable[Block]:
    """Each objective as the gate saw it: what was asked, what was measured, the verdict."""
    if found.decision is None or found.gate is None or not found.decision.slos:
        return
    rows = [
        (one.name, target(one.slo, language), seen(one, language), str(one.verdict))
        for one in found.decision.slos
    ]
    columns = ("objective", "target", "value", "verdict")
    missing = "no gate has decided about this candidate"
    yield grid(columns, rows, of_entry(found.gate), missing, language)


@filler("incidents")
def _incidents(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (
            one.id,
            one.title,
            told(one.state, language),
            told(str(one.severity), language),
            one.opened_at[:10],
        )
        for one in found.incidents
    ]
    if not rows:
        none = f"{said('incidents so far', language)}: 0"
        return (Paragraph(cell=Cell(none, found.ledger)),)
    columns = ("id", "incident", "state", "severity", "opened")
    newest = found.newest.get("incident.opened")
    source = of_entry(newest) if newest is not None else None
    return (grid(columns, rows, source, "none so far", language),)


@filler("classification")
def _classification(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (told(one.title, language), told(one.finding, language), cited(one.cite, language))
        for one in found.classification.steps
    ]
    entry = found.classified
    head: tuple[Block, ...] = ()
    if entry is None:
        other = "system.classified" in found.newest
        words = "the classification that is entered is another"
        what = said(words if other else "no classification is entered", language)
        head = (Gap(what=what, command="roadworthy classify DIR --record"),)
    source = of_entry(entry) if entry is not None else found.source("facts.yaml")
    return (*head, grid(("step", "finding", "basis"), rows, source, "no duty applies", language))


@filler("duties")
def _duties(found: Gathered, language: Language) -> tuple[Block, ...]:
    known = {duty.id: duty for duty in found.obligations}
    rows = [
        (
            one.id,
            cited(known[one.id].article, language),
            told(known[one.id].title, language),
            told(spoken(one.status), language),
            _proved(one, language),
            _from(one, language),
        )
        for one in found.duties
        if one.status != "not_applicable"
    ]
    columns = ("duty", "article", "what", "status", "proved by", "since")
    source = of_file(found.classification.catalogue, found.classification.digest)
    return (grid(columns, rows, source, "no duty applies", language),)


def _from(one: DutyStatus, language: Language) -> str:
    """The day from which it applies, and how sure that day is."""
    if one.confidence == "high" or not one.since:
        return one.since
    return f"{one.since} ({said(f'{one.confidence} confidence', language)})"


def _proved(one: DutyStatus, language: Language) -> str:
    """By which entries, and how far those from elsewhere are trusted."""
    told = [
        f"{said('entry', language)} {proof.seq}{_trust(proof, language)}" for proof in one.evidence
    ]
    return ", ".join(told) or "-"


def _trust(proof: Proof, language: Language) -> str:
    return "" if proof.trust == "own" else f" ({worth(proof.trust, proof.by, language)})"


@filler("authors")
def _authors(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [(name, str(number)) for name, number in found.authors]
    missing = "the folder is in no repository"
    return (grid(("author", "commits"), rows, found.source("git"), missing, language),)
