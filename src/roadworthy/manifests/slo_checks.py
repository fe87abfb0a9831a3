"""safety-slos.yaml: can each objective be read, measured, met, and missed?"""

from __future__ import annotations

from msgspec import structs, to_builtins

from roadworthy.domain import (
    ALIASES,
    BUILT_IN,
    INDICATORS,
    SCORERS,
    IndicatorSpec,
    Observation,
    SafetySLO,
    ScorerSpec,
    SloTarget,
    exact,
    find_indicator,
    parse_duration,
    parse_target,
    parse_window,
    read_name,
    score_name,
    split_aggregation,
    split_window,
    why_idle,
    why_impossible,
)
from roadworthy.expressions import Condition

from .charter_checks import check_filled
from .compiled import check_cel
from .document import Document, Path
from .reach_checks import check_values
from .reading import SLOS, Reading
from .scored import score_names, scorers_of, stem, why_unscored
from .session_checks import check_sessions
from .typed import suggest
from .where_checks import check_where_hides_nothing, check_where_meets

_BURN = frozenset(("long", "short", "rate"))
_BURN_FORM = "such as {long: 1h, short: 5m, rate: 14.4}"


def check_slos(reading: Reading) -> None:
    """Note the faults of every objective."""
    if reading.slos is None:
        return
    document = reading.document(SLOS)
    if document.sound(("slos",)) and not reading.slos.slos:
        document.fault(("slos",), "`slos` is empty", "write at least one objective")
    scored = scorers_of(reading)
    seen: dict[str, int] = {}
    for index, slo in enumerate(reading.slos.slos):
        place: Path = ("slos", index)
        if document.sound((*place, "name")):
            if slo.name in seen:
                line = document.line_of(("slos", seen[slo.name], "name"))
                document.fault(
                    (*place, "name"),
                    f"the objective `{slo.name}` stands here twice (first on line {line})",
                    "give it another name: `metric` can name the same indicator",
                )
            seen.setdefault(slo.name, index)
            if slo.name in BUILT_IN:
                document.fault(
                    (*place, "name"),
                    f"`{slo.name}` is built in: every gate asks it, whatever stands here",
                    "give the objective another name, or leave it out",
                )
        _check_one(slo, place, document, scored, reading)


def _verdict(slo: SafetySLO, scored: list[ScorerSpec]) -> IndicatorSpec | None:
    """The objective's score as an indicator, where it is right or wrong: a share, as accuracy."""
    metric = stem(slo)
    verdicts = {
        score_name(spec)
        for spec in scored
        if spec.scorer in SCORERS and SCORERS[spec.scorer].grade == "verdict"
    }
    known = metric.removeprefix("raw.") in verdicts
    return structs.replace(INDICATORS["accuracy"], name=metric) if known else None


def _check_one(
    slo: SafetySLO, place: Path, document: Document, scored: list[ScorerSpec], reading: Reading
) -> None:
    _check_window(slo, place, document)
    target = _check_target(slo, place, document)
    spec = _check_metric(slo, place, document, score_names(scored))
    if target is not None and spec is not None:
        _check_reach(slo, target, spec, place, document)
    elif target is not None and (score := _verdict(slo, scored)) is not None:
        _check_idle(slo, target, score, place, document)
    _check_where(slo, place, document)
    check_where_meets(slo, place, document, reading)
    _check_facets(slo, place, document, reading)
    check_values(slo, target, spec, scored, place, document)
    check_sessions(slo, spec, place, document, reading)
    _check_rest(slo, target, place, document)


def _check_window(slo: SafetySLO, place: Path, document: Document) -> None:
    window = (*place, "window")
    if not document.sound(window) or not document.sound((*place, "name")):
        return
    try:
        stated = parse_window(slo.window)
    except ValueError as error:
        _note(document, window, error)
        return
    suffix = split_window(slo.name)[1]
    try:
        named = parse_window(suffix) if suffix else stated
    except ValueError as error:
        _note(document, (*place, "name"), error)
        return
    if named != stated:
        document.fault(
            window,
            f"the name `{slo.name}` says {suffix}, but `window` says {slo.window}",
            f'write `window: "{suffix}"`, or rename the objective',
        )


def _note(document: Document, place: Path, error: ValueError) -> None:
    """A ValueError of ours says what is wrong, then the right form behind a colon."""
    message, _, fix = str(error).partition(": ")
    document.fault(place, f"`{document.spell(place)}`: {message}", fix)


def _check_target(slo: SafetySLO, place: Path, document: Document) -> SloTarget | None:
    where = (*place, "target")
    if not document.sound(where):
        return None
    try:
        return parse_target(slo.target)
    except ValueError as error:
        _note(document, where, error)
    return None


def _check_metric(
    slo: SafetySLO, place: Path, document: Document, scores: set[str]
) -> IndicatorSpec | None:
    """The indicator of an objective; unknown is an error, known but unmeasured a warning."""
    key = "metric" if slo.metric else "name"
    where = (*place, key)
    if not document.sound(where):
        return None
    try:
        objective = read_name(slo)
    except ValueError:
        # Name and window disagree or the window has no form: noted already.
        stem = slo.metric or split_window(slo.name)[0]
        metric, aggregation = split_aggregation(stem)
    else:
        metric, aggregation = objective.metric, objective.aggregation
    if metric in scores:
        return None
    spec = find_indicator(metric)
    if spec is None:
        scorer = metric.removeprefix("raw.")
        if scorer in SCORERS:
            document.fault(where, *why_unscored(metric, scorer))
            return None
        known = [*INDICATORS, *ALIASES, *sorted(scores)]
        document.fault(
            where,
            f"no indicator is named `{metric}`",
            _suggest_metric(metric, known)
            or "see `roadworthy schema --indicators`, or name a scorer of a suite",
        )
        return None
    if aggregation and aggregation not in spec.aggregations:
        allowed = ", ".join(f"`{one}`" for one in spec.aggregations)
        document.fault(
            where,
            f"`{spec.name}` has no `{aggregation}`",
            f"its aggregations are {allowed}" if allowed else f"write `{spec.name}` alone",
        )
    _warn_of_unmeasured(spec, slo, where, document)
    return spec


def _warn_of_unmeasured(
    spec: IndicatorSpec, slo: SafetySLO, where: Path, document: Document
) -> None:
    """Of an objective that nothing will show where it is to be judged."""
    if not spec.measured and "gate" in slo.at:
        document.fault(
            where,
            f"`{spec.name}` is known but not measured yet: the gate will say INCONCLUSIVE",
            'write `at: ["runtime"]` if it must not hold the gate',
            severity="warning",
        )
    elif "load" in spec.needs and "gate" in slo.at:
        document.fault(
            where,
            f"no run shows `{spec.name}`: the gate will say INCONCLUSIVE",
            'write `at: ["runtime"]`; `roadworthy load` measures it, of a release',
            severity="warning",
        )
    elif not spec.measured:
        document.fault(
            where,
            f"`{spec.name}` is known but not measured yet: at run time it guards nothing",
            "keep it for the version that measures it, and watch by other means until then",
            severity="warning",
        )


def _suggest_metric(metric: str, known: list[str]) -> str:
    near = suggest(metric, known, "")
    return near if near.startswith("did you mean") else ""


def _check_reach(
    slo: SafetySLO, target: SloTarget, spec: IndicatorSpec, place: Path, document: Document
) -> None:
    where = (*place, "target")
    if not document.sound(where):
        return
    impossible = why_impossible(target, spec)
    if impossible:
        document.fault(
            where,
            f"the target `{slo.target}` can never be met: {impossible}",
            _possible(target, spec),
        )
        return
    if _check_idle(slo, target, spec, place, document):
        return
    wrong_way = "<" if spec.higher_is_better else ">"
    if target.operator.startswith(wrong_way):
        better = "higher" if spec.higher_is_better else "lower"
        document.fault(
            where,
            f"the target `{slo.target}` points the wrong way: {better} is better for `{spec.name}`",
            f"write `{'>=' if wrong_way == '<' else '<='}`",
            severity="warning",
        )
        return
    ends = (target.operator == ">=" and target.bound == spec.high) or (
        target.operator == "<=" and target.bound == spec.low
    )
    if ends and not target.relative_to:
        document.fault(
            where,
            f"no sample can prove `{slo.target}`",
            f"write `== {exact(target.bound)}`: then the count is judged",
            severity="warning",
        )


def _check_idle(
    slo: SafetySLO, target: SloTarget, spec: IndicatorSpec, place: Path, document: Document
) -> bool:
    """Note a target that every value meets: it would open the gate whatever was measured."""
    idle = why_idle(target, spec)
    if idle:
        document.fault(
            (*place, "target"),
            f"the target `{slo.target}` can never be missed: {idle}",
            "tighten it, or remove the objective: it guards nothing",
        )
    return bool(idle)


def _possible(target: SloTarget, spec: IndicatorSpec) -> str:
    """A target of the same direction that can be met."""
    if target.relative_to:
        return "write a factor above 0, such as `<= 1.2 x baseline`"
    if spec.high == 1.0 and target.operator.startswith("<"):
        return "write a share such as `<= 0.05`, or `<= 5 %`"
    if spec.high == 1.0:
        return "write a share such as `>= 0.90`, or `>= 90 %`"
    return f"write a bound from {spec.low:g} up" if spec.low is not None else ""


def _check_where(slo: SafetySLO, place: Path, document: Document) -> None:
    where = (*place, "where")
    if not slo.where or not document.sound(where):
        return
    if slo.where.startswith("tag:"):
        if not slo.where.removeprefix("tag:").strip():
            document.fault(where, "`where` names no tag", "write `tag:NAME`")
        return
    if not check_cel(slo.where, document, where, variables=Observation.__struct_fields__):
        return
    blank = Observation(id="", time="", system="", release="", stage="eval")
    names = {name: to_builtins(getattr(blank, name)) for name in blank.__struct_fields__}
    kind = Condition(slo.where).other_kind(names)
    if kind:
        document.fault(
            where,
            f"`{document.spell(where)}` gives {kind}, not true or false",
            "compare it with something, as in `suite == 'golden'`",
        )
    check_where_hides_nothing(slo, where, document)


def _check_facets(slo: SafetySLO, place: Path, document: Document, reading: Reading) -> None:
    """`by` names facets that a request can carry."""
    if not slo.by or reading.candidate is None or not reading.cases_known:
        return
    known = {*reading.candidate.facets, "tenant", "suite", "endpoint", "decision", "label"}
    for cases in reading.case_files.values():
        for case in cases:
            known.update(case.facets)
    for index, facet in enumerate(slo.by):
        where = (*place, "by", index)
        if document.sound(where) and facet not in known:
            document.fault(
                where,
                f"`by` names the facet `{facet}`, which neither the candidate nor a case has",
                suggest(facet, sorted(known), "the facets are"),
                severity="warning",
            )


def _check_rest(slo: SafetySLO, target: SloTarget | None, place: Path, document: Document) -> None:
    if document.sound((*place, "at")) and not slo.at:
        document.fault((*place, "at"), "`at` is empty", "write `gate`, `runtime`, or both")
    counted = target is not None and target.end_of_scale
    if slo.max_rate is not None and target is not None and not counted:
        document.fault(
            (*place, "max_rate"),
            f"`max_rate` means nothing beside the target `{slo.target}`",
            "it belongs to `== 0`; remove it",
            severity="warning",
        )
    _check_recover(slo, place, document)
    if slo.incident is False and slo.action_on_breach != "alert":
        document.fault(
            (*place, "incident"),
            f"`incident: false` cannot stand beside `action_on_breach: {slo.action_on_breach}`",
            "what changes answers is looked at by somebody: leave it out",
        )
    _check_burn(slo, place, document)
    if (*place, "objective") in document.lines:
        check_filled(slo.objective, (*place, "objective"), document)


def _check_recover(slo: SafetySLO, place: Path, document: Document) -> None:
    where = (*place, "recover")
    if not slo.recover or not document.sound(where):
        return
    first = slo.recover.partition(" ")[0]
    if first not in ("auto", "manual"):
        document.fault(
            where,
            f"`recover` cannot be `{slo.recover}`",
            "write `manual`, `auto`, or `auto after 3 clean windows`",
        )
    elif first == "auto" and slo.action_on_breach == "kill_switch":
        document.fault(
            where,
            "`recover: auto` cannot stand beside `action_on_breach: kill_switch`",
            "a kill is lifted by two people only: write `recover: manual`",
        )


def _check_burn(slo: SafetySLO, place: Path, document: Document) -> None:
    """Burn rates: `{long: 1h, short: 5m, rate: 14.4}` as in the SRE workbook."""
    for index, row in enumerate(slo.burn):
        where = (*place, "burn", index)
        if not document.sound(where):
            continue
        if set(row) != _BURN:
            document.fault(where, f"a burn rate has {', '.join(sorted(_BURN))}", _BURN_FORM)
            continue
        seconds = {}
        for key in ("long", "short"):
            try:
                seconds[key] = parse_duration(str(row[key]))
            except ValueError as error:
                _note(document, (*where, key), error)
        rate = row["rate"]
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 1 < rate < 1e6:
            document.fault((*where, "rate"), f"`rate: {rate}` is no burn rate", "above 1: 14.4")
        if len(seconds) == 2 and seconds["short"] >= seconds["long"]:
            document.fault(where, "`short` is not shorter than `long`", _BURN_FORM)
    if slo.burn and document.sound((*place, "target")) and not _has_budget(slo):
        document.fault(
            (*place, "burn"),
            f"`target: {slo.target}` leaves no budget to burn",
            "a share that is neither 0 nor 1, such as `>= 99 %`",
        )


def _has_budget(slo: SafetySLO) -> bool:
    try:
        target = parse_target(slo.target)
        spec = find_indicator(read_name(slo).metric)
    except ValueError:
        return True  # a fault of its own
    share = spec is not None and spec.kind == "rate" and spec.unit == "share"
    return share and not target.relative_to and 0 < target.bound < 1
