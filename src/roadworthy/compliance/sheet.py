"""What is known about a system, and what follows from it while some of it is not.

An answer that is missing is unknown: every value that it may have is tried, and a condition is
decided only where all of them agree (supervaluation). So nothing that nobody said is taken for a
no; only an exemption that nobody claimed does not apply.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from roadworthy.domain import Catalogue, FactSpec, FactValue, Settled, UsageError
from roadworthy.expressions import Condition

ROLES = "roles"
ROLE = "role"
DAY = "day"
OUT_OF_SCOPE = "out_of_scope"
ALL_LAW = "9999-12-31"
"""A day on which everything that is written counts."""
MOST_TRIED = 20_000
"""Combinations of open values; with more the condition counts as open, which is never wrong."""


class Outcome:
    """What a condition may give, and which open facts decide it."""

    def __init__(self, values: tuple[Any, ...], needs: tuple[str, ...]) -> None:
        self.values = values
        self.needs = needs

    @property
    def decided(self) -> bool | None:
        """True or false where everything possible agrees; else None. Raises UsageError for others.

        (A text or a number is no yes.)
        """
        for value in self.values:
            if not isinstance(value, bool):
                raise UsageError(
                    f"a condition of a catalogue gives {value!r}, not true or false",
                    fix="compare it: `fact == 'value'`",
                )
        return bool(self.values[0]) if len(self.values) == 1 else None


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Condition:
    """Each condition once in a process: compiling costs more than all of its uses."""
    return Condition(expression)


def names_in(expression: str) -> tuple[str, ...]:
    """What a condition reads, sorted."""
    return _compiled(expression).names


class Sheet:
    """The facts of one system: answered, worked out, or open."""

    def __init__(
        self,
        catalogues: Sequence[Catalogue],
        answers: Mapping[str, FactValue],
        roles: Iterable[str],
        *,
        on: str = ALL_LAW,
    ) -> None:
        """`roles` are those that are held; none given means that they are not known.

        `on`: the day by whose law it is asked; left out, all that is written counts.
        """
        self._catalogues, self.on = tuple(catalogues), on
        self._exempt: dict[str, Outcome] = {}
        self._specs = {fact.id: fact for one in catalogues for fact in one.facts}
        self._titles = {role.id: role.title for one in catalogues for role in one.roles}
        self._answers = dict(answers)
        self._settled: dict[str, Settled] = {}
        self.roles = tuple(dict.fromkeys(roles))
        known = self.roles
        self._settled[ROLES] = (
            Settled(values=(list(known),), why="answered")
            if known
            else Settled(values=([], [*self._titles]), why="open", needs=(ROLES,))
        )
        self._settled[DAY] = Settled(values=(on,), why="answered")

    def has(self, name: str) -> bool:
        """Whether any of the catalogues knows the fact."""
        return name in self._specs

    def spec(self, name: str) -> FactSpec | None:
        """A fact as the catalogues put it; None for a name that none of them has."""
        return self._specs.get(name)

    def title(self, role: str) -> str:
        """What a role is called."""
        return self._titles.get(role, role)

    def exempt(self, role: str) -> Outcome:
        """Whether no law binds one who holds that role."""
        found = self._exempt.get(role)
        if found is None:
            said = [one.exempt_when for one in self._catalogues if one.exempt_when]
            if not said and OUT_OF_SCOPE in self._specs:
                said = [OUT_OF_SCOPE]  # a catalogue from before conditions of exemption
            whole = " || ".join(f"({one})" for one in said) or "false"
            found = self.outcome(whole, **{ROLE: role})
            self._exempt[role] = found
        return found

    def settled(self, name: str) -> Settled:
        """What a fact may be. Raises KeyError for a name that no catalogue has."""
        found = self._settled.get(name)
        if found is None:
            found = self._settled[name] = self._settle(self._specs[name])
        return found

    def _settle(self, spec: FactSpec) -> Settled:
        answer = self._answers.get(spec.id)
        if spec.derived:
            worked = self.outcome(spec.derived)
            if len(worked.values) == 1:
                return Settled(values=worked.values, why="derived")
            if answer is not None and any(_same(answer, each) for each in worked.values):
                return Settled(values=(answer,), why="answered")
            return Settled(values=worked.values, needs=worked.needs)
        if answer is not None:
            return Settled(values=(answer,), why="answered")
        if spec.asked_when:
            asked = self.outcome(spec.asked_when)
            if asked.decided is False:
                return Settled(values=(spec.otherwise,), why="not_asked")
        if spec.claimed:
            return Settled(values=(False,), why="unclaimed")
        return Settled(values=tried_values(spec), needs=(spec.id,))

    def contradicts(self, spec: FactSpec) -> tuple[Any, ...]:
        """What a fact must be where its answer says otherwise; empty where it fits."""
        answer = self._answers.get(spec.id)
        if answer is None:
            return ()
        if spec.only_asked and not _same(answer, spec.otherwise):
            return (spec.otherwise,) if self.outcome(spec.asked_when).decided is False else ()
        if not spec.derived:
            return ()
        worked = self.outcome(spec.derived)
        return () if any(_same(answer, each) for each in worked.values) else worked.values

    def outcome(self, expression: str, **given: Any) -> Outcome:
        """What an expression may give; `given` are names that are no facts, such as `role`."""
        condition = _compiled(expression)
        names = [name for name in condition.names if name not in given]
        settled = [self.settled(name) for name in names]
        open_ones = [(name, one) for name, one in zip(names, settled, strict=True) if not one.known]
        known = {name: one.values[0] for name, one in zip(names, settled, strict=True) if one.known}
        sizes = math.prod(len(one.values) for _, one in open_ones)
        if sizes > MOST_TRIED:
            return Outcome((True, False), _needs(one for _, one in open_ones))
        table: dict[tuple[int, ...], Any] = {}
        for chosen in itertools.product(*(range(len(one.values)) for _, one in open_ones)):
            tried = {
                name: one.values[at] for (name, one), at in zip(open_ones, chosen, strict=True)
            }
            table[chosen] = _worked_out(condition, expression, {**known, **tried, **given})
        values = tuple(dict.fromkeys(table.values()))
        if len(values) == 1:
            return Outcome(values, ())
        deciding = (one for place, (_, one) in enumerate(open_ones) if _decides(table, place))
        return Outcome(values, _needs(deciding))


def _worked_out(condition: Condition, expression: str, names: Mapping[str, Any]) -> Any:
    """What it gives: true, false, a number or a text. Raises UsageError for anything else."""
    try:
        value = condition.value(names)
    except ValueError as error:
        reason = str(error)
    else:
        if isinstance(value, bool | int | float | str):
            return value
        reason = f"it gives {type(value).__name__}"
    raise UsageError(
        f"a condition of a catalogue cannot be worked out: {expression}: {reason}",
        fix="conditions compare facts and give true, false, a number or a text",
    )


def tried_values(spec: FactSpec) -> tuple[Any, ...]:
    """Every value that matters of a fact that nobody answered."""
    match spec.kind:
        case "flag":
            return (True, False)
        case "choice":
            return tuple(spec.choices) or ("",)
        case "number":
            cuts = sorted(spec.cuts) or [0.0]
            between = [(low + high) / 2 for low, high in itertools.pairwise(cuts)]
            return (cuts[0] - 1, *cuts, *between, cuts[-1] * 2 + 1)
        case "date":
            return ("",)


def _needs(settled: Iterable[Settled]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in settled for name in one.needs))


def _decides(table: Mapping[tuple[int, ...], Any], place: int) -> bool:
    """Whether changing this one fact alone ever changes what comes out."""
    first: dict[tuple[int, ...], Any] = {}
    for chosen, value in table.items():
        rest = chosen[:place] + chosen[place + 1 :]
        if first.setdefault(rest, value) != value:
            return True
    return False


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: true is no 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
