"""Indicators of what is new: inputs out of scope, facet values and topics never seen."""

from __future__ import annotations

from .indicator import IndicatorSpec, share_spec

_NEEDS = ("reference",)
_COUNTS = "cases whose input was held against a reference, or should have been"
_FIT = "read what is new (`roadworthy journal query`); what belongs to the purpose goes into the "


def _count(name: str, definition: str, method: str, **notes: str) -> IndicatorSpec:
    return IndicatorSpec(
        name=name,
        definition=definition,
        kind="count",
        unit="",
        high=None,
        area="shift",
        higher_is_better=False,
        evidence="point",
        needs=_NEEDS,
        measured=True,
        intervals=(method,),
        **notes,  # type: ignore[arg-type]
    )


NOVELTY = (
    share_spec(
        "ood_rate",
        "share of inputs flagged as out of distribution: farther from the reference than the "
        "threshold of its false-alarm rate; one that could not be looked at counts as flagged",
        needs=_NEEDS,
        better=False,
        area="shift",
        misleads="where all is in scope it is the false-alarm rate that was set, not 0; of a suite "
        "it counts the cases that are out of scope on purpose; a way of asking that is new is "
        "flagged as what is foreign is",
        formula="sum_i [score of i > threshold, or i unseen] / n",
        counts=_COUNTS,
        oracle="counted by hand",
        source="split conformal prediction, Papadopoulos et al. 2002, "
        "https://doi.org/10.1007/3-540-36755-1_29",
        calls_for=_FIT + "suite and the reference, what does not is turned away by a rail",
    ),
    share_spec(
        "ood_recall",
        "share of the inputs that are out of scope in truth that were flagged; one that could not "
        "be looked at was not",
        needs=(*_NEEDS, "tag:ood"),
        area="shift",
        misleads="it is the power against these out-of-scope inputs: others are harder, those of "
        "the same domain by far",
        formula="sum_i [i out of scope and flagged] / sum_i [i out of scope]",
        counts="cases that are out of scope: tag `ood`; live what a reviewer said",
        oracle="sklearn.metrics.recall_score",
        source="Larson et al. 2019, https://arxiv.org/abs/1909.02027",
        calls_for="fit the reference on more inputs, or allow more false alarms",
    ),
    share_spec(
        "ood_precision",
        "share of the flagged inputs that are out of scope in truth",
        needs=_NEEDS,
        area="shift",
        misleads="it rests on how many inputs are out of scope: in a suite with many it is high, "
        "live where few are the same detector's is low",
        formula="sum_i [i out of scope and flagged] / sum_i [i flagged]",
        counts="flagged cases of which the truth is known",
        oracle="sklearn.metrics.precision_score",
        source="Larson et al. 2019, https://arxiv.org/abs/1909.02027",
        calls_for="set a lower false-alarm rate, or fit the reference on what is flagged wrongly",
    ),
    share_spec(
        "facet_novelty",
        "share of requests with a facet whose value no reference has, such as a supplier code "
        "never seen",
        needs=_NEEDS,
        better=False,
        area="shift",
        misleads="a facet that names each request (an order's number) is new every time; a value "
        "that was mistyped is new too",
        formula="sum_i [some facet of i has a value that the reference does not have] / n",
        counts="cases that were held against a reference which knows facets",
        oracle="counted by hand",
        source="this product",
        calls_for="see who these are; evaluate on them, then fit the reference with them",
    ),
    _count(
        "topic_emergence",
        "topics that the reference does not have: kinds of flagged inputs of which five or more "
        "were seen, alike by their words",
        "garwood",
        misleads="one user who sends much the same makes a topic; a topic that is told in ever "
        "other words makes none, and one close to an old topic is not flagged at all",
        formula="number of groups of flagged inputs, each like the group's first in 48 of 64 bits "
        "of their sketches or more, with at least five; low and high: groups of which at least "
        "five are expected in as many inputs, by the bounds of each group's count",
        counts=_COUNTS,
        oracle="scipy.stats.chi2",
        source="Charikar 2002, https://doi.org/10.1145/509907.509965; Garwood 1936, "
        "https://doi.org/10.1093/biomet/28.3-4.437",
        calls_for=_FIT + "suite as cases and into the reference, what does not gets a rail",
    ),
    _count(
        "ood_repeats",
        "inputs of one new kind that come again: flagged ones alike by their words, or with one "
        "new value of a facet; the first of its kind counts nothing",
        "clopper_pearson",
        misleads="false alarms that are alike come again too; an input said twice word for word "
        "counts as one that came again",
        formula="sum_i [an earlier input is of a new kind of i]",
        counts=_COUNTS,
        oracle="counted by hand",
        source="this product",
        calls_for="something new has begun: read the kind, and hold its slice until it is known",
    ),
)
"""What is new, from the single input to what comes again."""
