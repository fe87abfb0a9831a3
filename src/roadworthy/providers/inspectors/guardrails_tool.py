"""`guardrails_ai`: one validator of Guardrails AI (no extra of ours: it wants an older typer).

Enters: a text. Leaves: one finding over all of it where the validator fails it. What never happens
here: a module loaded that is no package of a validator, a validator's own text sent instead of the
answer, usage statistics sent to anybody.
"""

from __future__ import annotations

import importlib
from typing import Any

from roadworthy.domain import DetectorError, Finding, GuardrailsCheck, TextContext, UsageError

from .in_thread import InThread


def make_guardrails(check: GuardrailsCheck) -> InThread:
    """Something that looks. Raises UsageError where it is not installed, or takes no such words."""
    try:
        from guardrails.settings import settings
        from guardrails.validator_base import validators_registry
    except ImportError:
        raise UsageError(
            "a rail asks `guardrails_ai`, which is not installed",
            fix="ask it over `detector: http`: guardrails-ai cannot be installed beside our "
            "commands (it wants an older typer)",
        ) from None
    settings.rc.enable_metrics = False
    space, _, name = check.validator.partition("/")
    packages = (f"guardrails_ai.{name}", f"{space}_grhub_{name}")
    if check.validator not in validators_registry:
        for package in packages:
            try:
                importlib.import_module(package)
            except ModuleNotFoundError:
                continue
    kind = validators_registry.get(check.validator)
    if kind is None:
        raise UsageError(
            f"no validator {check.validator!r} is installed",
            fix=f"install its package, which brings the module {' or '.join(packages)}",
        )
    try:
        validator = kind(**{"use_local": True, **check.arguments}, on_fail="noop")
    except TypeError:
        validator = _without_place(kind, check)
    return InThread(_Looking(check, validator), at_once=check.at_once)


def _without_place(kind: Any, check: GuardrailsCheck) -> Any:
    """A validator that knows of no other place to look than here."""
    try:
        return kind(**check.arguments, on_fail="noop")
    except Exception as error:  # whatever it finds wrong with its arguments
        raise UsageError(
            f"the validator {check.validator!r} takes no such arguments"
            f" ({type(error).__name__}: {error})",
            fix="see `arguments` in its own manual",
        ) from None


class _Looking:
    """One look at a text."""

    def __init__(self, check: GuardrailsCheck, validator: Any) -> None:
        self._kind = check.kind
        self._validator = validator

    def __call__(self, text: str, context: TextContext) -> list[Finding]:
        result = self._validator.validate(text, {})
        outcome = getattr(result, "outcome", None)
        if outcome == "pass":
            return []
        if outcome != "fail":
            raise DetectorError("the validator said neither pass nor fail")
        return [Finding(kind=self._kind, start=0, end=len(text))]
