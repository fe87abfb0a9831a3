"""The release line: evaluate, gate, sign, roll out, observe, act, learn. Read `gate` first.

    evaluate   runs/evaluating.py       the bar into the ledger, then the run through the line
    gate       here                     0 evidence that verifies, 1 candidate, 2 its run,
                                        3 the bar, 4 objectives, 5 people, findings, incidents,
                                        models, 6 decision into the ledger
    sign       releasing/releasing.py   approvals, attestations, activation, once it owes no
                                        incident anything (entries/owed.py); releasing/building.py
                                        makes the bundle
    act        brakes/road.py           a violation left: kill, record, incident
    hold       brakes/stopping.py       kills by hand and their end; control/reconciling.py puts
                                        back what the ledger says is stopped and is live
    learn      incidents/learning.py    incident -> cases -> closed by a gate that ran them

What never happens here: a verdict without data that opens, or one that is not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Assessment,
    Bar,
    Blocker,
    Deliberation,
    Draft,
    GateDecision,
    Incident,
    Observation,
    ReleaseContent,
    RunSummary,
    System,
    digest_of,
    format_instant,
    paired_with_baseline,
    plain,
)
from roadworthy.evaluation import pin_suite, quarantine_of
from roadworthy.monitoring import judges_of
from roadworthy.policy import (
    NeverMove,
    RegressionRule,
    assess_incident_cases,
    beside_objectives,
    decide,
    deliberation_blockers,
    finding_blockers,
    finding_notes,
    incident_blockers,
    never_spoken,
    regressions,
    removed_cases,
    same_bar,
    set_aside,
    stopped_early,
    unscored_blockers,
    unscored_notes,
)
from roadworthy.release import pin

from .entries.model_moved import model_moved
from .entries.moved import earlier_bars, moved, names_of, never_changes
from .entries.prereads import preread_blockers
from .entries.run_records import bar_of, newest_run, rows_of
from .entries.trials import answered_beside, trials_of, with_rows
from .findings.findings import FindingsSeen, findings_seen
from .findings.importing import in_words as imports_in_words
from .gate.baseline import Baseline, baseline_of
from .gate.comparing import differences, in_words
from .gate.graded import paired_scores
from .gate.judging import Evidence
from .gate.provider_errors import judge_answers
from .gate.rated import ballots_of, with_ratings
from .incidents.learning import elsewhere, incidents_of
from .late.references import against_reference
from .releasing.approved_models import as_evidence, models_seen
from .releasing.waiving import excuses_of
from .workspace.intact import require_intact
from .workspace.loop import Loop


class Pull(Struct, frozen=True, kw_only=True):
    """A change that is proposed, and what it starts from."""

    baseline: Baseline
    """The base's run on today's cases."""
    bars: tuple[tuple[str, Bar], ...] = ()
    """What the base's own suites ask, with when they were read: a case that is gone is seen."""
    rule: RegressionRule = RegressionRule()


def gate(system: System, loop: Loop) -> GateDecision:
    """Judge the candidate's newest run, record the decision, return it. Raises as `consider`."""
    return _record(loop, consider(system, loop))


def consider(
    system: System, loop: Loop, pull: Pull | None = None, *, with_note: bool = True
) -> GateDecision:
    """What the gate says of the candidate's newest run, unrecorded: nothing rests on it yet.

    `pull` is a proposed change and its base; without `with_note`, nobody has had to speak yet.
    Raises VerificationError or UndecidedError when the ledger under it does not verify.
    """
    # 0 the evidence
    require_intact(loop)
    # 1 candidate
    content = pin(system)
    # 2 its run
    present = present_bar(system, content)
    run = newest_run(loop, content.candidate_digest, bar=present)
    rows = with_ratings(rows_of(loop, run), ballots_of(loop, content.system))
    # 3 the bar
    bars = [*earlier_bars(loop, content, present), *(pull.bars if pull is not None else ())]
    names = names_of(content.system, bars)
    incidents = [each for name in names for each in incidents_of(loop, name).values()]
    excuses = excuses_of(system, content, loop, removed_cases(bars, present), incidents)
    aside = set_aside(run, present, system.suites, today=format_instant(loop.clock.now())[:10])
    blockers = [*_bar_blockers(loop, run, present), *unscored_blockers(rows)]
    blockers += [*excuses.blockers(), *aside.blockers, *model_moved(loop, content, run, rows)]
    # 4 objectives
    drawn = _drawn_as(loop, run, present)
    baseline = baseline_of(loop, system, content, drawn, names) if pull is None else pull.baseline
    trials = trials_of(loop, content, (run, rows), present, incidents, base_run=_base_run(pull))
    evidence = Evidence(
        rows=rows, baseline=baseline, never=content.charter.never, runs=trials.runs,
        looks=run.looks if run else 1, aside=aside.cases, others=with_rows(loop, trials, rows),
        paired=_paired(system, pull), reference=against_reference(content),
    )  # fmt: skip
    assessments, notes = judge_answers(run, content.slos.slos, evidence)
    notes += [*aside.notes, *stopped_early(run), *trials.notes, *unscored_notes(rows)]
    notes += [*moved(loop, system, bars, present), *_compared(baseline, rows, pull)]
    assessments += _regressions(baseline, rows, pull, assessments)
    # 5 people, findings, incidents and models
    findings = findings_seen(loop, content, run, rows, excuses.waivers)
    asked = with_note and pull is None  # of a proposed change people speak later
    said, told = _spoken(system, loop, content, never_changes(loop, content, bars), asked=asked)
    models = models_seen(system, content, loop, asked=asked)
    blockers += [*said, *_open_ends(findings, incidents, system), *models.blockers]
    seen = [*rows, *answered_beside(loop, trials, incidents)]
    assessments += _required(incidents, _fixed(loop, run), seen)
    notes += [*told, *_past(incidents, loop, content, names), *finding_notes(findings.standings)]
    assessments, in_use, unused = excuses.applied(assessments, findings.accepted)
    # 6 decision
    decision = decide(
        system=content.system, candidate=content.candidate_digest, run=run,
        assessments=assessments if run is not None else (), blockers=blockers,
        baseline_run=baseline.run, notes=[*notes, *unused, *models.notes],
    )  # fmt: skip
    decision = msgspec.structs.replace(
        decision, runs=trials.runs, looks=evidence.looks, waivers=in_use, quarantined=aside.shown,
        models=models.uses,
    )  # fmt: skip
    return _under(decision, system.deliberation)


def _under(decision: GateDecision, note: Deliberation | None) -> GateDecision:
    """The decision with the note that it was made under: what signs and activates asks for it."""
    if note is None:
        return decision
    return msgspec.structs.replace(
        decision, deliberation=note.digest, deliberated=note.header.decision
    )


def present_bar(system: System, content: ReleaseContent) -> Bar:
    """The bar that today's files would fix."""
    return Bar(
        system=content.system,
        candidate=content.candidate_digest,
        slos=digest_of(content.slos),
        suites=tuple(pin_suite(suite) for suite in system.suites),
        quarantine=quarantine_of(system),
    )


def _bar_blockers(loop: Loop, run: RunSummary | None, present: Bar) -> list[Blocker]:
    """A bar that moved after the run keeps it closed."""
    fixed = _fixed(loop, run)
    return same_bar(fixed, present) if fixed is not None else []


def _drawn_as(loop: Loop, run: RunSummary | None, present: Bar) -> Bar:
    """Today's bar with the judged run's seed: the baseline must have drawn with the same."""
    fixed = _fixed(loop, run)
    return present if fixed is None else msgspec.structs.replace(present, seed=fixed.seed)


def _fixed(loop: Loop, run: RunSummary | None) -> Bar | None:
    """The bar that the run was held to."""
    return bar_of(loop, run.bar) if run is not None else None


def _base_run(pull: Pull | None) -> str:
    """The run that a proposed change is compared with; empty where there is none."""
    return pull.baseline.run if pull is not None else ""


def _required(
    incidents: list[Incident], fixed: Bar | None, seen: list[Observation]
) -> list[Assessment]:
    """The built-in requirement about the cases of incidents, where there are any."""
    required = assess_incident_cases(incidents, fixed, seen)
    return [required] if required is not None else []


def _past(
    incidents: list[Incident], loop: Loop, content: ReleaseContent, names: list[str]
) -> list[str]:
    """What people changed in cases of incidents, whose incidents are not asked about, imports."""
    changed = [revision for each in incidents for revision in each.revisions]
    told = imports_in_words(loop, content.system, content.candidate_digest)
    return [*changed, *elsewhere(loop, content.system, names), *told]


def _spoken(
    system: System,
    loop: Loop,
    content: ReleaseContent,
    changed: Sequence[NeverMove],
    *,
    asked: bool,
) -> tuple[list[Blocker], list[str]]:
    """What people's note does, and what it names; with nobody asked yet all is told."""
    note, candidate = system.deliberation, content.candidate_digest
    unnamed, told = never_spoken(changed, note, candidate)
    if not asked:
        return [], [*told, *(each.reason for each in unnamed)]
    said = deliberation_blockers(note, content.charter, candidate)
    forged = preread_blockers(loop, content.system, candidate, note)
    return [*said, *forged, *unnamed], told


def _open_ends(findings: FindingsSeen, incidents: list[Incident], system: System) -> list[Blocker]:
    """What findings and incidents that nobody has answered do."""
    return [
        *finding_blockers(findings.standings),
        *incident_blockers(incidents, system.suites),
    ]


def _paired(system: System, pull: Pull | None) -> frozenset[str]:
    """Scores of pairs with the live release; a proposed change is compared with another one."""
    return frozenset() if pull is not None else paired_with_baseline(system.suites)


def _compared(baseline: Baseline, rows: list[Observation], pull: Pull | None) -> list[str]:
    """What changed against the live release or the base, or why nothing is compared."""
    than = "the base" if pull is not None else "the live release"
    notes = [in_words(each, than) for each in differences(baseline.rows, rows)]
    if pull is not None and (names := judges_of(rows)):
        notes.append(
            f"{', '.join(names)}: a judge's word, which is no proof that nothing got worse"
        )
    return [*notes, f"not compared: {baseline.missing}"] if baseline.missing else notes


def _regressions(
    baseline: Baseline,
    rows: list[Observation],
    pull: Pull | None,
    beside: Sequence[Assessment],
) -> list[Assessment]:
    """Whether a proposed change is worse than its base. No comparison is never a pass."""
    if pull is None or baseline.absent:
        return []
    pairs = paired_scores(baseline.rows, rows)
    return regressions(pairs, beside_objectives(pull.rule, beside), baseline.missing)


def _record(loop: Loop, decision: GateDecision) -> GateDecision:
    digest = loop.blobs.put_json(decision)
    loop.ledger.record(
        Draft(
            system=decision.system,
            kind="gate.decided",
            subject=decision.candidate,
            actor=loop.machine,
            payload=plain(
                {
                    "decision": str(decision.decision),
                    "digest": digest,
                    "run": decision.run,
                    "bar": decision.bar,
                    "deliberation": decision.deliberation,
                    "deliberated": decision.deliberated,
                    "waivers": {use.id: use.digest for use in decision.waivers},
                    "reasons": list(decision.reasons),
                    **as_evidence(decision.models),
                }
            ),
        )
    )
    return decision
