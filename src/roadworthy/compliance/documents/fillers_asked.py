"""What answers one question of a form each, from what the system really uses, and nothing else.

Enters: evidence. Leaves: the answer with its source, or nothing at all: then a person is asked.
Never: a value that the folder does not have, or a statement that only sounds like an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from roadworthy.domain import Block, Cell, Language, Listing, SafetySLO, Source, read_name

from .blocks import CHARTER, grid, of_entry
from .gathered import Gathered
from .plain import figure, meaning, spoken, target
from .registry import filler
from .words import said, told

Answer = Callable[[Gathered, Language], Iterable[str]]
_DRIFT = frozenset((
    "input_drift", "output_drift", "decision_drift", "concept_drift", "purpose_drift", "ood_rate",
    "facet_novelty", "topic_emergence", "ai_generated_share",
))  # fmt: skip
_OPERATION = frozenset((
    "latency", "ttft", "cpu", "memory", "disk", "gpu", "availability", "error_rate", "throughput",
    "headroom",
))  # fmt: skip
_INDICATORS: dict[str, Sequence[str]] = {
    "ethics_invents": (
        "hallucination_rate", "groundedness", "citation_support", "self_contradiction",
    ),
    "ethics_stereotypes": ("toxicity", "spurious_dependence"),
    "ethics_advice": ("attack_success", "jailbreak_success", "injection_success"),
    "ethics_groups": ("flip_rate", "slice_gap", "spurious_dependence"),
    "ethics_dialect": ("consistency", "slice_gap"),
    "ethics_refuses": ("over_refusal", "refusal_rate"),
    "ethics_leaks": ("pii_leak", "secret_leak", "prompt_leak", "verbatim_reproduction"),
    "ethics_never": ("never_event_violations", "never_event_attempts", "hidden_function_response"),
    "measured_costs": ("cost_per_request", "energy", "carbon"),
}  # fmt: skip
"""Filler -> the indicators that answer its question."""


def _charter(found: Gathered) -> Source:
    return found.source(CHARTER)


def _candidate(found: Gathered) -> Source:
    return found.source(found.system.candidate_file)


def _slos(found: Gathered) -> Source:
    return found.source("safety-slos.yaml")


def _answers(
    name: str, source: Callable[[Gathered], Source] = _charter
) -> Callable[[Answer], Answer]:
    """Enter what answers a question as a filler: no text, no block."""

    def enter(one: Answer) -> Answer:
        @filler(name)
        def fill(found: Gathered, language: Language) -> tuple[Block, ...]:
            texts = [text.strip() for text in one(found, language) if text.strip()]
            cells = tuple(Cell(text, source(found)) for text in texts)
            return (Listing(cells=cells),) if cells else ()

        return one

    return enter


@_answers("users")
def _users(found: Gathered, language: Language) -> Iterable[str]:
    return found.charter.use.users


@_answers("product")
def _product(found: Gathered, language: Language) -> Iterable[str]:
    return (f"{found.charter.title} ({found.charter.system} {found.charter.version})",)


@_answers("intended_purpose")
def _intended(found: Gathered, language: Language) -> Iterable[str]:
    return (found.charter.use.intended_purpose,)


@_answers("autonomy")
def _autonomy(found: Gathered, language: Language) -> Iterable[str]:
    return (said(spoken(found.charter.use.autonomy), language),)


@_answers("named_owners")
def _owners(found: Gathered, language: Language) -> Iterable[str]:
    return (f"{spoken(role)}: {name}" for role, name in found.charter.owners.items())


@_answers("volume")
def _volume(found: Gathered, language: Language) -> Iterable[str]:
    return (
        f"{one.id}: {one.expected_volume_per_day} {said('a day', language)}"
        for one in found.charter.endpoints
        if one.expected_volume_per_day
    )


@_answers("service_levels")
def _levels(found: Gathered, language: Language) -> Iterable[str]:
    return (
        f"{one.id}: {one.service_level}" for one in found.charter.endpoints if one.service_level
    )


@_answers("budgets")
def _budgets(found: Gathered, language: Language) -> Iterable[str]:
    for one in found.charter.endpoints:
        if (budget := one.cost_budget) is not None:
            per = said(budget.per, language)
            yield f"{one.id}: {budget.amount:g} {budget.currency} / {per}"


@_answers("fallbacks")
def _fallbacks(found: Gathered, language: Language) -> Iterable[str]:
    return (
        f"{one.id}: {said(spoken(one.safe_mode), language)}: {one.fallback}"
        for one in found.charter.endpoints
    )


@_answers("model_named", _candidate)
def _model(found: Gathered, language: Language) -> Iterable[str]:
    model = found.system.candidate.model
    yield f"{model.provider} {model.name} {model.digest or model.version}".strip()
    if model.adapter:
        yield model.adapter


@_answers("outputs", _candidate)
def _outputs(found: Gathered, language: Language) -> Iterable[str]:
    if (decision := found.system.candidate.decision) is not None:
        yield f"{said('one of', language)} {', '.join(decision.labels)}"


@_answers("facets", _candidate)
def _facets(found: Gathered, language: Language) -> Iterable[str]:
    for name, one in found.system.candidate.facets.items():
        yield f"{name}: {one.header or one.pointer or one.regex}"
    if found.system.candidate.knowledge:
        yield found.system.candidate.knowledge


@_answers("asserted", _candidate)
def _asserted(found: Gathered, language: Language) -> Iterable[str]:
    return (f"{one.that}: {one.otherwise}" for one in found.system.candidate.assertions)


@_answers("reference", _candidate)
def _reference(found: Gathered, language: Language) -> Iterable[str]:
    ood = found.system.candidate.ood
    return (ood,) if isinstance(ood, str) and ood else ()


@_answers("held_back", _candidate)
def _held_back(found: Gathered, language: Language) -> Iterable[str]:
    """Rails on what leaves, and what may leave to upstreams."""
    for rail in found.system.rails.rails:
        if rail.on in ("output", "both"):
            yield f"{rail.id}: {rail.detector}, {rail.action}"
    egress = found.system.rails.egress
    if hasattr(egress, "personal_data"):
        yield f"egress: {egress.personal_data}"


@_answers("watched", _slos)
def _watched(found: Gathered, language: Language) -> Iterable[str]:
    return (_objective(one, language) for one in found.system.slos.slos if "runtime" in one.at)


@_answers("operational", _slos)
def _operational(found: Gathered, language: Language) -> Iterable[str]:
    return _of(found, language, _OPERATION)


@_answers("drift_watched", _slos)
def _drift(found: Gathered, language: Language) -> Iterable[str]:
    return _of(found, language, _DRIFT)


@_answers("needs", _slos)
def _needs(found: Gathered, language: Language) -> Iterable[str]:
    return (
        f"{told(spoken(one.clause), language)}: {_objective(one, language)}"
        for one in found.system.slos.slos
        if one.clause
    )


def _of(found: Gathered, language: Language, metrics: frozenset[str]) -> Iterable[str]:
    return (
        _objective(one, language)
        for one in found.system.slos.slos
        if "runtime" in one.at and read_name(one).metric in metrics
    )


def _objective(one: SafetySLO, language: Language) -> str:
    return f"{spoken(one.name)} {target(one, language)}"


@_answers("pipeline", lambda found: found.source("pipeline.yaml"))
def _pipeline(found: Gathered, language: Language) -> Iterable[str]:
    pipeline = found.system.pipeline
    for step in pipeline.steps if pipeline is not None else ():
        after = f" ({said('after', language)} {', '.join(step.needs)})" if step.needs else ""
        yield f"{step.name}{after}"


@_answers("strategy", lambda found: found.source("rollout.yaml"))
def _strategy(found: Gathered, language: Language) -> Iterable[str]:
    rollout = found.system.rollout
    return (told(rollout.strategy, language),) if rollout is not None else ()


@_answers(
    "run_record", lambda found: of_entry(found.run_entry) if found.run_entry else found.ledger
)
def _run(found: Gathered, language: Language) -> Iterable[str]:
    """What a run can be repeated from."""
    if (run := found.run) is None or found.run_entry is None:
        return
    yield f"{said('run', language)}: {run.run}"
    yield f"{said('candidate', language)}: {run.candidate}"
    yield f"{said('bar, fixed before the first question', language)}: {run.bar}"
    for suite, number in run.suites.items():
        yield f"{said('suite', language)} {suite}: {number} {said('cases', language)}"
    yield f"{said('entered', language)}: {found.run_entry.time[:19]}Z"


@filler("release_format")
def _format(found: Gathered, language: Language) -> tuple[Block, ...]:
    if not found.releases:
        return ()
    newest = found.releases[-1]
    what = said("one signed archive, named by its digest", language)
    return (Listing(cells=(Cell(f"{what}: {newest.subject}", of_entry(newest)),)),)


def _by_indicators(name: str, indicators: Sequence[str]) -> None:
    @filler(name)
    def fill(found: Gathered, language: Language) -> tuple[Block, ...]:
        if found.run is None or found.run_entry is None:
            return ()
        measured = {one.name: one for one in found.run.indicators if one.value is not None}
        rows = [
            (spoken(each), meaning(each), figure(measured[each], language))
            for each in indicators
            if each in measured
        ]
        if not rows:
            return ()
        columns = ("indicator", "what it says", "value")
        return (grid(columns, rows, of_entry(found.run_entry), "not measured", language),)


for _name, _names in _INDICATORS.items():
    _by_indicators(_name, _names)
