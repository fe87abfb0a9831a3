"""`cel`: an expression over the exchange; true is a finding.

Enters: a CEL expression (https://cel.dev), compiled once. Leaves: a detector. Never happens here:
`eval`, I/O, or a value of one request seen by another: every variable that the expression names
is set anew for every look, and each thread has its own context.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from roadworthy.domain import DetectorError, Finding, Needs, TextContext
from roadworthy.expressions import load_cel

from .options import Options, refuse

VARIABLES = ("input", "output", "decision", "confidence", "facets", "context")
KIND = "EXPRESSION"

_FUNCTIONS = frozenset(
    (
        *("size", "contains", "startsWith", "endsWith", "matches", "type", "dyn"),
        *("int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration"),
        *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    )
)
"""What the CEL runtime knows without extensions."""

_OPERATORS = frozenset({"_in_"})
"""Operators whose inner name looks like a function's."""

_MEANINGS = {
    "KeyError": "a key is missing, guard it with has()",
    "TypeError": "a value has another type, or there is none",
    "ZeroDivisionError": "it divides by zero",
}
"""The runtime's own messages may quote the text, which a verdict never does."""


class ExpressionDetector:
    """Finds that a CEL expression holds."""

    name = "cel"
    needs: Needs = "whole"

    def __init__(self, expression: str) -> None:
        cel = load_cel()
        try:
            self._program = cel.compile(expression)
        except Exception as problem:
            said = str(problem).strip().splitlines()[0] if str(problem).strip() else "invalid"
            message = f"the expression `{expression}` is not CEL: {said}"
            raise refuse(message, f"an expression over {', '.join(VARIABLES)}") from None
        self.variables = frozenset(self._program.variables())
        unknown = sorted(self.variables - set(VARIABLES))
        if unknown:
            message = f"the expression `{expression}` names `{unknown[0]}`, which does not exist"
            raise refuse(message, f"there are {', '.join(VARIABLES)}")
        called = [name for name in self._program.functions() if name.isidentifier()]
        strange = sorted(name for name in called if name not in _FUNCTIONS | _OPERATORS)
        if strange:
            message = f"the expression `{expression}` calls `{strange[0]}`, which does not exist"
            raise refuse(message, f"there are {', '.join(sorted(_FUNCTIONS))}")
        self._contexts = threading.local()

    def holds(self, text: str, context: TextContext) -> bool:
        """Whether the expression is true. Raises DetectorError for any other outcome."""
        try:
            value = self._program.execute(self._filled(text, context))
        except Exception as problem:
            name = type(problem).__name__
            reason = _MEANINGS.get(name, name)
            raise DetectorError(f"the expression cannot be evaluated: {reason}") from problem
        if not isinstance(value, bool):
            kind = type(value).__name__
            raise DetectorError(f"the expression gives a {kind}, not true or false")
        return value

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding over the whole text, or none."""
        if not self.holds(text, context):
            return ()
        return (Finding(kind=KIND, start=0, end=len(text)),)

    def _filled(self, text: str, context: TextContext) -> Any:
        cell: Any = getattr(self._contexts, "cell", None)
        if cell is None:
            cel = load_cel()

            cell = self._contexts.cell = cel.Context()
        values = {
            "input": text if context.side == "input" else context.input,
            "output": text if context.side == "output" else "",
            "decision": context.decision,
            "confidence": context.confidence,
            "facets": context.facets,
            "context": context.context,
        }
        for name in self.variables:
            cell.add_variable(name, values[name])
        return cell


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> ExpressionDetector:
    """Options: `expression`."""
    expression = Options("cel", options, ("expression",)).text("expression")
    if not expression.strip():
        raise refuse("detector `cel` needs the option `expression`")
    return ExpressionDetector(expression)
