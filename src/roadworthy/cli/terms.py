"""The built-in model's licence terms, shown once before it is first used."""

from __future__ import annotations

from roadworthy.domain import Model

from .terminal import warn


def show_terms(model: Model) -> None:
    """Print the terms to standard error, once a machine, when the model is the built-in one."""
    if model.provider != "local" or model.file:
        return
    from roadworthy.providers import acknowledge_terms, terms_notice

    notice = terms_notice()
    if notice:
        warn(notice)
        acknowledge_terms()
