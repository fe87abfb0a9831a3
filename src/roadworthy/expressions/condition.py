"""A CEL expression, most often one that must be true or false: nothing else is taken for either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .loading import load_cel

_KINDS = {"str": "a text", "int": "a number", "float": "a number", "list": "a list"}


class Condition:
    """A compiled condition. Raises ValueError when the expression does not compile."""

    def __init__(self, expression: str) -> None:
        try:
            self._program = load_cel().compile(expression)
        except Exception as error:
            raise ValueError(str(error)) from error

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that it reads, sorted."""
        return tuple(sorted(str(name) for name in self._program.variables()))

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Whether it is true of these names.

        Raises ValueError when it cannot be evaluated, or gives anything but true or false: a 2,
        a text or a list is no yes.
        """
        value = self.value(names)
        if not isinstance(value, bool):
            raise ValueError(f"it gives {_kind(value)}, not true or false")
        return value

    def value(self, names: Mapping[str, Any]) -> Any:
        """What it gives of these names. Raises ValueError when it cannot be evaluated."""
        try:
            return self._program.execute(names)
        except Exception as error:
            raise ValueError(str(error)) from error

    def other_kind(self, names: Mapping[str, Any]) -> str:
        """What else than true or false it gives of these names (`a text`); empty otherwise.

        Empty, too, when it cannot be evaluated on them: then it may be true or false of others.
        """
        try:
            value = self._program.execute(names)
        except Exception:  # the evaluator raises KeyError, TypeError, RuntimeError and its own
            return ""
        return "" if isinstance(value, bool) else _kind(value)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return _KINDS.get(type(value).__name__, f"a {type(value).__name__}")
