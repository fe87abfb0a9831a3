"""rollout.yaml: can its two arms be compared as it says?

Enters: the plan. Leaves: faults. Never here: an indicator that is dropped in silence.
"""

from __future__ import annotations

from roadworthy.domain import ALIASES, ANALYSIS, COMPARED, Rollout, analysis_faults, bandit_faults

from .document import Document
from .typed import suggest


def check_analysis(rollout: Rollout, document: Document) -> None:
    """Note what `analysis` says that nobody can compare by, and whom `sticky` cannot tell apart."""
    for key in rollout.analysis:
        if key not in ANALYSIS:
            fix = suggest(str(key), sorted(ANALYSIS), "it may say")
            document.fault(("analysis", key), f"`analysis` says nothing by `{key}`", fix)
    faults = list(analysis_faults(rollout.analysis))
    for key, wrong, fix in faults:
        document.fault(("analysis", key), f"`analysis.{key}` {wrong}", fix)
    if any(key == "indicators" for key, _, _ in faults):
        return
    named = rollout.analysis.get("indicators", [])
    for index, name in enumerate(named):
        if ALIASES.get(name, name) not in COMPARED:
            document.fault(
                ("analysis", "indicators", index),
                f"no single answer tells `{name}`, so two arms are not compared by it",
                suggest(name, sorted(COMPARED), "they can be compared by"),
                severity="warning",
            )
    _check_sticky(rollout, document)
    if rollout.strategy == "bandit":
        for index, wrong in bandit_faults(rollout):
            document.fault(
                ("steps", index, "weight_percent"), wrong, "write more than 5, 90 at most"
            )


def _check_sticky(rollout: Rollout, document: Document) -> None:
    """A share of two tenants is none, one or both of them, and two of a kind prove little."""
    if rollout.sticky != "tenant":
        return
    for index, step in enumerate(rollout.steps):
        if step.tenants and step.weight_percent < 100:
            document.fault(
                ("steps", index, "weight_percent"),
                f"{step.weight_percent:g} % of {len(step.tenants)} tenants, each with one release "
                "(`sticky: tenant`), is none or all of some of them",
                "write `sticky: session`, or 100 % of fewer tenants",
                severity="warning",
            )
