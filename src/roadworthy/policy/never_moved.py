"""Never events that an earlier bar looked for and today's charter does not, or not so widely.

Enters: never events as earlier bars fixed them and with how many violations, today's, the note that
people wrote. Leaves: a blocker or a note on each that was taken out, narrowed or changed. Never
here: a rule that found something and is gone without a person's name on it, or a change unsaid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import Blocker, Deliberation, NeverChange, Verdict

from .deliberation import is_about
from .objectives_moved import spelled

Form = Mapping[str, Any]
"""A never event as a bar keeps it: `id`, `scope`, `inline`, `rule`, digests of its `files`."""

_LONGEST = 80
_NAME_IT = (
    "name it under `never_changes` in deliberation-note.md: `event`, `by` (one of its participants)"
    ", `why`"
)
_STEP = "people name it under `never_changes` in deliberation-note.md; then roadworthy gate"


class NeverFixed(Struct, frozen=True, kw_only=True):
    """What one run was to look for."""

    at: str
    forms: Sequence[Form]
    violated: Mapping[str, int]
    """Event -> answers in which the run saw it."""
    seen_at: int = 0
    """Number of the entry that said so last."""
    passed_at: int = 0
    """Number of the entry by which that run passed the gate last; 0: none."""


class NeverMove(Struct, frozen=True, kw_only=True):
    """A never event that is not looked for as it was."""

    event: str
    said: str
    violations: int
    """Answers in which the old rule saw it, since people named the change last."""


def never_moved(earlier: Sequence[NeverFixed], present: Sequence[Form]) -> list[NeverMove]:
    """One for each event with an earlier form that no present one takes in.

    `earlier` is oldest first; the newest form is the one told, the violations are of all. They
    count until a run passes the gate under rules that do not take that form in, either: people
    named it there. That the next candidate met the old rule is no word on the rule.
    """
    told: dict[str, NeverMove] = {}
    today = {form["id"]: form for form in present}
    for fixed in earlier:
        for form in fixed.forms:
            if _is_kept(form, present):
                continue
            event = form["id"]
            before = told[event].violations if event in told else 0
            seen = fixed.violated.get(event, 0)
            if seen and any(
                one.passed_at > fixed.seen_at and not _is_kept(form, one.forms) for one in earlier
            ):
                seen = 0
            told[event] = NeverMove(
                event=event,
                said=f"never event {event}{_difference(form, today.get(event))} "
                f"(bar fixed at {fixed.at[:19]}Z)",
                violations=before + seen,
            )
    return [told[event] for event in sorted(told)]


def never_spoken(
    moves: Iterable[NeverMove], note: Deliberation | None, candidate: str
) -> tuple[list[Blocker], list[str]]:
    """What keeps the gate closed until people name it, and notes on the rest."""
    about = note is not None and is_about(note, candidate)
    header = note.header if note is not None and about else None
    heard = {one.name.strip().casefold() for one in header.participants} if header else set()
    named: dict[str, NeverChange] = {}
    for each in header.never_changes if header else ():
        if each.by.strip() and each.by.strip().casefold() in heard and each.why.strip():
            named[each.event] = each
    blockers, notes = [], []
    for move in moves:
        word = named.get(move.event)
        if word is not None:
            notes.append(f"{never_seen(move)}; {word.by.strip()} says why: {word.why.strip()}")
        elif move.violations:
            reason = f"{never_seen(move)}; {_NAME_IT}"
            blockers.append(
                Blocker(verdict=Verdict.INCONCLUSIVE, reason=reason, phase="policy", step=_STEP)
            )
        else:
            notes.append(move.said)
    return blockers, notes


def never_seen(move: NeverMove) -> str:
    """One sentence of a change, with what the old rule saw."""
    if not move.violations:
        return move.said
    answers = "1 answer" if move.violations == 1 else f"{move.violations} answers"
    return f"{move.said}, and the old rule saw it in {answers}"


def _is_kept(form: Form, among: Iterable[Form]) -> bool:
    return any(_takes_in(now, form) for now in among)


def _takes_in(now: Form, old: Form) -> bool:
    """Whether all that the old form sees, as early and for as many, the new one sees."""
    if now["scope"] not in ("system", old["scope"]) or (old["inline"] and not now["inline"]):
        return False
    if now["files"] != old["files"]:
        return False
    if now["rule"] == old["rule"]:
        return True
    new, was = (dict(form["rule"].get("pattern") or {}) for form in (now, old))
    if not new or not was:
        return False
    wider = set(was.pop("patterns")) <= set(new.pop("patterns"))
    sides = new.pop("on") in ("both", was.pop("on"))
    return wider and sides and new == was


def _difference(before: Form, now: Form | None) -> str:
    if now is None:
        return " is not there any more"
    old, new = dict(_flat(before)), dict(_flat(now))
    changed = [
        f"{name} was {_shown(old.get(name))} and is {_shown(new.get(name))}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    return f": {', '.join(changed)}"


def _flat(form: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in form.items():
        where = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, where)
        elif value is not None:
            yield where.removeprefix("rule."), value


def _shown(value: Any) -> str:
    said = spelled(value)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
