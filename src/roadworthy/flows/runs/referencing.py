"""Fit a reference: what a system's inputs look like when it is used for what it was made for.

    fit         1 the references: a suite that judges nothing, asked; or a file of past inputs
                2 each input once; those that are out of scope aside
                3 fit on most of them, set the threshold on others, see what is left
                4 the fit into the ledger

Enters: a checked system, where the references are, how many false alarms are allowed. Leaves: a
reference, for the file that the candidate names. What never happens here: a fit on cases that the
gate judges by, an input that counts twice because it is said twice, a threshold on what the
detector was fitted on, a text in the reference.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET, Struct, field, structs

from roadworthy.detectors import ood
from roadworthy.domain import (
    Draft,
    File,
    Reference,
    ReferenceCounts,
    RefusedError,
    Suite,
    System,
    UndecidedError,
    UsageError,
    digest_of,
    format_instant,
    plain,
    sha256,
)
from roadworthy.evaluation import pin_suite
from roadworthy.release import pin
from roadworthy.statistics import (
    Interval,
    alarm_range,
    conformal_threshold,
    fewest_scores,
    share_interval,
)

from ..entries.run_records import rows_of
from ..late.shift_looking import OUT_OF_SCOPE
from ..workspace.loop import Loop
from .case_target import PathTarget
from .evaluating import Asked, EvaluatingDeps, evaluate

FEWEST = 20
"""References below which nothing is fitted."""

FEWEST_SCALING = 10
MOST_SCALING = 500
MOST_HELD = 4000


class Known(File, frozen=True, kw_only=True):
    """One past input, a line of a file of references; what is not known is left out."""

    input: str
    output: str = ""
    label: str = ""
    decision: str = ""
    facets: dict[str, str] = field(default_factory=dict)
    ood: bool = False
    """Out of scope: not fitted on, but looked at to say how many of such are found."""


class Source(Struct, frozen=True, kw_only=True):
    """Where references are from."""

    name: str
    digest: str
    known: Sequence[Known]
    places: Sequence[str]
    """Where each is from: a line, or a case."""
    left_out: int = 0
    """Cases that cannot be put as one input, or were not answered."""


class Fitted(Struct, frozen=True, kw_only=True):
    """A reference, and what was seen while it was fitted."""

    reference: Reference
    alarms: Interval
    """Between which shares the false alarms of this one threshold lie, at 95 %."""
    found: int
    """Out-of-scope inputs that it flags."""
    outside: int
    """Out-of-scope inputs that were given."""
    power: Interval | None
    twice: int
    """Inputs that say what another says."""
    empty: int
    """Inputs without a word."""
    left_out: int
    farthest: tuple[str, ...]
    """Where the inputs are from that were not fitted on and lie farthest away."""


async def of_suite(
    system: System, name: str, deps: EvaluatingDeps, asked: Asked | None = None
) -> Source:
    """The cases of a suite with what was answered to them. Asks only what no run has asked before.

    Raises UsageError on an unknown suite, RefusedError on one that judges, UndecidedError when the
    run is not complete.
    """
    suite = _suite(system, name)
    unnamed = structs.replace(system.candidate, ood=UNSET)
    named = system.candidate.ood
    asking = structs.replace(
        system,
        candidate=unnamed,
        rails=structs.replace(
            system.rails, rails=[each for each in system.rails.rails if each.detector != "ood"]
        ),
        suites=(suite,),
        calibration=(),
        files={path: each for path, each in system.files.items() if path != named},
        assets={path: each for path, each in system.assets.items() if path != named},
    )
    evaluated = await evaluate(asking, asked or Asked(), deps)
    summary = evaluated.summary
    if summary.status != "complete":
        raise UndecidedError(
            f"{summary.run} is not complete: nothing is fitted on a part of a suite",
            fix="the same command goes on with what is missing",
        )
    answers = {row.case: row for row in rows_of(deps.loop, summary) if row.repeat == 0}
    content = pin(asking)
    target = PathTarget(deps.service(content, lambda one: one), deps.loop.clock, deps.new_id)
    known, places = [], []
    for case in suite.cases:
        row = answers.get(case.id)
        if row is None or row.status == "error" or case.is_episode:
            continue
        places.append(case.id)
        known.append(
            Known(
                input=target.asked(case),
                output=row.output if row.action == "answered" else "",
                label=row.label,
                decision=row.decision,
                facets=case.facets,
                ood=OUT_OF_SCOPE in case.tags,
            )
        )
    return Source(
        name=suite.name, digest=pin_suite(suite).digest, known=known, places=places,
        left_out=len(suite.cases) - len(known),
    )  # fmt: skip


def of_lines(name: str, data: bytes) -> Source:
    """The references of a file: a JSON object a line. Raises UsageError, naming the line."""
    decoder = msgspec.json.Decoder(Known)
    known, places = [], []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            known.append(decoder.decode(line))
            places.append(f"line {number}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(
                f"{name}, line {number}: {error}",
                fix='a line is {"input": "…"}, with "label", "output", "decision", "facets" '
                'and "ood" where they are known',
            ) from None
    return Source(name=name, digest=sha256(data), known=known, places=places)


def fit_reference(
    system: System,
    source: Source,
    *,
    false_alarm: float,
    vector_of: ood.VectorOf | None,
    encoder: ood.Encoder | None = None,
    loop: Loop,
) -> Fitted:
    """Fit on the references, and enter it. `encoder`: in place of `vector_of`.

    Raises UndecidedError with the number that is needed where they are too few.
    """
    where = [at for each, at in zip(source.known, source.places, strict=True) if not each.ood]
    inside = [each for each in source.known if not each.ood]
    outside = [each for each in source.known if each.ood]
    places, empty = _once(inside)  # 2
    held, scaling, fitted = _split(inside, places, false_alarm)
    known = [inside[at] for at in fitted]
    blank = _fitted(known, [inside[at].input for at in scaling], vector_of, encoder)  # 3
    blank = structs.replace(
        blank,
        system=system.charter.system,
        source=source.name,
        source_digest=source.digest,
        date=format_instant(loop.clock.now()),
        held=len(held),
        false_alarm=false_alarm,
        facets=_facets(inside),
    )
    detector = ood.Detector(blank, vector_of, encoder)
    scores = {at: round(detector.score(inside[at].input), 6) for at in (*held, *scaling)}
    threshold = conformal_threshold([scores[at] for at in held], false_alarm)
    reference = structs.replace(
        blank, threshold=threshold, counts=_counts(inside, places, (*held, *scaling), detector)
    )
    loop.ledger.record(_entry(reference, loop.machine))  # 4
    hits = sum(round(detector.score(each.input), 6) > threshold for each in outside)
    return Fitted(
        reference=reference,
        alarms=alarm_range(len(held), false_alarm),
        found=hits,
        outside=len(outside),
        power=share_interval(hits, len(outside)) if outside else None,
        twice=len(inside) - empty - len(places),
        empty=empty,
        left_out=source.left_out,
        farthest=tuple(where[at] for at in sorted(scores, key=lambda at: (-scores[at], at))[:5]),
    )


def _fitted(
    known: Sequence[Known],
    scaling: Sequence[str],
    vector_of: ood.VectorOf | None,
    encoder: ood.Encoder | None,
) -> Reference:
    """A reference of which only the detector is known yet."""
    labels = [each.label or each.decision for each in known]
    found = ood.fit(
        [each.input for each in known],
        scaling,
        labels=labels if all(labels) else (),
        outputs=[each.output for each in known if each.output],
        vector_of=vector_of,
        encode=None if encoder is None else encoder.encode,
    )
    return Reference(
        system="", source="", source_digest="", date="", fitted=len(known), held=1,
        labelled=found.labelled, false_alarm=0.5, threshold=math.inf, topics=found.topics,
        output_topics=found.output_topics, detector=found.tables, settings=found.settings,
        counts=ReferenceCounts(), encoder=UNSET if encoder is None else encoder.pin,
    )  # fmt: skip


def _suite(system: System, name: str) -> Suite:
    found = next((one for one in system.calibration if one.name == name), None)
    if found is not None:
        return structs.replace(found, file=structs.replace(found.file, stop_when=UNSET))
    if system.suite(name) is not None:
        raise RefusedError(
            f"the gate judges by the suite {name!r}: what is fitted on its cases finds nothing new "
            "in them and proves nothing",
            fix="write other cases into a suite with `purpose: calibration`, or give past inputs "
            "with --from FILE.jsonl",
        )
    known = ", ".join(one.name for one in system.calibration) or "none"
    raise UsageError(
        f"there is no suite {name!r} to fit on",
        fix=f"suites with `purpose: calibration`: {known}; or --from FILE.jsonl",
    )


def _once(known: Sequence[Known]) -> tuple[list[int], int]:
    """The place of each input that says something of its own; and how many have no word.

    In an order by lot that the texts decide, so that the order of lines decides nothing.
    """
    found: dict[str, int] = {}
    empty = 0
    for place, each in enumerate(known):
        words = ood.words_of(each.input)
        empty += not words
        if words:
            found.setdefault(sha256(" ".join(words).encode("utf-8", "replace")), place)
    return [found[key] for key in sorted(found)], empty


def _split(
    known: Sequence[Known], places: Sequence[int], rate: float
) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Places for the threshold, for the scales, and to fit on."""
    n, least = len(places), fewest_scores(rate)
    needed = least + FEWEST_SCALING + FEWEST
    if n < needed:
        raise UndecidedError(
            f"{n} different references: a false-alarm rate of {rate:.4g} needs at least {needed} "
            f"({least} for the threshold alone)",
            fix="give more past inputs, or allow more false alarms with --false-alarm",
        )
    held = max(least, min(MOST_HELD, round(0.3 * n)))
    scaling = max(FEWEST_SCALING, min(MOST_SCALING, round(0.05 * n)))
    while n - held - scaling < FEWEST:
        held -= 1
    return places[:held], places[held : held + scaling], places[held + scaling :]


def _facets(known: Sequence[Known]) -> dict[str, list[str]]:
    values: dict[str, set[str]] = {}
    for each in known:
        for name, value in each.facets.items():
            values.setdefault(name, set()).add(value)
    return {name: sorted(found) for name, found in sorted(values.items())}


def _counts(
    inside: Sequence[Known], places: Sequence[int], unfitted: Sequence[int], detector: ood.Detector
) -> ReferenceCounts:
    """Of all; topics only of those that they were not found in.

    What topics were found in lies nearer to them than what comes later: of 300 references that
    alone was told as drift in one window of five.
    """
    known = [inside[at] for at in places]
    apart = [inside[at] for at in unfitted]
    truths: dict[str, Counter[str]] = {}
    for each in known:
        if each.decision and each.label:
            truths.setdefault(each.decision, Counter())[each.label] += 1
    words = {word for each in known for word in ood.words_of(each.input)}
    return ReferenceCounts(
        inputs=_counted(detector.look(each.input).topic for each in apart),
        outputs=_counted(detector.output_topic(each.output) for each in apart if each.output),
        decisions=_counted(each.decision for each in known),
        truths={decision: _counted(found.elements()) for decision, found in sorted(truths.items())},
        words=len(words),
        n=len(known),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(filter(None, names)).items()))


def _entry(reference: Reference, actor: str) -> Draft:
    payload = {
        "reference": digest_of(reference),
        "source": reference.source,
        "source_digest": reference.source_digest,
        "n": reference.counts.n,
        "false_alarm": reference.false_alarm,
        "threshold": reference.threshold,
    }
    return Draft(
        system=reference.system,
        kind="reference.fitted",
        subject=reference.source,
        actor=actor,
        payload=plain(payload),
    )
