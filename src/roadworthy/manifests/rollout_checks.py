"""rollout.yaml: can its two arms be compared as it says?

Enters: the plan. Leaves: faults. Never here: an indicator that is dropped in silence.
"""

from __future__ import annotations

from roadworthy.domain import ALIASES, COMPARED, Rollout

from .document import Document, Path
from .typed import suggest

_SHARES = ("alpha", "margin")
_KEYS = (*_SHARES, "indicators", "compare_with")


def check_analysis(rollout: Rollout, document: Document) -> None:
    """Note what `analysis` says that nobody can compare by, and whom `sticky` cannot tell apart."""
    for key, value in rollout.analysis.items():
        place: Path = ("analysis", key)
        if key not in _KEYS:
            fix = suggest(str(key), sorted(_KEYS), "it may say")
            document.fault(place, f"`analysis` says nothing by `{key}`", fix)
        elif key in _SHARES and not _is_share(value):
            document.fault(
                place,
                f"`analysis.{key}` cannot be {value!r}",
                "write a share between 0 and 1, such as 0.05",
            )
        elif key == "compare_with" and value != "baseline":
            document.fault(
                place,
                f"`analysis.compare_with` cannot be {value!r}",
                "write `baseline`: the release that is live at the same time",
            )
    named = rollout.analysis.get("indicators", [])
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        document.fault(
            ("analysis", "indicators"),
            "`analysis.indicators` is no list of names",
            "write a list such as [error_rate, coverage]",
        )
        return
    for index, name in enumerate(named):
        if ALIASES.get(name, name) not in COMPARED:
            document.fault(
                ("analysis", "indicators", index),
                f"no single answer tells `{name}`, so two arms are not compared by it",
                suggest(name, sorted(COMPARED), "they can be compared by"),
                severity="warning",
            )
    _check_sticky(rollout, document)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1


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
