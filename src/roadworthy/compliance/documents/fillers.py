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

from .blocks import CHARTER, figure, grid, listing, of_entry, of_file, paragraph, worth
from .gathered import Gathered
from .registry import filler
from .words import said

MOST_RELEASES = 50
"""The newest ones, that a document lists."""


def digest_in(found: Gathered, file: str = CHARTER) -> str:
    """The digest of a file of the system; empty where it is not one that changes behaviour."""
    return found.system.files.get(file, "")


@filler("human_goal")
def _human_goal(found: Gathered, language: Language) -> tuple[Block, ...]:
    source = of_file(CHARTER, digest_in(found))
    return (paragraph(found.charter.human_goal, source, "no purpose is written", language),)


@filler("purpose")
def _purpose(found: Gathered, language: Language) -> tuple[Block, ...]:
    use, source = found.charter.use, of_file(CHARTER, digest_in(found))
    return (
        paragraph(use.intended_purpose, source, "no purpose is written", language),
        listing(
            [f"{said('for', language)}: {one}" for one in use.users], source, "nobody is named",
            language,
        ),
        listing(
            [f"{said('who it affects', language)}: {one}" for one in use.affected_people], source,
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
    source = of_file(CHARTER, digest_in(found))
    return (grid(columns, rows, source, "no proxy is named", language),)


@filler("never_events")
def _never(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (one.id, one.statement, one.scope, one.rule.kind if one.is_wired else "-")
        for one in found.charter.never
    ]
    columns = ("id", "never event", "scope", "looked for by")
    source = of_file(CHARTER, digest_in(found))
    return (grid(columns, rows, source, "no never event is named", language),)


@filler("results")
def _results(found: Gathered, language: Language) -> tuple[Block, ...]:
    missing = "no complete run of this candidate is in the ledger"
    if found.run is None or found.run_entry is None:
        return (Gap(what=said(missing, language), command="roadworthy eval DIR"),)
    asked = {read_name(slo).metric for slo in found.system.slos.slos if "gate" in slo.at}
    rows = [
        (one.name, _value(one, language))
        for one in found.run.indicators
        if one.value is not None or one.name in asked
    ]
    source = of_entry(found.run_entry)
    return (grid(("indicator", "value"), rows, source, missing, language),)


def _value(one: Measurement, language: Language) -> str:
    """A figure; of what an objective asks for and nobody measured, that, and why."""
    if one.value is not None:
        return figure(one)
    return f"{said('not measured', language)}: {one.reason}"


@filler("results_by_slice")
def _by_slice(found: Gathered, language: Language) -> tuple[Block, ...]:
    missing = "no complete run of this candidate is in the ledger"
    if found.run is None or found.run_entry is None:
        return (Gap(what=said(missing, language), command="roadworthy eval DIR"),)
    rows = [
        (one.name, part, figure(inner))
        for one in found.run.indicators
        for part, inner in one.slices.items()
        if inner.value is not None
    ]
    source = of_entry(found.run_entry)
    return (grid(("indicator", "slice", "value"), rows, source, missing, language),)


@filler("objectives")
def _objectives(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [(one.name, one.target, one.clause or "-") for one in found.system.slos.slos]
    source = of_file("safety-slos.yaml", digest_in(found, "safety-slos.yaml"))
    return (grid(("objective", "target", "clause"), rows, source, "no objective is set", language),)


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
    source = of_file(CHARTER, digest_in(found))
    return (grid(columns, rows, source, "no risk is written down", language),)


@filler("owners")
def _owners(found: Gathered, language: Language) -> tuple[Block, ...]:
    source = of_file(CHARTER, digest_in(found))
    rows = list(found.charter.owners.items())
    people = [(", ".join(one.roles), one.name) for one in found.people if one.kind == "person"]
    return (
        grid(("role", "name"), rows, source, "no owner is named", language),
        grid(("role", "name"), people, of_file("trust.yaml"), "nobody has a key", language),
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
    source = of_file(CHARTER, digest_in(found))
    return (grid(columns, rows, source, "no stakeholder is named", language),)


@filler("components")
def _components(found: Gathered, language: Language) -> tuple[Block, ...]:
    """The parts of the candidate, each by its digest."""
    rows = [(file, digest) for file, digest in found.system.files.items()]
    model = found.system.candidate.model
    known = f"{model.provider} {model.name} {model.digest or model.version or ''}".strip()
    source = of_file("candidate.yaml", digest_in(found, "candidate.yaml"))
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
    decision = f"{said('decision', language)}: {found.gate.payload.get('decision')}"
    rest: Iterable[Block] = (Listing(cells=tuple(Cell(r, source) for r in reasons)),)
    return (Paragraph(cell=Cell(decision, source)), *(rest if reasons else ()))


@filler("incidents")
def _incidents(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [
        (one.id, one.title, one.state, str(one.severity), one.opened_at[:10])
        for one in found.incidents
    ]
    if not rows:
        none = f"{said('incidents so far', language)}: {said('none so far', language)}"
        return (Paragraph(cell=Cell(none)),)
    columns = ("id", "incident", "state", "severity", "opened")
    newest = found.newest.get("incident.opened")
    source = of_entry(newest) if newest is not None else None
    return (grid(columns, rows, source, "none so far", language),)


@filler("classification")
def _classification(found: Gathered, language: Language) -> tuple[Block, ...]:
    rows = [(one.title, one.finding, one.cite) for one in found.classification.steps]
    entry = found.newest.get("system.classified")
    head: tuple[Block, ...] = ()
    if entry is None:
        what = said("no classification is entered", language)
        head = (Gap(what=what, command="roadworthy classify DIR --record"),)
    source = of_entry(entry) if entry is not None else of_file("facts.yaml")
    return (*head, grid(("step", "finding", "basis"), rows, source, "no duty applies", language))


@filler("duties")
def _duties(found: Gathered, language: Language) -> tuple[Block, ...]:
    known = {duty.id: duty for duty in found.obligations}
    rows = [
        (
            one.id,
            known[one.id].article,
            known[one.id].title,
            one.status,
            _proved(one, language),
            one.since,
        )
        for one in found.duties
        if one.status != "not_applicable"
    ]
    columns = ("duty", "article", "what", "status", "proved by", "opened")
    source = of_file(found.classification.catalogue, found.classification.digest)
    return (grid(columns, rows, source, "no duty applies", language),)


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
    return (grid(("author", "commits"), rows, of_file("git"), missing, language),)
