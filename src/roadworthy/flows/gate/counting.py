"""What `n` counts, in words: copies, cases that grew from others, what a filter selected.

Enters: the rows of a run, and objectives. Leaves: notes for a decision. Never here: a verdict;
copies count for one in every interval already, grown cases count as cases.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import INDICATORS, DetectorError, Observation, SafetySLO, read_name
from roadworthy.evaluation import growth
from roadworthy.manifests import outcome_in
from roadworthy.monitoring import copies_in, selector
from roadworthy.statistics import share_interval


def what_n_counts(rows: Sequence[Observation]) -> list[str]:
    """One note on copies, one on grown cases; none where every case stands for itself."""
    distinct, copies = copies_in(rows)
    grown = {row.case for row in rows if growth.GROWN in row.tags}
    parents = {case.partition("~")[0] for case in grown}
    notes = []
    if copies:
        asks = "1 more asks" if copies == 1 else f"{copies} more ask"
        notes.append(f"n counts {distinct} distinct cases: {asks} what one of them asks")
    if grown:
        notes.append(
            f"{len(grown)} of the cases grew from {len(parents)}: variants of one case are alike, "
            "so shares and counts of them prove what so many independent cases prove"
        )
    return notes


def one_label_only(slos: Sequence[SafetySLO], rows: Sequence[Observation]) -> list[str]:
    """For shares of right answers that `where` takes from one label: the others ask nothing.

    Whoever always says that label meets such an objective.
    """
    of_all = {row.unit: row.label for row in rows if row.label}
    notes = []
    for slo in slos:
        spec = INDICATORS.get(read_name(slo).metric)
        if not slo.where or (spec is not None and "label" not in spec.needs):
            continue
        try:
            keep = selector(slo.where)
            chosen = {row.unit: row.label for row in rows if row.label and keep(row)}
        except DetectorError:
            continue  # then the objective itself is an ERROR, and says why
        labels = set(chosen.values())
        if len(labels) == 1 and len(set(of_all.values())) > 1:
            (label,) = labels
            notes.append(
                f"{slo.name} looks only at the {len(chosen)} of {len(of_all)} cases of the label "
                f"{label}: a candidate that always says {label} meets it, whatever the others ask"
            )
    return notes


def what_was_selected(slos: Sequence[SafetySLO], rows: Sequence[Observation]) -> list[str]:
    """For durations and costs that `where` selects by the answer: how many cases are left."""
    notes = []
    for slo in slos:
        name = outcome_in(slo.where) if slo.where and not slo.where.startswith("tag:") else ""
        if not name or not rows:
            continue
        keep = selector(slo.where)
        try:
            chosen = {row.unit for row in rows if keep(row)}
        except DetectorError:
            continue  # then the objective itself is an ERROR, and says why
        n = len({row.unit for row in rows})
        bounds = share_interval(len(chosen), n)
        notes.append(
            f"{slo.name} speaks of {len(chosen)} of {n} cases, selected by `{name}`: "
            f"{len(chosen) / n:.3g} ({bounds.low:.3g} to {bounds.high:.3g}) of what was asked"
        )
    return notes
