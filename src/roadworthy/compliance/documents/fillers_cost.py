"""What fills a form from what things cost: estimates, sums, forecasts; what is unknown is said."""

from __future__ import annotations

from roadworthy.domain import Block, Cell, CostSum, Endpoint, Gap, Grid, Language, Measurement

from .blocks import CHARTER, grid, listing, of_entry
from .gathered import Gathered
from .plain import figure, meaning, spoken
from .registry import filler
from .words import said
from .words import told as in_words

_PRICED = "[[prices]] in roadworthy.toml, then roadworthy eval DIR"
_DAYS_A_MONTH = 365.25 / 12


@filler("costs")
def _costs(found: Gathered, language: Language) -> tuple[Block, ...]:
    """Each phase, estimate against actual; a phase of which nothing is known is a gap."""
    told = [one for one in found.costs if one.estimate or one.actual]
    rows = [
        (
            said(one.phase, language), said(one.measure, language),
            _estimated(one, language),
            _actual(one, language),
            _share(one, language),
        )
        for one in told
    ]  # fmt: skip
    source = found.source(CHARTER)
    columns = ("phase", "measure", "estimate", "actual", "of the estimate")
    missing = "no phase has an estimate, and nothing was recorded"
    first: Block = Gap(what=said(missing, language), command="roadworthy cost add PHASE DIR")
    if rows:
        first = grid(columns, rows, source, missing, language)
    why = [
        f"{said(one.phase, language)}, {said(one.measure, language)}: {in_words(reason, language)}"
        for one in found.costs
        for reason in (one.unknown if one in told else one.reasons)
    ]
    from_where = [
        f"{said(one.phase, language)}, {said(one.measure, language)}: {where}"
        for one in told
        for where in one.sources
    ]
    rest: list[Block] = []
    if from_where:
        rest.append(_titled("where it comes from", from_where, language))
    if why:
        rest.append(_titled("what is unknown, and is no 0", why, language))
    return (first, *rest)


def _estimated(one: CostSum, language: Language) -> str:
    if not one.estimate:
        return said("nobody said", language)
    return f"{one.estimate} {one.estimated_unit}"


def _titled(title: str, texts: list[str], language: Language) -> Block:
    return Grid(columns=(said(title, language),), rows=tuple((Cell(text),) for text in texts))


def _actual(one: CostSum, language: Language) -> str:
    known = " + ".join(f"{amount} {unit}" for unit, amount in one.actual.items())
    unknown = said("unknown", language)
    if not known:
        return unknown
    return known if one.whole else f"{known}, {said('and more that is unknown', language)}"


def _share(one: CostSum, language: Language) -> str:
    if not one.share:
        return "-"
    return f"{one.share} %" if one.whole else f"{said('at least', language)} {one.share} %"


@filler("spend_forecast")
def _forecast(found: Gathered, language: Language) -> tuple[Block, ...]:
    """A month of each endpoint: its volume by the measured cost of an answer, and its budget."""
    price = _measured(found, "cost_per_request")
    if price is None or found.run_entry is None:
        what = said(
            "what an answer costs was not measured: no price of the model is known", language
        )
        return (Gap(what=what, command=_PRICED),)
    source = of_entry(found.run_entry)
    rows = [
        (
            one.id, str(one.expected_volume_per_day), figure(price, language), _month(one, price),
            _budget(one, language),
        )
        for one in found.charter.endpoints
    ]  # fmt: skip
    columns = ("endpoint", "a day", "cost of an answer", "a month by that", "budget")
    return (grid(columns, rows, source, "no endpoint is named", language),)


@filler("cost_indicators")
def _indicators(found: Gathered, language: Language) -> tuple[Block, ...]:
    """Cost, energy and carbon of an answer, as the run measured them."""
    if found.run is None or found.run_entry is None:
        what = said("no complete run of this candidate is in the ledger", language)
        return (Gap(what=what, command="roadworthy eval DIR"),)
    names = ("cost_per_request", "cost_per_resolved_outcome", "energy", "carbon")
    known = {one.name: one for one in found.run.indicators}
    rows = [
        (
            spoken(name),
            meaning(name),
            figure(one, language) if one.value is not None else _unmeasured(one, language),
        )
        for name in names
        if (one := known.get(name)) is not None
    ]
    columns = ("indicator", "what it says", "value")
    missing = "neither cost nor energy of an answer was measured"
    return (grid(columns, rows, of_entry(found.run_entry), missing, language),)


@filler("estimates")
def _estimates(found: Gathered, language: Language) -> tuple[Block, ...]:
    """What each estimate rests on."""
    value = found.charter.value
    named = {} if value is None or not isinstance(value.estimates, dict) else value.estimates
    texts = [f"{said(phase, language)}: {one.reason}" for phase, one in named.items() if one.reason]
    source = found.source(CHARTER)
    return (listing(texts, source, "no estimate says what it rests on", language),)


def _measured(found: Gathered, name: str) -> Measurement | None:
    run = found.run
    if run is None:
        return None
    return next((one for one in run.indicators if one.name == name and one.value is not None), None)


def _unmeasured(one: Measurement, language: Language) -> str:
    return f"{said('not measured', language)}: {one.reason}"


def _month(one: Endpoint, price: Measurement) -> str:
    """The volume of a month by the interval of what an answer costs."""
    answers = one.expected_volume_per_day * _DAYS_A_MONTH
    values = [each for each in (price.low, price.value, price.high) if each is not None]
    shown = [f"{each * answers:,.2f}" for each in values]
    if len(shown) < 3:
        return f"{shown[0]}{price.unit}"
    return f"{shown[1]}{price.unit} ({shown[0]} to {shown[2]})"


def _budget(one: Endpoint, language: Language) -> str:
    budget = one.cost_budget
    if budget is None:
        return said("none is set", language)
    return f"{budget.amount:g} {budget.currency} / {said(budget.per, language)}"
